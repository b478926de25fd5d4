"""Reads and writes tensors as NumPy files."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from ferrule.emit.folder import unwritable
from ferrule.errors import CompileError
from ferrule.ir import Array, Graph


def read(path: Path) -> list[Array]:
    """The arrays of a `.npy` file, or of a `.npz` file in its own order. Raises `CompileError`."""
    try:
        found = _arrays(path)
    except Exception as error:  # NumPy has no error of its own for files that are damaged
        reason = error.strerror if isinstance(error, OSError) else None
        raise CompileError(
            f"cannot read `{path}`: {reason or 'damaged, or not a NumPy file'}",
            hint="write it with `numpy.save`, or with `numpy.savez` for several inputs",
        ) from error
    return found


def _arrays(path: Path) -> list[Array]:
    content = np.load(path, allow_pickle=False)
    if isinstance(content, np.ndarray):
        return [content]
    with content:
        arrays = [content[name] for name in content.files]
    if not all(isinstance(array, np.ndarray) for array in arrays):
        raise ValueError("a member is not an array")
    return arrays


def write(path: Path, arrays: Sequence[Array]) -> None:
    """Writes all arrays into a `.npz` file, the first one into any other. Raises `CompileError`.

    A regular file is replaced when all is written, so that a full disk leaves the old one.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                _save(file, path, arrays)
            return
        with tempfile.NamedTemporaryFile(prefix=".", dir=path.parent, delete=False) as file:
            draft = Path(file.name)
            try:
                _save(file, path, arrays)
                file.flush()
                draft.chmod(0o644)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _save(file: IO[bytes], path: Path, arrays: Sequence[Array]) -> None:
    if path.suffix == ".npz":
        np.savez(file, *arrays)
    else:
        np.save(file, arrays[0])


def fitting(graph: Graph, arrays: Sequence[Array]) -> list[Array]:
    """Arrays that have the shapes and types of a graph's inputs. Raises `CompileError`."""
    if len(arrays) != len(graph.inputs):
        raise CompileError(
            f"the model has {len(graph.inputs)} inputs, and {len(arrays)} arrays were given",
            hint="give one array for each input, in the model's order",
        )
    for tensor, array in zip(graph.inputs, arrays, strict=True):
        if array.shape != tensor.shape or array.dtype != tensor.dtype:
            raise CompileError(
                f"input `{tensor.name}` is {tensor.dtype}{list(tensor.shape)}, and the array is "
                f"{array.dtype}{list(array.shape)}",
                hint=_hint(array, tensor.dtype),
            )
    return list(arrays)


def _hint(array: Array, dtype: str) -> str:
    if array.dtype != dtype and np.issubdtype(array.dtype, np.floating):
        return "quantize it: stored = round(real / scale) + zero point"
    return "reshape the array, or convert it with `astype`"
