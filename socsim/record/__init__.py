"""The record of a run: one append-only file of every model call and every result, and what keeps it whole."""
