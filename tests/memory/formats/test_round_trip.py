"""From one memory through a file into another."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.formats import read_turns, write_line

START = datetime(2024, 3, 1, tzinfo=UTC)
_said = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    st.sampled_from(["Nora", "Sam", ""]),
    st.sampled_from(["user", "assistant"]),
    st.integers(0, 10**9),
)


@settings(deadline=None, max_examples=15)
@given(said=st.lists(_said, min_size=1, max_size=5))
def test_a_memory_read_from_an_export_holds_the_same_turns(
    said: list[tuple[str, str, str, int]],
) -> None:
    with (
        MemoryManager.open(":memory:") as one,
        MemoryManager.open(":memory:") as other,
        TemporaryDirectory() as folder,
    ):
        one.remember(
            Turn(text, speaker, role, START + timedelta(microseconds=step), id=f"t{n}")  # type: ignore[arg-type]
            for n, (text, speaker, role, step) in enumerate(said)
        )
        one.learn(Document("Tides", "Spring tides follow the full moon.", time=START))
        file = Path(folder) / "export.jsonl"
        file.write_text("".join(write_line(turn) + "\n" for turn in one.turns()), encoding="utf-8")
        other.remember(turn for _, turn in read_turns(file))
        assert other.turns() == one.turns()
        assert other.remember(turn for _, turn in read_turns(file)) == []
