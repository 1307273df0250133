"""Structured answers from models that can only write text."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import Completion, Message
from knowhen.memory.models.schema import check_schema, parse_object

INSTRUCTION = (
    "Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"
)
REPAIR = "That answer cannot be used: {problem}. Answer again, with the JSON object only."


def with_schema(messages: Sequence[Message], schema: Mapping[str, object]) -> list[Message]:
    """The messages with the instruction to write JSON, inside the system message."""
    instruction = INSTRUCTION.format(schema=json.dumps(schema, ensure_ascii=False))
    first, *rest = messages or (Message("user", ""),)
    if first.role == "system":
        return [replace(first, content=f"{first.content}\n\n{instruction}"), *rest]
    return [Message("system", instruction), first, *rest]


def complete_structured(
    ask: Callable[[list[Message]], Completion],
    messages: Sequence[Message],
    schema: Mapping[str, object],
    *,
    repairs: int = 1,
) -> Completion:
    """Ask, read the object out of the answer and check it; say what was wrong and ask again.

    Token counts are the sum over all tries.

    Raises:
        ModelFailed: no answer fits the schema.
    """
    asked = list(messages)
    prompt_tokens = completion_tokens = 0
    for attempt in range(repairs + 1):
        completion = ask(asked)
        prompt_tokens += completion.prompt_tokens
        completion_tokens += completion.completion_tokens
        try:
            data = parse_object(completion.text)
            check_schema(data, schema)
        except ModelFailed as problem:
            if attempt == repairs:
                raise
            asked += [
                Message("assistant", completion.text),
                Message("user", REPAIR.format(problem=problem)),
            ]
            continue
        return replace(
            completion,
            data=data,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
    raise AssertionError("unreachable")
