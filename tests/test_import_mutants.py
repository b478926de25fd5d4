"""Models with a few numbers changed: refused, or else they mean what the oracle says."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import all_cases
from tflite_writer import Table, assemble, describe

from ferrule import oracle
from ferrule.errors import CompileError, ToolError
from ferrule.importers.tflite import Source, read
from ferrule.inputs import generate
from ferrule.interpreter import run

MUTANTS = 2000
INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, 127, 128, -128, 1000, 65535, 2**30, 2**31 - 1, -(2**31))
REALS = (0.0, -1.0, 1e-45, 1e-30, 0.003, 1.0, 1e38, float("inf"), float("nan"))
#: Where TensorFlow Lite Micro is slow or the interpreter takes much memory, nothing is compared.
MOST_ELEMENTS = 100_000


@pytest.fixture(scope="module")
def tflm() -> Iterator[oracle.Oracle]:
    if oracle.version() is None:
        pytest.skip("oracle: none, because tflite_micro is not installed")
    with oracle.Oracle() as process:
        yield process


def test_mutants_are_refused_or_equal_the_oracle(tflm: oracle.Oracle) -> None:
    generator = random.Random(2)
    described = [case.graph for case in all_cases()]
    counts = dict.fromkeys(("refused", "refused by the oracle", "large", "equal"), 0)
    for _ in range(MUTANTS):
        model = describe(generator.choice(described))
        changes = [change(model, generator) for _ in range(generator.choice((1, 1, 2, 3)))]
        counts[outcome(assemble(model), tflm, changes)] += 1
    print(counts)
    assert min(counts["refused"], counts["equal"]) > MUTANTS // 10


def outcome(content: bytes, tflm: oracle.Oracle, changes: list[str]) -> str:
    try:
        source = read(content, "mutant")
        source.graph.verify()
    except CompileError:
        return "refused"
    computed = [op.output for op in source.graph.ops]
    if sum(tensor.elements for tensor in computed) > MOST_ELEMENTS:
        return "large"
    return compare(source, tflm, changes)


def compare(source: Source, tflm: oracle.Oracle, changes: list[str]) -> str:
    computed = [op.output for op in source.graph.ops]
    inputs = generate(source.graph, 5)
    try:
        indices = [source.indices[tensor.name] for tensor in computed]
        (theirs,) = tflm.run(source.content, [inputs], indices)
    except ToolError:
        return "refused by the oracle"
    ours = run(source.graph, inputs)
    for tensor, index in zip(computed, indices, strict=True):
        assert np.array_equal(ours[tensor], theirs[index]), f"{tensor} after {changes}"
    return "equal"


def change(model: Table, generator: random.Random) -> str:
    """Changes one number of a model, somewhere, and says which."""
    table, field = generator.choice(list(fields(model)))
    value = table[field]
    if isinstance(value, np.ndarray) and value.size:
        table[field] = value = value.copy()
        new = generator.choice(REALS if value.dtype.kind == "f" else INTEGERS)
        value.flat[generator.randrange(value.size)] = new % 256 if value.dtype == np.uint8 else new
    elif isinstance(value, float):
        table[field] = generator.choice(REALS)
    elif isinstance(value, int):
        table[field] = generator.choice(INTEGERS) % 128
    return f"{table.kind}.{field} = {table[field]}"


def fields(table: Table) -> Iterator[tuple[Table, str]]:
    """Every field of a model that holds a number or numbers."""
    for name, value in table.items():
        inner: Any = [value] if isinstance(value, Table) else value
        if isinstance(inner, list):
            for one in inner:
                yield from fields(one)
        elif isinstance(value, int | float | np.ndarray):
            yield table, name
