"""Making a segmenter from one setting: the scorer's name."""

from collections.abc import Sequence
from typing import Literal, get_args

from knowhen.memory.episodes.base import Limits, Segmenter
from knowhen.memory.episodes.belief import BeliefScorer, Kind
from knowhen.memory.episodes.calibration import Calibration, calibration_for
from knowhen.memory.episodes.cues import CUES, Cue
from knowhen.memory.episodes.endpoint import EndpointLikelihood, PromptModel
from knowhen.memory.episodes.fixed import FixedScorer
from knowhen.memory.episodes.likelihood import Likelihood, TokenScorer
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import Refinement, RefiningSegmenter
from knowhen.memory.episodes.run_length import THRESHOLD, RunLengthScorer
from knowhen.memory.episodes.scorers import SurpriseScorer
from knowhen.memory.episodes.thresholds import Constant, Threshold, Trailing
from knowhen.memory.episodes.window import WindowScorer
from knowhen.memory.errors import InvalidInput, ModelUnsupported

ScorerName = Literal["bocpd", "surprisal", "bayesian-surprise", "window", "lm", "endpoint", "fixed"]
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
DEFAULT_SCORER: ScorerName = "bocpd"

_EVERYWHERE = "`bocpd`, `window`, `surprisal` and `bayesian-surprise` need nothing"


def make_segmenter(
    name: str = DEFAULT_SCORER,
    *,
    embedder_name: str,
    threshold: float | Trailing | None = None,
    refine: Refinement = "none",
    limits: Limits | None = None,
    calibration: Calibration | None = None,
    cues: Sequence[Cue] = CUES,
    likelihood: Likelihood | None = None,
    model: PromptModel | None = None,
    relative: bool = False,
    size: int = 6,
) -> Segmenter:
    """The online segmenter with that scorer, calibrated for that embedder.

    Args:
        name: `bocpd` (run-length posterior), `surprisal` and `bayesian-surprise` (of a Gaussian
            belief), `window` (contrast), `lm` (a causal language model, see `likelihood`),
            `endpoint` (prompt log-probabilities, see `model`) or `fixed` (every `size` units).
        threshold: in the scorer's own unit (for `bocpd` a probability); `Trailing()` for
            EM-LLM's rule; None takes what was calibrated, and EM-LLM's rule for `lm` and
            `endpoint`.
        refine: how boundaries are moved once the next one is known.
        calibration: constants of another embedder, from `calibrated`.
        cues: what `bocpd` reads in the wording; none of them makes it free of any language.
        relative: for `lm` and `endpoint`, surprisal less that of the turn alone.

    Raises:
        InvalidInput: no scorer has that name, or it lacks what it needs.
        ModelUnsupported: the endpoint cannot score a prompt.
    """
    if name not in SCORERS:
        raise InvalidInput(f"no surprise scorer {name!r}; use one of {', '.join(SCORERS)}")
    constants = calibration or calibration_for(embedder_name)
    scorer: SurpriseScorer
    if name == "bocpd":
        if isinstance(threshold, Trailing):
            raise InvalidInput("`bocpd` cuts at a probability; give `threshold` as a number")
        at = THRESHOLD if threshold is None else threshold
        scorer = RunLengthScorer(constants.topics, threshold=at, cues=tuple(cues))
    elif name == "fixed":
        scorer = FixedScorer(size)
    elif name in ("lm", "endpoint"):
        found = _likelihood(name, likelihood, model)
        rule = Constant(threshold) if isinstance(threshold, int | float) else threshold
        scorer = TokenScorer(found, threshold=rule, relative=relative)
    else:
        scorer = _embedding_scorer(name, constants, threshold)
    return _refined(OnlineSegmenter(scorer, limits or Limits()), refine)


def make_offline_segmenter(
    *,
    embedder_name: str,
    limits: Limits | None = None,
    calibration: Calibration | None = None,
    cues: Sequence[Cue] = CUES,
) -> OfflineSegmenter:
    """The segmenter for whole sessions, calibrated for that embedder."""
    constants = calibration or calibration_for(embedder_name)
    return OfflineSegmenter(constants.topics, limits or Limits(), cues=tuple(cues))


def _embedding_scorer(
    name: str, constants: Calibration, threshold: float | Trailing | None
) -> SurpriseScorer:
    known = constants.thresholds[name]
    rule: Threshold = known
    if isinstance(threshold, Trailing):
        rule = threshold
    elif threshold is not None:
        rule = Constant(threshold, known.spread)
    if name == "window":
        return WindowScorer(rule)
    kind: Kind = "surprisal" if name == "surprisal" else "bayesian-surprise"
    return BeliefScorer(kind, constants.topics, rule)


def _likelihood(name: str, likelihood: Likelihood | None, model: PromptModel | None) -> Likelihood:
    if likelihood is not None:
        return likelihood
    if name == "lm":
        raise InvalidInput(
            "the scorer `lm` needs `likelihood=CausalLanguageModel(folder)` and the extra "
            f"knowhen[lm]; {_EVERYWHERE}"
        )
    if model is None or not hasattr(model, "prompt_logprobs"):
        raise InvalidInput(
            "the scorer `endpoint` needs `model=` with `prompt_logprobs`, such as "
            f"`OpenAIChatModel`; {_EVERYWHERE}"
        )
    try:
        return EndpointLikelihood(model)
    except ModelUnsupported as error:
        raise ModelUnsupported(
            f"the scorer `endpoint` cannot run: {error}; {_EVERYWHERE}"
        ) from error


def _refined(segmenter: OnlineSegmenter, refine: Refinement) -> Segmenter:
    if refine == "none":
        return segmenter
    if refine == "conductance":
        return RefiningSegmenter(segmenter, "conductance")
    if refine in ("modularity", "modularity-left"):
        return RefiningSegmenter(segmenter, left_only=refine == "modularity-left")
    raise InvalidInput(
        f"no refinement {refine!r}; use none, modularity, conductance or modularity-left"
    )
