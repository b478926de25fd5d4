"""Real models are read, and the interpreter equals the oracle at every tensor."""

from collections.abc import Iterator

import numpy as np
import pytest
from models import OUTPUTS, model_file

from ferrule import oracle
from ferrule.importers.tflite import Source, read
from ferrule.inputs import generate
from ferrule.interpreter import run
from ferrule.ir import Tensor

SEEDS = (12345, 12346, 12347, 12348)


@pytest.fixture(scope="module")
def tflm() -> Iterator[oracle.Oracle]:
    if oracle.version() is None:
        pytest.skip("oracle: none, because tflite_micro is not installed")
    with oracle.Oracle() as process:
        yield process


def computed(source: Source) -> list[Tensor]:
    return [*source.graph.inputs, *(op.output for op in source.graph.ops)]


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_real_model_equals_the_oracle_at_every_tensor(name: str, tflm: oracle.Oracle) -> None:
    source = read(model_file(name).read_bytes(), name)
    source.graph.verify()
    inputs = [generate(source.graph, seed) for seed in SEEDS]
    indices = [source.indices[tensor.name] for tensor in computed(source)]
    expected = tflm.run(source.content, inputs, indices)
    for seed, arrays, values, output in zip(SEEDS, inputs, expected, OUTPUTS[name], strict=True):
        ours = run(source.graph, arrays)
        for tensor in computed(source):
            theirs = values[source.indices[tensor.name]]
            differ = int(np.count_nonzero(ours[tensor] != theirs))
            assert theirs.shape == tensor.shape
            assert differ == 0, f"{differ} of {tensor.elements} of {tensor}, seed {seed}"
        assert ours[source.graph.outputs[0]].tobytes().hex() == output
