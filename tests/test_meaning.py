"""Every case of every operator: writer, importer and interpreter together equal the oracle."""

from collections.abc import Iterator

import numpy as np
import pytest
from cases import Case, all_cases
from tflite_writer import write

from ferrule import oracle
from ferrule.importers.tflite import read
from ferrule.interpreter import run

CASES = all_cases()


@pytest.fixture(scope="module")
def tflm() -> Iterator[oracle.Oracle]:
    if oracle.version() is None:
        pytest.skip("oracle: none, because tflite_micro is not installed")
    with oracle.Oracle() as process:
        yield process


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_equals_the_oracle(case: Case, tflm: oracle.Oracle) -> None:
    case.graph.verify()
    source = read(write(case.graph), case.name)
    source.graph.verify()
    assert [type(op) for op in source.graph.ops] == [type(op) for op in case.graph.ops]
    inputs = case.inputs()
    computed = [op.output for op in source.graph.ops]
    expected = tflm.run(source.content, inputs, [source.indices[t.name] for t in computed])
    for arrays, values in zip(inputs, expected, strict=True):
        written, ours = run(case.graph, arrays), run(source.graph, arrays)
        for before, tensor in zip(case.graph.ops, computed, strict=True):
            theirs = values[source.indices[tensor.name]]
            assert np.array_equal(ours[tensor], theirs), f"{tensor} differs from the oracle"
            assert np.array_equal(written[before.output], theirs), f"{tensor} is read differently"
