"""No image for RISC-V has an instruction that its core lacks; an emulator may execute more."""

from collections.abc import Iterator
from functools import cache

import capstone
import pytest
from capstone import riscv
from elftools.elf.elffile import ELFFile
from test_instructions import every_kernel, possible

from ferrule import target
from ferrule.firmware import Program

BOARDS = ["ibex-rtl", "qemu-virt-rv32"]
#: Extensions by the disassembler's groups. It knows no others, so theirs are unknown to it.
EXTENSIONS = {
    riscv.RISCV_GRP_HASSTDEXTM: "m",
    riscv.RISCV_GRP_HASSTDEXTA: "a",
    riscv.RISCV_GRP_HASSTDEXTC: "c",
    riscv.RISCV_GRP_HASSTDEXTF: "f",
    riscv.RISCV_GRP_HASSTDEXTD: "d",
    riscv.RISCV_GRP_ISRV64: "64",
}


def needs(code: bytes) -> Iterator[tuple[str, str]]:
    """What each instruction needs beyond RV32I, `unknown` for one that no extension here has."""
    decoder = capstone.Cs(
        capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC
    )
    decoder.detail = True
    while code:
        size = 4 if code[0] & 3 == 3 else 2
        found = next(decoder.disasm(code[:size], 0, 1), None)
        groups = found.groups if found else ()
        for need in [EXTENSIONS[g] for g in groups if g in EXTENSIONS] if found else ["unknown"]:
            yield need, code[:size].hex()
        code = code[size:]


@cache
def needs_of(board: str) -> dict[str, str]:
    """What the image with every kernel needs, with an instruction for each."""
    with every_kernel(board, 0).image(Program.CHECK).path.open("rb") as file:
        return dict(needs(ELFFile(file).get_section_by_name(".text").data()))


@pytest.mark.parametrize("board", BOARDS)
def test_no_image_has_an_instruction_that_its_core_lacks(board: str, count_cases) -> None:
    name = target.load(board).cores[0].rust_target  # such as riscv32imac-unknown-none-elf
    extensions = set(name.removeprefix("riscv32i").partition("-")[0])
    found = needs_of(board)
    assert not {need: text for need, text in found.items() if need not in extensions}
    assert {"m", "c"} <= found.keys()  # a disassembler that sees nothing finds nothing wrong
    count_cases(f"{board}, image 0", len(possible(board, 0)), "kernels' instructions")


@pytest.mark.parametrize(
    ("text", "code", "need"),
    [
        ("mul a0, a0, a1", "3305b502", "m"),
        ("amoswap.w a0, a1, (a2)", "2f25b608", "a"),
        ("c.li a0, 1", "0545", "c"),
        ("fadd.s fa0, fa0, fa1", "5375b500", "f"),
        ("sh1add a0, a0, a1 of Zba", "3325b520", "unknown"),
        ("cv.dotsp.b of CORE-V", "5b19b5a0", "unknown"),
    ],
)
def test_needs_are_known(text: str, code: str, need: str) -> None:
    assert [found for found, _ in needs(bytes.fromhex(code))] == [need], text
