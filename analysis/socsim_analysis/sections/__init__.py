"""What stands on the page, one module per part. Each function gives markup, or None where the part does not apply."""
