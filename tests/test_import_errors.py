"""Files that must be refused, each with its exact sentence."""

from collections.abc import Callable

import numpy as np
import pytest
from cases import all_cases
from tflite_writer import Table, assemble, describe

from ferrule.errors import CompileError
from ferrule.importers.tflite import read
from ferrule.ir import Graph, Quant, Tensor
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.fully_connected import FullyConnected
from ferrule.window import NO_PADDING

DAMAGED = "\n\nhint: export the model again, or copy the file again"
QUANTIZE = "\n\nhint: quantize the model to int8 with int8 inputs and outputs, then export it again"
STATIC = "\n\nhint: export the model with static shapes"
SUPPORTED = (
    "\n\nhint: supported are ADD, AVERAGE_POOL_2D, CONCATENATION, CONV_2D, DEPTHWISE_CONV_2D, "
    "FULLY_CONNECTED, MAX_POOL_2D, PAD, PADV2, RELU, RESHAPE, SOFTMAX"
)

Change = Callable[[Table, Table], None]


def tiny() -> Table:
    """An image of 2 x 2 under a convolution and a fully connected operator, as a model table.

    Tensors: 0 `image`, 1 `filters`, 2 `offsets`, 3 `net/conv`, 4 `matrix`, 5 `bias`, 6 `logits`.
    """
    quant = Quant((0.5,), (0,))
    image = Tensor("image", (1, 2, 2, 1), "int8", quant)
    filters = Tensor("filters", (1, 1, 1, 1), "int8", quant, np.ones((1, 1, 1, 1), np.int8))
    offsets = Tensor("offsets", (1,), "int32", data=np.zeros(1, np.int32))
    convolved = Tensor("net/conv", (1, 2, 2, 1), "int8", quant)
    matrix = Tensor("matrix", (3, 4), "int8", quant, np.ones((3, 4), np.int8))
    bias = Tensor("bias", (3,), "int32", data=np.zeros(3, np.int32))
    logits = Tensor("logits", (1, 3), "int8", quant)
    ops = (
        Conv2d("conv", (image, filters, offsets), (convolved,), (1, 1), (1, 1), NO_PADDING, "none"),
        FullyConnected("logits", (convolved, matrix, bias), (logits,), "none"),
    )
    return describe(Graph("tiny", ops, (image,), (logits,)))


def refusal(content: bytes) -> str:
    """The sentence with which a model is refused."""
    with pytest.raises(CompileError) as caught:
        read(content, "tiny", "tiny.tflite").graph.verify()
    return str(caught.value)


def test_the_model_that_the_others_are_made_from_is_accepted() -> None:
    read(assemble(tiny()), "tiny").graph.verify()


def tensor(index: int, **fields: object) -> Change:
    return lambda model, graph: graph["Tensors"][index].update(fields)


def operator(index: int, **fields: object) -> Change:
    return lambda model, graph: graph["Operators"][index].update(fields)


def options(index: int, **fields: object) -> Change:
    return lambda model, graph: graph["Operators"][index]["BuiltinOptions"].update(fields)


def code(index: int, number: int, **fields: object) -> Change:
    fields = {"DeprecatedBuiltinCode": min(number, 127), "BuiltinCode": number, **fields}
    return lambda model, graph: model["OperatorCodes"][index].update(fields)


def integers(*values: int) -> object:
    return np.array(values, np.int32)


# fmt: off
REFUSED: dict[str, tuple[Change, str]] = {
    "version": (
        lambda model, graph: model.update(Version=2),
        "the file has TFLite version 2; version 3 is needed\n  tiny.tflite",
    ),
    "no subgraph": (
        lambda model, graph: model.update(Subgraphs=[]),
        "the file has no graph\n  tiny.tflite",
    ),
    "no operators": (
        lambda model, graph: graph.update(Operators=[]),
        "the model has no inputs, no operators or no outputs\n  tiny.tflite",
    ),
    "no inputs": (
        lambda model, graph: graph.update(Inputs=None),
        "the model has no inputs, no operators or no outputs\n  tiny.tflite",
    ),
    "input out of range": (
        lambda model, graph: graph.update(Inputs=integers(7)),
        "the file is damaged: it names tensor 7 of 7\n  inputs of the model" + DAMAGED,
    ),
    "output that nothing computes": (
        lambda model, graph: graph["Operators"].pop(),
        "nothing computes the output `logits`",
    ),
    "unknown operator": (
        code(1, 28),
        "operator TANH is not supported\n  operator 1" + SUPPORTED,
    ),
    "newer operator": (
        code(1, 150),
        "operator GELU is not supported\n  operator 1" + SUPPORTED,
    ),
    "operator newer than the reader": (
        code(1, 4000),
        "operator number 4000 is not supported\n  operator 1" + SUPPORTED,
    ),
    "custom operator": (
        code(1, 32, CustomCode="Detect\n\u202e`evil`"),
        "operator CUSTOM (Detect\\u{a}\\u{202e}'evil') is not supported\n  operator 1" + SUPPORTED,
    ),
    "float inputs and outputs": (
        code(0, 114),
        "operator QUANTIZE is not supported\n  operator 0"
        "\n\nhint: export the model with int8 inputs and outputs",
    ),
    "operator code out of range": (
        operator(1, OpcodeIndex=9),
        "the file is damaged: it names operator code 9 of 2\n  operator 1" + DAMAGED,
    ),
    "reads what comes later": (
        operator(0, Inputs=integers(6, 1, 2)),
        "`logits` (input) has shape [1, 3]; needs 4 axes\n  operator 0, `conv` (CONV_2D)",
    ),
    "reads its own output": (
        operator(0, Inputs=integers(3, 1, 2)),
        "reads `net/conv` before anything has written it\n  operator `conv` (Conv2d)",
    ),
    "cycle": (
        lambda model, graph: graph["Operators"].reverse(),
        "reads `net/conv` before anything has written it\n  operator `logits` (FullyConnected)",
    ),
    "writes its input": (
        operator(1, Outputs=integers(3)),
        "`net/conv` is written twice, the second time as an output of `conv_2`",
    ),
    "writes a constant": (
        operator(1, Outputs=integers(4)),
        "`matrix` is a constant and also an output of `matrix`",
    ),
    "no weights": (
        operator(1, Inputs=integers(3)),
        "it has no weights (input 1)\n  operator 1, `logits` (FULLY_CONNECTED)",
    ),
    "weights of another shape": (
        operator(1, Inputs=integers(3, 0, 5)),
        "`image` (weights) has shape [1, 2, 2, 1]; needs 2 axes\n"
        "  operator 1, `logits` (FULLY_CONNECTED)",
    ),
    "tensor out of range": (
        operator(1, Inputs=integers(3, -2, 5)),
        "the file is damaged: it names tensor -2 of 7\n"
        "  operator 1, `logits` (FULLY_CONNECTED)" + DAMAGED,
    ),
    "two outputs": (
        operator(1, Outputs=integers(6, 3)),
        "it has 2 outputs instead of 1\n  operator 1 (FULLY_CONNECTED)",
    ),
    "options of another operator": (
        operator(1, BuiltinOptionsType=1),
        "the file is damaged: it has Conv2DOptions, not FullyConnectedOptions\n  operator 1"
        + DAMAGED,
    ),
    "no options": (
        operator(0, BuiltinOptionsType=0, BuiltinOptions=None),
        "its stride is 0 by 0\n  operator 0, `conv` (CONV_2D)",
    ),
    "unknown padding": (
        options(0, Padding=7),
        "its padding (number 7) is not known\n  operator 0, `conv` (CONV_2D)",
    ),
    "unsupported activation function": (
        options(0, FusedActivationFunction=4),
        "its fused activation function (number 4) is not supported\n"
        "  operator 0, `conv` (CONV_2D)\n\nhint: supported are none, relu, relu_n1_to_1, relu6",
    ),
    "shuffled weights": (
        options(1, WeightsFormat=1),
        "its weights are stored in a shuffled format\n  operator 1, `logits` (FULLY_CONNECTED)",
    ),
    "float model": (
        tensor(0, Type=0),
        "the input `image` has type float32; quantized int8 is needed" + QUANTIZE,
    ),
    "type without a NumPy name": (
        tensor(3, Type=17),
        "`net/conv` has type int4, which is not supported" + QUANTIZE,
    ),
    "type newer than the reader": (
        tensor(3, Type=99),
        "`net/conv` has type number 99, which is not supported" + QUANTIZE,
    ),
    "dynamic axis": (
        tensor(3, ShapeSignature=integers(-1, -1, -1, 1)),
        "`net/conv` has the dynamic shape [-1, -1, -1, 1]" + STATIC,
    ),
    "axis of nothing": (
        tensor(3, Shape=integers(1, 0, 2, 1)),
        "`net/conv` has the dynamic shape [1, 0, 2, 1]" + STATIC,
    ),
    "negative axis": (
        tensor(3, Shape=integers(-1, 2, 2, 1)),
        "`net/conv` has the dynamic shape [-1, 2, 2, 1]" + STATIC,
    ),
    "too many elements": (
        tensor(3, Shape=integers(1, 2**30, 2**30, 2**30)),
        "`net/conv` has 1237940039285380274899124224 B; at most 2147483647 B are possible",
    ),
    "too many axes": (
        tensor(3, Shape=integers(*[1] * 100)),
        "`net/conv` has 100 axes; at most 8 are possible",
    ),
    "sparse weights": (
        tensor(4, Sparsity=Table("SparsityParameters")),
        "`matrix` is stored as a sparse tensor, which is not supported"
        "\n\nhint: export the model without sparsity",
    ),
    "too little data": (
        tensor(4, Shape=integers(4, 4)),
        "the file is damaged: `matrix` is int8[4, 4] and needs 16 B, but its buffer holds 12 B\n"
        "  tensor `matrix`" + DAMAGED,
    ),
    "too much data": (
        tensor(4, Shape=integers(2, 4)),
        "the file is damaged: `matrix` is int8[2, 4] and needs 8 B, but its buffer holds 12 B\n"
        "  tensor `matrix`" + DAMAGED,
    ),
    "buffer out of range": (
        tensor(4, Buffer=77),
        "the file is damaged: it names buffer 77 of 5\n  tensor `matrix`" + DAMAGED,
    ),
    "constants behind the model": (
        lambda model, graph: model["Buffers"][3].update(Data=None, Offset=4096, Size=12),
        "the constants are stored behind the model, as files above 2 GB have them\n"
        "  tensor `matrix`\n\nhint: export the model with its constants in buffers",
    ),
}
# fmt: on


def test_a_fused_activation_function_behind_a_concatenation_is_refused() -> None:
    (case,) = (case for case in all_cases() if case.name == "concatenation_channels")
    model = describe(case.graph)
    options(0, FusedActivationFunction=1)(model, model["Subgraphs"][0])
    assert refusal(assemble(model)) == (
        "its activation function `relu` cannot be fused\n  operator 0, `output` (CONCATENATION)"
        "\n\nhint: export the activation function as an operator of its own"
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_is_refused_with_a_sentence(name: str) -> None:
    change, sentence = REFUSED[name]
    model = tiny()
    change(model, model["Subgraphs"][0])
    assert refusal(assemble(model)) == sentence
