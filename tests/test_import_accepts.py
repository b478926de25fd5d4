"""Files that are unusual, and models that a stricter reader refuses, are read."""

from collections.abc import Callable

import numpy as np
import pytest
from test_import_errors import tiny
from tflite_writer import Table, assemble, describe, write

from ferrule.importers.model_names import Names, printable
from ferrule.importers.tflite import Source, read
from ferrule.inputs import generate
from ferrule.interpreter import run
from ferrule.ir import Graph, Quant, Tensor
from ferrule.ops.add import Add
from ferrule.ops.fully_connected import FullyConnected

QUANT = Quant((0.5,), (0,))


def accepted(model: Table) -> Source:
    source = read(assemble(model), "tiny")
    source.graph.verify()
    return source


def outputs(source: Source) -> list[str]:
    """What the model computes from the first input, as hexadecimal digits."""
    values = run(source.graph, generate(source.graph, 1))
    return [values[tensor].tobytes().hex() for tensor in source.graph.outputs]


def change_tensor(index: int, **fields: object) -> Callable[[Table, Table], None]:
    return lambda model, graph: graph["Tensors"][index].update(fields)


def older_codes(model: Table, graph: Table) -> None:
    for code in model["OperatorCodes"]:
        code["BuiltinCode"] = None


def newer_codes(model: Table, graph: Table) -> None:
    for code in model["OperatorCodes"]:
        code["DeprecatedBuiltinCode"] = 0


def invalid_bias_axis(model: Table, graph: Table) -> None:
    graph["Tensors"][5]["Quantization"]["QuantizedDimension"] = 3


def no_bias(model: Table, graph: Table) -> None:
    graph["Operators"][0]["Inputs"] = np.array([0, 1, -1], np.int32)
    graph["Operators"][1]["Inputs"] = np.array([3, 4], np.int32)


def more_subgraphs(model: Table, graph: Table) -> None:
    model["Subgraphs"].append(Table("SubGraph", Name="unused", Operators=[Table("Operator")]))


def metadata(model: Table, graph: Table) -> None:
    model["Metadata"] = [Table("Metadata", Name="min_runtime_version", Buffer=99)]


def unused_float_tensor(model: Table, graph: Table) -> None:
    graph["Tensors"].append(Table("Tensor", Shape=np.array([0, -1], np.int32), Type=0, Buffer=99))


@pytest.mark.parametrize(
    "change",
    [
        older_codes,
        newer_codes,
        invalid_bias_axis,
        no_bias,
        more_subgraphs,
        metadata,
        unused_float_tensor,
        change_tensor(0, ShapeSignature=np.array([-1, 2, 2, 1], np.int32)),
        change_tensor(0, Name=None),
        change_tensor(3, Name=b"\xff\xfe"),
    ],
)
def test_an_unusual_file_means_the_same(change: Callable[[Table, Table], None]) -> None:
    model = tiny()
    change(model, model["Subgraphs"][0])
    assert outputs(accepted(model)) == outputs(accepted(tiny()))


def test_weights_behind_a_reshape_are_constants() -> None:
    model = tiny()
    graph = model["Subgraphs"][0]
    graph["Tensors"][4]["Shape"] = np.array([12], np.int32)
    graph["Tensors"].append(
        Table("Tensor", Shape=np.array([3, 4], np.int32), Type=9, Name="reshaped",
              Quantization=graph["Tensors"][4]["Quantization"])
    )  # fmt: skip
    model["OperatorCodes"].append(Table("OperatorCode", DeprecatedBuiltinCode=22, BuiltinCode=22))
    fold = Table("Operator", OpcodeIndex=2)
    fold |= {"Inputs": np.array([4], np.int32), "Outputs": np.array([7], np.int32)}
    graph["Operators"].insert(0, fold)
    graph["Operators"][2]["Inputs"] = np.array([3, 7, 5], np.int32)
    source = accepted(model)
    assert [op.name for op in source.graph.ops] == ["conv", "logits"]
    assert outputs(source) == outputs(accepted(tiny()))


def test_branches_several_inputs_and_several_outputs() -> None:
    first, second, total, all_of_it, sums = (
        Tensor(name, (1, 4), "int8", QUANT) for name in ("a", "b", "c", "d", "e")
    )
    weights = Tensor("w", (4, 4), "int8", QUANT, np.eye(4, dtype=np.int8))
    bias = Tensor("bias", (4,), "int32", data=np.zeros(4, np.int32))
    ops = (
        Add("c", (first, second), (total,), "none"),
        FullyConnected("d", (total, weights, bias), (all_of_it,), "none"),
        FullyConnected("e", (total, weights, bias), (sums,), "relu"),
    )
    graph = Graph("branches", ops, (second, first), (sums, total, all_of_it))
    source = read(write(graph), "branches")
    source.graph.verify()
    assert str(source.graph) == str(graph)
    assert [source.indices[name] for name in "bace"] == [0, 1, 2, 6]


def test_names_are_given_once_and_can_be_printed() -> None:
    model = tiny()
    tensors = model["Subgraphs"][0]["Tensors"]
    tensors[0]["Name"] = ""
    tensors[3]["Name"] = "net/Relu;net/BiasAdd\n//\u202e`evil`" + "é" * 100_000
    tensors[4]["Name"] = tensors[6]["Name"] = "x/Relu"
    source = accepted(model)
    assert [op.name for op in source.graph.ops] == ["Relu", "Relu_2"]
    names = list(source.indices)
    assert names[0] == "tensor_0"
    assert names[4:] == ["x/Relu", "bias", "x/Relu_2"]
    assert all(name.isascii() and name.isprintable() and len(name) <= 96 for name in names)


def test_a_name_is_made_of_what_can_be_printed() -> None:
    assert printable("a\u202eb\n`c`\x1b[2J") == "a\\u{202e}b\\u{a}'c'\\u{1b}[2J"
    assert len(printable("\u202e" * 1000)) <= 96


def test_many_equal_names_are_numbered_at_once() -> None:
    names = Names()
    given = [names.give("x", "?") for _ in range(50_000)] + [names.give("x_7", "?")]
    assert len(set(given)) == len(given)
    assert given[-1] == "x_7_2"


def test_a_graph_is_the_same_after_writing_and_reading() -> None:
    graph = accepted(tiny()).graph
    again = read(assemble(describe(graph)), "tiny").graph
    assert str(again) == str(graph)
