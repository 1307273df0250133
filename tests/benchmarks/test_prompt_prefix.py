"""From turn to turn, a prompt stays as it was up to the last message."""

from datetime import UTC, datetime
from pathlib import Path

from knowhen import Turn
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.models.base import Message


def test_all_in_front_of_the_last_message_stays(tmp_path: Path) -> None:
    from chats import Asked, Chat
    from prompt_prefix import measure, prompts

    def asked(text: str) -> Asked:
        none = frozenset[str]()
        return Asked(text, "fact", text, "Nora", time, (), (), none, none, none)

    time = datetime(2024, 5, 1, tzinfo=UTC)
    said = ("I am allergic to walnuts.", "Anna plays the cello in Berlin.", "The car is red.")
    turns = tuple(Turn(text, "Nora", time=time, id=str(n)) for n, text in enumerate(said))
    questions = ("What does Anna play?", "Thanks!", "Which colour has the car?")
    chat = Chat("small", turns, tuple(map(asked, questions)))
    values = measure(prompts(chat, LexicalEmbedder()))
    assert values["stable"] == [1.0, 1.0]
    assert all(0 < share < 1 for share in values["shared"])


def test_a_front_that_changes_is_counted() -> None:
    from prompt_prefix import measure

    one = (Message("system", "a"), Message("user", "x"))
    other = (Message("system", "b"), Message("user", "x"), Message("user", "y"))
    assert measure([one, other])["stable"][0] < 1.0
