"""Runs a graph by calling each operator's reference: the meaning of a model."""

from collections.abc import Sequence

from ferrule.ir import Array, Graph, Tensor


def run(graph: Graph, inputs: Sequence[Array]) -> dict[Tensor, Array]:
    """Computes every tensor of the graph from its inputs, which have their tensors' shapes."""
    values = dict(zip(graph.inputs, inputs, strict=True))
    for op in graph.ops:
        operands = [values[t] if t.data is None else t.data for t in op.inputs]
        result = op.reference(*operands)
        assert result.shape == op.output.shape, op.name
        assert result.dtype == op.output.dtype, op.name
        values[op.output] = result
    return values
