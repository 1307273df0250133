"""BEAM: a long chat of a user with an assistant, with a date on some of its turns."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats.base import Shape, SpacedTurn, placed_turn
from knowhen.memory.formats.file import TextFile
from knowhen.memory.records import Role

_TURN_STEP = timedelta(seconds=30)


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
                    time=_time(anchor, place) + step * _TURN_STEP if anchor else None,
                    session=f"session_{turn.session}" if turn.session != "" else "",
                    id=str(turn.id),
                ),
            )
            step += 1


def _time(anchor: str, place: str) -> datetime:
    try:
        return datetime.strptime(anchor, "%B-%d-%Y").replace(tzinfo=UTC)
    except ValueError:
        message = f"{place}: {anchor!r} is no date like 'March-15-2024'"
        raise InvalidFile(message) from None
