"""A real HTTP server on loopback that speaks the OpenAI protocol, with scripted replies.

`tests/support` is on pytest's path, so tests write `from openai_server import OpenAIServer`; the
fixture `openai_server` gives a running one.
"""

import base64
import json
import re
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from openai_shapes import (
    JSON,
    chat_chunks,
    chat_completion,
    completion,
    embedding,
    response,
    response_events,
)


@dataclass(frozen=True)
class Reply:
    """What the model says: text, or calls of the caller's tools as (name, arguments)."""

    text: str = ""
    tools: Sequence[tuple[str, Mapping[str, object]]] = ()


@dataclass(frozen=True)
class Failure:
    """An answer that is none. Without `body` it is an error object with `message`."""

    status: int = 500
    message: str = "scripted failure"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything is sent."""


@dataclass(frozen=True)
class Request:
    path: str
    body: Mapping[str, JSON]
    authorization: str


class OpenAIServer:
    """Answers in the order of `enqueue`, then with the last message; keeps all `requests`.

    `refused` names request fields that get HTTP 400: a key such as `temperature` or `echo`, or a
    `response_format` type such as `json_schema`. `ignored` names fields treated as if absent.
    """

    def __init__(self, *, dimension: int = 8) -> None:
        self.dimension = dimension
        self.requests: list[Request] = []
        self.refused: set[str] = set()
        self.ignored: set[str] = set()
        self._script: deque[Reply | Failure] = deque()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def enqueue(self, *replies: str | Mapping[str, object] | Reply | Failure) -> None:
        """Texts, objects (sent as JSON text), replies with tool calls, or failures."""
        for reply in replies:
            if isinstance(reply, str):
                reply = Reply(reply)
            elif isinstance(reply, Mapping):
                reply = Reply(json.dumps(reply))
            self._script.append(reply)

    def bodies(self, path: str) -> list[Mapping[str, JSON]]:
        return [request.body for request in self.requests if request.path.endswith(path)]

    def next_failure(self) -> Failure | None:
        if self._script and isinstance(self._script[0], Failure):
            return self._script.popleft()  # type: ignore[return-value]
        return None

    def next_reply(self, default: str) -> Reply:
        reply = self._script.popleft() if self._script else Reply(default)
        assert isinstance(reply, Reply)
        return reply

    def __enter__(self) -> "OpenAIServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: OpenAIServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            model = {"id": "toy", "object": "model", "created": 0, "owned_by": "tests"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._error(Failure(404, f"no {self.path}"))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(raw)
        owner = self.server.owner
        owner.requests.append(Request(self.path, body, self.headers.get("authorization", "")))
        failure = owner.next_failure()
        refused = _refused(body, owner.refused)
        if failure is not None:
            time.sleep(failure.delay)
            self._error(failure)
        elif refused:
            self._error(Failure(400, f"this endpoint does not support {refused}"))
        else:
            self._answer({k: v for k, v in body.items() if k not in owner.ignored})

    def _answer(self, body: dict[str, JSON]) -> None:
        path = self.path.removeprefix("/v1")
        owner = self.server.owner
        if path == "/embeddings":
            self._send(200, _embeddings(body, owner.dimension))
        elif path == "/completions":
            self._send(200, completion(body, owner.next_reply("next").text))
        elif path in ("/chat/completions", "/responses"):
            reply = owner.next_reply(_last_text(body))
            chat = path == "/chat/completions"
            if body.get("stream"):
                self._stream(
                    chat_chunks(body, reply.text, reply.tools)
                    if chat
                    else response_events(body, reply.text, reply.tools),
                    done=chat,
                )
            else:
                made = chat_completion if chat else response
                self._send(200, made(body, reply.text, reply.tools))
        else:
            self._error(Failure(404, f"no {path}"))

    def _stream(self, events: Iterator[JSON], *, done: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            if isinstance(event, dict) and "type" in event:
                self.wfile.write(f"event: {event['type']}\n".encode())
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _error(self, failure: Failure) -> None:
        error = {"message": failure.message, "type": "scripted", "code": None, "param": None}
        body = failure.body
        if body is None:
            body = json.dumps({"error": error}).encode()
        self._send_bytes(failure.status, body, failure.headers)

    def _send(self, status: int, body: JSON) -> None:
        self._send_bytes(status, json.dumps(body).encode(), {})

    def _send_bytes(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            # A client that nobody closes would leave its socket to the garbage collector.
            self.send_header("connection", "close")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client gave up waiting, as a test of timeouts wants

    def log_message(self, format: str, *args: object) -> None:
        return


def _refused(body: Mapping[str, JSON], refused: set[str]) -> str:
    form = body.get("response_format")
    kinds = {str(form["type"])} if isinstance(form, dict) else set()
    return ", ".join(sorted((set(body) | kinds) & refused))


def _last_text(body: Mapping[str, JSON]) -> str:
    messages = body.get("messages") or body.get("input") or ""
    if isinstance(messages, str):
        return messages
    assert isinstance(messages, list)
    last = messages[-1] if messages else {}
    content = last.get("content") if isinstance(last, dict) else ""
    if isinstance(content, list):
        return " ".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    return str(content or "")


def _embeddings(body: Mapping[str, JSON], dimension: int) -> JSON:
    """Character frequencies, not of unit length; in reverse order, because `index` counts."""
    given = body["input"]
    texts = given if isinstance(given, list) else [given]
    size = int(str(body.get("dimensions") or dimension))
    rows = [embedding(re.sub(r"\s", "", str(text)), size) for text in texts]
    packed = body.get("encoding_format") == "base64"
    data: list[JSON] = [
        {
            "object": "embedding",
            "index": place,
            "embedding": (
                base64.b64encode(struct.pack(f"<{size}f", *row)).decode() if packed else list(row)
            ),
        }
        for place, row in enumerate(rows)
    ]
    usage: JSON = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "model": "toy", "data": data[::-1], "usage": usage}
