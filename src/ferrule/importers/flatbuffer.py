"""Guarded reading of FlatBuffers: Python has no verifier for them, and a file may be damaged.

Every offset and length in a file is a claim. A claim that points outside the file, or lengths that
add up to far more than the file holds, end in a `CompileError`.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from flatbuffers import number_types

from ferrule.errors import CompileError
from ferrule.ir import Array

# What the generated accessors raise when an offset, a length or an index is out of range.
_OUT_OF_RANGE = (struct.error, TypeError, ValueError, IndexError, OverflowError)
DAMAGED_HINT = "export the model again, or copy the file again"
# What reading a table is counted as. A file holds at least an eighth of it for each table, except
# where tables are one and the same.
_TABLE_BYTES = 256


class Allowance:
    """Bytes that what is read may still add up to.

    A writer may store equal content once, so the sum can exceed the file; a hostile file lets a
    million tables share one long vector, or is a million times the same table.
    """

    def __init__(self, file_bytes: int) -> None:
        self.left = 8 * file_bytes + 65_536

    def spend(self, amount: int) -> None:
        """Takes bytes off, or raises `OverflowError`."""
        self.left -= amount
        if self.left < 0:
            raise OverflowError("more content than the file has bytes")


class Table:
    """A table of the file, wrapped around its generated accessor class.

    Fields are named as there: `ShapeAsNumpy` is `array("Shape")`. `where` names the table in
    messages: `tensor 5`.
    """

    def __init__(self, generated: Any, where: str, allowance: Allowance) -> None:
        self._generated = generated
        self._allowance = allowance
        self.where = where

    @classmethod
    def empty(cls, kind: Callable[[], Any], where: str) -> "Table":
        """A table in which every field is absent, so that it has its default."""
        # A table that starts with the distance back to its own list of fields, which is empty.
        generated = kind()
        generated.Init(struct.pack("<HHi", 4, 4, 4), 4)
        return cls(generated, where, Allowance(0))

    @contextmanager
    def _guard(self, field: str) -> Iterator[None]:
        try:
            yield
        except _OUT_OF_RANGE as error:
            raise self.damaged(f"field `{field}` does not fit into the file") from error

    def damaged(self, problem: str) -> CompileError:
        """An error at this table, for a claim of the file that cannot be true."""
        return CompileError(f"the file is damaged: {problem}", self.where, DAMAGED_HINT)

    def _read(self, field: str, suffix: str = "", *arguments: int) -> Any:
        with self._guard(field):
            return getattr(self._generated, field + suffix)(*arguments)

    def integer(self, field: str) -> int:
        """A field that holds one integer or enumeration value."""
        return int(self._read(field))

    def real(self, field: str) -> float:
        """A field that holds one number with a fraction."""
        return float(self._read(field))

    def text(self, field: str) -> str:
        """A string, empty when absent; bytes that are not UTF-8 become escapes."""
        found: bytes = self._read(field) or b""
        with self._guard(field):
            self._allowance.spend(len(found))
        return found.decode("utf-8", "backslashreplace")

    def length(self, field: str) -> int:
        """The number of elements that a vector claims to have."""
        return int(self._read(field, "Length"))

    def array(self, field: str) -> Array:
        """A vector of numbers, which is a view of the file; empty when absent."""
        if not self.length(field):
            return np.empty(0, np.int64)
        found: Array = self._read(field, "AsNumpy")
        with self._guard(field):
            self._allowance.spend(found.nbytes)
        return found

    def integers(self, field: str) -> tuple[int, ...]:
        """A vector of integers as Python integers."""
        return tuple(int(value) for value in self.array(field))

    def int32(self, slot: int) -> int:
        """The field at a position of the table, past what the generated accessor makes of it."""
        with self._guard(f"slot {slot}"):
            return int(self._generated._tab.GetSlot(slot, 0, number_types.Int32Flags))

    def bytes(self, field: str) -> "npt.NDArray[np.uint8] | None":
        """A vector of bytes, which is a view of the file; nothing when absent or empty."""
        if not self.length(field):
            return None
        found: npt.NDArray[np.uint8] = self._read(field, "AsNumpy")
        return found

    def table(self, field: str) -> "Table | None":
        """A table within this one, if present."""
        found = self._read(field)
        return None if found is None else Table(found, self.where, self._allowance)

    def tables(self, field: str, singular: str) -> "list[Table]":
        """A vector of tables, each called `singular` and its index."""
        count = self.length(field)
        with self._guard(field):
            self._allowance.spend(_TABLE_BYTES * count)
        return [
            Table(self._read(field, "", index), f"{singular} {index}", self._allowance)
            for index in range(count)
        ]

    def union(self, field: str, kind: Callable[[], Any]) -> "Table | None":
        """A table whose class the reader knows, if present."""
        found = self._read(field)
        if found is None:
            return None
        generated = kind()
        with self._guard(field):
            generated.Init(found.Bytes, found.Pos)
        return Table(generated, self.where, self._allowance)


def root(kind: Any, content: bytes, where: str) -> Table:
    """The table at the start of a file."""
    allowance = Allowance(len(content))
    try:
        generated = kind.GetRootAs(content, 0)
    except _OUT_OF_RANGE as error:
        raise CompileError("the file is damaged: it ends too early", where, DAMAGED_HINT) from error
    return Table(generated, where, allowance)
