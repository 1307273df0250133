"""A cross-encoder of Hugging Face transformers: query and text read together."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from knowhen.memory.errors import MissingExtra, ModelFailed

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MAX_TOKENS = 512
BATCH = 16


class CrossEncoderReranker:
    """A sequence classifier with one output, such as the MS MARCO cross-encoders.

    Args:
        folder: where model and tokenizer lie; nothing is downloaded.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelFailed: the folder holds no such model.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError:
            raise MissingExtra("transformers", "local") from None
        try:
            self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                str(folder), local_files_only=True
            )
            self._model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
                str(folder), local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise ModelFailed(f"no cross-encoder can be loaded from {folder}: {error}") from error
        self._model.eval()
        self._torch = torch
        self.name = Path(folder).name

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """The classifier's logit of its last label for each text."""
        scores: list[float] = []
        for first in range(0, len(texts), BATCH):
            batch = list(texts[first : first + BATCH])
            inputs = self._tokenizer(
                [query] * len(batch),
                batch,
                padding=True,
                truncation="only_second",
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            with self._torch.no_grad():
                logits = self._model(**inputs).logits
            scores.extend(float(value) for value in logits[:, -1])
        return scores
