"""What becomes of operators that have no kernel of their own."""

from cases import all_cases

from ferrule.ir import Graph
from ferrule.passes.simplify import simplify

GRAPHS = {case.name: case.graph for case in all_cases()}


def simplified(name: str) -> list[str]:
    """What each operator reads and writes."""
    graph: Graph = simplify(GRAPHS[f"concatenation_{name}"])
    graph.verify()
    return [
        f"{type(op).__name__}: {' '.join(t.name for t in op.inputs)} -> {op.output}"
        for op in graph.ops
    ]


def test_of_many_tensors_the_smallest_neighbours_are_put_together_first() -> None:
    assert simplified("four_by_rows") == [
        "Concatenation: input_1 input_2 -> output_pair_0: int8[1, 3, 3, 2]",
        "Concatenation: input_0 output_pair_0 -> output_pair_1: int8[1, 6, 3, 2]",
        "Concatenation: output_pair_1 input_3 -> output: int8[1, 11, 3, 2]",
    ]


def test_constants_are_put_together_while_compiling() -> None:
    assert simplified("two_constants") == [
        "Concatenation: output_pair_0 input_3 -> output_pair_1: int8[2, 7]",
        "Concatenation: input_0 output_pair_1 -> output: int8[2, 10]",
    ]


def test_of_one_tensor_nothing_is_copied() -> None:
    (op,) = GRAPHS["concatenation_one_input"].ops
    (view,) = op.legal()
    view.verify()
    assert view.is_view
    assert view.output is op.output
