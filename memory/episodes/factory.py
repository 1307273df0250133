"""Making a segmenter from one setting: the scorer's name."""

from typing import Literal, get_args

from knowhen.memory.episodes.base import Limits, Segmenter
from knowhen.memory.episodes.fixed import FixedScorer
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.run_length import RunLengthScorer
from knowhen.memory.episodes.scorers import SurpriseScorer
from knowhen.memory.errors import InvalidInput

ScorerName = Literal["bocpd", "fixed"]
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)


def make_segmenter(
    name: str = "bocpd", *, embedder_name: str = "lexical", limits: Limits | None = None
) -> Segmenter:
    """The online segmenter with that scorer, calibrated for that embedder.

    Raises:
        InvalidInput: no scorer has that name.
    """
    scorer: SurpriseScorer
    if name == "bocpd":
        scorer = RunLengthScorer()
    elif name == "fixed":
        scorer = FixedScorer()
    else:
        raise InvalidInput(f"no surprise scorer {name!r}; use one of {', '.join(SCORERS)}")
    return OnlineSegmenter(scorer, limits or Limits())
