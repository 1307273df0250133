"""The knowhen command line."""

from knowhen.memory.cli.app import main

__all__ = ["main"]
