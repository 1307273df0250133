"""Surprisal under a causal language model, and EM-LLM's rule for it: the scorer `lm`.

EM-LLM (section 3.1) begins an event where a token's surprisal passes mean + gamma sigma of those
before it. Here the unit is a turn: its value is the mean surprisal of its tokens after the turns
before it, and the rule is the same.
"""

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from knowhen.memory.episodes.base import Booleans, Floats, Surprise, Unit
from knowhen.memory.errors import MissingExtra

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of the scorer that was calibrated once, such as a percentile over many chats."""

    at: float
    spread: float = 1.0
    """How far above the threshold a probability of 1 / (1 + 1/e) lies."""

    @property
    def lookback(self) -> int:
        return 0

    def apply(self, value: Floats) -> Surprise:
        return _surprise(value, (value - self.at) / self.spread)


@dataclass(frozen=True, slots=True)
class Trailing:
    """EM-LLM's rule (section 3.1, eq. 1): above mean + gamma sigma of the values before it.

    For long streams. A short chat gives it too little to go by: on 30 turns it finds hardly
    half of what a calibrated constant finds.
    """

    gamma: float = 1.0
    window: int = 64
    """Values that the statistics are taken over."""
    least: int = 8
    """Values needed before anything is proposed."""

    @property
    def lookback(self) -> int:
        return self.window

    def apply(self, value: Floats) -> Surprise:
        mean, deviation, known = _trailing(value, self.window, self.least)
        excess = np.full(len(value), -np.inf)
        np.divide(value - mean, deviation, out=excess, where=known & (deviation > 1e-6))
        return _surprise(value, excess - self.gamma)


Threshold = Constant | Trailing


def _trailing(value: Floats, window: int, least: int) -> tuple[Floats, Floats, Booleans]:
    """Mean and standard deviation of up to `window` finite values before each, and enough?"""
    size = len(value)
    finite = np.isfinite(value)
    kept = np.where(finite, value, 0.0)
    centre = float(kept.sum() / max(1, finite.sum()))
    shifted = np.where(finite, value - centre, 0.0)  # or the squares would cancel badly
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (finite, shifted, shifted**2)]
    ends = np.arange(size)
    starts = np.maximum(0, ends - window)
    count, first, second = (part[ends] - part[starts] for part in sums)
    safe = np.maximum(count, 1)
    mean = first / safe
    variance = np.maximum(second / safe - mean**2, 0.0)
    return mean + centre, np.sqrt(variance), count >= least


def _surprise(value: Floats, excess: Floats) -> Surprise:
    """Proposed where the excess over the threshold, in spreads, is not negative."""
    known: Floats = np.clip(np.nan_to_num(excess, nan=-np.inf), -700, 700).round(9)
    probability: Floats = 1 / (1 + np.exp(-known))
    return Surprise(np.nan_to_num(value), probability, known >= 0)


class Likelihood(Protocol):
    """A language model that tells how likely a text is."""

    def surprisal(self, text: str, *, context: str) -> float:
        """Mean -log p of the text's tokens after the context, in nats; nan if it has none.

        The mean, not the sum: else long turns would always surprise.
        """
        ...


class TokenScorer:
    """Mean token surprisal of each turn after the turns before it.

    With `relative`, less its surprisal without them, which is minus its pointwise mutual
    information with the context: rare words alone then surprise nobody. That takes a second
    pass over each turn.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        *,
        threshold: Threshold | None = None,
        context: int = 8,
        relative: bool = False,
    ) -> None:
        self._threshold = threshold or Trailing()
        self._context = context
        self._relative = relative
        # An open event is scored again with each new turn; the model need not run again.
        self._surprisal = lru_cache(maxsize=8192)(
            lambda text, before: likelihood.surprisal(text, context=before)
        )

    @property
    def lookback(self) -> int:
        return self._context + self._threshold.lookback

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        values = np.full(len(units), np.nan)
        # The first units seen lack a part of their context, unless the session began with them.
        begin = self._context if opened >= self.lookback else 1
        for index in range(begin, len(units) - 1):
            before = "\n".join(_line(unit) for unit in units[max(0, index - self._context) : index])
            values[index] = self._value(_line(units[index]), before)
        return self._threshold.apply(np.round(values, 9))

    def _value(self, text: str, before: str) -> float:
        given = self._surprisal(text, before)
        return given - self._surprisal(text, "") if self._relative else given


def _line(unit: Unit) -> str:
    return f"{unit.speaker}: {unit.text}" if unit.speaker else unit.text


class CausalLanguageModel:
    """Says how likely a text is after a context, by one pass over both.

    Args:
        model: a causal language model, or the folder of one; nothing is downloaded.
        tokenizer: its tokenizer; None takes the one in the folder.
        device: where torch runs it, such as `cpu` or `cuda`.

    Raises:
        MissingExtra: torch or transformers is not installed.
    """

    def __init__(
        self,
        model: "PreTrainedModel | str | Path",
        tokenizer: "PreTrainedTokenizerBase | None" = None,
        *,
        device: str = "cpu",
    ) -> None:
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                missing = MissingExtra(package, "lm")
                missing.msg = f"{missing}, or choose another scorer, such as `bocpd`"
                raise missing
        if isinstance(model, str | Path):
            model, tokenizer = _load(model, tokenizer)
        if tokenizer is None:
            raise ValueError("a model that is already loaded needs its tokenizer")
        self._model: Any = model.to(device).eval()
        self._tokenizer: Any = tokenizer
        self._device = device
        config = model.config
        self._longest = int(getattr(config, "max_position_embeddings", 0) or 1024)

    def surprisal(self, text: str, *, context: str) -> float:
        """Mean -log p of the text's tokens, in nats; the context is cut from its beginning,
        and a text beyond half of the model's length from its end."""
        start = self._tokenizer.bos_token_id
        if start is None:
            start = self._tokenizer.eos_token_id
        opening = [] if start is None else [start]
        tokens = self._tokens(text)[: max(1, self._longest // 2)]
        room = self._longest - len(tokens) - len(opening)
        before = self._tokens(context + "\n")[-room:] if context and room > 0 else []
        return self._mean(opening + before, tokens)

    def _tokens(self, text: str) -> list[int]:
        encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
        return [int(token) for token in encoded["input_ids"]]

    def _mean(self, before: list[int], tokens: list[int]) -> float:
        import torch

        if not before:
            before, tokens = tokens[:1], tokens[1:]  # nothing predicts the first token
        if not tokens:
            return math.nan
        with torch.inference_mode():
            inputs = torch.tensor([before + tokens], device=self._device)
            logits = self._model(input_ids=inputs).logits[0, len(before) - 1 : -1].float()
            wanted = torch.tensor(tokens, device=self._device)
            return float(torch.nn.functional.cross_entropy(logits, wanted))


def _load(folder: str | Path, tokenizer: Any) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True)
    if tokenizer is None:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    return model, tokenizer
