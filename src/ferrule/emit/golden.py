"""Golden vectors: inputs, and the outputs that the interpreter computes from them."""

from ferrule import inputs, interpreter
from ferrule.ir import Graph

_SEEDS = (1, 2)


def vectors(graph: Graph) -> dict[str, str | bytes]:
    """The files that a generated crate's test replays: tensors one after the other."""
    stored, expected = b"", b""
    for seed in _SEEDS:
        arrays = inputs.generate(graph, seed)
        values = interpreter.run(graph, arrays)
        stored += b"".join(array.tobytes() for array in arrays)
        expected += b"".join(values[tensor].tobytes() for tensor in graph.outputs)
    return {"tests/golden/inputs.bin": stored, "tests/golden/outputs.bin": expected}
