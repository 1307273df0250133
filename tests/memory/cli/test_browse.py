import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

from cli_program import SAID, Run, one_sentence
from rich.console import Console

from knowhen import Turn
from knowhen.memory.cli.browse import events
from knowhen.memory.cli.output import Output
from knowhen.memory.cli.session import Session


def test_turns_can_be_narrowed_to_a_session_or_the_newest(filled: Run) -> None:
    assert [t["id"] for t in filled("turns", "--session", "s2", "--json").json] == [
        "b1", "b2", "b3"
    ]  # fmt: skip
    assert [t["id"] for t in filled("turns", "--newest", 1, "--json").json] == ["b3"]


def test_piped_lists_are_tab_separated_without_header_or_markup(filled: Run) -> None:
    lines = filled("turns").out.splitlines()
    assert [line.split("\t")[3] for line in lines] == [row[0] for row in SAID]
    assert "\x1b" not in "".join(lines)


def test_events_cover_every_turn_once(filled: Run) -> None:
    events = filled("events", "--json").json
    assert sum(event["turns"] for event in events) == len(SAID)
    assert filled("events").out.count("\n") == len(events)


def test_events_can_be_narrowed_to_a_session(filled: Run) -> None:
    events = filled("events", "--session", "s2", "--json").json
    assert {event["session"] for event in events} == {"s2"}
    assert sum(event["turns"] for event in events) == 3


def test_a_terminal_shows_events_as_a_timeline(filled: Run) -> None:
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=70, color_system=None)
    with Session(Output()).open() as memory:
        memory.remember(Turn("One \x1b[31mred\x1b[0m kayak.", "Sam", session="s3\x07"))
    events(Session(Output(console=console)))
    shown = screen.getvalue()
    lines = shown.splitlines()
    assert any(line.startswith("s1 2024-03-01") for line in lines)
    assert any("09:00 ·   3 " in line for line in lines)
    assert max(map(len, lines)) <= 70
    assert "kayak" in shown
    assert "\x1b[31m" not in shown
    assert "\x07" not in shown


def test_the_newest_or_a_named_session_is_drawn(filled: Run, tmp_path: Path) -> None:
    newest, named = tmp_path / "newest.svg", tmp_path / "named.svg"
    assert filled("events", "--plot", newest).code == 0
    assert filled("events", "--plot", named, "--session", "s1").code == 0
    assert ElementTree.parse(newest).getroot().tag.endswith("svg")
    assert newest.read_bytes() != named.read_bytes()
    assert filled("events", "--plot", newest).out == f"wrote {newest}\n"
    assert filled("events", "--plot", newest, "--json").json == {"file": str(newest)}


def test_a_drawing_that_cannot_be_made_is_one_sentence(filled: Run, tmp_path: Path) -> None:
    absent = filled("events", "--plot", tmp_path / "a.png", "--session", "none")
    assert "no events to draw" in one_sentence(absent)
    assert "cannot draw" in one_sentence(filled("events", "--plot", tmp_path / "a.docx"))
    gone = tmp_path / "no" / "a.png"
    assert "cannot write" in one_sentence(filled("events", "--plot", gone))


def test_thoughts_with_history_show_what_a_newer_one_replaced(filled: Run) -> None:
    active = {t["id"] for t in filled("thoughts", "--json").json}
    rows = filled("thoughts", "--history", "--json").json
    old = [t for t in rows if t["status"] == "superseded"]
    assert any("Oslo" in t["text"] for t in old)
    assert active == {t["id"] for t in rows if t["status"] == "active"}
    assert "superseded\t2024-03-01\t" in filled("thoughts", "--history").out


def test_the_graph_is_counted_and_exported_whole(filled: Run, tmp_path: Path) -> None:
    counts = filled("graph", "--json").json
    exported = json.loads(filled("graph", "--export", "json").out)
    assert len(exported["nodes"]) == sum(counts["nodes"].values())
    assert len(exported["edges"]) == sum(counts["edges"].values())
    file = tmp_path / "graph.graphml"
    outcome = filled("graph", "--export", "graphml", "-o", file, "--json")
    assert outcome.json == {"file": str(file)}
    nodes = ElementTree.parse(file).iter("{http://graphml.graphdrawing.org/xmlns}node")
    assert sum(1 for _ in nodes) == len(exported["nodes"])
    assert f"nodes\tturn\t{len(SAID)}\n" in filled("graph").out


def test_a_graph_that_cannot_be_exported_is_one_sentence(filled: Run, tmp_path: Path) -> None:
    assert "unknown format 'dot'" in one_sentence(filled("graph", "--export", "dot"))
    gone = tmp_path / "no" / "graph.json"
    assert "cannot write" in one_sentence(filled("graph", "--export", "json", "-o", gone))
    assert "--export" in one_sentence(filled("graph", "-o", gone))


def test_operations_and_stats_count_what_was_done(filled: Run) -> None:
    operations = filled("operations", "--json").json
    stats = filled("stats", "--json").json
    assert stats["operations"] == len(operations) > 0
    assert stats["turns"] == len(SAID)
    assert f"turns\t{len(SAID)}\n" in filled("stats").out
    assert filled("operations").out.count("\n") == len(operations)


def test_the_part_of_the_graph_that_a_query_walks_can_be_drawn(filled: Run, tmp_path: Path) -> None:
    query = "What did Sam buy in Stavanger?"
    picture = tmp_path / "walk.svg"
    assert filled("graph", "--picture", picture, "--query", query).out == f"wrote {picture}\n"
    assert "red kayak" in picture.read_text(encoding="utf-8")


def test_a_picture_needs_a_query_a_known_ending_and_a_folder(filled: Run, tmp_path: Path) -> None:
    walk = ("--query", "What did Sam buy?")
    picture = str(tmp_path / "walk.svg")
    assert "--query" in one_sentence(filled("graph", "--picture", picture))
    assert "--picture" in one_sentence(filled("graph", *walk))
    assert ".png" in one_sentence(filled("graph", "--picture", tmp_path / "walk.txt", *walk))
    nowhere = tmp_path / "no" / "walk.svg"
    assert "cannot write" in one_sentence(filled("graph", "--picture", nowhere, *walk))
