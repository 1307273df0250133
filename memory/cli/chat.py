"""The chat command: talk, and be remembered."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knowhen.memory.cli.session import Session, add_command

if TYPE_CHECKING:
    from knowhen.memory.manager import MemoryManager

_WELCOME = "What you say is remembered. /why explains the last answer, /quit or Ctrl-D ends."
_QUOTING = "No model is connected: answers are quotes from the memory."


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

    Without a model, answers are quotes from the memory. The endpoint's key is read from
    $OPENAI_API_KEY.
    """
    from knowhen.memory.errors import InvalidInput

    if base_url and not model:
        raise InvalidInput("--base-url needs --model, the name of a model at that endpoint")
    with session.open(model=_model(base_url, model)) as memory:
        if sys.stdin.isatty():
            session.out.remark(_WELCOME if model else f"{_QUOTING} {_WELCOME}")
        _converse(session, memory, name=name, budget=budget, keep_replies=model is not None)
        memory.settle()


def _converse(
    session: Session, memory: "MemoryManager", *, name: str, budget: int, keep_replies: bool
) -> None:
    from knowhen.memory.clock import SystemClock
    from knowhen.memory.records import Turn

    out, last = session.out, "nothing was asked yet"
    sitting = f"chat {SystemClock().now():%Y-%m-%d %H:%M:%S}"
    while (said := _listen()) is not None and said != "/quit":
        if said == "/why":
            out.line(last)
        if not said or said == "/why":
            continue
        reply = memory.answer(said, budget=budget)
        decision = reply.recall.decision
        last = "; ".join((decision.action, *decision.reasons))
        if out.json:
            out.data({"said": said, "answer": reply.text, "decision": decision})
        else:
            out.line(reply.text, style="cyan")
        turns = [Turn(said, speaker=name, session=sitting)]
        if keep_replies and reply.text.strip():  # a quote is no news: it is not kept
            turns.append(Turn(reply.text, role="assistant", session=sitting))
        memory.remember(turns)


def _listen() -> str | None:
    """The next line, None at the end of the input."""
    prompt = "> " if sys.stdin.isatty() else ""
    try:
        return input(prompt).strip()
    except EOFError:
        return None


def _model(base_url: str | None, model: str | None) -> Any:
    if model is None:
        return None
    from knowhen.memory.models.openai import OpenAIChatModel

    return OpenAIChatModel(model, base_url=base_url)
