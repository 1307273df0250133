"""Commands that look in: turns, events, thoughts, graph, operations, stats."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from knowhen.memory.cli.ask import parse_time
from knowhen.memory.cli.output import harmless, plain, short_id
from knowhen.memory.cli.session import Session, add_command

if TYPE_CHECKING:
    from knowhen.graphs import KnowledgeGraph
    from knowhen.memory.records import Event, Thought, Turn

Newest = Annotated[
    int | None, typer.Option(help="Only the newest so many.", min=1, metavar="NUMBER")
]

About = Annotated[
    str | None, typer.Option(help="Only what a person said, or what names it.", metavar="NAME")
]
Matching = Annotated[str | None, typer.Option(help="Only what contains this.", metavar="TEXT")]
Since = Annotated[
    str | None, typer.Option(help="Only from then on (ISO 8601, else UTC).", metavar="TIME")
]
Sitting = Annotated[
    str | None, typer.Option("--session", help="Only those of a session.", metavar="NAME")
]


def register(app: typer.Typer) -> None:
    for function in (turns, events, thoughts, graph, operations, stats):
        add_command(app, function)


def turns(
    session: Session,
    newest: Newest = None,
    sitting: Sitting = None,
    about: About = None,
    matching: Matching = None,
    since: Since = None,
) -> None:
    """List turns, verbatim, in the order they arrived."""
    with session.open() as memory:
        found = memory.turns(
            session=sitting,
            about=about,
            matching=matching,
            since=parse_time(since),
            newest=newest,
        )
    if session.out.json:
        session.out.data(found)
    elif session.out.terminal:
        session.out.log(
            (_sitting(t), _clock(t), f"{t.speaker} ({short_id(t.id)}): {t.text}") for t in found
        )
    else:
        session.out.table(
            ("when", "session", "who", "id", "text"),
            [(t.time, t.session, t.speaker, t.id, t.text) for t in found],
        )


def events(
    session: Session,
    newest: Newest = None,
    sitting: Sitting = None,
    about: About = None,
    matching: Matching = None,
    since: Since = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw a session's surprise and events (the newest, or --session): png, svg, pdf.",
        ),
    ] = None,
) -> None:
    """List the events that conversations were cut into."""
    with session.open() as memory:
        found = memory.events(
            session=sitting,
            about=about,
            matching=matching,
            since=parse_time(since),
            newest=newest,
        )
        curve = memory.surprise(found[-1].session) if found and plot is not None else []
    if plot is not None:
        _plot(found, curve, plot)
        session.out.wrote(plot)
    elif session.out.json:
        session.out.data(found)
    elif session.out.console.is_terminal:
        from knowhen.memory.episodes import outlines, timeline_tree

        console = session.out.console
        console.print(timeline_tree(outlines(_shown(found)), width=console.width))
    else:
        session.out.table(
            ("start", "turns", "boundary", "first turn", "title"),
            [(e.start, e.turns, e.boundary_probability, e.first_turn, e.title) for e in found],
        )


def thoughts(
    session: Session,
    newest: Newest = None,
    about: About = None,
    matching: Matching = None,
    since: Since = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also those superseded, merged or retracted.")
    ] = False,
    quarantined: Annotated[
        bool,
        typer.Option("--quarantined", help="Proposals of a model that its turns do not support."),
    ] = False,
) -> None:
    """List thoughts with their time and sources.

    With their history, each is followed by what replaced it.
    """
    if quarantined:
        _list_quarantined(session)
        return
    with session.open() as memory:
        found = memory.thoughts(
            history=history,
            about=about,
            matching=matching,
            since=parse_time(since),
            newest=newest,
        )
    if history:
        found = in_chains(found)
    if session.out.json:
        session.out.data(found)
        return
    if session.out.terminal:
        session.out.log(("", _day(t.valid_from), thought_line(t)) for t in found)
        return
    session.out.table(
        ("status", "from", "to", "sources", "id", "text", "replaced by"),
        [
            (_status(t), _day(t.valid_from), _day(t.valid_to), _sources(t), t.id, t.text, _next(t))
            for t in found
        ],
    )


def _list_quarantined(session: Session) -> None:
    with session.open() as memory:
        found = memory.quarantined()
    rows = [(" ".join(turn_ids), reason, text) for turn_ids, reason, text in found]
    if session.out.json:
        session.out.data([dict(zip(("turns", "reason", "text"), row, strict=True)) for row in rows])
    else:
        session.out.table(("turns", "reason", "text"), rows)


def graph(
    session: Session,
    export: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Write the graph: json or graphml.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else to stdout.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw what the walk of --query met: png, svg or pdf."),
    ] = None,
    query: Annotated[
        str | None, typer.Option(metavar="QUERY", help="What --picture walks the graph for.")
    ] = None,
) -> None:
    """Count nodes and edges, export them, or draw a query's walk."""
    from knowhen.memory.errors import InvalidInput

    if query is not None and picture is None:
        raise InvalidInput("--query is what a picture is drawn for; add --picture")
    if output is not None and export is None:
        raise InvalidInput("--output needs --export, the format to write")
    if picture is not None:
        _draw(session, query, picture)
        session.out.wrote(picture)
        return
    with session.open() as memory:
        found = memory.graph
    if export is not None:
        _export(found, export, output)
        if output is not None:
            session.out.wrote(output)
        return
    nodes, edges = found.node_counts(), found.edge_counts()
    if session.out.json:
        session.out.data({"nodes": nodes, "edges": edges})
        return
    rows = [("nodes", *row) for row in nodes.items()] + [("edges", *row) for row in edges.items()]
    session.out.table(("", "kind", "number"), rows)


def operations(session: Session, newest: Newest = None) -> None:
    """List what was done to thoughts; `undo` reverses it."""
    with session.open() as memory:
        found = memory.operations(newest=newest)
        texts = {t.id: t.text for t in memory.thoughts(history=True)}
    if session.out.json:
        session.out.data(found)
        return
    session.out.table(
        ("id", "when", "kind", "undone by", "what"),
        [(o.id, o.time, o.kind, o.undone_by, _what(o.payload, texts)) for o in found],
    )


def stats(session: Session) -> None:
    """Count what the space holds."""
    with session.open() as memory:
        found = memory.stats()
    if session.out.json:
        session.out.data(found)
    else:
        session.out.table(("", ""), list(found.items()))


def _draw(session: Session, query: str | None, picture: Path) -> None:
    from knowhen.graphs import PushWalk
    from knowhen.graphs.export import draw
    from knowhen.memory.errors import InvalidFile, InvalidInput
    from knowhen.memory.settings import RecallSettings

    if query is None:
        raise InvalidInput("a picture is drawn for a query; add --query")
    with session.open() as memory:
        restart = memory.search(query).restart
        graph = memory.graph
        labels = {f"turn:{turn.id}": turn.text for turn in memory.turns()}
        labels |= {f"thought:{thought.id}": thought.text for thought in memory.thoughts()}
    ranking = PushWalk().rank(graph, restart, kinds=RecallSettings().edges)
    try:
        draw(graph, ranking, restart, picture, labels=labels)
    except OSError as error:
        raise InvalidFile(f"cannot write {str(picture)!r}: {error.strerror}") from None


def _export(graph: "KnowledgeGraph", format: str, output: Path | None) -> None:
    from knowhen.graphs.export import write_graphml, write_json
    from knowhen.memory.errors import InvalidFile, InvalidInput

    writers = {"json": write_json, "graphml": write_graphml}
    if format not in writers:
        raise InvalidInput(f"unknown format {format!r}; a graph is exported as json or graphml")
    if output is None:
        with TemporaryDirectory() as folder:
            part = Path(folder) / "graph"
            writers[format](graph, part)
            sys.stdout.write(part.read_text(encoding="utf-8"))
        return
    try:
        writers[format](graph, output)
    except OSError as error:
        raise InvalidFile(f"cannot write {str(output)!r}: {error.strerror}") from None


def _plot(events: "list[Event]", curve: list[float], file: Path) -> None:
    import numpy as np

    from knowhen.memory.episodes import outlines, save_plot
    from knowhen.memory.errors import InvalidFile, InvalidInput

    if not events:
        raise InvalidInput("there are no events to draw")
    newest = [event for event in events if event.session == events[-1].session]
    try:
        save_plot(file, np.asarray(curve), outlines(_shown(newest))[0])
    except ValueError as error:
        raise InvalidFile(f"cannot draw {str(file)!r}: {error}") from None
    except OSError as error:
        raise InvalidFile(f"cannot write {str(file)!r}: {error.strerror}") from None


def _shown(events: "list[Event]") -> "list[Event]":
    """The events without control characters in what was taken from the conversation."""
    return [replace(e, title=harmless(e.title), session=harmless(e.session)) for e in events]


def _sitting(turn: "Turn") -> str:
    day = f"{turn.time:%Y-%m-%d}" if turn.time else "no date"
    return f"{turn.session} {day}" if turn.session else day


def _clock(turn: "Turn") -> str:
    return f"{turn.time:%H:%M}" if turn.time else ""


def thought_line(thought: "Thought") -> str:
    """The statement, its id, what it rests on, and whether it still holds."""
    said = " ".join(map(short_id, _sources(thought).split()))
    parts = [thought.text, f"({short_id(thought.id)})", f"from {said}" if said else ""]
    if thought.status != "active":
        until = f" until {_day(thought.valid_to)}" if thought.valid_to else ""
        parts.append(f"[{_status(thought)}{until}]")
    elif thought.contested:
        parts.append(f"[{_status(thought)}]")
    return " ".join(filter(None, parts))


def _status(thought: "Thought") -> str:
    return "contested" if thought.contested and thought.status == "active" else thought.status


def _next(thought: "Thought") -> str:
    return thought.superseded_by or thought.merged_into or ""


def _day(time: object) -> str:
    return str(plain(time))[:10] if time else ""


def _sources(thought: "Thought") -> str:
    return " ".join(dict.fromkeys(source.turn_id for source in thought.sources))


def _what(payload: Mapping[str, object], texts: Mapping[str, str]) -> str:
    """The thoughts that an operation is about, in words; else its payload."""
    if not payload:  # an erasure blanks what the log said of it
        return "erased"
    if "operation_id" in payload:
        return f"operation {payload['operation_id']}"
    ids = [payload.get("thought_id"), payload.get("by")]
    several = payload.get("thought_ids")
    ids += several if isinstance(several, list | tuple) else []
    named = [texts[key] for key in ids if isinstance(key, str) and key in texts]
    return " | ".join(named) or _brief(payload)


def _brief(payload: object) -> str:
    import json

    text = json.dumps(plain(payload), ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"


def in_chains(thoughts: Sequence["Thought"]) -> list["Thought"]:
    """The same thoughts, each followed by the one that replaced it, as far as none came before.

    Where several were replaced by one, it follows the last of them.
    """
    by_id = {thought.id: thought for thought in thoughts}
    before: dict[str, list[Thought]] = {}
    for thought in thoughts:
        after = _after(thought, by_id)
        if after is not None:
            before.setdefault(after.id, []).append(thought)
    ordered: dict[str, Thought] = {}
    for thought in thoughts:
        if thought.id in ordered:
            continue
        for each in _history(_end(thought, by_id), before):
            ordered.setdefault(each.id, each)
    return list(ordered.values())


def _after(thought: "Thought", by_id: dict[str, "Thought"]) -> "Thought | None":
    return by_id.get(thought.superseded_by or thought.merged_into or "")


def _end(thought: "Thought", by_id: dict[str, "Thought"]) -> "Thought":
    passed = {thought.id}
    while (after := _after(thought, by_id)) is not None and after.id not in passed:
        passed.add(after.id)
        thought = after
    return thought


def _history(end: "Thought", before: dict[str, list["Thought"]]) -> list["Thought"]:
    """All that led to a thought, oldest first, and the thought itself."""
    found: dict[str, Thought] = {}
    open_ = [end]
    while open_:
        thought = open_.pop()
        if thought.id not in found:
            found[thought.id] = thought
            open_.extend(before.get(thought.id, ()))
    return sorted(
        found.values(), key=lambda t: (t is end, str(t.valid_from or ""), str(t.recorded_at or ""))
    )
