"""The private folder that holds everything Ferrule downloads or builds for itself.

Nothing here imports more than the standard library: the bootstrap script uses it on a bare Python.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ferrule.errors import ToolError


def folder(*parts: str) -> Path:
    """Names a place below the user's cache folder, without making it."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    root = base if base.is_absolute() else Path.home() / ".cache"
    return root.joinpath("ferrule", *parts)


def say(line: str) -> None:
    """Prints one plain line of progress, so that a log and a terminal show the same."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock beside `path`, so that two processes never make the same thing at once."""
    with sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(path.name + ".lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"waiting for another process that prepares {path}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def fresh(path: Path) -> Iterator[Path]:
    """Gives an empty folder to fill; it becomes `path` at the end, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with sentences(path):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(path, ignore_errors=True)
        partial.rename(path)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turns a full or read-only disk into a sentence."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"cannot write to `{path}`: {error.strerror or error}",
            hint="free some space, or set `XDG_CACHE_HOME` to a folder on a larger disk",
        ) from error


def variables(added: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's environment with some variables set."""
    return {**os.environ, **added}
