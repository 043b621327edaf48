"""Which puzzles are solved, kept in a file of the user's data directory."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .._text import json_text

FILE = "puzzles.json"
NO_STATES = (ValueError, KeyError, TypeError, AttributeError)


def data_folder() -> Path:
    """Where programs keep a user's data: by XDG_DATA_HOME, or by the system's rule."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "sparse-ref"


def default_file() -> Path:
    """The file that progress is kept in, if no other is named."""
    return data_folder() / FILE


def read_states(path: Path) -> dict[str, str]:
    """The state of each puzzle by name; none if there is no file.

    Raises ValueError for a file of another form.
    """
    try:
        states = json.loads(path.read_text(encoding="utf-8"))["states"]
        if all(isinstance(state, str) for state in states.values()):
            return dict(states)
    except FileNotFoundError:
        return {}
    except (*NO_STATES, IsADirectoryError, RecursionError):  # a deep list ends in the last
        pass
    raise ValueError(
        f"{path} is not a file of progress: move it away, or name another by --progress"
    )


def write_states(path: Path, states: Mapping[str, str]) -> None:
    """Write the states; a reader finds the old file or the new one, whole. Links are followed."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json_text({"states": dict(states)}, indent=1))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
