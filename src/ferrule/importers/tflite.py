"""Reads TFLite files: one function for each operator, named after TFLite's name for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import tflite

from ferrule.errors import CompileError
from ferrule.importers.model_names import Names
from ferrule.importers.tflite_file import check_kind, open_file
from ferrule.importers.tflite_model import QUANTIZE_HINT, Model
from ferrule.importers.tflite_operands import Operands
from ferrule.ir import Graph, Op, Tensor
from ferrule.names import printable
from ferrule.ops.add import Add
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.concatenation import Concatenation
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.ops.fully_connected import FullyConnected
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.ops.pad import Pad
from ferrule.ops.relu import Relu
from ferrule.ops.reshape import Reshape
from ferrule.ops.softmax import Softmax
from ferrule.window import Pair

_Pool = TypeVar("_Pool", AveragePool2d, MaxPool2d)

#: Imports an operator, or gives nothing where its output became a constant.
Read = Callable[[Operands], Op | None]
#: The functions that import operators, by TFLite's names. `operator` fills it.
OPERATORS: dict[str, Read] = {}

_HINTS = {
    "QUANTIZE": "export the model with int8 inputs and outputs",
    "DEQUANTIZE": "export the model with int8 inputs and outputs",
}


@dataclass(frozen=True)
class Source:
    """What a file gave: the graph, and the file's index of each of its tensors, by name."""

    content: bytes
    graph: Graph
    indices: dict[str, int]


def load(path: Path) -> Graph:
    """Reads a model file. Raises `CompileError`."""
    return load_source(path).graph


def load_source(path: Path) -> Source:
    """Reads a model file, and keeps what an oracle needs. Raises `CompileError`."""
    return read(open_file(path), path.stem, str(path))


def read(content: bytes, name: str, where: str = "") -> Source:
    """Reads a model from the bytes of a file; `where` names the file. Raises `CompileError`."""
    check_kind(content, where)
    model = Model(content, where)
    _refuse_unknown(model)
    names = Names()
    inputs = tuple(_input(model, index) for index in model.inputs)
    ops = []
    for node in model.nodes:
        op = OPERATORS[node.kind](Operands(model, node, names))
        if op is not None:
            ops.append(op)
    outputs = tuple(model.tensor(index, "outputs of the model") for index in model.outputs)
    if not (inputs and ops and outputs):
        raise CompileError("the model has no inputs, no operators or no outputs", where)
    return Source(content, Graph(printable(name), tuple(ops), inputs, outputs), model.indices())


def _input(model: Model, index: int) -> Tensor:
    tensor = model.tensor(index, "inputs of the model")
    if tensor.dtype != "int8" or tensor.quant is None:
        raise CompileError(
            f"the input `{tensor.name}` has type {tensor.dtype}; quantized int8 is needed",
            hint=QUANTIZE_HINT,
        )
    return tensor


def _refuse_unknown(model: Model) -> None:
    for node in model.nodes:
        if node.kind not in OPERATORS:
            raise CompileError(
                f"operator {node.kind} is not supported",
                f"operator {node.index}",
                _HINTS.get(node.kind, f"supported are {', '.join(sorted(OPERATORS))}"),
            )


def operator(read: Read) -> Read:
    """Registers the function that imports the operator of the same name.

    Its return type names the class, for the table of operators.
    """
    OPERATORS[read.__name__.upper()] = read
    return read


@operator
def fully_connected(operands: Operands) -> FullyConnected:
    """Weights are `[units, depth]`; the bias is optional."""
    options = operands.options(tflite.FullyConnectedOptions)
    if options.integer("WeightsFormat") != tflite.FullyConnectedOptionsWeightsFormat.DEFAULT:
        raise operands.reject("its weights are stored in a shuffled format")
    weights = operands.input(1, "weights", axes=2)
    return FullyConnected(
        operands.name,
        (operands.input(0), weights, operands.bias(weights.shape[0])),
        operands.outputs,
        activation=operands.activation(options),
    )


@operator
def conv_2d(operands: Operands) -> Conv2d:
    """Weights are `[C', height, width, C]`; the bias is optional."""
    options = operands.options(tflite.Conv2DOptions)
    source = operands.input(0, axes=4)
    weights = operands.input(1, "weights", axes=4)
    stride = operands.pair(options, "Stride{}")
    dilation = operands.pair(options, "Dilation{}Factor")
    return Conv2d(
        operands.name,
        (source, weights, operands.bias(weights.shape[0])),
        operands.outputs,
        stride=stride,
        dilation=dilation,
        padding=operands.padding(options, source, _size(weights), stride, dilation),
        activation=operands.activation(options),
    )


@operator
def depthwise_conv_2d(operands: Operands) -> DepthwiseConv2d:
    """Weights are `[1, height, width, C']`; the bias is optional."""
    options = operands.options(tflite.DepthwiseConv2DOptions)
    source = operands.input(0, axes=4)
    weights = operands.input(1, "weights", axes=4)
    stride = operands.pair(options, "Stride{}")
    dilation = operands.pair(options, "Dilation{}Factor")
    return DepthwiseConv2d(
        operands.name,
        (source, weights, operands.bias(weights.shape[3])),
        operands.outputs,
        multiplier=options.integer("DepthMultiplier"),
        stride=stride,
        dilation=dilation,
        padding=operands.padding(options, source, _size(weights), stride, dilation),
        activation=operands.activation(options),
    )


@operator
def average_pool_2d(operands: Operands) -> AveragePool2d:
    """Means under a filter."""
    return _pool(AveragePool2d, operands)


@operator
def max_pool_2d(operands: Operands) -> MaxPool2d:
    """Maxima under a filter."""
    return _pool(MaxPool2d, operands)


@operator
def add(operands: Operands) -> Add:
    """Both inputs may have scales of their own."""
    activation = operands.activation(operands.options(tflite.AddOptions))
    inputs = operands.input(0), operands.input(1)
    return Add(operands.name, inputs, operands.outputs, activation=activation)


@operator
def concatenation(operands: Operands) -> Concatenation:
    """An axis below 0 counts from the last; no activation function can be fused."""
    options = operands.options(tflite.ConcatenationOptions)
    activation = operands.activation(options)
    if activation != "none":
        raise operands.reject(
            f"its activation function `{activation}` cannot be fused",
            "export the activation function as an operator of its own",
        )
    axis = options.integer("Axis")
    return Concatenation(operands.name, operands.inputs(), operands.outputs, axis=axis)


@operator
def pad(operands: Operands) -> Pad:
    """Adds the output's zero point, which stands for 0."""
    (output,) = operands.outputs
    return _pad(operands, output.quant.zero_points[0] if output.quant else 0)


@operator
def padv2(operands: Operands) -> Pad:
    """Adds the third input, which is quantized as the output is."""
    value, (output,) = operands.input(2, "value"), operands.outputs
    if value.dtype != "int8" or value.elements != 1 or value.quant != output.quant:
        raise operands.reject(f"its value `{value.name}` is not quantized as its output is")
    return _pad(operands, int(operands.constant(2, "value").item()))


@operator
def relu(operands: Operands) -> Relu:
    """Has no options."""
    return Relu(operands.name, (operands.input(0),), operands.outputs)


@operator
def reshape(operands: Operands) -> Reshape | None:
    """The new shape is the output's; the input that repeats it is not read."""
    source = operands.input(0)
    if source.data is not None and operands.fold(source.data):
        return None
    return Reshape(operands.name, (source,), operands.outputs)


@operator
def softmax(operands: Operands) -> Softmax:
    """Over the last axis."""
    beta = operands.options(tflite.SoftmaxOptions).real("Beta")
    return Softmax(operands.name, (operands.input(0),), operands.outputs, beta=beta)


def _pad(operands: Operands, value: int) -> Pad:
    source, amounts = operands.input(0), operands.constant(1, "paddings")
    if amounts.shape != (len(source.shape), 2) or amounts.dtype.kind != "i":
        raise operands.reject(
            f"its paddings have shape {list(amounts.shape)}; needs {[len(source.shape), 2]}"
        )
    before, after = (tuple(int(amount) for amount in amounts[:, side]) for side in (0, 1))
    return Pad(operands.name, (source,), operands.outputs, before=before, after=after, value=value)


def _pool(kind: type[_Pool], operands: Operands) -> _Pool:
    options = operands.options(tflite.Pool2DOptions)
    source = operands.input(0, axes=4)
    size = options.integer("FilterHeight"), options.integer("FilterWidth")
    stride = operands.pair(options, "Stride{}")
    return kind(
        operands.name,
        (source,),
        operands.outputs,
        filter=size,
        stride=stride,
        padding=operands.padding(options, source, size, stride),
        activation=operands.activation(options),
    )


def _size(weights: Tensor) -> Pair:
    """The filter's height and width."""
    _, height, width, _ = weights.shape
    return height, width
