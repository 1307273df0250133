"""A chat model that states the facts recorded beside each text, and of no other."""

import json
from collections.abc import Iterator, Mapping, Sequence

from knowhen.memory.models.base import Completion, Message

Triple = tuple[str, str, str]


class RecordedFacts:
    """Knows the facts of each text by heart, by its id, and of none else."""

    name = "recorded facts"

    def __init__(self, facts: Mapping[str, Sequence[Triple]]) -> None:
        self._facts = facts
        self.calls = 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, object] | None = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        """The facts of the texts in a prompt that asks for statements."""
        self.calls += 1
        statements: list[dict[str, object]] = [
            {"subject": s, "predicate": p, "object": o, "text": f"{s} {p} {o}", "turns": [each]}
            for each in _asked(messages[-1].content)
            for s, p, o in self._facts.get(each, ())
        ]
        return Completion(json.dumps(statements), {"statements": statements})


def triples(recorded: Sequence[object]) -> list[Triple]:
    """The well-formed among recorded triples."""
    found: list[Triple] = []
    for triple in recorded:
        match triple:
            case [str(subject), str(predicate), str(thing)] if subject.strip() and thing.strip():
                found.append((subject, predicate, thing))
    return found


def _asked(content: str) -> Iterator[str]:
    """Ids of the texts in a prompt."""
    for line in content.splitlines():
        if line.startswith("{") and '"id"' in line:
            yield str(json.loads(line)["id"])
