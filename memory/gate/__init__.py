"""Deciding when to use memory."""

from knowhen.memory.gate.calibration import Calibration, Trace

__all__ = ["Calibration", "Trace"]
