"""The kernels' assembly leaves the assembler able to read what else an image has."""

from dataclasses import replace

import pytest
from firmware.test_instructions import every_kernel

from ferrule.firmware import Program
from ferrule.session import Session

#: Instructions that some cores have and some lack.
THUMB2, ARMV8M, FLOAT, DOUBLE, VECTOR = (
    "orr r0, r0, #0xF00000",
    "tt r0, r0",
    "vadd.f32 s0, s0, s0",
    "vadd.f64 d0, d0, d0",
    "vadd.i32 q0, q0, q0",
)


@pytest.mark.parametrize(
    ("board", "kind", "instruction"),
    [
        pytest.param("qemu-mps2-an385", 0, THUMB2, id="M3"),
        pytest.param("qemu-mps2-an386", 0, FLOAT, id="M4"),
        pytest.param("qemu-mps2-an500", 0, DOUBLE, id="M7"),
        pytest.param("qemu-mps2-an521", 0, ARMV8M, id="M33 without DSP"),
        pytest.param("qemu-mps2-an521", 1, ARMV8M, id="M33 beside it"),
        pytest.param("qemu-musca-b1", 0, ARMV8M, id="M33"),
        pytest.param("qemu-mps3-an547", 0, VECTOR, id="M55"),
    ],
)
def test_other_assembly_has_what_the_core_has(board: str, kind: int, instruction: str) -> None:
    compiled = every_kernel(board, kind).compiled
    path = "crates/kernels/src/lib.rs"
    other = (
        "\n#[allow(unsafe_code)]\nmod other {\n"
        f'    core::arch::global_asm!("{instruction}");\n'
        "}\n"
    )
    source = compiled.files[path]
    assert isinstance(source, str)
    assembled = replace(compiled, files={**compiled.files, path: source + other})
    assert Session(assembled).image(Program.SIZE).flash_bytes > 0
