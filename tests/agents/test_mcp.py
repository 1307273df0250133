"""The memory over MCP, through the official client."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from knowhen import MemoryManager, Turn
from knowhen.agents.mcp import CLIENTS, client_config, make_server
from knowhen.memory.errors import InvalidInput
from knowhen.memory.fence import unfenced

FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"
PROGRAM = [sys.executable, "-m", "knowhen.memory.cli"]


async def told(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return str(result.content[0].text)  # type: ignore[union-attr]


async def test_what_is_remembered_is_recalled_inside_the_fence(memory: MemoryManager) -> None:
    async with Client(make_server(memory)) as client:
        said = await told(client, "remember", text=FACT, time="2024-05-01T09:00:00+02:00")
        assert said.startswith("Remembered as (")
        found = await told(client, "recall", query=QUESTION)
        assert FACT in found and FACT not in unfenced(found) and "2024-05-01" in found
        for tool in ("answer", "why"):
            shown = await told(client, tool, query=QUESTION)
            assert "cello" in shown and "cello" not in unfenced(shown)
        assert "cello" in await told(client, "timeline", about="Anna")
        assert (await told(client, "decide", query="Thanks!")).startswith("skip")


async def test_all_tools_together_are_short(memory: MemoryManager) -> None:
    async with Client(make_server(memory)) as client:
        tools = (await client.list_tools()).tools
        names = "remember recall decide answer why thoughts timeline forget"
        assert [tool.name for tool in tools] == names.split()
        listed = json.dumps([tool.model_dump(exclude_none=True, by_alias=True) for tool in tools])
        assert len(listed) / 4 <= 1500
        assert [t.name for t in tools if t.annotations and t.annotations.destructive_hint] == [
            "forget"
        ]


async def test_forgetting_shows_what_would_go_until_told_otherwise(memory: MemoryManager) -> None:
    async with Client(make_server(memory)) as client:
        memory.remember([Turn(FACT, id="t1"), Turn("I like tea.", id="t2")])
        assert "would erase 1 turns" in await told(client, "forget", matching="cello")
        assert len(memory.turns()) == 2
        assert "Erased 1 turns" in await told(client, "forget", ids=["t1"], preview=False)
        assert [turn.id for turn in memory.turns()] == ["t2"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("forget", {}, "say what to forget"),
        ("forget", {"ids": ["none"]}, "no turn 'none'"),
        ("why", {"query": QUESTION, "id": "zz"}, "not recalled"),
        ("remember", {"text": FACT, "time": "soon"}, "2024-05-01T09:30"),
        ("recall", {"query": " "}, "empty"),
    ],
)
async def test_an_error_says_what_helps(
    memory: MemoryManager, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with Client(make_server(memory)) as client:
        memory.remember(Turn(FACT))
        result = await client.call_tool(tool, arguments)
        assert result.is_error and says in result.content[0].text  # type: ignore[union-attr]


async def test_profile_statistics_and_the_way_to_use_it_are_offered(memory: MemoryManager) -> None:
    async with Client(make_server(memory)) as client:
        stats = (await client.read_resource("memory://stats")).contents[0]
        assert json.loads(stats.text)["turns"] == 0  # type: ignore[union-attr]
        profile = (await client.read_resource("memory://profile")).contents[0]
        assert profile.text == "Nothing is known of the user yet."  # type: ignore[union-attr]
        prompt = await client.get_prompt("use_memory")
        assert "recall" in prompt.messages[0].content.text  # type: ignore[union-attr]


@pytest.mark.parametrize("client_name", CLIENTS)
def test_a_clients_configuration_starts_the_program(client_name: str) -> None:
    config = client_config(client_name, "knowhen", ["mcp"])
    (servers,) = config.values()
    assert isinstance(servers, dict) and servers["knowhen"]["args"] == ["mcp"]
    with pytest.raises(InvalidInput, match="claude"):
        client_config("none", "knowhen", [])


async def test_two_processes_on_one_home_lose_nothing(tmp_path: Path) -> None:
    arguments = [*PROGRAM[1:], "mcp", "--home", str(tmp_path / "home")]
    server = StdioServerParameters(command=PROGRAM[0], args=arguments, env={**os.environ})
    acknowledged: list[str] = []

    async def talk(name: str) -> None:
        async with Client(server) as client:
            for number in range(5):
                text = f"{name} keeps bicycle number {number} in the shed."
                await told(client, "remember", text=text, speaker=name)
                acknowledged.append(text)
                assert "would erase 1 turns" in await told(client, "forget", matching=text)

    await asyncio.gather(talk("Ann"), talk("Ben"))
    with MemoryManager.open(tmp_path / "home") as memory:
        assert sorted(turn.text for turn in memory.turns()) == sorted(acknowledged)


@pytest.fixture
def http_server(tmp_path: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*PROGRAM, "mcp", "--home", str(tmp_path / "home"), "--http", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
        process.terminate()


def status(port: int, body: bytes, **headers: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/mcp", body, method="POST")
    request.add_header("Content-Type", "application/json")
    request.add_header("Accept", "application/json, text/event-stream")
    for name, value in headers.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (ConnectionError, urllib.error.URLError):
        return 0  # closed before all was read


async def test_http_refuses_strangers_and_lives_on(http_server: int) -> None:
    garbage = b"{not json"
    assert status(http_server, garbage) == 400
    assert status(http_server, garbage, Host="evil.example") == 421
    assert status(http_server, garbage, Origin="http://evil.example") == 403
    assert status(http_server, b'{"a": "' + b"x" * (2 << 20) + b'"}') in (0, 413)
    async with Client(f"http://127.0.0.1:{http_server}/mcp") as client:
        await told(client, "remember", text=FACT)
        assert FACT in await told(client, "recall", query=QUESTION)


def test_garbage_on_standard_input_ends_nothing(tmp_path: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    lines = [b"{not json", b"[]", b"\xff\xfe", b'{"jsonrpc": "2.0", "id": 7, "method": "nothing"}']
    done = subprocess.run(
        [*PROGRAM, "mcp", "--home", str(tmp_path / "home")],
        input=b"\n".join([*lines, json.dumps(hello).encode(), b""]),
        capture_output=True,
        timeout=120,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(answer.get("id") == 1 and "result" in answer for answer in answers)
