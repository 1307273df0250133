"""Structured answers: JSON found in what a model wrote, checked, and asked for again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import Completion, Message

INSTRUCTION = (
    "Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"
)
REPAIR = "That answer cannot be used: {problem}. Answer again, with the JSON object only."


class _Strict(GenerateJsonSchema):
    """Writes the dialect of OpenAI's strict mode: every field required, none with a default."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema(schema: type[BaseModel]) -> dict[str, object]:
    """The JSON schema of an answer, in which every field is required."""
    return schema.model_json_schema(schema_generator=_Strict)


def is_strict(schema: type[BaseModel]) -> bool:
    """Whether OpenAI's strict mode may be asked for: the answer takes no unknown fields."""
    return schema.model_config.get("extra") == "forbid"


def parse_object(text: str) -> dict[str, object]:
    """The first JSON object in the text, whatever stands around it (prose, a code fence).

    Raises:
        ModelFailed: there is none.
    """
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        if isinstance(value, dict):
            return value
        break
    raise ModelFailed(f"the model was asked for a JSON object and wrote {_excerpt(text)!r}")


def check_answer(value: Mapping[str, object], schema: type[BaseModel]) -> None:
    """Check that an object is the answer that was asked for.

    Raises:
        ModelFailed: it is not; the message names the first place and what is wrong there.
    """
    try:
        schema.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{place}: {first['msg']}"
        raise ModelFailed(f"the model's answer does not fit the schema: {problem}") from error


def with_schema(messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """The messages with the instruction to write JSON, inside the system message."""
    instruction = INSTRUCTION.format(schema=json.dumps(json_schema(schema), ensure_ascii=False))
    first, *rest = messages or (Message("user", ""),)
    if first.role == "system":
        return [replace(first, content=f"{first.content}\n\n{instruction}"), *rest]
    return [Message("system", instruction), first, *rest]


def complete_structured(
    ask: Callable[[list[Message]], Completion],
    messages: Sequence[Message],
    schema: type[BaseModel],
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
            check_answer(data, schema)
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


def _excerpt(text: str, *, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
