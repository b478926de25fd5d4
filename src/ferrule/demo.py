"""`make demo`: a keyword spotter on one and on two emulated Cortex-M33, in seconds."""

import os
import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from ferrule import cli, interpreter
from ferrule.benchmark import bench
from ferrule.checking import check
from ferrule.compiler import compile_model
from ferrule.ir import Array
from ferrule.resources import MODELS
from ferrule.session import Session
from ferrule.toolchain import cache

_MODEL = MODELS / "keyword/keyword_int8.tflite"
_EXAMPLE = MODELS / "keyword/examples/yes.npy"
_BOARD = "qemu-musca-b1"
_SEEDS = 2


def demo() -> None:
    """Compiles, runs on teams of one and two, checks every layer, and prints a table."""
    # Set where the Python environment is prepared, which is part of the time.
    began = float(os.environ.get("FERRULE_STARTED", time.time()))
    cache.say(f"compiling {_MODEL.name} for {_BOARD}; what is built goes to {cache.folder()}")
    spoken = np.load(_EXAMPLE)
    labels = (_MODEL.parent / "labels.txt").read_text().split()
    table = Table("", "one core", "two cores", box=None)
    rows: dict[str, list[str]] = {
        name: []
        for name in (
            "predicted",
            "bit-exact",
            "instructions",
            "speed-up",
            "arena B",
            "flash B",
            "stack B",
        )
    }
    one = 0
    for cores in (1, 2):
        cache.say(f"team of {cores}: building, running, comparing every layer")
        session = Session(compile_model(_MODEL, _BOARD, cores))
        (scores,) = session.run([spoken])
        verdict = check(_MODEL, _BOARD, cores, _SEEDS)
        (measured,) = bench(_MODEL, _BOARD, [cores])
        one = one or measured.instructions
        exact = verdict.mismatches == 0 and _same(session, spoken, scores)
        rows["predicted"].append(labels[int(scores.argmax())])
        rows["bit-exact"].append("yes" if exact else "NO")
        rows["instructions"].append(f"{measured.instructions:,}")
        rows["speed-up"].append(f"{one / measured.instructions:.2f}")
        rows["arena B"].append(f"{measured.arena_bytes:,}")
        rows["flash B"].append(f"{measured.flash_bytes:,}")
        rows["stack B"].append(f"{measured.stack_bytes:,}")
    for name, values in rows.items():
        table.add_row(name, *values)
    Console(markup=False, highlight=False).print(table)
    print(
        f"\nThe word is {_EXAMPLE.stem!r}, {_MODEL.name} on {_BOARD}, in QEMU.\n"
        f"Bit-exact: {verdict.elements:,} elements of every layer on {_SEEDS} random inputs, and "
        f"the example,\nagainst the interpreter (oracle: {verdict.oracle}).\n"
        "Instructions: of one inference, longest path; counted, not estimated, and not cycles.\n"
        f"{time.time() - began:.0f} s."
    )
    if "NO" in rows["bit-exact"]:
        sys.exit(1)


def _same(session: Session, spoken: Array, scores: Array) -> bool:
    """Whether the interpreter gives the same scores for the example."""
    graph = session.plan.graph
    (output,) = graph.outputs
    return np.array_equal(interpreter.run(graph, [spoken])[output], scores)


if __name__ == "__main__":
    sys.exit(cli.status(demo))
