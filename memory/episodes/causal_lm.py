"""Token surprisal from a causal language model of Hugging Face transformers, run by torch."""

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowhen.memory.errors import MissingExtra

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


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
                missing.msg = f"{missing}, or choose another scorer, such as `bocpd` or `window`"
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
