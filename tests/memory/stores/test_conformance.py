"""Every store keeps what all of them promise; the fixture is in conftest."""

from knowhen.memory.testing.store_care_suite import StoreCareSuite
from knowhen.memory.testing.store_suite import StoreSuite


class TestRows(StoreSuite):
    """Turns, entries, events, thoughts, mentions and the log."""


class TestCare(StoreCareSuite):
    """Transactions, versions and care."""
