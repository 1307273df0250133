"""The JSON that OpenAI's endpoints answer with."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Tools = Sequence[tuple[str, Mapping[str, object]]]


def pieces(text: str) -> list[str]:
    """The server's tokens: a word with the space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


def logprob(token: str) -> float:
    """A token's made-up log-probability: the longer, the less likely."""
    return -len(token.strip()) / 10


def embedding(text: str, dimension: int) -> list[float]:
    row = [0.0] * dimension
    for character in text:
        row[ord(character) % dimension] += 1.0
    return row


def usage(body: Mapping[str, JSON], text: str) -> dict[str, JSON]:
    prompt = len(pieces(json.dumps(body.get("messages") or body.get("prompt"))))
    spoken = len(pieces(text))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
    }


def chat_completion(body: Mapping[str, JSON], text: str, tools: Tools) -> JSON:
    scored: JSON = None
    if body.get("logprobs"):
        content: list[JSON] = [
            {"token": token, "logprob": logprob(token), "bytes": None, "top_logprobs": []}
            for token in pieces(text)
        ]
        scored = {"content": content, "refusal": None}
    message: dict[str, JSON] = {"role": "assistant", "content": None if tools else text}
    if tools:
        message["tool_calls"] = _tool_calls(tools)
    choice: JSON = {
        "index": 0,
        "message": message,
        "logprobs": scored,
        "finish_reason": "tool_calls" if tools else "stop",
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
        "usage": usage(body, text),
    }


def chat_chunks(body: Mapping[str, JSON], text: str, tools: Tools) -> Iterator[JSON]:
    def chunk(delta: dict[str, JSON], finish: str | None = None) -> JSON:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }

    yield chunk({"role": "assistant", "content": ""})
    if tools:
        calls = [{"index": place, **call} for place, call in enumerate(_tool_calls(tools))]
        yield chunk({"tool_calls": calls})
    else:
        yield from (chunk({"content": piece}) for piece in pieces(text))
    yield chunk({}, "tool_calls" if tools else "stop")
    options = body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        last = chunk({})
        assert isinstance(last, dict)
        yield {**last, "choices": [], "usage": usage(body, text)}


def completion(body: Mapping[str, JSON], text: str) -> JSON:
    """The older completions, with `echo` and `logprobs`, and vLLM's `prompt_logprobs`."""
    prompt = str(body["prompt"])
    limit = body.get("max_tokens")
    new = pieces(text)[: int(str(limit)) if limit is not None else None]
    tokens = (pieces(prompt) if body.get("echo") else []) + new
    values: list[JSON] = [logprob(token) for token in tokens]
    if body.get("echo") and values:
        values[0] = None
    choice: dict[str, JSON] = {
        "index": 0,
        "text": "".join(tokens),
        "finish_reason": "length",
        "logprobs": None,
    }
    if body.get("logprobs") is not None:
        choice["logprobs"] = {
            "tokens": list(tokens),
            "token_logprobs": values,
            "top_logprobs": [None] * len(tokens),
            "text_offset": [0] * len(tokens),
        }
    if body.get("prompt_logprobs") is not None:
        places: list[JSON] = [None]
        for number, token in enumerate(pieces(prompt)[1:]):
            detail: JSON = {"logprob": logprob(token), "rank": 1, "decoded_token": token}
            places.append({str(number): detail})
        choice["prompt_logprobs"] = places
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
        "usage": usage(body, text),
    }


def response(body: Mapping[str, JSON], text: str, tools: Tools) -> dict[str, JSON]:
    """The Responses API, finished."""
    output: list[JSON] = [
        {
            "type": "function_call",
            "id": f"fc_{place}",
            "call_id": f"call_{place}",
            "name": name,
            "arguments": json.dumps(arguments),
            "status": "completed",
        }
        for place, (name, arguments) in enumerate(tools)
    ]
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": body["model"],
        "output": output or [_message(text)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "usage": {
            "input_tokens": 1,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": len(pieces(text)),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1 + len(pieces(text)),
        },
    }


def response_events(body: Mapping[str, JSON], text: str, tools: Tools) -> Iterator[JSON]:
    """The Responses API as a stream of numbered events."""
    whole = response(body, text, tools)
    output = whole["output"]
    assert isinstance(output, list)
    started = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, JSON]] = [{"type": "response.created", "response": started}]
    for place, item in enumerate(output):
        assert isinstance(item, dict)
        at: dict[str, JSON] = {"output_index": place}
        empty: dict[str, JSON] = {**item, "status": "in_progress"}
        if item["type"] == "message":
            empty["content"] = []
            inner = _text_events(str(item["id"]), text, at)
        else:
            done: dict[str, JSON] = {"item_id": item["id"], "arguments": item["arguments"], **at}
            inner = [{"type": "response.function_call_arguments.done", **done}]
        events.append({"type": "response.output_item.added", "item": empty, **at})
        events += inner
        events.append({"type": "response.output_item.done", "item": item, **at})
    events.append({"type": "response.completed", "response": whole})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _text_events(item: str, text: str, at: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    where: dict[str, JSON] = {"item_id": item, "content_index": 0, **at}
    part: dict[str, JSON] = {"type": "output_text", "text": text, "annotations": []}
    deltas: list[dict[str, JSON]] = [
        {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **where}
        for piece in pieces(text)
    ]
    return [
        {"type": "response.content_part.added", "part": {**part, "text": ""}, **where},
        *deltas,
        {"type": "response.output_text.done", "text": text, "logprobs": [], **where},
        {"type": "response.content_part.done", "part": part, **where},
    ]


def _message(text: str) -> JSON:
    return {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
    }


def _tool_calls(tools: Tools) -> list[JSON]:
    return [
        {
            "id": f"call_{place}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for place, (name, arguments) in enumerate(tools)
    ]
