"""The plugin counts exactly, on both architectures, and the same in each run."""

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from ferrule.errors import ToolError
from ferrule.resources import CRATES
from ferrule.toolchain import counter, qemu, rust
from ferrule.toolchain.counter import Core, Lockstep, Marks, Run

FIRMWARE = Path(__file__).parent / "firmware"
QUIET = ("-display", "none", "-monitor", "none", "-serial", "none")
SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")
MACHINES = {
    "thumbv8m.main-none-eabihf": ("arm", ("-M", "musca-b1", *SEMIHOSTING)),
    "riscv32imac-unknown-none-elf": ("riscv32", ("-M", "virt", "-smp", "2", "-bios", "none")),
}


class Machine:
    """An emulator with the program of this folder, built for it."""

    def __init__(self, target: str, folder: Path) -> None:
        architecture, self.options = MACHINES[target]
        tools = rust.bare_metal(target)
        self.emulator = qemu.system(architecture)
        subprocess.run(
            tools.build("--target-dir", str(folder / "target")),
            cwd=copied(folder),
            env=tools.environment(),
            check=True,
        )
        self.program = folder / "target" / target / "release/counted"
        with self.program.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            self.symbols = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}

    def run(self, output: Path, marks: Marks) -> int:
        words = counter.argument(counter.plugin(self.emulator), output, marks)
        command = [self.emulator.path, *self.options, *QUIET, "-kernel", self.program]
        environment = self.emulator.environment()
        ended = subprocess.run([*command, "-plugin", words], env=environment, timeout=60)
        return ended.returncode


def copied(folder: Path) -> Path:
    """Copies the program, so that cargo leaves nothing in the repository."""
    for path in FIRMWARE.rglob("*"):
        if path.is_file():
            copy = folder / "firmware" / path.relative_to(FIRMWARE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return folder / "firmware"


@pytest.fixture(scope="module", params=MACHINES)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(request.param, tmp_path_factory.mktemp("counted"))


@pytest.mark.parametrize("lockstep", [None, Lockstep(), Lockstep(10, {1: 3})])
def test_counts_are_those_of_the_assembly(
    machine: Machine, tmp_path: Path, lockstep: Lockstep | None
) -> None:
    mark = machine.symbols
    marks = Marks(
        begin=(mark["begin_mark"],),
        end=(mark["end_mark"],),
        step=(mark["step_mark"],),
        wait=((mark["wait_low"], mark["wait_high"]),),
        lockstep=lockstep,
    )
    assert machine.run(tmp_path / "counts.json", marks) == 42
    # One instruction before a loop of two; then one and one around a waiting loop of ten rounds.
    expected = tuple(
        Core(core, tuple(Run((1 + 2 * (1_000 * run + core), 2), waiting=20) for run in (1, 2)))
        for core in (0, 1)
    )
    assert counter.read(tmp_path / "counts.json") == expected


def test_cycles_are_estimated_by_the_given_timings(machine: Machine, tmp_path: Path) -> None:
    mark = machine.symbols
    begin = mark["begin_mark"] & ~1
    timings = tmp_path / "timings, with a comma.txt"
    # A NOP of 5 cycles, then the loop: a subtraction of 2, and a branch of 1 that costs 3 more
    # whenever it is taken.
    timings.write_text(f"{begin:x} 5 0\n{begin + 2:x} 2 3\n{begin + 4:x} 1 3\n")
    marks = Marks((begin,), (mark["end_mark"],), (mark["step_mark"],), timings=timings)
    assert machine.run(tmp_path / "counts.json", marks) == 42
    first, second = counter.read(tmp_path / "counts.json")[0].runs
    assert first.estimated == (5 + 1_000 * 3 + 999 * 3, 0)
    assert second.estimated == (5 + 2_000 * 3 + 1_999 * 3, 0)


def test_without_steps_or_waits_all_is_one_bucket(machine: Machine, tmp_path: Path) -> None:
    marks = Marks(begin=(machine.symbols["begin_mark"],), end=(machine.symbols["end_mark"],))
    machine.run(tmp_path / "counts.json", marks)
    first = counter.read(tmp_path / "counts.json")[0].runs[0]
    assert first == Run((1 + 2 * 1_000 + 1 + 20 + 1,), waiting=0)


def test_an_end_that_begins_again_gives_a_run_each_time(machine: Machine, tmp_path: Path) -> None:
    mark = machine.symbols
    marks = Marks(begin=(mark["begin_mark"], mark["step_mark"]), end=(mark["step_mark"],))
    machine.run(tmp_path / "counts.json", marks)
    runs = counter.read(tmp_path / "counts.json")[0].runs
    assert [run.steps[0] for run in runs][:2] == [2_001, runs[1].steps[0]]
    assert len(runs) == 3, "the second call finds the core still counting, so it begins no run"


def test_how_often_a_note_is_passed_is_counted_for_each_step(
    machine: Machine, tmp_path: Path
) -> None:
    mark = machine.symbols
    begin = mark["begin_mark"]
    notes = ((begin & ~1) + 2, mark["wait_low"])  # the first instruction of each loop
    marks = Marks((begin,), (mark["end_mark"],), (mark["step_mark"],), note=notes)
    assert machine.run(tmp_path / "counts.json", marks) == 42
    for core in counter.read(tmp_path / "counts.json"):
        rounds = [1_000 * number + core.index for number in (1, 2)]
        assert [run.noted for run in core.runs] == [(count, 10) for count in rounds]


def test_every_core_is_listed(machine: Machine, tmp_path: Path) -> None:
    machine.run(tmp_path / "counts.json", Marks(begin=(0x2,), end=(0x4,)))
    assert counter.read(tmp_path / "counts.json") == (Core(0, ()), Core(1, ()))


def test_two_runs_write_the_same_bytes(machine: Machine, tmp_path: Path) -> None:
    mark = machine.symbols
    marks = Marks((mark["begin_mark"],), (mark["end_mark"],), (mark["step_mark"],))
    written = []
    for name in ("first.json", "second, with a comma.json"):
        machine.run(tmp_path / name, marks)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_missing_counts_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="left no instruction counts"):
        counter.read(tmp_path / "nothing.json")


def test_thumb_addresses_lose_their_lowest_bit() -> None:
    words = counter.argument(Path("p.so"), Path("o"), Marks((0x101,), (0x201,), (), ((1, 0x11),)))
    assert words == "p.so,out=o,begin=100,end=200,wait=0:10"


def test_lockstep_is_asked_for() -> None:
    marks = Marks((2,), (4,), lockstep=Lockstep(500, {1: 2, 3: 4}))
    asked = counter.requests(Path("o"), marks)
    assert asked == ["out=o", "begin=2", "end=4", "quantum=500", "slow=1:2", "slow=3:4"]


def test_the_plugins_own_tests(tmp_path: Path) -> None:
    tools = rust.host()
    source = CRATES / "counter"
    for path in counter.files(source):
        copy = tmp_path / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    answer = subprocess.run(
        [str(tools.cargo), "test", "--offline"],
        cwd=tmp_path,
        env=tools.environment(),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "6 passed" in answer.stdout
