"""Cases of Reshape: a view between operators that compute, and a model that computes nothing."""

from collections.abc import Sequence

from cases import Case, activations, case

from ferrule.ir import Graph
from ferrule.ops.reshape import Reshape
from ferrule.ops.softmax import Softmax


def reshape(name: str, shape: Sequence[int], results: Sequence[int]) -> Case:
    source = activations("input", shape)
    output = activations("output", results)
    return case(Reshape(f"reshape_{name}", (source,), (output,)))


def between(name: str, shape: Sequence[int], middle: Sequence[int]) -> Case:
    """Softmax of a reshaped input, and the result reshaped back."""
    source = activations("input", shape)
    rows = activations("rows", middle)
    probabilities = activations("probabilities", middle, 1 / 256, -128)
    output = activations("output", shape, 1 / 256, -128)
    ops = (
        Reshape(f"reshape_{name}_there", (source,), (rows,)),
        Softmax(f"reshape_{name}_softmax", (rows,), (probabilities,), beta=1.0),
        Reshape(f"reshape_{name}_back", (probabilities,), (output,)),
    )
    return Case(f"reshape_{name}", Graph(f"reshape_{name}", ops, (source,), (output,)))


CASES = [
    reshape("flat", (1, 3, 2, 4), (1, 24)),
    reshape("image", (1, 24), (1, 3, 2, 4)),
    between("between", (1, 4, 3, 2), (6, 4)),
    between("between_flat", (2, 6), (12,)),
]
