"""The instructions of an image for Arm cores, as a disassembler sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import capstone
from capstone import arm
from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Instruction:
    """`name` is without suffixes, and empty for one that the disassembler does not know.

    `registers` are the names of the operands that are registers, in order; `base` and `index` those
    of the address, empty where there is none.
    """

    address: int
    content: bytes
    name: str
    groups: frozenset[int] = frozenset()
    registers: tuple[str, ...] = ()
    base: str = ""
    index: str = ""


def instructions(image: Path, rust_target: str) -> Iterator[Instruction]:
    """Decodes the code of an image, in order; mapping symbols tell it from constants."""
    mode = capstone.CS_MODE_MCLASS
    if rust_target.startswith("thumbv8m"):
        mode |= capstone.CS_MODE_V8
    with image.open("rb") as file:
        elf: Any = ELFFile(file)
        section, symbols = (elf.get_section_by_name(name) for name in (".text", ".symtab"))
        start, content = section["sh_addr"], section.data()
        index = elf.get_section_index(".text")
        marks = sorted(
            (symbol["st_value"], symbol.name[1])
            for symbol in symbols.iter_symbols()
            if re.match(r"\$[td]", symbol.name) and symbol["st_shndx"] == index
        )
    ends = [address for address, _ in marks[1:]] + [start + len(content)]
    for (address, kind), end in zip(marks, ends, strict=True):
        if kind == "t":
            yield from decode(content[address - start : end - start], address, mode)


def decode(code: bytes, address: int, mode: int) -> Iterator[Instruction]:
    """Decodes Thumb code that begins at an address; `mode` is one of the disassembler's."""
    disassembler: Any = capstone.Cs
    decoder = disassembler(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | mode)
    decoder.detail = True
    while code:
        size = 4 if code[1] >> 3 in (0b11101, 0b11110, 0b11111) else 2
        found = next(decoder.disasm(code[:size], address, 1), None)
        yield _instruction(decoder, found, address, code[:size])
        code, address = code[size:], address + size


def _instruction(decoder: Any, found: Any, address: int, content: bytes) -> Instruction:
    if found is None:
        return Instruction(address, content, "")

    def name(register: int) -> str:
        return decoder.reg_name(register) or ""

    places = [operand.mem for operand in found.operands if operand.type == arm.ARM_OP_MEM]
    return Instruction(
        address,
        content,
        decoder.insn_name(found.id),
        frozenset(found.groups),
        tuple(name(op.reg) for op in found.operands if op.type == arm.ARM_OP_REG),
        name(places[0].base) if places else "",
        name(places[0].index) if places else "",
    )
