"""The chat command: talk, and be remembered."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knowhen.memory.cli.session import Session, add_command

if TYPE_CHECKING:
    from knowhen.memory.manager import MemoryManager
    from knowhen.memory.records import Answer

_WELCOME = "What you say is remembered. /why explains the last answer, /quit or Ctrl-D ends."
_QUOTING = "No model is connected: answers are quotes from the memory."

UNANSWERED = 1
"""Exit code of a chat whose model failed to answer."""


def register(app: typer.Typer) -> None:
    add_command(app, chat)


def chat(
    session: Session,
    base_url: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible endpoint.", metavar="URL")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model's name at the endpoint.", metavar="NAME")
    ] = None,
    name: Annotated[str, typer.Option(help="Who you are.", metavar="NAME")] = "user",
    budget: Annotated[int, typer.Option(help="Tokens of memory a turn.", metavar="TOKENS")] = 1024,
) -> None:
    """Talk, and be remembered.

    Without a model, or when it fails, answers are quotes from the memory; a failure makes the
    exit code 1. The endpoint's key is read from $OPENAI_API_KEY.
    """
    from knowhen.memory.errors import InvalidInput

    if base_url and not model:
        raise InvalidInput("--base-url needs --model, the name of a model at that endpoint")
    with session.open(model=chosen_model(base_url, model), writing=True) as memory:
        if sys.stdin.isatty():
            session.out.remark(_WELCOME if model else f"{_QUOTING} {_WELCOME}")
        answered = _converse(session, memory, name=name, budget=budget)
        for failure in memory.settle().failures:
            session.out.remark(f"- {failure}")
    if not answered:
        raise typer.Exit(UNANSWERED)


def _converse(session: Session, memory: "MemoryManager", *, name: str, budget: int) -> bool:
    """Answer and remember what is said; whether the model, if there is one, never failed."""
    from knowhen.memory.clock import SystemClock
    from knowhen.memory.records import Turn

    answered, last = True, "nothing was asked yet"
    sitting = f"chat {SystemClock().now():%Y-%m-%d %H:%M:%S}"
    while (said := _listen()) is not None and said != "/quit":
        if said == "/why":
            _explain(session, last)
        if not said or said == "/why":
            continue
        turns = [Turn(said, speaker=name, session=sitting)]
        reply = memory.answer(said, budget=budget)
        decision = reply.recall.decision
        last = "; ".join((decision.action, *decision.reasons))
        _show(session, said, reply)
        if reply.origin == "model" and reply.text.strip():  # a quote is no news: it is not kept
            turns.append(Turn(reply.text, role="assistant", session=sitting))
        memory.remember(turns)
        answered = answered and reply.origin != "fallback"
    return answered


def _show(session: Session, said: str, reply: "Answer") -> None:
    out = session.out
    if out.json:
        out.data({"said": said, "answer": reply.text, "decision": reply.recall.decision})
    else:
        out.line(reply.text, style="cyan")
    for note in reply.notes:
        out.remark(f"- {note}")


def _explain(session: Session, reasons: str) -> None:
    if session.out.json:
        session.out.data({"why": reasons})
    else:
        session.out.line(reasons)


def _listen() -> str | None:
    """The next line, None at the end of the input."""
    from knowhen.memory.errors import InvalidInput

    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    try:
        return input(prompt).strip()
    except EOFError:
        return None
    except UnicodeDecodeError:
        raise InvalidInput("what was said is not UTF-8 text") from None


def chosen_model(base_url: str | None, model: str | None) -> Any:
    if model is None:
        return None
    from knowhen.memory.models.openai import OpenAIChatModel

    return OpenAIChatModel(model, base_url=base_url)
