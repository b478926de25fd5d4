"""Measures models on emulated boards and writes the tables: `make bench`.

Rows of `benchmarks/results.csv` are replaced by what is measured; models that are not here keep
theirs. The tables in `README.md` and `docs/reference/benchmarks.md` are written from that file.
"""

import argparse
import csv
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ferrule.benchmark import Bench, bench
from ferrule.toolchain import cache, qemu, rust

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results.csv"
README = ROOT / "README.md"
REFERENCE = ROOT / "docs/reference/benchmarks.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

TEAMS = {
    "qemu-musca-b1": (1, 2),
    "qemu-virt-rv32": (1, 2, 4, 8),
}
MODELS = [
    *sorted(ROOT.glob("models/*/*_int8.tflite")),
    *sorted((ROOT.parent / "shared/models").glob("*.tflite")),
]

INTRODUCTION = """\
# Benchmarks

Written by `make bench` from `benchmarks/results.csv`; do not edit. One inference, input of seed
12345. Instructions are those of the longest path, counted in QEMU; they are not cycles. Flash and
code are of a minimal firmware that only runs the model, code is flash without weights. Stack is the
largest of the cores', measured.

"""


@dataclass(frozen=True)
class Row:
    """One measurement and its conditions."""

    model: str
    board: str
    cores: int
    macs: int
    instructions: int
    arena_bytes: int
    flash_bytes: int
    code_bytes: int
    stack_bytes: int
    rustc: str
    qemu: str
    commit: str


def main() -> None:
    """Measures, writes the file of results, and the tables from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", action="append", choices=TEAMS, help="only these boards")
    parser.add_argument("--tables-only", action="store_true", help="measure nothing")
    options = parser.parse_args()
    rows = {(row.model, row.board, row.cores): row for row in read()}
    if not options.tables_only:
        for row in measure(options.board or list(TEAMS)):
            rows[row.model, row.board, row.cores] = row
    kept = [rows[key] for key in sorted(rows)]
    write(kept)
    text = README.read_text()
    head, rest = text.split(BEGIN)
    README.write_text(head + BEGIN + "\n" + short_table(kept) + END + rest.split(END)[1])
    REFERENCE.write_text(long_table(kept))


def measure(boards: Iterable[str]) -> Iterable[Row]:
    """Measures every model that is here."""
    commit = said("git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD")
    for board in boards:
        for model in MODELS:
            cache.say(f"{board}: {model.name}")
            for result in bench(model, board, TEAMS[board]):
                yield row(result, commit)


def row(result: Bench, commit: str) -> Row:
    """A measurement with the versions of the tools."""
    emulated = "riscv32" if "rv32" in result.board else "arm"
    return Row(
        result.model,
        result.board,
        result.cores,
        result.macs,
        result.instructions,
        result.arena_bytes,
        result.flash_bytes,
        result.code_bytes,
        result.stack_bytes,
        rustc=rust.host().version,
        qemu=qemu.system(emulated).version,
        commit=commit,
    )


def said(*command: str) -> str:
    """The first line that a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read() -> list[Row]:
    """The rows of the file of results."""
    if not RESULTS.exists():
        return []
    rows = []
    with RESULTS.open(newline="") as file:
        for line in csv.DictReader(file):
            texts = list(line.values())
            rows.append(Row(*texts[:2], *map(int, texts[2:9]), *texts[9:]))  # type: ignore[arg-type]
    return rows


def write(rows: list[Row]) -> None:
    """Replaces the file of results."""
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def short_table(rows: list[Row]) -> str:
    """A line for each model and board: instructions, and the speed-up of larger teams."""
    lines = ["| model | MACs | board | one core | 2 | 4 | 8 | arena B | code B | stack B |",
             "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for model in sorted({row.model for row in rows}):
        for board in sorted({row.board for row in rows if row.model == model}):
            here = {row.cores: row for row in rows if (row.model, row.board) == (model, board)}
            one = here[1]
            teams = [speedup(one, here.get(cores)) for cores in (2, 4, 8)]
            cells = [model, f"{one.macs:,}", board, f"{one.instructions:,}", *teams]
            cells += [f"{one.arena_bytes:,}", f"{one.code_bytes:,}", f"{one.stack_bytes:,}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def speedup(one: Row, other: Row | None) -> str:
    """How many times fewer instructions the longest path of a team has."""
    return f"{one.instructions / other.instructions:.2f}x" if other else ""


def long_table(rows: list[Row]) -> str:
    """Every row, with its conditions."""
    names = [field.name for field in fields(Row)]
    lines = [
        *INTRODUCTION.splitlines(),
        f"| {' | '.join(names)} |",
        f"|{'|'.join('---' for _ in names)}|",
    ]
    for one in rows:
        cells = [
            f"{value:,}" if isinstance(value, int) else value for value in asdict(one).values()
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
