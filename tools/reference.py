"""Writes what documents say that follows from the code: pages of `docs/reference`, a plan.

python tools/reference.py            writes the pages that differ
python tools/reference.py --check    writes nothing, and fails where a page differs
"""

import argparse
import csv
import difflib
import inspect
import re
import sys
import tomllib
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from obstacles import sentences

from ferrule import api, target
from ferrule.cli import commands
from ferrule.emit.report import plan_text
from ferrule.importers.tflite import OPERATORS
from ferrule.ir import Op
from ferrule.kernels import Kernel
from ferrule.resources import TARGETS
from ferrule.samples import sample_graphs
from ferrule.target import Target

ROOT = Path(__file__).parents[1]
KERNELS = ROOT / "benchmarks/kernels.csv"
FOLDER = ROOT / "docs/reference"
GUIDE = ROOT / "docs/guides/read-the-plan.md"

ABOUT_OPERATORS = """\
# Operators

Written by `tools/reference.py` from the classes of operators and kernels; do not edit.

What is computed at run time is int8, quantized per tensor, in shapes that are known while
compiling. Weights are int8, per tensor or per output channel; bias is int32. A fused activation
function is none, ReLU, ReLU6 or ReLU from -1 to 1. Every result equals TensorFlow Lite Micro's.
How each is computed: `docs/reference/kernels.md`.
"""

ABOUT_LIMITS = """\
## Types and limits
"""

ABOUT_BOARDS = """\
# Boards

Written by `tools/reference.py` from the files of `targets/`; do not edit.

**No silicon has run Ferrule yet.** The tier says when the tests run on a board.
`docs/guides/add-a-board.md` says how one is added.
"""

ABOUT_MEMORIES = """\
## Memories

The arena is in the first memory that all cores can write to. A memory without cores is shared.
"""

ABOUT_COMMANDS = """\
# Command line

Written by `tools/reference.py` from the program's own help; do not edit.
"""

ABOUT_EVERY_KERNEL = """\
# Kernels

Written by `tools/reference.py` from the classes in `src/ferrule/kernels` and from
`benchmarks/kernels.csv`, which `make bench` measures; do not edit.

Every operator has a plain kernel, which runs on every core. The others are for cores with the
features in parentheses, and are taken where nothing stands against it and the cost model of the
core finds them cheapest; `plan.txt` says which one was taken, and why a faster one was not.
Obstacles are all that can stand against a kernel, in the words of the plan; `N` is a number of the
operator, and scratch is too much beyond 16,384 B.

The tables give instructions for each MAC, or for each output element of operators without MACs, on
each kind of core; a star marks the kernel that is taken for this shape there, by itself and where
weights may grow as they like: in a model `--growth` limits that, and code counts. Padding is SAME,
weights are random. Any other shape is measured by

    ferrule kernels conv2d --board qemu-musca-b1 --input 10x10x64 --filter 3x3 --outputs 64
"""

Row = Sequence[str]


def main() -> None:
    """Writes or checks every page."""
    parser = argparse.ArgumentParser(description="Writes the pages that follow from the code.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail where one differs"
    )
    check = parser.parse_args().check
    differing = {path: text for path, text in pages().items() if text != present(path)}
    for path, text in differing.items():
        if check:
            name = path.relative_to(ROOT).as_posix()
            texts = present(path).splitlines(), text.splitlines()
            print("\n".join(difflib.unified_diff(*texts, name, "the code", lineterm="")))
        else:
            path.write_text(text)
    if check and differing:
        sys.exit("error: documents are stale\n\nhint: run `python tools/reference.py`")


def present(path: Path) -> str:
    """What a page says now."""
    return path.read_text() if path.exists() else ""


def pages() -> dict[Path, str]:
    """The pages, by file."""
    return {
        FOLDER / "operators.md": operators(),
        FOLDER / "kernels.md": kernels(),
        FOLDER / "boards.md": boards(),
        FOLDER / "command-line.md": command_line(),
        GUIDE: with_plan(present(GUIDE)),
    }


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def operators() -> str:
    """Operators with TFLite's names, kernels with the features they need, types and limits."""
    kinds = [kind for _, kind in sorted(Op.registry.items())]
    sources = tflite_names()
    rows = [
        (f"[{kind.__name__}](#{kind.__name__.lower()})", ", ".join(sources[kind]), computes(kind))
        for kind in kinds
    ]
    parts = [
        ABOUT_OPERATORS,
        table(("operator", "TFLite", "computes"), rows),
        ABOUT_LIMITS,
        *(f"### {kind.__name__}\n\n" + "\n\n".join(paragraphs(kind)) + "\n" for kind in kinds),
    ]
    return "\n".join(parts)


def kernels() -> str:
    """Every kernel of every operator: how it works, where it is not taken, what was measured."""
    parts = [ABOUT_EVERY_KERNEL]
    for _, kind in sorted(Op.registry.items()):
        if kind.is_view:
            continue
        parts.append(f"## {kind.__name__}\n")
        parts += [kernel_text(kernel) for kernel in Kernel.registry if kernel.computes is kind]
        parts += measured(kind)
    return "\n".join(parts)


def kernel_text(kind: type[Kernel]) -> str:
    """What a kernel's class says of itself and of what it is not made for."""
    functions = {
        kind(op).function
        for graph in sample_graphs()
        for op in graph.ops
        if isinstance(op, kind.computes) and not kind.obstacle(op)
    }
    assert functions, f"{kind.__name__} computes no sample"
    names = ", ".join(f"`{name}`" for name in sorted(functions))
    needs = ", ".join(sorted(kind.needs)) or "any core"
    said = "\n\n".join(paragraphs(kind))
    assert "\n\nInner loop: " in said, f"{kind.__name__} does not say what its inner loop is"
    about = f"**{kind.__name__}**, {names} ({needs}). {said}\n"
    if kind.obstacle.__doc__ == Kernel.obstacle.__doc__:
        return about
    obstacle = inspect.cleandoc(kind.obstacle.__doc__ or "").partition("\n\n")[0]
    said = f"{about}\nNot for: {obstacle.removeprefix('Why not: ')}\n"
    return f"{said}\nObstacles: {'; '.join(sentences(kind))}.\n"


def measured(kind: type[Op]) -> list[str]:
    """A table for each shape that was measured: kernels by cores, the chosen ones marked."""
    with KERNELS.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["operator"] == plain_name(kind)]
    tables = []
    for shape in dict.fromkeys(row["shape"] for row in rows):
        here = [row for row in rows if row["shape"] == shape]
        cores = sorted({row["core"] for row in here})
        found = {
            (row["kernel"], row["core"]): f"{float(row['per']):.2f}"
            + ("*" if row["is_chosen"] == "True" else "")
            for row in here
        }
        lines = [
            (f"`{name}`", *(found.get((name, core), "") for core in cores))
            for name in dict.fromkeys(row["kernel"] for row in here)
        ]
        tables.append(table((shape, *cores), lines))
    return tables


def plain_name(kind: type[Op]) -> str:
    """The Rust name of an operator's plain kernel, which is that of its module."""
    return kind.__module__.rpartition(".")[2]


def tflite_names() -> dict[type[Op], list[str]]:
    """TFLite's names of each operator: an importer function says what it returns."""
    names: dict[type[Op], list[str]] = {kind: [] for kind in Op.registry.values()}
    for name, read in sorted(OPERATORS.items()):
        returned = typing.get_type_hints(read)["return"]
        for kind in typing.get_args(returned) or (returned,):
            if kind in names:
                names[kind].append(name)
    for kind, found in names.items():
        assert found, f"no importer function says that it returns {kind.__name__}"
    return names


def computes(kind: type[Op]) -> str:
    """What the first line of an operator's module says after its name."""
    module = inspect.getmodule(kind)
    assert module is not None
    name, _, text = (module.__doc__ or "").partition("\n")[0].partition(": ")
    assert name == kind.__name__, f"`{module.__name__}` must begin with `{kind.__name__}: `"
    return text.removesuffix(".")


def paragraphs(kind: type) -> list[str]:
    """The documentation of a class."""
    text = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    assert not issubclass(kind, Op) or text[-1].startswith("Limits: "), kind.__name__
    return text


def boards() -> str:
    """Boards with their cores, and the memories of their chips with sources."""
    targets = [target.load(name) for name in target.boards()]
    rows = [
        (
            f"`{board.name}`",
            board.description,
            ", ".join(f"{core.count} {core.kind}" for core in board.cores),
            ", ".join(sorted({name for core in board.cores for name in core.features})),
            ", ".join(dict.fromkeys(f"`{core.rust_target}`" for core in board.cores)),
            f"`{board.port}`" if board.port else "none",
            counted(board),
            board.tier,
        )
        for board in targets
    ]
    head = ("board", "what it is", "cores", "features", "Rust target", "port", "counts", "tier")
    memories = [
        (
            f"`{board.name}`",
            f"`{memory['name']}`",
            f"{memory['start']:#010x}",
            f"{memory['bytes']:,}",
            memory["access"],
            ", ".join(map(str, memory.get("cores", ()))),
            memory["source"],
        )
        for board in targets
        for memory in memories_of(board)
    ]
    parts = [
        ABOUT_BOARDS,
        table(head, rows),
        ABOUT_MEMORIES,
        table(
            ("board", "memory", "start", "bytes", "access", "cores", "source of the numbers"),
            memories,
        ),
    ]
    return "\n".join(parts)


def counted(board: Target) -> str:
    """What `ferrule bench` counts there."""
    if board.simulator:
        return "cycles, in Verilator"
    return "instructions, in QEMU" if board.emulator else "nothing"


def memories_of(board: Target) -> list[dict[str, Any]]:
    """The memories of a board as its files describe them, with their sources."""
    described = tomllib.loads((TARGETS / f"boards/{board.name}.toml").read_text())
    chip = tomllib.loads((TARGETS / f"chips/{described['chip']}.toml").read_text())
    return [*chip["memory"], *described.get("memory", [])]


def with_plan(guide: str) -> str:
    """The guide with what its command `ferrule plan MODEL --board B --cores N` prints."""
    block = re.search(r"\$ ferrule plan (\S+) --board (\S+) --cores (\d)\n([^`]*)", guide)
    assert block is not None
    model, board, cores, printed = block.groups()
    return guide.replace(printed, plan_text(api.plan(ROOT / model, board, int(cores))))


def command_line() -> str:
    """Every command with its arguments and options."""
    parts = [ABOUT_COMMANDS, inspect.cleandoc(commands.help or "") + "\n"]
    for name, command in sorted(commands.commands.items()):
        words = ["ferrule", name]
        rows = []
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                rows.append((spelling(parameter), parameter.help or "", default(parameter)))
                if parameter.required:
                    words += [parameter.opts[-1], parameter.metavar or ""]
            else:
                words.append((parameter.name or "").upper())
        parts += [
            f"## `{' '.join([*words, '[OPTIONS]'])}`\n",
            inspect.cleandoc(command.help or "") + "\n",
            table(("option", "meaning", "default"), rows),
        ]
    return "\n".join(parts)


def spelling(option: click.Option) -> str:
    """How an option is written."""
    value = option.metavar or ""
    if isinstance(option.type, click.Choice):
        value = "|".join(map(str, option.type.choices))
    return " ".join([f"`{', '.join(option.opts)}", value]).strip() + "`"


def default(option: click.Option) -> str:
    """What counts where an option is not given."""
    if option.required:
        return "required"
    return str(option.default) if option.show_default else ""


if __name__ == "__main__":
    main()
