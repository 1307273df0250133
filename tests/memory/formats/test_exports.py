"""Data exports of ChatGPT and Claude."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats import read_turns
from knowhen.memory.records import Turn


def _turns(folder: Path, value: object) -> list[Turn]:
    path = folder / "conversations.json"
    path.write_text(json.dumps(value))
    return [turn for _, turn in read_turns(path)]


def _node(id: str, parent: str | None, role: str, text: str, time: float | None, **more: object):
    message = {
        "id": f"m-{id}",
        "author": {"role": role, "name": None},
        "create_time": time,
        "content": {"content_type": "text", "parts": [text]},
        "recipient": "all",
        "metadata": {},
        **more,
    }
    return {"id": id, "parent": parent, "children": [], "message": message}


def _chat(id: str, start: float, nodes: list[dict[str, object]], current: str | None) -> object:
    root = {"id": "root", "parent": None, "children": [], "message": None}
    mapping = {str(node["id"]): node for node in [root, *nodes]}
    for node in nodes:
        mapping[str(node["parent"])]["children"].append(node["id"])  # type: ignore[attr-defined]
    return {
        "title": f"About {id}",
        "create_time": start,
        "conversation_id": id,
        "mapping": mapping,
        "current_node": current,
    }


def test_chatgpt_keeps_only_the_branch_last_shown(tmp_path: Path) -> None:
    nodes = [
        _node("a", "root", "user", "Which dog breed?", 100),
        _node("b", "a", "assistant", "A poodle (first draft)", 101),
        _node("c", "a", "assistant", "A beagle", 102),
        _node("d", "c", "user", "Thanks", None),
    ]
    turns = _turns(tmp_path, [_chat("dogs", 100, nodes, "d")])
    assert [turn.text for turn in turns] == ["Which dog breed?", "A beagle", "Thanks"]
    assert [turn.id for turn in turns] == ["m-a", "m-c", "m-d"]
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert turns[2].time == turns[1].time == datetime.fromtimestamp(102, UTC)
    assert turns[0].session == "dogs"
    assert turns[0].meta == {"title": "About dogs"}


def test_chatgpt_conversations_come_oldest_first(tmp_path: Path) -> None:
    new = _chat("new", 500, [_node("a", "root", "user", "second", 500)], "a")
    old = _chat("old", 100, [_node("b", "root", "user", "first", 100)], "b")
    assert [turn.text for turn in _turns(tmp_path, [new, old])] == ["first", "second"]


def test_chatgpt_leaves_out_what_nobody_said(tmp_path: Path) -> None:
    parts = {
        "content_type": "multimodal_text",
        "parts": [{"content_type": "image_asset_pointer"}, "What is in this picture?"],
    }
    hidden = {"is_visually_hidden_from_conversation": True}
    nodes = [
        _node("a", "root", "system", "You are helpful", 1),
        _node("b", "a", "user", "About the user", 2, metadata=hidden),
        _node("c", "b", "user", "", 3, content=parts),
        _node("d", "c", "assistant", "search(...)", 4, recipient="web"),
        _node("e", "d", "tool", "result", 5),
        _node("f", "e", "assistant", "A boat.", 6),
    ]
    turns = _turns(tmp_path, [_chat("x", 1, nodes, "f")])
    assert [turn.text for turn in turns] == ["What is in this picture?", "A boat."]


def test_chatgpt_without_current_node_takes_the_newest_leaf(tmp_path: Path) -> None:
    nodes = [
        _node("a", "root", "user", "Hi", 1),
        _node("b", "a", "assistant", "old", 2),
        _node("c", "a", "assistant", "new", 3),
    ]
    turns = _turns(tmp_path, [_chat("x", 1, nodes, None)])
    assert [turn.text for turn in turns] == ["Hi", "new"]


def test_a_tree_that_bites_its_tail_is_refused(tmp_path: Path) -> None:
    chat = _chat("x", 1, [_node("a", "root", "user", "Hi", 1)], "a")
    chat["mapping"]["root"]["parent"] = "a"  # type: ignore[index]
    with pytest.raises(InvalidFile, match="conversation 1: the tree of messages is broken"):
        _turns(tmp_path, [chat])


def _claude(uuid: str, start: str, messages: list[dict[str, object]]) -> dict[str, object]:
    return {"uuid": uuid, "name": "Plans", "created_at": start, "chat_messages": messages}


def test_claude_messages_become_turns(tmp_path: Path) -> None:
    messages: list[dict[str, object]] = [
        {"uuid": "1", "sender": "human", "text": "Hello", "created_at": "2024-05-01T08:00:00Z"},
        {
            "uuid": "2",
            "sender": "assistant",
            "text": "placeholder for blocks",
            "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "text", "text": "Hi."},
                {"type": "tool_use", "name": "search"},
                {"type": "text", "text": "Found it."},
            ],
            "created_at": "2024-05-01T08:01:00.123456Z",
        },
        {"uuid": "3", "sender": "human", "text": "", "created_at": "2024-05-01T08:02:00Z"},
    ]
    turns = _turns(tmp_path, [_claude("c1", "2024-05-01T08:00:00Z", messages)])
    assert [(turn.id, turn.role, turn.text) for turn in turns] == [
        ("1", "user", "Hello"),
        ("2", "assistant", "Hi.\n\nFound it."),
    ]
    assert turns[1].time == datetime(2024, 5, 1, 8, 1, 0, 123456, tzinfo=UTC)
    assert turns[0].session == "c1"


def test_claude_conversations_come_oldest_first(tmp_path: Path) -> None:
    def said(uuid: str, text: str) -> list[dict[str, object]]:
        return [{"uuid": uuid, "sender": "human", "text": text}]

    new = _claude("n", "2024-06-01T08:00:00Z", said("1", "second"))
    old = _claude("o", "2024-05-01T08:00:00Z", said("2", "first"))
    turns = _turns(tmp_path, [new, old])
    assert [turn.text for turn in turns] == ["first", "second"]
    assert turns[0].time == datetime(2024, 5, 1, 8, tzinfo=UTC)


def test_claude_names_the_conversation_that_does_not_fit(tmp_path: Path) -> None:
    bad = _claude("c", "2024-05-01T08:00:00Z", [{"uuid": "1", "sender": "alien", "text": "x"}])
    with pytest.raises(InvalidFile, match=r"conversation 1: 'chat_messages\.0\.sender'"):
        _turns(tmp_path, [bad])
