import pytest

from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.embedders.local import LocalEmbedder
from knowhen.memory.embedders.openai import OpenAIEmbedder
from knowhen.memory.errors import InvalidInput
from knowhen.memory.testing.toy_embedder import ToyEmbedder


def test_names_and_instances_make_embedders() -> None:
    toy = ToyEmbedder()
    assert make_embedder(toy) is toy
    assert isinstance(make_embedder(), LexicalEmbedder)
    assert isinstance(make_embedder("local"), LocalEmbedder)
    made = make_embedder("openai:text-embedding-3-small")
    assert isinstance(made, OpenAIEmbedder)
    assert made.name == "text-embedding-3-small"


@pytest.mark.parametrize("choice", ["semantic", "openai:", ""])
def test_another_name_is_refused_with_the_choices(choice: str) -> None:
    with pytest.raises(InvalidInput, match="'lexical', 'local', 'openai:MODEL'"):
        make_embedder(choice)


def test_a_bare_function_is_told_how_to_be_wrapped() -> None:
    with pytest.raises(InvalidInput, match="FunctionEmbedder"):
        make_embedder(len)  # type: ignore[arg-type]
