"""Rewrites a graph to operators that have kernels; the results stay the same, bit for bit."""

from dataclasses import replace

from ferrule.errors import CompileError
from ferrule.ir import Graph, Op, Tensor

_LARGEST_CONSTANT = 1 << 24


def simplify(graph: Graph) -> Graph:
    """Takes apart what has no kernel, folds operators of constants, drops what no output needs.

    Raises `CompileError` when an output does not depend on any input, or nothing is computed.
    """
    legal = replace(graph, ops=tuple(part for op in graph.ops for part in op.legal()))
    simple = _without_unused(_folded(legal))
    for tensor in simple.outputs:
        if tensor.data is not None:
            raise CompileError(f"the output `{tensor.name}` does not depend on any input")
    if all(op.is_view for op in simple.ops):
        raise CompileError(f"`{graph.name}` computes nothing: its outputs are its inputs")
    return simple


def _folded(graph: Graph) -> Graph:
    """Computes operators whose inputs are all constants now."""
    ops: list[Op] = []
    constants: dict[str, Tensor] = {}
    for op in graph.ops:
        inputs = tuple(constants.get(tensor.name, tensor) for tensor in op.inputs)
        if all(tensor.data is not None for tensor in inputs):
            if op.output.bytes > _LARGEST_CONSTANT:
                raise op.reject(
                    f"computes a constant of {op.output.bytes:,} B from constants",
                    hint=f"at most {_LARGEST_CONSTANT:,} B are computed while compiling",
                )
            data = op.reference(*(t.data for t in inputs if t.data is not None))
            constants[op.output.name] = replace(op.output, data=data)
        else:
            ops.append(replace(op, inputs=inputs))
    outputs = tuple(constants.get(tensor.name, tensor) for tensor in graph.outputs)
    return replace(graph, ops=tuple(ops), outputs=outputs)


def _without_unused(graph: Graph) -> Graph:
    """Keeps the operators that an output depends on, in order."""
    needed = {tensor.name for tensor in graph.outputs}
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if needed & {tensor.name for tensor in op.outputs}:
            kept.append(op)
            needed |= {tensor.name for tensor in op.inputs}
    return replace(graph, ops=tuple(reversed(kept)))
