"""Commands that ask the memory: ask, recall, decide, why."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from knowhen.memory.cli.output import short_id
from knowhen.memory.cli.session import PUSH, Session, add_command, whole_id

if TYPE_CHECKING:
    from knowhen.memory.manager import MemoryManager
    from knowhen.memory.recall.why import Explanation
    from knowhen.memory.records import Decision, Recall, Recollection

Query = Annotated[str, typer.Argument(metavar="QUERY", help="What to ask the memory.")]
Budget = Annotated[int, typer.Option(help="Tokens the context may take.", metavar="TOKENS")]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only what had been said by then (ISO 8601, else UTC)."),
]

WalkName = Annotated[
    str,
    typer.Option(
        "--walk", help="How the graph is walked: push, power, exact or none.", metavar="NAME"
    ),
]

PATHS = 3
"""Ways of the walk that `why` shows."""


def register(app: typer.Typer) -> None:
    add_command(app, ask)
    add_command(app, recall)
    add_command(app, decide)
    add_command(app, why)


def ask(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask.")],
    base_url: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible endpoint.", metavar="URL")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model to answer, else quotes do.", metavar="NAME")
    ] = None,
    budget: Budget = 1024,
) -> None:
    """Answer a question, with what the answer rests on."""
    from knowhen.memory.cli.chat import chosen_model

    with session.open(model=chosen_model(base_url, model)) as memory:
        reply = memory.answer(question, budget=budget)
    if session.out.json:
        session.out.data(reply)
        return
    session.out.line(reply.text)
    for note in reply.notes:
        session.out.remark(f"- {note}")


def recall(
    session: Session,
    query: Query,
    budget: Budget = 1024,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Give a context whatever the gate decides.")
    ] = False,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1, metavar="NUMBER")] = 10,
    context: Annotated[
        bool, typer.Option("--context", help="Print the context alone, as a prompt takes it.")
    ] = False,
    walk: WalkName = PUSH,
) -> None:
    """Find what answers a query, with dates and sources."""
    with session.open(walk=walk) as memory:
        found = memory.recall(query, budget=budget, gate=not no_gate, as_of=parse_time(as_of))
    if session.out.json:
        session.out.data(found)
    elif context:
        session.out.line(found.context)
    else:
        _show(session, found, budget, limit)


def decide(session: Session, query: Query) -> None:
    """Say whether to use memory for a query.

    The answer is skip, recall, parametric (the model's own knowledge will do) or abstain.
    """
    with session.open() as memory:
        decision = memory.decide(query)
    if session.out.json:
        session.out.data(decision)
    else:
        show_decision(session, decision)


def why(
    session: Session,
    query: Query,
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="Id of what was recalled; else the first.")
    ] = None,
    left_out: Annotated[
        str | None,
        typer.Option("--not", metavar="ID", help="A turn that is missing: say what kept it out."),
    ] = None,
    budget: Budget = 1024,
    walk: WalkName = PUSH,
) -> None:
    """Explain why something is recalled for a query, or is not."""
    if left_out is not None:
        _missing(session, query, left_out, budget, walk)
        return
    with session.open(walk=walk) as memory:
        found = memory.recall(query, budget=budget, gate=False)
        explanation = memory.why(_pick(found, item, session.space))
        paths = _paths(memory, query, explanation.item)
        if explanation.item.kind == "turn":
            ways = memory.why(query, explanation.item.id, budget=budget)
            explanation = replace(
                explanation, path=ways.path, rank=ways.rank, rank_before=ways.rank_before
            )
    if session.out.json:
        data = {"decision": found.decision, "explanation": explanation, "paths": paths}
        session.out.data(data)
        return
    if session.out.terminal:
        _in_short(session, found, explanation, paths)
        return
    show_decision(session, found.decision)
    session.out.line()
    chosen = explanation.item
    session.out.table(("", ""), [("item", f"{chosen.kind} {chosen.id}, {_when(chosen)}")])
    session.out.table(
        ("", ""),
        [
            ("text", chosen.text),
            ("score", f"{chosen.score:.3f}"),
            ("context", "in the context" if explanation.packed else "cut by the budget"),
            ("event", explanation.event or "none"),
            ("linked to", ", ".join(explanation.links) or "nothing"),
            *(("reached by", path) for path in paths),
            *_led(explanation),
        ],
    )
    session.out.line()
    session.out.table(
        ("share", "cue"), [(f"{share:+.3f}", cue) for cue, share in explanation.shares.items()]
    )


def _missing(session: Session, query: str, left_out: str, budget: int, walk: str) -> None:
    """Say what kept a turn out of the context."""
    with session.open(walk=walk) as memory:
        known = (turn.id for turn in memory.turns())
        explanation = memory.why(
            query, whole_id(left_out, known, "turn", session.space), budget=budget
        )
    if session.out.json:
        session.out.data({"explanation": explanation})
        return
    chosen = explanation.item
    reason = f"{explanation.kept_out}: {explanation.reason}" if explanation.kept_out else "nothing"
    session.out.table(
        ("", ""),
        [
            ("item", f"{chosen.kind} {chosen.id}, {_when(chosen)}"),
            ("text", chosen.text),
            ("score", f"{chosen.score:.3f}"),
            ("kept out by", reason),
            *_led(explanation),
        ],
    )


def _led(explanation: "Explanation") -> list[tuple[str, str]]:
    """The names that lead to a turn, and what the walk changed in its rank."""
    rows = []
    if explanation.path is not None:
        rows.append(("led to by", " → ".join(explanation.path.names)))
    if explanation.rank is not None:
        moved = explanation.rank_before
        before = f", {moved} before the walk" if moved not in (None, explanation.rank) else ""
        rows.append(("rank", f"{explanation.rank}{before}"))
    return rows


def _in_short(
    session: Session, found: "Recall", explanation: "Explanation", paths: list[str]
) -> None:
    """The explanation in five lines for people; a pipe and --json get all of it."""
    item, decision = explanation.item, found.decision
    because = "; ".join(decision.reasons) or "no more than the figures"
    shares = [f"{cue} {share:+.2f}" for cue, share in list(explanation.shares.items())[:CUES]]
    packed = "in the context" if explanation.packed else "cut by the budget"
    figures = f"need {decision.need:.2f}, have {decision.have:.2f}"
    session.out.log(
        [
            ("", "decision", f"{decision.action} ({figures}): {because}"),
            ("", "item", f"{_who(item)} ({short_id(item.id)}), {_when(item)}: {item.text}"),
            ("", "found by", ", ".join(shares) or "nothing in particular"),
            ("", "reached by", (paths or ["no way through the graph"])[0]),
            ("", "place", f"{packed}, in event {short_id(explanation.event or 'none')}"),
        ]
    )


CUES = 4
"""Cues that people see of what found an item."""
MOVED = 6
"""Features listed of those that moved a decision."""


def feature_words(name: str, value: float) -> str:
    """What a feature of the gate means, and that it is not so where its value is 0."""
    from knowhen.memory.gate.signals import WORDS

    head, _, feature = name.partition(": ")
    return f"{head}: {'' if value else 'not so: '}{WORDS.get(feature, feature)}"


def show_decision(session: Session, decision: "Decision") -> None:
    """Print a decision, its four probabilities, its reasons and what moved it."""
    out = session.out
    out.line(decision.action, style="bold")
    for name in ("need", "have", "know", "trust"):
        out.line(f"  {name:<6}{getattr(decision, name):.2f}")
    for reason in decision.reasons:
        out.line(f"  - {reason}")
    if decision.counterfactual:
        out.line(f"  would differ: {decision.counterfactual}")
    for name, weight in list(decision.moved.items())[:MOVED]:
        value = decision.features[name.partition(": ")[2]]
        out.line(f"  {weight:+.2f}  {feature_words(name, value)}")


def parse_time(written: str | None) -> datetime | None:
    """An ISO 8601 time from the command line; one without a zone is taken as UTC."""
    if written is None:
        return None
    from knowhen.memory.errors import InvalidInput

    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        message = f"{written!r} is no time; write it like 2024-05-01 or 2024-05-01T09:30"
        raise InvalidInput(message) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _show(session: Session, found: "Recall", budget: int, limit: int) -> None:
    out = session.out
    if out.terminal:
        out.log(
            (
                _when(item).partition(",")[0],
                "*" if item.packed is not None else " ",
                f"{_who(item)} ({short_id(item.id)}): {item.text}",
            )
            for item in found.items[:limit]
        )
    else:
        out.table(
            ("", "when", "who", "id", "text"),
            [
                ("*" if item.packed is not None else "", item.time, _who(item), item.id, item.text)
                for item in found.items[:limit]
            ],
        )
    counted = "" if found.exact_tokens else "about "
    packed = sum(item.packed is not None for item in found.items)
    out.remark(
        f"{found.decision.action}: {packed} of {len(found.items)} found (*) are in the context, "
        f"{counted}{found.tokens} of {budget} tokens"
    )
    for note in (*found.decision.reasons, *found.notes):
        out.remark(f"- {note}")


def _paths(memory: "MemoryManager", query: str, item: "Recollection") -> list[str]:
    """The likeliest ways of the walk to an item; none where there was no walk, or no way."""
    from knowhen.graphs.explain import explain

    node, graph = f"{item.kind}:{item.id}", memory.graph
    found = memory.search(query)
    if not found.restart or node not in graph:
        return []
    found_paths = explain(
        graph,
        found.restart,
        node,
        damping=found.damping,
        kinds=found.walked,
        limit=PATHS,
    )
    return [str(path) for path in found_paths]


def _who(item: "Recollection") -> str:
    return item.speaker if item.kind == "turn" else item.kind


def _when(item: "Recollection") -> str:
    day = f"{item.time:%Y-%m-%d %H:%M}" if item.time else "no date"
    return f"{day}, {item.speaker}" if item.speaker else day


def _pick(found: "Recall", item: str | None, space: str) -> "Recollection":
    from knowhen.memory.errors import InvalidInput

    if item is None and found.items:
        return found.items[0]
    if item is None:
        raise InvalidInput(f"nothing in space {space!r} has to do with that query")
    meant = whole_id(item, (each.id for each in found.items), "item of this recall", space)
    return next(each for each in found.items if each.id == meant)
