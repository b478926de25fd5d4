"""Writes graphs as TFLite files, so that the source framework can run them.

A file is first a `Table`: a dictionary with the schema's name of the table. Tests change its fields
to make files that no exporter writes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np
import tflite

from ferrule.ir import Array, Graph, Op, Tensor
from ferrule.names import snake_case
from ferrule.window import NO_PADDING, Padding, same_padding

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9}
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


class Table(dict[str, Any]):
    """Fields by the names that the generated accessors give them: `Shape`, `FilterWidth`.

    A field is a number, a string, an array, bytes, a table, or a list of tables.
    """

    def __init__(self, kind: str, **fields: Any) -> None:
        super().__init__(fields)
        self.kind = kind


def write(graph: Graph) -> bytes:
    """The bytes of a TFLite file that computes a graph."""
    return assemble(describe(graph))


def assemble(model: Table) -> bytes:
    """The bytes of a model table."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, model), b"TFL3")
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, table: Table) -> int:
    values = {name: _value(builder, value) for name, value in table.items() if value is not None}
    getattr(tflite, f"{table.kind}Start")(builder)
    for name, value in values.items():
        getattr(tflite, f"{table.kind}Add{name}")(builder, value)
    return int(getattr(tflite, f"{table.kind}End")(builder))


def _value(builder: flatbuffers.Builder, value: Any) -> Any:
    match value:
        case Table():
            return _table(builder, value)
        case str() | bytes():
            return builder.CreateSharedString(value)
        case np.ndarray() if value.dtype == np.uint8:
            return _bytes(builder, value)
        case np.ndarray():
            return builder.CreateNumpyVector(value)
        case list():
            offsets = [_table(builder, table) for table in value]
            builder.StartVector(4, len(offsets), 4)
            for offset in reversed(offsets):
                builder.PrependUOffsetTRelative(offset)
            return builder.EndVector()
    return value


def _bytes(builder: flatbuffers.Builder, value: Array) -> Any:
    """The schema wants the content of buffers aligned to 16 B."""
    builder.StartVector(1, value.size, 16)
    builder.head -= value.size
    builder.Bytes[builder.head : builder.head + value.size] = value.tobytes()
    return builder.EndVector()


def describe(graph: Graph) -> Table:
    """A graph as the table of a model."""
    return _Description(graph).model


class _Description:
    def __init__(self, graph: Graph) -> None:
        self.indices: dict[str, int] = {}
        self.tensors: list[Table] = []
        self.buffers = [Table("Buffer")]
        self.codes: list[Table] = []
        inputs = self._vector(graph.inputs)
        operators = [self._operator(op) for op in graph.ops]
        subgraph = Table(
            "SubGraph",
            Tensors=self.tensors,
            Inputs=inputs,
            Outputs=self._vector(graph.outputs),
            Operators=operators,
            Name=graph.name,
        )
        self.model = Table(
            "Model",
            Version=3,
            OperatorCodes=self.codes,
            Subgraphs=[subgraph],
            Description="test",
            Buffers=self.buffers,
        )

    def _vector(self, tensors: Sequence[Tensor]) -> Array:
        return np.array([self._tensor(tensor) for tensor in tensors], np.int32)

    def _tensor(self, tensor: Tensor, quantization: Table | None = None) -> int:
        if tensor.name in self.indices:
            return self.indices[tensor.name]
        buffer = 0
        if tensor.data is not None:
            buffer = len(self.buffers)
            data = np.frombuffer(np.ascontiguousarray(tensor.data).tobytes(), np.uint8)
            self.buffers.append(Table("Buffer", Data=data))
        if tensor.quant is not None:
            quantization = _quantization(
                tensor.quant.scales, tensor.quant.zero_points, tensor.quant.axis
            )
        self.indices[tensor.name] = len(self.tensors)
        self.tensors.append(
            Table(
                "Tensor",
                Shape=np.array(tensor.shape, np.int32),
                Type=TYPES[tensor.dtype],
                Buffer=buffer,
                Name=tensor.name,
                Quantization=quantization,
            )
        )
        return self.indices[tensor.name]

    def _operator(self, op: Op) -> Table:
        kind, options, extra = _OPERATORS.get(type(op).__name__, _without_options)(op)
        code = int(getattr(tflite.BuiltinOperator, kind))
        self.codes.append(
            Table("OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code, Version=1)
        )
        for tensor in op.inputs:
            self._tensor(tensor, _bias_quantization(op) if tensor.dtype == "int32" else None)
        return Table(
            "Operator",
            OpcodeIndex=len(self.codes) - 1,
            Inputs=self._vector((*op.inputs, *extra)),
            Outputs=self._vector(op.outputs),
            BuiltinOptionsType=getattr(
                tflite.BuiltinOptions, "NONE" if options is None else options.kind
            ),
            BuiltinOptions=options,
        )


def _quantization(
    scales: Sequence[float], zero_points: Sequence[int], axis: int | None = None
) -> Table:
    return Table(
        "QuantizationParameters",
        Scale=np.array(scales, np.float32),
        ZeroPoint=np.array(zero_points, np.int64),
        QuantizedDimension=axis or 0,
    )


def _bias_quantization(op: Op) -> Table:
    """The framework requires that the scale of a bias is that of the accumulator."""
    source, weights, _ = op.inputs
    assert weights.quant is not None
    scales = [source.scale * scale for scale in weights.quant.scales]
    return _quantization(scales, [0] * len(scales), 0)


def _window(op: Any, size: tuple[int, int], dilation: tuple[int, int]) -> dict[str, int]:
    """The options that convolutions and pools share."""
    _, height, width, _ = op.inputs[0].shape
    (stride_height, stride_width) = op.stride
    return {
        "Padding": _padding(op.padding, same_padding((height, width), size, op.stride, dilation)),
        "StrideH": stride_height,
        "StrideW": stride_width,
        "FusedActivationFunction": ACTIVATIONS[op.activation],
    }


def _padding(padding: Padding, same: Padding) -> int:
    """`SAME` or `VALID`; the file format cannot express any other."""
    assert padding in (same, NO_PADDING), padding
    return int(tflite.Padding.VALID if padding == NO_PADDING else tflite.Padding.SAME)


def _convolution(op: Any) -> dict[str, int]:
    height, width = op.dilation
    _, *size, _ = op.inputs[1].shape
    return {
        **_window(op, (size[0], size[1]), op.dilation),
        "DilationHFactor": height,
        "DilationWFactor": width,
    }


def _pool(op: Any) -> Table:
    height, width = op.filter
    return Table(
        "Pool2DOptions", **_window(op, op.filter, (1, 1)), FilterHeight=height, FilterWidth=width
    )


def _pad(op: Any) -> tuple[str, Table, tuple[Tensor, ...]]:
    amounts = np.array([op.before, op.after], np.int32).T
    extra = (Tensor(f"{op.name}/paddings", amounts.shape, "int32", data=amounts),)
    if op.value == op.output.zero_point:
        return "PAD", Table("PadOptions"), extra
    value = np.array([op.value], np.int8)
    quant = op.output.quant
    extra += (Tensor(f"{op.name}/value", (1,), "int8", quant, value),)
    return "PADV2", Table("PadV2Options"), extra


def _without_options(op: Op) -> tuple[str, None, tuple[Tensor, ...]]:
    """An operator whose class has TFLite's name for it, and that has no attributes."""
    return snake_case(type(op).__name__).upper(), None, ()


#: From the name of an operator's class: TFLite's name, its options, and inputs that are attributes.
_OPERATORS: dict[str, Callable[[Any], tuple[str, Table | None, tuple[Tensor, ...]]]] = {
    "Add": lambda op: (
        "ADD",
        Table("AddOptions", FusedActivationFunction=ACTIVATIONS[op.activation]),
        (),
    ),
    "AveragePool2d": lambda op: ("AVERAGE_POOL_2D", _pool(op), ()),
    "Concatenation": lambda op: (
        "CONCATENATION",
        Table("ConcatenationOptions", Axis=op.axis, FusedActivationFunction=0),
        (),
    ),
    "Conv2d": lambda op: ("CONV_2D", Table("Conv2DOptions", **_convolution(op)), ()),
    "DepthwiseConv2d": lambda op: (
        "DEPTHWISE_CONV_2D",
        Table("DepthwiseConv2DOptions", **_convolution(op), DepthMultiplier=op.multiplier),
        (),
    ),
    "FullyConnected": lambda op: (
        "FULLY_CONNECTED",
        Table("FullyConnectedOptions", FusedActivationFunction=ACTIVATIONS[op.activation]),
        (),
    ),
    "MaxPool2d": lambda op: ("MAX_POOL_2D", _pool(op), ()),
    "Pad": _pad,
    "Reshape": lambda op: (
        "RESHAPE",
        Table("ReshapeOptions", NewShape=np.array(op.output.shape, np.int32)),
        (),
    ),
    "Softmax": lambda op: ("SOFTMAX", Table("SoftmaxOptions", Beta=op.beta), ()),
}
