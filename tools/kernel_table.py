"""Measures every kernel on every kind of core, and writes the page of kernels: for `make bench`.

Rows of `benchmarks/kernels.csv` are replaced by what is measured, and `docs/reference/kernels.md`
is written from that file and from the code.
"""

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ferrule import target
from ferrule.errors import CompileError
from ferrule.toolchain import cache
from ferrule.trial import Shape, try_kernels

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/kernels.csv"
#: A board for each kind of core.
BOARDS = (
    "qemu-m0plus",
    "qemu-mps2-an385",
    "qemu-mps2-an386",
    "qemu-mps2-an500",
    "qemu-musca-b1",
    "qemu-mps3-an547",
    "qemu-virt-rv32",
)
#: Shapes of layers as they are in the models, by operator.
SHAPES = [
    ("add", Shape((16, 16, 32))),
    ("average_pool2d", Shape((8, 8, 64), (8, 8))),
    ("concatenation", Shape((16, 16, 32))),
    ("conv2d", Shape((10, 10, 64), (1, 1), 1, 64)),
    ("conv2d", Shape((8, 8, 32), (3, 3), 1, 32)),
    ("conv2d", Shape((16, 16, 3), (3, 3), 2, 16)),
    ("depthwise_conv2d", Shape((24, 24, 64), (3, 3))),
    ("depthwise_conv2d", Shape((24, 24, 32), (3, 3), 2)),
    ("depthwise_conv2d", Shape((12, 12, 24), (5, 5))),
    ("depthwise_conv2d", Shape((25, 20, 1), (10, 8), 2, multiplier=8)),
    ("fully_connected", Shape((400,), outputs=120)),
    ("max_pool2d", Shape((8, 8, 64), (2, 2))),
    ("pad", Shape((16, 16, 32))),
    ("relu", Shape((16, 16, 32))),
    ("softmax", Shape((10,))),
]


@dataclass(frozen=True)
class Row:
    """What a kernel took for an operator; `per` is for a MAC, or an output element without."""

    operator: str
    shape: str
    kernel: str
    core: str
    instructions: int
    per: float
    is_chosen: bool


def main() -> None:
    """Measures, writes the file of results, and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", action="append", choices=BOARDS, help="only these boards")
    parser.add_argument("--operator", action="append", help="only these operators")
    options = parser.parse_args()
    rows = {key(row): row for row in read()}
    for row in measure(options.board or BOARDS, options.operator):
        rows[key(row)] = row
        write([rows[one] for one in sorted(rows)])
    subprocess.run([sys.executable, ROOT / "tools/reference.py"], check=True)


def measure(boards: tuple[str, ...], operators: list[str] | None) -> Iterator[Row]:
    """Measures every shape on the boards."""
    for board in boards:
        core = target.load(board).cores[0].kind
        for operator, shape in SHAPES:
            if operators and operator not in operators:
                continue
            cache.say(f"{board}: {operator} {text(operator, shape)}")
            for trial in try_kernels(operator, shape, board):
                if trial.mismatches:
                    raise CompileError(f"{trial.kernel} computes something else on {board}")
                if trial.instructions is not None and trial.per is not None:
                    name = text(operator, shape)
                    figures = (trial.instructions, round(trial.per, 3), trial.is_chosen)
                    yield Row(operator, name, trial.kernel, core, *figures)


def text(operator: str, shape: Shape) -> str:
    """A shape in words."""
    words = ["x".join(map(str, shape.input))]
    if shape.filter != (1, 1) or operator == "conv2d":
        words.append(f"filter {'x'.join(map(str, shape.filter))}")
    if shape.stride > 1:
        words.append(f"stride {shape.stride}")
    if operator in ("conv2d", "fully_connected"):
        words.append(f"{shape.outputs} outputs")
    if shape.multiplier > 1:
        words.append(f"multiplier {shape.multiplier}")
    return ", ".join(words)


def key(row: Row) -> tuple[str, ...]:
    """What it is a measurement of."""
    return row.operator, row.shape, row.kernel, row.core


def read() -> list[Row]:
    """The rows of the file of results."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(newline="") as file:
        return [
            Row(
                line["operator"],
                line["shape"],
                line["kernel"],
                line["core"],
                int(line["instructions"]),
                float(line["per"]),
                line["is_chosen"] == "True",
            )
            for line in csv.DictReader(file)
        ]


def write(rows: list[Row]) -> None:
    """Replaces the file of results."""
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


if __name__ == "__main__":
    main()
