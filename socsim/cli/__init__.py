"""The command line: one file per group of commands. It prints; everything else in socsim is silent."""

from socsim.cli.app import app, main

__all__ = ["app", "main"]
