"""Things that are closed at the end of a `with` block."""

from types import TracebackType
from typing import Self


class Closing:
    """What has a `close` may stand in a `with` statement."""

    def close(self) -> None:
        """Finish what is going on, and let go of files and threads."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
