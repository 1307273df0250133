"""Commands that take care of the memory: settle, reindex, doctor."""

import typer

from knowhen.memory.cli.output import counted
from knowhen.memory.cli.session import Session, add_command

UNWELL = 1
"""Exit code of `doctor` when it found something."""


def register(app: typer.Typer) -> None:
    for function in (settle, reindex, doctor):
        add_command(app, function)


def settle(session: Session) -> None:
    """Close the open event and do the thinking that is pending."""
    with session.open() as memory, session.out.progress("settling"):
        settled = memory.settle()
    if session.out.json:
        session.out.data(settled)
        return
    events = counted(settled.events, "event")
    session.out.line(f"{events} thought about, {counted(settled.operations, 'operation')}")
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


def reindex(session: Session) -> None:
    """Rebuild all that is derived from the turns.

    With another --embedder, all vectors are made anew, in every space.
    """
    with session.open(reindexing=True) as memory, session.out.progress("reindexing"):
        memory.reindex()
        spaces = memory.spaces()
    if session.out.json:
        session.out.data({"spaces": spaces, "embedder": session.embedder})
    else:
        session.out.line(
            f"rebuilt {counted(len(spaces), 'space')} with the {session.embedder} embedder"
        )


def doctor(session: Session) -> None:
    """Look for inconsistencies; exit with 1 if there are any."""
    with session.open() as memory:
        findings = memory.doctor()
    if session.out.json:
        session.out.data(findings)
    else:
        for finding in findings or ["all is well"]:
            session.out.line(finding)
    if findings:
        raise typer.Exit(UNWELL)
