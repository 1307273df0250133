"""Commands that change the memory or care for it, from merge and forget to doctor and backup."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowhen.memory.cli.ask import parse_time
from knowhen.memory.cli.output import counted
from knowhen.memory.cli.session import Session, add_command, whole_id

if TYPE_CHECKING:
    from knowhen.memory.manager import MemoryManager
    from knowhen.memory.records import Receipt

SHOWN = 20
"""Turns that are shown before the question; more are only counted."""

CONSENT = ("y", "yes")

UNWELL = 1
"""Exit code of `doctor` when it found something."""


def register(app: typer.Typer) -> None:
    for function in (insert, retract, merge, undo, forget, verify, settle, reindex, doctor, backup):
        add_command(app, function)


def insert(
    session: Session,
    statement: Annotated[str, typer.Argument(metavar="TEXT", help="Such as `Nora lives in Oslo`.")],
) -> None:
    """Add or correct a thought by hand; `undo` takes it back.

    What says otherwise of the same, such as where somebody lives, is history then.
    """
    with session.open(writing=True) as memory:
        operation = memory.insert(statement)
    _say(session, operation, f"inserted; `knowhen undo {operation}` takes it back")


def retract(
    session: Session,
    thought: Annotated[str, typer.Argument(metavar="THOUGHT", help="Id of the thought.")],
) -> None:
    """Mark a thought as never true; `undo` takes it back."""
    from knowhen.memory.thoughts.operations import Retract

    with session.open() as memory:
        operation = memory.apply(Retract(_thought_id(memory, thought), reason="by hand"))
    _say(session, operation, f"retracted; `knowhen undo {operation}` takes it back")


def merge(
    session: Session,
    thoughts: Annotated[list[str], typer.Argument(metavar="THOUGHT...", help="Ids to merge.")],
    text: Annotated[
        str, typer.Option(help="Words of the merged thought, else all of theirs.", metavar="TEXT")
    ] = "",
) -> None:
    """Merge thoughts into one; `undo` takes it back.

    A merge that would lose anything they say is refused.
    """
    with session.open() as memory:
        known = [thought.id for thought in memory.thoughts(history=True)]
        meant = [whole_id(each, known, "thought", session.space) for each in thoughts]
        operation = memory.merge(meant, text=text)
    _say(session, operation, f"merged; `knowhen undo {operation}` takes it back")


def undo(
    session: Session,
    operation: Annotated[int, typer.Argument(metavar="OPERATION", help="Id of the operation.")],
) -> None:
    """Reverse an operation; an erasure cannot be reversed."""
    with session.open() as memory:
        reversal = memory.undo(operation)
    _say(session, reversal, f"operation {operation} is undone by {reversal}")


def forget(
    session: Session,
    turn: Annotated[
        list[str] | None, typer.Option(help="A turn, by id; may be repeated.", metavar="ID")
    ] = None,
    thought: Annotated[
        list[str] | None, typer.Option(help="A thought, by id; may be repeated.", metavar="ID")
    ] = None,
    entity: Annotated[
        str | None, typer.Option(help="Everything that mentions it.", metavar="NAME")
    ] = None,
    matching: Annotated[
        str | None, typer.Option(help="Everything that contains this.", metavar="TEXT")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="Every turn said before then.", metavar="TIME")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Every turn of this speaker.", metavar="NAME")
    ] = None,
    sitting: Annotated[
        str | None, typer.Option("--session", help="Every turn of this sitting.", metavar="NAME")
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(help="Every turn with this metadata; all, if repeated.", metavar="KEY=VALUE"),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without being asked.")] = False,
) -> None:
    """Erase for good, after showing what would go.

    What is erased is gone from every file; the receipt says so. A program, which cannot be asked,
    says --yes.
    """
    with session.open() as memory:
        chosen = {
            "turns": [_turn_id(memory, each) for each in turn or []],
            "thoughts": [_thought_id(memory, each) for each in thought or []],
            "entity": entity,
            "matching": matching,
            "before": parse_time(before),
            "speaker": speaker,
            "session": sitting,
            "meta": dict(map(_key_and_value, meta or [])),
        }
        plan = memory.forget(**chosen, preview=True)  # type: ignore[arg-type]
        nothing = not plan.turns and not plan.thoughts
        if preview or nothing:
            _show_plan(session, memory, plan)
            return
        if not yes:
            _ask(session, memory, plan)
        receipt = memory.forget(**chosen)  # type: ignore[arg-type]
    _show_receipt(session, receipt)


def _turn_id(memory: "MemoryManager", given: str) -> str:
    return whole_id(given, (turn.id for turn in memory.turns()), "turn", memory.space)


def _thought_id(memory: "MemoryManager", given: str) -> str:
    known = (thought.id for thought in memory.thoughts(history=True))
    return whole_id(given, known, "thought", memory.space)


def _key_and_value(text: str) -> tuple[str, object]:
    """`channel=web`, or a value that is JSON: `page=3`."""
    from knowhen.memory.errors import InvalidInput

    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--meta takes KEY=VALUE, not {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def verify(
    session: Session,
    receipt: Annotated[
        str, typer.Argument(metavar="RECEIPT", help="What `forget --json` printed, in a file.")
    ],
) -> None:
    """Check a receipt: nothing of what it names is back.

    It was made by this home, and not changed since.

    Exits with 1 if something speaks against it.
    """
    from knowhen.memory.errors import InvalidFile
    from knowhen.memory.forgetting import receipt_from

    try:
        values = json.loads(Path(receipt).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFile(f"{receipt} cannot be read as a receipt ({error})") from None
    if not isinstance(values, dict):
        raise InvalidFile(f"{receipt} holds no receipt")
    with session.open() as memory:
        against = memory.verify(receipt_from(values))
    _say_findings(session, against, "the receipt holds")


def _ask(session: Session, memory: "MemoryManager", plan: "Receipt") -> None:
    from knowhen.memory.errors import OperationRefused

    out = session.out
    if out.json or not sys.stdin.isatty():
        raise OperationRefused(
            f"nothing was erased: {_amount(plan)} would be, but nobody can be asked here; "
            "add --yes to erase, or --preview to see what would go"
        )
    for turn_id in plan.turns[:SHOWN]:
        turn = memory.turn(turn_id)
        out.remark(f"{turn.time:%Y-%m-%d %H:%M}  {turn.speaker}  {turn.id}  {turn.text}")
    if len(plan.turns) > SHOWN:
        out.remark(f"and {len(plan.turns) - SHOWN} more")
    typer.echo(f"Erase {_amount(plan)} for good? [y/N]: ", nl=False, err=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # the end of the input, which is no consent
        out.remark("")
    if answer.strip().casefold() not in CONSENT:
        raise OperationRefused("nothing was erased")


def _show_plan(session: Session, memory: "MemoryManager", plan: "Receipt") -> None:
    if session.out.json:
        session.out.data(plan)
        return
    rows = [memory.turn(turn_id) for turn_id in plan.turns]
    session.out.table(
        ("when", "who", "id", "text"), [(t.time, t.speaker, t.id, t.text) for t in rows]
    )
    known = {each.id: each for each in memory.thoughts(history=True)}
    session.out.table(
        ("status", "id", "text"),
        [(known[each].status, each, known[each].text) for each in plan.thoughts if each in known],
    )
    session.out.remark(f"{_amount(plan)} would be erased")
    if plan.similar:
        session.out.remark(f"may also be meant: {' '.join(plan.similar)}")


def _show_receipt(session: Session, receipt: "Receipt") -> None:
    out = session.out
    if out.json:
        out.data(receipt)
    else:
        out.line(f"erased {_amount(receipt)}")
        if receipt.revived:
            out.line(f"active again: {' '.join(receipt.revived)}")
        if receipt.similar:
            out.line(f"not erased, may also be meant: {' '.join(receipt.similar)}")
        if receipt.held:
            out.line(f"still read by another process, to be cleared: {', '.join(receipt.held)}")
        out.line(f"receipt {receipt.digest}")
    if receipt.residues:
        from knowhen.memory.errors import OperationRefused

        files = ", ".join(receipt.residues)
        raise OperationRefused(
            f"erased text is still found in {files}; close other programs "
            "that use this memory and forget it once more"
        )


def _amount(receipt: "Receipt") -> str:
    return f"{counted(len(receipt.turns), 'turn')} and {counted(len(receipt.thoughts), 'thought')}"


def _say(session: Session, operation: int, sentence: str) -> None:
    if session.out.json:
        session.out.data({"operation": operation})
    else:
        session.out.line(sentence)


def settle(session: Session) -> None:
    """Close the open event and do the thinking that is pending."""
    with session.open() as memory, session.out.progress("settling"):
        settled = memory.settle()
    if session.out.json:
        session.out.data(settled)
        return
    events = counted(settled.events, "event")
    session.out.line(f"{events} thought about, {counted(settled.operations, 'operation')}")
    if settled.documents:
        session.out.line(f"{counted(settled.documents, 'document')} read for facts")
    if settled.calls:
        session.out.line(
            f"{counted(settled.calls, 'call')} of the model, {counted(settled.tokens, 'token')}"
        )
    if settled.rejected:
        session.out.remark(
            f"{counted(settled.rejected, 'proposal')} not supported by the turns; "
            "see `knowhen thoughts --quarantined`"
        )
    for failure in settled.failures:
        session.out.remark(f"- {failure}")


def reindex(
    session: Session,
    scorer: Annotated[
        str | None,
        typer.Option(help="What cuts events: bocpd, or lm for EM-LLM's rule.", metavar="NAME"),
    ] = None,
    refine: Annotated[
        str | None,
        typer.Option(help="none, modularity, conductance or modularity-left.", metavar="NAME"),
    ] = None,
    language_model: Annotated[
        str | None, typer.Option(help="Folder of a causal model, for lm.", metavar="FOLDER")
    ] = None,
) -> None:
    """Rebuild all that is derived from the turns.

    With another --embedder, all vectors are made anew, in every space. What is chosen stays in
    force for the home.
    """
    named = {"scorer": scorer, "refine": refine, "language-model": language_model}
    session = replace(session, chosen={**(session.chosen or {}), **named})
    with session.open(reindexing=True) as memory, session.out.progress("reindexing"):
        memory.reindex()
        spaces = memory.spaces()
    config = session.config
    session.configure(**config)
    if session.out.json:
        session.out.data({"spaces": spaces, "embedder": config["embedder"]})
    else:
        session.out.line(
            f"rebuilt {counted(len(spaces), 'space')} with the {config['embedder']} embedder"
        )


def doctor(
    session: Session,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make anew what is derived, give up what is lost."),
    ] = False,
) -> None:
    """Look for inconsistencies; exit with 1 if there are any.

    With --repair, when no other program uses the memory, print only what was lost.
    """
    with session.open() as memory:
        findings = memory.doctor(repair=repair)
        sizes = [memory.at(space).size() for space in memory.spaces()]
    seen = f"{counted(sum(sizes), 'turn')} in {counted(len(sizes), 'space')}"
    looked = f"looked at {seen} of {session.folder}, and all that is made of them"
    _say_findings(session, findings, "all is well", looked)


def backup(
    session: Session,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder that is not there.")],
) -> None:
    """Copy the home into a new folder, while it is used.

    The copy is opened like any home.
    """
    with session.open() as memory:
        count = memory.backup(folder)
    if session.out.json:
        session.out.data({"folder": folder, "spaces": count})
    else:
        session.out.line(f"copied {counted(count, 'space')} to {folder}")


def _say_findings(session: Session, findings: list[str], well: str, remark: str = "") -> None:
    if session.out.json:
        session.out.data(findings)
    else:
        for finding in findings or [well]:
            session.out.line(finding)
        if remark:
            session.out.remark(remark)
    if findings:
        raise typer.Exit(UNWELL)
