"""Writes the files of a crate: all of them, or none."""

import shutil
import tempfile
from pathlib import Path

from ferrule.emit.crate import Files
from ferrule.errors import CompileError


def write(files: Files, folder: Path) -> None:
    """Writes files into a folder that is empty or does not exist.

    They are written beside it first and moved in one step, so that an interruption or a full disk
    leaves nothing half-written. Raises `CompileError`.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CompileError(
                f"`{folder}` exists and is not empty", hint="name a new folder with `-o`"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        draft.chmod(0o755)
        draft.replace(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> CompileError:
    return CompileError(f"cannot write `{folder}`: {error.strerror or error}")
