"""The gate of one space: its heads, recalibrated on what its user told."""

from collections.abc import Sequence

from knowhen.memory.gate.calibration import ERROR, Calibration, Scored, Trace, calibrate
from knowhen.memory.gate.decide import decide
from knowhen.memory.gate.features import features
from knowhen.memory.gate.heads import Heads, family_of, shipped_heads
from knowhen.memory.gate.signals import read_signals
from knowhen.memory.records import Decision
from knowhen.memory.search.scoring import Findings
from knowhen.memory.stores.base import Store


class Gate:
    """Decides on findings; keeps its calibration in the store, so that every process sees it."""

    def __init__(
        self, store: Store, space: str, *, embedder: str, heads: Heads | None = None
    ) -> None:
        self._store, self._key = store, f"gate:{space}"
        self._heads = heads or shipped_heads(family_of(embedder))

    def decide(self, findings: Findings) -> Decision:
        """What to do about the query of a search, and why."""
        calibration = self.calibration
        heads = calibration.apply(self._heads)
        return decide(read_signals(findings), heads, cut=calibration.cut(self._heads))

    @property
    def calibration(self) -> Calibration:
        """What `calibrate` and feedback have changed; the shipped one before."""
        text = self._store.setting(self._key)
        return Calibration() if text is None else Calibration.from_json(text)

    def calibrate(
        self, found: Sequence[tuple[Trace, Findings]], *, error: float = ERROR
    ) -> Calibration:
        """Fit to traces and what was found for them, and keep the result.

        Raises:
            InvalidInput: there are too few traces.
        """
        read = [(trace, features(read_signals(findings))) for trace, findings in found]
        fitted = calibrate(
            [
                Scored(trace, self._heads.need.logit(values), self._heads.have.logit(values))
                for trace, values in read
            ],
            error=error,
        )
        self._keep(fitted)
        return fitted

    def learn(self, *, missed: bool) -> None:
        """Move the threshold after one answer of feedback."""
        with self._store.transaction():  # another process may be learning as well
            self._keep(self.calibration.learn(missed=missed))

    def _keep(self, calibration: Calibration) -> None:
        with self._store.transaction():
            self._store.set_setting(self._key, calibration.to_json())
