"""Fakes for the tests of whoever builds on knowhen."""

from knowhen.memory.testing.proposer import ScriptedProposer

__all__ = ["ScriptedProposer"]
