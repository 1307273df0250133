"""LoCoMo: long conversations between two friends, in sessions with a date and time."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats.base import Shape, SpacedTurn, placed_turn
from knowhen.memory.formats.file import TextFile

_SESSION = re.compile(r"session_(\d+)")
_TURN_STEP = timedelta(seconds=30)


class LocomoTurn(Shape):
    speaker: str
    dia_id: str
    text: str = ""
    blip_caption: str | None = None

    @property
    def said(self) -> str:
        """The text verbatim, and what a picture that was sent along shows."""
        caption = f"[image: {self.blip_caption}]" if self.blip_caption else ""
        return "\n".join(part for part in (self.text, caption) if part.strip())


class LocomoConversation(Shape):
    sample_id: str
    conversation: dict[str, object]


class LocomoReader:
    """Reads each conversation into a space of its own, named by its `sample_id`.

    Both speakers are people, so both have the role `user`. Sessions say when they began; the
    turns in them are put half a minute apart, so that their order shows in their times.
    """

    name = "locomo"

    def fits(self, sample: object) -> bool:
        first = sample[0] if isinstance(sample, list) and sample else sample
        return isinstance(first, Mapping) and {"sample_id", "conversation"} <= first.keys()

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        document = file.document
        for number, value in enumerate(document if isinstance(document, list) else [document], 1):
            chat = LocomoConversation.of(value, f"{file.name}, conversation {number}")
            for session in sorted(filter(_SESSION.fullmatch, chat.conversation), key=_number):
                yield from _session(chat, session, f"{file.name}, {chat.sample_id}, {session}")


def _session(chat: LocomoConversation, session: str, place: str) -> Iterator[SpacedTurn]:
    turns = chat.conversation[session]
    if not isinstance(turns, list):
        raise InvalidFile(f"{place}: a session is a list of turns")
    start = _time(chat.conversation.get(f"{session}_date_time"), place)
    for index, value in enumerate(turns):
        turn = LocomoTurn.of(value, f"{place}, turn {index + 1}")
        yield (
            chat.sample_id,
            placed_turn(
                f"{place}, turn {turn.dia_id}",
                text=turn.said,
                speaker=turn.speaker,
                time=start + index * _TURN_STEP,
                session=session,
                id=turn.dia_id,
            ),
        )


def _time(written: object, place: str) -> datetime:
    """The time in `1:56 pm on 8 May, 2023`, taken as UTC."""
    try:
        return datetime.strptime(str(written), "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    except ValueError:
        message = f"{place}: {written!r} is no date like '1:56 pm on 8 May, 2023'"
        raise InvalidFile(message) from None


def _number(session: str) -> int:
    return int(session.removeprefix("session_"))
