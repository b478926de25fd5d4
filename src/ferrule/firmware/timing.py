"""What instructions take on a core, by the published timings of its manual."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ferrule.firmware.disassembly import Instruction
from ferrule.resources import TARGETS

#: Kinds of instructions that have a time of their own, by name.
_KINDS = {
    "pair": r"(ldr|str)d",
    "load": r"ldr(b|sb|h|sh|ex|exb|exh)?",
    "store": r"str(b|h|ex|exb|exh)?",
    "multiple": r"ldm(db)?|stm(db)?|push|pop",
    "multiply-accumulate": r"mla|mls",
    "multiply-long": r"[us]mull",
    "multiply-accumulate-long": r"[us]mlal",
    "divide": r"[us]div",
    "call": r"blx?",
    "table-branch": r"tb[bh]",
    "special": r"mrs|msr",
    "barrier": r"dmb|dsb|isb",
}


@dataclass(frozen=True)
class Time:
    """Cycles of the instruction at an address, and of a refill if the next does not follow."""

    address: int
    cycles: int
    refill: int


@dataclass(frozen=True)
class Timing:
    """A core's manual: cycles by kind of instruction, memory without wait states.

    Where loads are `pipelined`, a load or store right after a load takes a cycle less, unless its
    address comes from that load.
    """

    default: int
    refill: int
    cycles: dict[str, int]
    refills: dict[str, int]
    pipelined: bool

    def weigh(self, instructions: Iterable[Instruction]) -> Iterator[Time]:
        """The time of each of a program's instructions, given in order."""
        before = None
        for instruction in instructions:
            kind = kind_of(instruction)
            cycles = self.cycles.get(kind, self.default)
            if kind == "multiple":
                # The first operand of LDM and STM is the base.
                stack = instruction.name in ("push", "pop")
                cycles += len(instruction.registers) - (0 if stack else 1)
            elif kind == "store" and not instruction.index:
                cycles = self.cycles.get("store-immediate", cycles)
            if self.pipelined and cycles > 1 and _overlaps(before, instruction):
                cycles -= 1
            yield Time(instruction.address, cycles, self.refills.get(kind, self.refill))
            before = instruction


def load(kind: str) -> Timing | None:
    """The timings of a kind of core; nothing where none are published for single instructions."""
    path = TARGETS / "timings" / f"{kind}.toml"
    if not path.is_file():
        return None
    data = tomllib.loads(path.read_text())
    return Timing(
        data["default"],
        data["refill"],
        data["cycles"],
        data.get("refill-of", {}),
        data.get("pipelined", False),
    )


def kind_of(instruction: Instruction) -> str:
    """The kind of an instruction that has a time of its own; empty for others."""
    kinds = (kind for kind, name in _KINDS.items() if re.fullmatch(name, instruction.name))
    return next(kinds, "")


def write(path: Path, times: Iterable[Time]) -> None:
    """Writes what the counting plugin reads, a line for each instruction."""
    path.write_text("".join(f"{t.address:x} {t.cycles} {t.refill}\n" for t in times))


def _overlaps(before: Instruction | None, instruction: Instruction) -> bool:
    """Whether a load or store follows a load that does not give its address."""
    if before is None or before.address + len(before.content) != instruction.address:
        return False
    if kind_of(before) != "load" or kind_of(instruction) not in ("load", "store"):
        return False
    return not {instruction.base, instruction.index} & set(before.registers[:1])
