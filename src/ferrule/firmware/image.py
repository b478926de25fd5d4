"""A firmware image, and what its ELF file tells: symbols, sections, sizes."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ferrule.errors import ToolError
from ferrule.firmware.signature import Signature
from ferrule.target import Target

_ALLOCATED = 0x2  # SHF_ALLOC


class Program(StrEnum):
    """A program around a crate: it writes every step's output, measures, or does nothing else."""

    CHECK = "check"
    BENCH = "bench"
    SIZE = "size"


@dataclass(frozen=True)
class Symbol:
    """A function in an image."""

    name: str
    address: int
    bytes: int


@dataclass(frozen=True)
class Section:
    """A part of an image. `is_stored` is false for memory that start-up code fills."""

    name: str
    address: int
    bytes: int
    is_stored: bool


@dataclass(frozen=True)
class Image:
    """A program that runs on a target's board, or on this machine: an ELF file.

    Where cores are of several kinds, `others` are the files for those that the first one starts.
    Functions, sections and sizes are then those of all files together.
    """

    path: Path
    target: Target
    program: Program
    signature: Signature
    others: tuple[Path, ...] = ()

    @cached_property
    def functions(self) -> tuple[Symbol, ...]:
        """All functions, by address."""
        found = [symbol for path in (self.path, *self.others) for symbol in _functions(path)]
        return tuple(sorted(found, key=lambda symbol: (symbol.address, symbol.name)))

    def find(self, module: str, function: str) -> tuple[Symbol, ...]:
        """All copies of a Rust function; optimization may have made several.

        Both of Rust's manglings write an identifier with its length before it. Closures carry the
        name of the function around them and are left out.
        """
        parts = [re.compile(rf"(?<!\d){len(name)}{name}") for name in (module, function)]
        found = tuple(
            symbol
            for symbol in self.functions
            if all(part.search(symbol.name) for part in parts)
            and "closure" not in symbol.name
            and not symbol.name.startswith("_RNC")
        )
        if not found:
            raise ToolError(
                f"the firmware has no function `{module}::{function}`",
                where=str(self.path),
                hint="Ferrule and the crate are of different versions; compile the model again",
            )
        return found

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections that occupy memory while the program runs, by address."""
        found = {section for path in (self.path, *self.others) for section in _sections(path)}
        return tuple(sorted(found, key=lambda section: section.address))

    def section_bytes(self, *names: str) -> int:
        """Bytes of the sections with these names."""
        return sum(section.bytes for section in self.sections if section.name in names)

    @property
    def flash_bytes(self) -> int:
        """Bytes to be flashed: code, constants, and first values of variables."""
        return sum(section.bytes for section in self.sections if section.is_stored)

    @property
    def code_bytes(self) -> int:
        """Bytes of machine code, start-up included."""
        return self.section_bytes(".vectors", ".text")

    @property
    def stack_bytes(self) -> int:
        """Bytes set aside for the stacks of all cores."""
        return self.section_bytes(".stacks")

    @property
    def memory_bytes(self) -> int:
        """Bytes of variables, the arena among them, without stacks."""
        return self.section_bytes(".data", ".bss", ".team")


def _functions(path: Path) -> list[Symbol]:
    with path.open("rb") as file:
        return [
            Symbol(symbol.name, symbol["st_value"], symbol["st_size"])
            for table in ELFFile(file).iter_sections()
            if isinstance(table, SymbolTableSection)
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC"
        ]


def _sections(path: Path) -> list[Section]:
    with path.open("rb") as file:
        return [
            Section(s.name, s["sh_addr"], s["sh_size"], s["sh_type"] != "SHT_NOBITS")
            for s in ELFFile(file).iter_sections()
            if s["sh_flags"] & _ALLOCATED and s["sh_size"]
        ]
