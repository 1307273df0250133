"""Every index keeps what all of them promise; the fixtures are in conftest."""

from knowhen.memory.testing.index_suite import IndexSuite


class TestIndexes(IndexSuite):
    """Exact search, Chroma in a folder, and a Chroma server."""
