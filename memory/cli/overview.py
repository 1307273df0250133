"""Commands that sum up: about, profile, spaces, diff, config."""

from typing import TYPE_CHECKING, Annotated

import typer

from knowhen.memory.cli.ask import parse_time
from knowhen.memory.cli.output import counted, short_id
from knowhen.memory.cli.session import DEFAULTS, Session, add_command

if TYPE_CHECKING:
    from knowhen.memory.browsing import Change
    from knowhen.memory.records import Thought, Turn

LISTED = 5
"""Turns that `about` shows of somebody; `knowhen turns --about` shows all."""
SIGNS = {"learned": "+", "changed": "~", "lost": "-"}


def register(app: typer.Typer) -> None:
    for function in (about, profile, spaces, diff, config):
        add_command(app, function)


def about(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A person or a thing.")],
) -> None:
    """Show all that is known of a person or thing."""
    out = session.out
    with session.open() as memory:
        thoughts = memory.thoughts(about=name, newest=50)
        turns = memory.turns(about=name)
        events = len(memory.events(about=name)) if turns else 0
    if out.json:
        out.data({"name": name, "thoughts": thoughts, "turns": turns[-LISTED:], "events": events})
        return
    if not turns and not thoughts:
        out.remark(f"nothing is known of {name!r}; `knowhen turns --matching` looks for words")
        return
    entries = [("what holds now", _day(t), _statement(t)) for t in reversed(thoughts)]
    entries += [("said last", _moment(turn), _said(turn)) for turn in turns[-LISTED:]]
    if out.terminal:
        out.log(entries)
    else:
        out.table(("", "when", "what"), entries)
    out.remark(f"{name}: {counted(len(turns), 'turn')} in {counted(events, 'event')}")


def profile(
    session: Session,
    asker: Annotated[
        str | None, typer.Option(help="Who is spoken with, else the only user.", metavar="NAME")
    ] = None,
    budget: Annotated[int, typer.Option(help="Tokens it may take.", metavar="TOKENS")] = 150,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="What held then (ISO 8601, else UTC).")
    ] = None,
) -> None:
    """Show what stands whatever is asked: wishes, and who asks."""
    with session.open() as memory:
        found = memory.profile(budget=budget, asker=asker, as_of=parse_time(as_of))
    if session.out.json:
        session.out.data(found)
    elif not found.text:
        session.out.remark("nothing stands yet; it is read from what people say of themselves")
    else:
        for line in found.text.splitlines():
            session.out.line(line)
        session.out.remark(f"{found.tokens} of {budget} tokens")


def spaces(session: Session) -> None:
    """List spaces, how much was said, and when last."""
    rows = []
    with session.open() as memory:
        for space in memory.spaces():
            found = memory.at(space)
            last = found.turns(newest=1)
            rows.append(
                {
                    "space": space,
                    "turns": found.size(),
                    "last": last[0].time if last else None,
                }
            )
    if session.out.json:
        session.out.data(rows)
    else:
        session.out.table(
            ("turns", "last", "space"), [(r["turns"], r["last"], r["space"]) for r in rows]
        )


def diff(
    session: Session,
    since: Annotated[str, typer.Option(metavar="TIME", help="From then on (ISO 8601, else UTC).")],
) -> None:
    """Show what was learned, changed and lost, and why.

    + is new, ~ took over from what held before, - holds no more.
    """
    out = session.out
    time = parse_time(since)
    assert time is not None
    with session.open() as memory:
        changes = memory.changes(time)
        said = {turn.id: turn for turn in memory.turns()} if changes else {}
    if out.json:
        out.data(changes)
        return
    if not changes:
        out.remark(f"nothing has changed since {since}")
        return
    rows = [
        (SIGNS[change.kind], change.time, short_id(change.thought.id), _told(change, said))
        for change in changes
    ]
    if out.terminal:
        out.log((f"{c.time:%Y-%m-%d}", r[0], r[3]) for c, r in zip(changes, rows, strict=True))
    else:
        out.table(("", "when", "id", "what"), rows)


def config(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which setting.")] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="What it is to be.")] = None,
) -> None:
    """Show how the home is opened, or change it.

    After a change of `embedder`, `scorer`, `refine` or `language-model`, `knowhen reindex` makes
    vectors and events anew.
    """
    from knowhen.memory.errors import InvalidInput

    if name is not None and name not in DEFAULTS:
        raise InvalidInput(f"no setting is called {name!r}; there are {', '.join(DEFAULTS)}")
    if name is not None and value is not None:
        if not session.begun:
            session.open(writing=True).close()
        session.configure(**{name: value})
    shown = {"home": str(session.folder), **session.config}
    if session.out.json:
        session.out.data(shown)
    else:
        session.out.table(("", ""), list(shown.items()))


def _told(change: "Change", said: "dict[str, Turn]") -> str:
    text = change.thought.text
    if change.now is not None:
        text = f"{change.now.text} (before: {text})"
    causes = [said[turn] for turn in change.turns if turn in said]
    return " ".join([text, *(f"— {cause.speaker} ({short_id(cause.id)})" for cause in causes[:1])])


def _statement(thought: "Thought") -> str:
    sources = dict.fromkeys(short_id(source.turn_id) for source in thought.sources)
    return f"{thought.text} ({', '.join(sources)})" if sources else thought.text


def _said(turn: "Turn") -> str:
    return f"{turn.speaker} ({short_id(turn.id)}): {turn.text}"


def _day(thought: "Thought") -> str:
    return f"{thought.valid_from:%Y-%m-%d}" if thought.valid_from else ""


def _moment(turn: "Turn") -> str:
    return f"{turn.time:%Y-%m-%d %H:%M}" if turn.time else ""
