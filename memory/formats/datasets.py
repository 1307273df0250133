"""Two public sets of long conversations: LoCoMo and BEAM."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats.base import Shape, SpacedTurn, TextFile, placed_turn
from knowhen.memory.records import Role

_SESSION = re.compile(r"session_(\d+)")
_TURN_STEP = timedelta(seconds=30)
"""The sets say when a sitting began; turns are put this far apart, to show their order."""


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
            for session in sorted(
                filter(_SESSION.fullmatch, chat.conversation), key=_session_number
            ):
                yield from _session(chat, session, f"{file.name}, {chat.sample_id}, {session}")


def _session(chat: LocomoConversation, session: str, place: str) -> Iterator[SpacedTurn]:
    turns = chat.conversation[session]
    if not isinstance(turns, list):
        raise InvalidFile(f"{place}: a session is a list of turns")
    start = _sitting_time(chat.conversation.get(f"{session}_date_time"), place)
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


def _sitting_time(written: object, place: str) -> datetime:
    """The time in `1:56 pm on 8 May, 2023`, taken as UTC."""
    try:
        return datetime.strptime(str(written), "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    except ValueError:
        message = f"{place}: {written!r} is no date like '1:56 pm on 8 May, 2023'"
        raise InvalidFile(message) from None


def _session_number(session: str) -> int:
    return int(session.removeprefix("session_"))


class BeamTurn(Shape):
    id: int | str
    role: Role
    content: str
    time_anchor: str | None = None
    session: int | str = ""


class BeamChat(Shape):
    chat: str
    turns: list[BeamTurn]


class BeamReader:
    """Reads a chat into the space named by its id.

    An anchor such as `March-15-2024` holds until the next one; turns before the first one share
    it. Turns under one anchor are put half a minute apart, so that their order shows.
    """

    name = "beam"

    def fits(self, sample: object) -> bool:
        return isinstance(sample, Mapping) and {"chat", "turns"} <= sample.keys()

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        chat = BeamChat.of(file.document, file.name)
        anchor = next((turn.time_anchor for turn in chat.turns if turn.time_anchor), None)
        step = 0
        for turn in chat.turns:
            place = f"{file.name}, turn {turn.id}"
            if turn.time_anchor and turn.time_anchor != anchor:
                anchor, step = turn.time_anchor, 0
            yield (
                chat.chat,
                placed_turn(
                    place,
                    text=turn.content,
                    role=turn.role,
                    time=_anchor_time(anchor, place) + step * _TURN_STEP if anchor else None,
                    session=f"session_{turn.session}" if turn.session != "" else "",
                    id=str(turn.id),
                ),
            )
            step += 1


def _anchor_time(anchor: str, place: str) -> datetime:
    try:
        return datetime.strptime(anchor, "%B-%d-%Y").replace(tzinfo=UTC)
    except ValueError:
        message = f"{place}: {anchor!r} is no date like 'March-15-2024'"
        raise InvalidFile(message) from None
