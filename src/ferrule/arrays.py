"""Reads and writes tensors as NumPy files."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ferrule.emit.folder import unwritable
from ferrule.errors import CompileError
from ferrule.ir import Array, Graph


def read(path: Path) -> list[Array]:
    """The arrays of a `.npy` file, or of a `.npz` file in its own order. Raises `CompileError`."""
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return [content]
        with content:
            return [content[name] for name in content.files]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CompileError(
            f"cannot read `{path}`: {str(reason).splitlines()[0] if str(reason) else 'damaged'}",
            hint="write it with `numpy.save`, or with `numpy.savez` for several inputs",
        ) from error


def write(path: Path, arrays: Sequence[Array]) -> None:
    """Writes one array as `.npy`, several as `.npz`. Raises `CompileError`."""
    path = path if len(arrays) == 1 else path.with_suffix(".npz")
    try:
        with path.open("wb") as file:
            if len(arrays) == 1:
                np.save(file, arrays[0])
            else:
                np.savez(file, *arrays)
    except OSError as error:
        raise unwritable(path, error) from error


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
