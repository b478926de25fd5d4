"""The simulated core takes the cycles that Ibex's documentation states for each instruction."""

import struct
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from ferrule import target
from ferrule.resources import CRATES
from ferrule.toolchain import counter, ibex, rust

pytestmark = pytest.mark.long

PROGRAM = Path(__file__).parent / "timing"
ROUNDS = 100

# From "Pipeline Details" in Ibex's documentation; with a write-back stage, loads and stores do not
# stall, but an instruction that needs a load's result right after it does, for a cycle.
ADDITION, STALL = 1, 2
TAKEN = 1 + STALL

#: Cycles that these instructions add to a round of a loop.
ADDED = {
    "addi": ADDITION,
    "mul": 1,
    "mulh": 2,
    "div": 37,
    "lw, and an addition of something else": 1 + ADDITION,
    "lw, and an addition to its result": 1 + ADDITION + 1,
    "sw": 1,
    "a branch that is not taken": 1,
    "a branch that is taken, to the next instruction": TAKEN,
    "a jump": 2,
    "a jump to an addition that lies across two words, and a nop": 2 + ADDITION + 1 + 1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program has run, with the driver's own counts."""
    folder = tmp_path_factory.mktemp("timing")
    (folder / "src").mkdir()
    (folder / "src/main.rs").write_text((PROGRAM / "src/main.rs").read_text())
    manifest = (PROGRAM / "Cargo.toml").read_text().replace("CRATES", str(CRATES))
    (folder / "Cargo.toml").write_text(manifest)
    tools = rust.bare_metal(target.load("ibex-rtl").rust_target)
    command = tools.build("--target-dir", str(folder / "target"))
    environment = tools.environment("-Clink-arg=-Tlink.x")
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    program = folder / "target" / tools.target / "release/timing"
    marks = counter.Marks(begin=(address(program, "first"),), end=(address(program, "last"),))
    words = [f"image={program}", "cores=1", *counter.requests(folder / "counts.json", marks)]
    assert subprocess.run([ibex.simulator(), *words], cwd=folder, timeout=240).returncode == 0
    return folder


def measured(folder: Path) -> tuple[int, ...]:
    return struct.unpack(f"<{1 + len(ADDED)}I", (folder / "cycles.bin").read_bytes())


def address(program: Path, name: str) -> int:
    with program.open("rb") as file:
        (symbol,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(name)
        return int(symbol["st_value"])


def test_instructions_take_the_documented_cycles(folder: Path) -> None:
    loop, *others = measured(folder)
    # The counter is read in one cycle; the last branch is not taken and does not stall.
    assert loop == 1 + ROUNDS * (ADDITION + TAKEN) - STALL
    added = [cycles - loop for cycles in others]
    assert added == [ROUNDS * cycles for cycles in ADDED.values()]


def test_the_driver_counts_what_the_core_counts(folder: Path) -> None:
    (core,) = counter.read(folder / "counts.json")
    (run,) = core.runs
    loop, *_ = measured(folder)
    assert run.cycles == (loop,)
    assert run.steps == (1 + 2 * ROUNDS,)
