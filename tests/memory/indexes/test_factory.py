import pytest

from knowhen.memory.errors import InvalidInput
from knowhen.memory.indexes.chroma import ChromaIndex
from knowhen.memory.indexes.exact import ExactIndex
from knowhen.memory.indexes.factory import make_index
from knowhen.memory.testing.volatile_store import VolatileStore


def test_names_and_instances_make_indexes(store: VolatileStore, chroma_server: int) -> None:
    exact = make_index("exact", store)
    assert isinstance(exact, ExactIndex)
    assert make_index(exact, store) is exact
    for choice in ("chroma", f"chroma://127.0.0.1:{chroma_server}"):
        index = make_index(choice, store)
        assert isinstance(index, ChromaIndex)
        index.close()


@pytest.mark.parametrize("choice", ["faiss", "chroma://", "chroma://host", ""])
def test_another_name_is_refused_with_the_choices(store: VolatileStore, choice: str) -> None:
    with pytest.raises(InvalidInput, match="'exact', 'chroma'"):
        make_index(choice, store)
