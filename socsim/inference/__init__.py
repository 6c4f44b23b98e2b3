"""The inference layer: requests go in, completions or typed failures come out, and everything is recorded."""
