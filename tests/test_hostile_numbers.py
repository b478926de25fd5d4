"""Kernels that are given wrong numbers: results may be wrong, but nothing else is touched.

The structs that kernels are given have public fields, and crates that use them forbid unsafe code.
So no number, length or element there may lead an inner loop out of its slices, on the real
instructions. Each layer here has one number or array changed; inputs and outputs of healthy layers
lie between what they read and write, and have to be intact in the end. What is read outside of all
memory is a fault, which ends the firmware; what is read wrongly inside of it is not seen here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import all_cases
from merged import merge
from test_kernels import usable

from ferrule import interpreter, target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.inputs import generate
from ferrule.ir import Graph, Struct
from ferrule.kernels import Kernel
from ferrule.session import Session

BOARDS = ["qemu-m0plus", "qemu-mps2-an386", "qemu-mps3-an547", "qemu-virt-rv32"]
SOURCES = Path(__file__).parent.parent / "crates/kernels/src"
#: Bits of an integer's type, and whether one of them is a sign.
INTEGERS = {
    "u8": (8, 0),
    "u16": (16, 0),
    "u32": (32, 0),
    "usize": (32, 0),
    "i8": (8, 1),
    "i32": (32, 1),
}
#: A layer that is computed by plain code.
HEALTHY = "pad"
#: So many wrong layers have one between them.
EVERY = 8
#: All of them at once are more than the memory of a board.
PARTS = 12


@cache
def types() -> dict[str, dict[str, str]]:
    """The types of the public fields of each struct of the kernels crate."""
    texts = [path.read_text() for path in SOURCES.rglob("*.rs")]
    structs = [
        found for text in texts for found in re.findall(r"pub struct (\w+) \{(.*?)\n\}", text, re.S)
    ]
    return {name: dict(re.findall(r"pub (\w+): (\w+)", body)) for name, body in structs}


@cache
def fixed() -> set[str]:
    """Fields whose arrays have a length in their types: another length does not compile."""
    texts = [path.read_text() for path in SOURCES.rglob("*.rs")]
    arrays = r"pub (\w+): &'static \[\w+; \d+\]"
    return {name for text in texts for name in re.findall(arrays, text)}


def numbers(kind: str, value: int) -> set[int]:
    """What a number becomes: an end of its range, what wraps in products, or slightly wrong."""
    bits, sign = INTEGERS[kind]
    low, high = -sign << bits - 1, (1 << bits - sign) - 1
    wrong = {
        low,
        high,
        0,
        1,
        high // 2 + 1,
        high // 4 + 1,
        value - 1,
        value + 1,
        2 * value,
        8 * value + 1,
    }
    return {number for number in wrong if low <= number <= high} - {value}


def arrays(name: str, array: np.ndarray) -> list[np.ndarray]:
    """What an array becomes: shorter, or of the same length with other elements."""
    flat = array.ravel()
    shorter = [] if name in fixed() else [flat[:0], flat[: flat.size // 2], flat[:-1]]
    ends = np.iinfo(flat.dtype)
    others = [np.full_like(flat, number) for number in (ends.min, 0, 1, ends.max)]
    # Zero minus an element wraps, as the negation of the lowest one has to.
    others += [np.zeros_like(flat) - flat, np.random.default_rng(1).permutation(flat)]
    return shorter + [other for other in others if (other != flat).any()]


def mutants(struct: Struct) -> Iterator[Struct]:
    """The struct with one number or array changed; what a constructor checks is left as it is."""
    if struct.constructor:
        return
    for name, value in struct.fields.items():
        changed: list[Any] = []
        if isinstance(value, Struct):
            changed = list(mutants(value))
        elif isinstance(value, np.ndarray):
            changed = arrays(name, value)
        elif isinstance(value, bool):
            changed = [not value]
        else:
            changed = sorted(numbers(types()[struct.name][name], value))
        for other in changed:
            yield replace(struct, fields=struct.fields | {name: other})


class Hostile:
    """A kernel that is given another struct."""

    def __init__(self, kernel: Kernel, struct: Struct) -> None:
        self._kernel, self._struct = kernel, struct

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kernel, name)

    def params(self) -> Struct:
        return self._struct


@cache
def layers(board: str) -> list[tuple[Graph, str, Struct | None]]:
    """Graphs of one layer, its function, and what it is given if that is changed."""
    features = set(target.load(board).cores[0].features)
    found: list[tuple[Graph, str, Struct | None]] = []
    for kind in Kernel.registry:
        if not kind.needs <= features:
            continue
        smallest = sorted(usable(kind), key=lambda case: case.graph.ops[0].work().macs)
        graph = smallest[len(smallest) // 2].graph
        kernel = kind(graph.ops[0])
        found += [(graph, kernel.function, struct) for struct in mutants(kernel.params())]
    return found


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.long] * (part > 0)) for part in range(PARTS)]
)
def test_wrong_numbers_touch_nothing_else(board: str, part: int, count_cases) -> None:
    healthy = next(case.graph for case in all_cases() if case.graph.ops[0].kernel == HEALTHY)
    chosen = []
    for number, layer in enumerate(layers(board)[part::PARTS]):
        chosen += [layer] if number % EVERY else [layer, (healthy, HEALTHY, None)]
    graph = merge("hostile", [one for one, _, _ in chosen])
    names = {op.name: function for op, (_, function, _) in zip(graph.ops, chosen, strict=True)}
    plan = plan_graph(graph, board, cores=1, forced=names)
    steps = tuple(
        replace(step, kernels=(Hostile(step.kernel, struct),)) if struct else step
        for step, (_, _, struct) in zip(plan.steps, chosen, strict=True)
    )
    session = Session(Compiled(plan := replace(plan, steps=steps), emit(plan, "hostile", b"")))
    inputs = generate(graph, 1)
    expected = interpreter.run(graph, inputs)
    outputs = session.run(inputs)
    for tensor, output, (_, _, struct) in zip(graph.outputs, outputs, chosen, strict=True):
        if not struct:
            assert (output == expected[tensor]).all(), tensor.name
    count_cases(
        board, sum(struct is not None for _, _, struct in chosen), "layers of wrong numbers"
    )
