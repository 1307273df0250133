"""Proposing thoughts with a chat model: one structured call per event, every proposal checked."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import ChatModel, Completion
from knowhen.memory.records import Source, Turn
from knowhen.memory.thoughts import prompts
from knowhen.memory.thoughts.base import WEIGHTS, Failure, Proposal, Proposals
from knowhen.memory.thoughts.checks import problem
from knowhen.memory.thoughts.fence import unfenced

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed call is tried again, and how long to wait before."""

    attempts: int = 3
    wait: float = 1.0
    """Seconds before the second attempt; each later one waits twice as long."""


class ModelProposer:
    """Asks a chat model for the statements of an event.

    A proposal that its cited turns do not support is rejected, never stored as fact. When the
    call fails the event stays in the queue and nothing is lost. `sleep` is injected for tests.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        retries: Retries | None = None,
        turns_per_call: int = 60,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model, self._retries = model, retries or Retries()
        self._turns_per_call, self._sleep = turns_per_call, sleep

    def propose(self, turns: Sequence[Turn]) -> Proposals:
        """Checked proposals of one event; a long event takes several calls.

        What the calls before a failing one found is given back with the failure.
        """
        told = [replace(turn, text=text) for turn in turns if (text := unfenced(turn.text)).strip()]
        found = Proposals()
        for start in range(0, len(told), self._turns_per_call):
            part = self._ask(told[start : start + self._turns_per_call])
            found = Proposals(
                items=found.items + part.items,
                rejected=found.rejected + part.rejected,
                failures=found.failures + part.failures,
                calls=found.calls + part.calls,
                tokens=found.tokens + part.tokens,
            )
        return found

    def _ask(self, turns: Sequence[Turn]) -> Proposals:
        messages = prompts.propose(turns)
        ids = tuple(turn.id for turn in turns)
        tokens = 0
        for attempt in range(1, self._retries.attempts + 1):
            if attempt > 1:
                self._sleep(self._retries.wait * 2 ** (attempt - 2))
            try:
                completion = self._model.complete(messages, schema=prompts.PROPOSE_SCHEMA)
            except ModelUnsupported as error:
                return Proposals(failures=(Failure(str(error), ids),), calls=attempt, tokens=tokens)
            except ModelFailed as error:
                log.warning("attempt %d to propose thoughts failed: %s", attempt, error)
                reason = str(error)
                continue
            tokens += completion.prompt_tokens + completion.completion_tokens
            if not isinstance((completion.data or {}).get("statements"), list):
                reason = "the model gave no statements"
                continue
            items, rejected = _checked(completion, turns)
            return Proposals(items, rejected, calls=attempt, tokens=tokens)
        return Proposals(
            failures=(Failure(reason, ids),), calls=self._retries.attempts, tokens=tokens
        )


def _checked(
    completion: Completion, turns: Sequence[Turn]
) -> tuple[tuple[Proposal, ...], tuple[Failure, ...]]:
    by_id = {turn.id: turn for turn in turns}
    items: list[Proposal] = []
    rejected: list[Failure] = []
    statements = (completion.data or {}).get("statements")
    for statement in statements if isinstance(statements, Sequence) else ():
        if not isinstance(statement, Mapping):
            continue
        cited = tuple(str(i) for i in statement.get("turns") or ())
        reason = problem(statement, [by_id.get(i) for i in cited])
        if reason is None:
            items.append(_proposal(statement, [by_id[i] for i in cited]))
        else:
            rejected.append(Failure(reason, cited, str(statement.get("text", ""))))
    return tuple(items), tuple(rejected)


def _proposal(statement: Mapping[str, object], cited: Sequence[Turn]) -> Proposal:
    first = min(cited, key=lambda turn: turn.time or _NO_TIME)
    return Proposal(
        text=str(statement["text"]).strip(),
        subject=str(statement["subject"]).strip(),
        predicate=" ".join(str(statement["predicate"]).lower().split()),
        object=str(statement["object"]).strip(),
        sources=tuple(Source(t.id, 0, len(t.text), WEIGHTS[t.role]) for t in cited),
        said_at=first.time,
        polarity="negative" if statement.get("polarity") == "negative" else "positive",
        modality=_one_of(statement.get("modality"), "asserted"),  # type: ignore[arg-type]
        kind=_one_of(statement.get("kind"), "fact"),  # type: ignore[arg-type]
        valid_from=_day(statement.get("valid_from"), first.time),
        valid_to=_day(statement.get("valid_to"), first.time),
        corrects=statement.get("corrects") is True,
    )


_NO_TIME = datetime.min.replace(tzinfo=UTC)


def _one_of(value: object, default: str) -> str:
    return str(value) if value else default


def _day(value: object, said_at: datetime | None) -> datetime | None:
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        day = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    zone = said_at.tzinfo if said_at is not None else UTC
    return day if day.tzinfo else day.replace(tzinfo=zone)
