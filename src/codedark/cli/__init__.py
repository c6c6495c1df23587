"""The command line: one command a file, talking to the running node or opening the folder itself when none runs."""

from codedark.cli.app import main

__all__ = ["main"]
