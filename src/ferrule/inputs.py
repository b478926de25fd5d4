"""The input sequence that checks and benchmarks use."""

from collections.abc import Iterator

import numpy as np

from ferrule.ir import Array, Graph

# A linear congruential generator, "Numerical Recipes" (1992), section 7.1.
_FACTOR, _INCREMENT = 1_664_525, 1_013_904_223


def generate(graph: Graph, seed: int) -> list[Array]:
    """One array for each input of a graph: one generator for the seed, running on over inputs.

    A byte is the top eight bits of the state after a step, read as int8.
    """
    numbers = _bytes(seed)
    return [
        np.fromiter(numbers, np.uint8, count=tensor.bytes).view(tensor.dtype).reshape(tensor.shape)
        for tensor in graph.inputs
    ]


def _bytes(state: int) -> Iterator[int]:
    while True:
        state = (state * _FACTOR + _INCREMENT) & 0xFFFF_FFFF
        yield state >> 24
