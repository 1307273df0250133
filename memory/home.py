"""Where memory lives: the folder given, `$KNOWHEN_HOME`, or the user's data folder."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from knowhen.memory.errors import HomeUnavailable

VARIABLE = "KNOWHEN_HOME"
MEMORY = ":memory:"
"""Given as a home: keep nothing on the disk."""


def home_folder(
    home: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    platform: str | None = None,
) -> Path:
    """The home folder, created and writable. `environment` and `platform` are the process's.

    Raises:
        HomeUnavailable: the folder cannot be created or written.
    """
    values = os.environ if environment is None else environment
    chosen = os.fspath(home) if home else values.get(VARIABLE) or ""
    folder = Path(chosen) if chosen else user_data_folder(values, platform or sys.platform)
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise HomeUnavailable(f"{folder} is not a folder; choose another home") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise HomeUnavailable(
            f"the home {folder} cannot be created ({reason}); choose another home"
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise HomeUnavailable(
            f"the home {folder} cannot be written; give this user the right to, "
            "or choose another home"
        )
    return folder


def chosen_home(
    home: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What a store opens: the home folder, created and writable, or ":memory:" for that home.

    Raises:
        HomeUnavailable: the folder cannot be created or written.
    """
    values = os.environ if environment is None else environment
    chosen = os.fspath(home) if home else values.get(VARIABLE)
    if chosen == MEMORY:
        return MEMORY
    return str(home_folder(chosen, environment=values))


def user_data_folder(environment: Mapping[str, str], platform: str) -> Path:
    """The platform's folder for a user's data, with `knowhen` at its end; not created."""
    user = Path("~").expanduser()
    if platform == "win32":
        base = environment.get("LOCALAPPDATA") or user / "AppData" / "Local"
    elif platform == "darwin":
        base = user / "Library" / "Application Support"
    else:
        base = environment.get("XDG_DATA_HOME") or user / ".local" / "share"
    return Path(base) / "knowhen"
