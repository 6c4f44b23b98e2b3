"""Run folders and human data in, numbers, comparisons and pages out."""
