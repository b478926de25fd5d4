"""Writes the files of a crate: all of them, or none."""

import shutil
import tempfile
from pathlib import Path

from ferrule.emit.crate import Files
from ferrule.errors import CompileError


def write(files: Files, folder: Path) -> None:
    """Writes files into a folder that is empty or does not exist.

    They are written beside it first, or inside where it exists, which may be on a file system of
    its own, and moved in one step, so that an interruption or a full disk leaves nothing
    half-written. Raises `CompileError`.
    """
    try:
        place = folder.resolve()
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            what = "exists and is not empty" if place.is_dir() else "is not a folder"
            raise CompileError(f"`{folder}` {what}", hint="name a new folder with `-o`")
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place if place.exists() else place.parent
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=beside))
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        draft.chmod(0o755)
        _move(draft, place)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, place: Path) -> None:
    """Renames a folder, or moves what it holds into one that exists, all of it or nothing."""
    if not place.exists():
        draft.rename(place)
        return
    moved = []
    try:
        for child in sorted(draft.iterdir()):
            moved.append(child.rename(place / child.name))
    except OSError:
        for child in moved:
            shutil.rmtree(child, ignore_errors=True)
            child.unlink(missing_ok=True)
        raise


def unwritable(path: Path, error: OSError) -> CompileError:
    """The error for a place that cannot be written to."""
    return CompileError(
        f"cannot write `{path}`: {error.strerror or error}",
        hint="name a place with `-o` or `--output` that you may write to",
    )
