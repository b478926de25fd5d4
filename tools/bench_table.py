"""Measures models on emulated and simulated boards and writes the tables: `make bench`.

Rows of `benchmarks/results.csv` are replaced by what is measured; models that are not here keep
theirs. The tables in `README.md` and `docs/reference/benchmarks.md` are written from that file.
"""

import argparse
import csv
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatch
from pathlib import Path

from ferrule import inputs, interpreter
from ferrule.benchmark import Bench, bench
from ferrule.checking import FIRST_SEED, compare
from ferrule.compiler import compile_model
from ferrule.hints import Hints, slowed
from ferrule.session import Session
from ferrule.target import Target
from ferrule.toolchain import cache, qemu, rust

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results.csv"
README = ROOT / "README.md"
REFERENCE = ROOT / "docs/reference/benchmarks.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


@dataclass(frozen=True)
class Setting:
    """A board under some conditions; the models that are measured there, as a pattern."""

    board: str
    teams: tuple[int, ...]
    schedule: str = "static"
    core: int | None = None
    memory: str | None = None
    arbiter: str | None = None
    slow: str | None = None
    inference: int = 1
    models: str = "*"
    seeds: int = 2


SETTINGS = [
    Setting("host", (1, 2, 4, 8)),
    Setting("host", (2, 4, 8), "steal"),
    Setting("qemu-m0plus", (1,)),
    Setting("qemu-mps2-an385", (1,)),
    Setting("qemu-mps2-an386", (1,)),
    Setting("qemu-mps2-an500", (1,)),
    Setting("qemu-mps3-an547", (1,)),
    Setting("qemu-musca-b1", (1, 2)),
    Setting("qemu-musca-b1", (2,), "steal"),
    Setting("qemu-mps2-an521", (1,), core=0),
    Setting("qemu-mps2-an521", (1,), core=1),
    Setting("qemu-mps2-an521", (2,)),
    Setting("qemu-mps2-an521", (2,), "steal", models="k*"),
    Setting("qemu-virt-rv32", (1, 2, 3, 4, 5, 6, 7, 8)),
    Setting("qemu-virt-rv32", (2, 4, 8), "steal"),
    Setting("qemu-musca-b1", (2,), slow="core1=2", models="k*"),
    Setting("qemu-musca-b1", (2,), "steal", slow="core1=2", models="k*"),
    Setting("qemu-virt-rv32", (2, 4), slow="core1=2", models="k*"),
    Setting("qemu-virt-rv32", (2, 4, 8), "steal", slow="core1=2", models="k*"),
    Setting("qemu-musca-b1", (2,), "steal", slow="core1=2", inference=2, models="[kip]*"),
    Setting("qemu-virt-rv32", (2, 4, 8), "steal", slow="core1=2", inference=2, models="[kip]*"),
    Setting("ibex-rtl", (1, 2), memory="ideal", models="k*", seeds=1),
    Setting("ibex-rtl", (2,), memory="banks", arbiter="round-robin", models="k*", seeds=1),
    Setting("ibex-rtl", (2,), memory="banks", arbiter="fixed", models="k*", seeds=1),
    Setting("ibex-rtl", (2,), "steal", memory="banks", models="k*", seeds=1),
    Setting("ibex-rtl", (2,), memory="single", models="k*", seeds=1),
    Setting("ibex-rtl", (1,), memory="ideal", models="person*", seeds=1),
]
MODELS = [
    *sorted(ROOT.glob("models/*/*_int8.tflite")),
    *sorted((ROOT.parent / "shared/models").glob("*.tflite")),
]
#: Boards whose instructions on one core the README shows, and the core's name there.
COLUMNS = {
    "qemu-m0plus": "M0+",
    "qemu-mps2-an385": "M3",
    "qemu-mps2-an386": "M4",
    "qemu-mps2-an500": "M7",
    "qemu-musca-b1": "M33",
    "qemu-mps3-an547": "M55",
    "qemu-virt-rv32": "RV32IMAC",
}
#: Teams whose gain the README shows.
TEAMS = [
    ("qemu-musca-b1", 2, "static"),
    ("qemu-musca-b1", 2, "steal"),
    ("qemu-virt-rv32", 2, "static"),
    ("qemu-virt-rv32", 4, "static"),
    ("qemu-virt-rv32", 8, "static"),
    ("qemu-virt-rv32", 8, "steal"),
]
UNEQUAL = "qemu-mps2-an521"

INTRODUCTION = """\
# Benchmarks

Written by `make bench` from `benchmarks/results.csv`; do not edit. One inference, input of seed
12345. Instructions are those of the longest path, counted in QEMU; they are not cycles. Cycles are
simulated from the core's RTL, waits included; estimated ones are the instructions weighed by the
timings in the core's manual, see `docs/concepts/cycles.md`. Flash and code are of a minimal
firmware that only runs the model, code is flash without weights. Stack is the largest of the
cores', measured. Mismatches are elements of any layer that differ from the interpreter's, over two
inputs (one where cycles are simulated). Stealing is counted with the cores in lock-step. Where a
core is slow, instructions are those of one that is not, in the same time; from the first inference
of a run its lead knows that in the second. Threads of the host are checked, not counted.

"""


@dataclass(frozen=True)
class Row:
    """One measurement and its conditions; nothing where it does not apply."""

    model: str
    board: str
    cores: int
    core: int | None
    schedule: str
    memory: str | None
    arbiter: str | None
    slow: str | None
    inference: int
    macs: int
    instructions: int | None
    cycles: int | None
    cycles_estimated: int | None
    arena_bytes: int
    flash_bytes: int | None
    code_bytes: int | None
    stack_bytes: int | None
    mismatches: int
    rustc: str
    qemu: str | None
    commit: str

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a measurement of, in the order of the tables."""
        conditions = (
            self.schedule,
            self.memory,
            self.arbiter,
            self.slow,
            self.inference,
            self.core,
            self.cores,
        )
        said = ("" if value is None else str(value) for value in conditions)
        return (self.model, self.board, *said)


def main() -> None:
    """Measures, writes the file of results, and the tables from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", action="append", help="only these boards")
    parser.add_argument("--model", default="*", help="only models that match this pattern")
    parser.add_argument("--tables-only", action="store_true", help="measure nothing")
    options = parser.parse_args()
    rows = {row.key: row for row in read()}
    if not options.tables_only:
        for row in measure(options.board, options.model):
            rows[row.key] = row
            write([rows[key] for key in sorted(rows)])
    kept = [rows[key] for key in sorted(rows)]
    head, rest = README.read_text().split(BEGIN)
    README.write_text(head + BEGIN + "\n" + short_tables(kept) + END + rest.split(END)[1])
    REFERENCE.write_text(INTRODUCTION + long_table(kept))


def measure(boards: Sequence[str] | None, pattern: str) -> Iterator[Row]:
    """Measures every model that is here on the boards, by default on all."""
    commit = said("git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD")
    for setting in SETTINGS:
        if boards and setting.board not in boards:
            continue
        for model in MODELS:
            if fnmatch(model.name, setting.models) and fnmatch(model.name, pattern):
                cache.say(f"{setting.board}, {setting.schedule}, {setting.teams}: {model.name}")
                yield from rows_of(model, setting, commit)


def rows_of(model: Path, setting: Setting, commit: str) -> Iterator[Row]:
    """Measures and checks a model under one setting, with every team."""
    hints = Hints(core=setting.core)
    largest = max(setting.teams)
    session = Session(
        compile_model(model, setting.board, largest, schedule=setting.schedule, hints=hints)
    )
    plan = session.plan
    macs = sum(step.op.work().macs for step in plan.steps)
    template = Row(
        plan.graph.name, setting.board, largest, setting.core, setting.schedule,
        setting.memory, setting.arbiter, setting.slow, setting.inference, macs,
        None, None, None, plan.arena_bytes, None, None, None, 0,
        compiler(plan.target), None, commit,
    )  # fmt: skip
    for cores in setting.teams:
        checked = replace(
            template, cores=cores, mismatches=mismatches(session, cores, setting.seeds)
        )
        yield checked if setting.board == "host" else counted(model, setting, checked)


def compiler(board: Target) -> str:
    """The version of the Rust compiler that makes firmware for a board."""
    is_host = board.rust_target == "host"
    return (rust.host() if is_host else rust.bare_metal(board.rust_target)).version


def mismatches(session: Session, cores: int, seeds: int) -> int:
    """Elements of any layer that differ between the board and the interpreter."""
    graph = session.plan.graph
    sets = [inputs.generate(graph, FIRST_SEED + number) for number in range(seeds)]
    expected = [interpreter.run(graph, arrays) for arrays in sets]
    observed = [
        {tensor.name: array for tensor, array in values.items()}
        for values in session.observe(sets, cores)
    ]
    return sum(layer.mismatches for layer in compare(graph, expected, [observed]))


def counted(model: Path, setting: Setting, row: Row) -> Row:
    """Adds what `ferrule bench` measures."""
    (result,) = bench(
        model, setting.board, [row.cores], setting.memory, setting.arbiter, setting.schedule,
        Hints(core=setting.core), slowed([setting.slow] if setting.slow else []), setting.inference,
    )  # fmt: skip
    emulator = "riscv32" if "rv32" in setting.board else "arm"
    return replace(
        row,
        **{name: getattr(result, name) for name in SHARED},
        qemu=qemu.system(emulator).version if setting.board.startswith("qemu") else None,
    )


SHARED = [field.name for field in fields(Row) if field.name in Bench.__dataclass_fields__]


def said(*command: str) -> str:
    """The first line that a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read() -> Iterator[Row]:
    """The rows of the file of results."""
    if not RESULTS.exists():
        return
    with RESULTS.open(newline="") as file:
        for line in csv.DictReader(file):
            found = ((field, line.get(field.name)) for field in fields(Row))
            values = [
                (int(text) if "int" in str(field.type) else text) if text else None
                for field, text in found
            ]
            yield Row(*values)  # type: ignore[arg-type]


def write(rows: Iterable[Row]) -> None:
    """Replaces the file of results."""
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def short_tables(rows: list[Row]) -> str:
    """Instructions on one core, gain of more cores, and bytes, of every model."""
    macs = {row.model: row.macs for row in rows}
    found = {row.key: row for row in rows}

    def find(model: str, board: str, cores: int, schedule: str = "static", *,
             memory: str = "", arbiter: str = "", core: str = "") -> Row | None:  # fmt: skip
        return found.get((model, board, schedule, memory, arbiter, "", "1", core, str(cores)))

    def one(model: str, figure: str) -> list[str]:
        here = (find(model, board, 1) for board in COLUMNS)
        return [number(getattr(row, figure)) if row else "" for row in here]

    def gains(model: str) -> list[str]:
        alone = {board: find(model, board, 1) for board in COLUMNS}
        ideal = {"memory": "ideal", "arbiter": "round-robin"}
        simulated = [find(model, "ibex-rtl", cores, **ideal) for cores in (1, 2)]
        teams = [
            speedup(alone[board], find(model, board, cores, schedule))
            for board, cores, schedule in TEAMS
        ]
        return [*teams, speedup(*simulated), pair(model)]

    def pair(model: str) -> str:
        """What the unequal pair reaches of perfect sharing by the cores' own speeds."""
        own = [find(model, UNEQUAL, 1, core=core) for core in ("0", "1")]
        both = find(model, UNEQUAL, 2)
        if not both or not all(own):
            return ""
        perfect = 1 / sum(1 / (row.instructions or 1) for row in own if row)
        return f"{perfect / (both.instructions or 1):.0%}"

    def stack(model: str) -> str:
        return number(max(row.stack_bytes or 0 for row in rows if row.model == model))

    names = list(COLUMNS.values())
    gained = [
        f"{COLUMNS[board]} x{cores}{', steal' if schedule == 'steal' else ''}"
        for board, cores, schedule in TEAMS
    ]
    parts = [
        "Instructions on one core:",
        table(
            ["model", "MACs", *names],
            ([m, number(n), *one(m, "instructions")] for m, n in macs.items()),
        ),
        "How many times faster a team is than one core (Ibex in cycles), and what an unequal pair\n"
        "of M33 reaches of perfect sharing by the two cores' own speeds:",
        table(["model", *gained, "Ibex x2", "M33 pair"], ([m, *gains(m)] for m in macs)),
        "Bytes of code on one core, which is flash without weights:",
        table(["model", *names], ([m, *one(m, "code_bytes")] for m in macs)),
        "Bytes of the arena on one core, scratch included, and of the deepest stack of all boards:",
        table(["model", *names, "stack"], ([m, *one(m, "arena_bytes"), stack(m)] for m in macs)),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def speedup(one: Row | None, team: Row | None) -> str:
    """How many times fewer cycles, or else instructions, the longest path of a team has."""
    if not one or not team:
        return ""
    before, after = (row.cycles or row.instructions or 1 for row in (one, team))
    return f"{before / after:.2f}"


def number(value: int | None) -> str:
    """A number, or nothing."""
    return "" if value is None else f"{value:,}"


def table(head: list[str], lines: Iterable[list[str]]) -> str:
    """Cells as a table, numbers to the right."""
    rule = ["---", *("--:" for _ in head[1:])]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *lines))


def long_table(rows: list[Row]) -> str:
    """Every row, with its conditions."""
    names = [field.name for field in fields(Row)]
    cells = [
        [
            f"{value:,}" if isinstance(value, int) else (value or "")
            for value in asdict(row).values()
        ]
        for row in rows
    ]
    return table(names, cells)


if __name__ == "__main__":
    main()
