"""What proves a store, an index, an embedder or a model of your own, and fakes to test with."""

from knowhen.memory.testing.proposer import ScriptedProposer

__all__ = ["ScriptedProposer"]
