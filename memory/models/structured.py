"""Structured answers from models that can only write text: JSON found, checked, asked for again."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import Completion, Message

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (Mapping,),
    "array": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}

INSTRUCTION = (
    "Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"
)
REPAIR = "That answer cannot be used: {problem}. Answer again, with the JSON object only."


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


def check_schema(value: object, schema: Mapping[str, object]) -> None:
    """Check the parts of JSON Schema that we write ourselves; unknown keywords are ignored.

    Known: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties: false`,
    `items`, `anyOf`, and `$ref` into `$defs` (as pydantic writes them).

    Raises:
        ModelFailed: the value does not fit, with the path to the place.
    """
    problem = _problem(value, schema, root=schema, path="$")
    if problem is not None:
        raise ModelFailed(f"the model's answer does not fit the schema: {problem}")


def is_strict(schema: Mapping[str, object]) -> bool:
    """Whether OpenAI's strict mode takes it: every object closed, and all its keys required."""
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        required = schema.get("required")
        closed = schema.get("additionalProperties") is False
        if not closed or not isinstance(required, Sequence) or set(required) != set(properties):
            return False
    elif schema.get("type") == "object":
        return False
    return all(is_strict(part) for part in _parts(schema))


def _parts(schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for key in ("properties", "$defs"):
        group = schema.get(key)
        if isinstance(group, Mapping):
            yield from group.values()
    items, options = schema.get("items"), schema.get("anyOf")
    if isinstance(items, Mapping):
        yield items
    if isinstance(options, Sequence):
        yield from options


def _problem(
    value: object, schema: Mapping[str, object], *, root: Mapping[str, object], path: str
) -> str | None:
    schema = _resolve(schema, root)
    options = schema.get("anyOf")
    if isinstance(options, Sequence):
        problems = [_problem(value, option, root=root, path=path) for option in options]
        if None not in problems:
            return problems[0]
    if not _has_type(value, schema.get("type")):
        return f"{path} is {_type_name(value)}, not {schema.get('type')}"
    if "const" in schema and value != schema["const"]:
        return f"{path} is {value!r}, not {schema['const']!r}"
    allowed = schema.get("enum")
    if isinstance(allowed, Sequence) and value not in allowed:
        return f"{path} is {value!r}, not one of {list(allowed)!r}"
    if isinstance(value, Mapping):
        return _object_problem(value, schema, root=root, path=path)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        found = (
            _problem(item, items, root=root, path=f"{path}[{place}]")
            for place, item in enumerate(value)
        )
        return next((problem for problem in found if problem), None)
    return None


def _object_problem(
    value: Mapping[str, object],
    schema: Mapping[str, object],
    *,
    root: Mapping[str, object],
    path: str,
) -> str | None:
    required = schema.get("required")
    for key in required if isinstance(required, Sequence) else ():
        if key not in value:
            return f"{path} lacks {key!r}"
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    for key, item in value.items():
        if key in known:
            problem = _problem(item, known[key], root=root, path=f"{path}.{key}")
            if problem is not None:
                return problem
        elif schema.get("additionalProperties") is False:
            return f"{path} has {key!r}, which the schema does not know"
    return None


def _resolve(schema: Mapping[str, object], root: Mapping[str, object]) -> Mapping[str, object]:
    reference = schema.get("$ref")
    definitions = root.get("$defs")
    if isinstance(reference, str) and isinstance(definitions, Mapping):
        target = definitions.get(reference.removeprefix("#/$defs/"))
        if isinstance(target, Mapping):
            return target
    return schema


def _has_type(value: object, wanted: object) -> bool:
    if isinstance(wanted, str):
        if wanted not in _TYPES:
            return True
        if isinstance(value, bool):  # bool is an int in Python, not in JSON
            return wanted == "boolean"
        return isinstance(value, _TYPES[wanted])
    if isinstance(wanted, Sequence):
        return any(_has_type(value, one) for one in wanted)
    return True


def _type_name(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next((name for name, types in _TYPES.items() if isinstance(value, types)), "unknown")


def _excerpt(text: str, *, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


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
