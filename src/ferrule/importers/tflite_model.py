"""A TFLite file as tensors and nodes: what the file says, before operators are understood."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import tflite
from tflite.utils import BUILTIN_OPCODE2NAME

from ferrule.errors import CompileError
from ferrule.importers import flatbuffer
from ferrule.importers.flatbuffer import DAMAGED_HINT, Table
from ferrule.importers.model_names import Names
from ferrule.ir import Array, Quant, Tensor
from ferrule.names import printable

_TYPES = {
    code: name.lower() for name, code in vars(tflite.TensorType).items() if not name.startswith("_")
}
# Types of which a tensor can be read; what an operator accepts is for the operator to say.
_READABLE = ("int8", "uint8", "int16", "int32", "int64", "float32", "bool")
_LARGEST_BYTES = (1 << 31) - 1
_MOST_AXES = 8
# Position of `OperatorCode.builtin_code`, whose accessor hides it when it is below 127.
_BUILTIN_CODE = 10
_STATIC = "export the model with static shapes"
QUANTIZE_HINT = "quantize the model to int8 with int8 inputs and outputs, then export it again"


@dataclass(frozen=True)
class Node:
    """One operator as the file has it; `kind` is TFLite's name for it: `CONV_2D`."""

    kind: str
    index: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Table


class Model:
    """The first subgraph of a file. Tensors are converted when they are first asked for.

    Other subgraphs run only when an operator such as `WHILE` calls them.
    """

    def __init__(self, content: bytes, where: str) -> None:
        root = flatbuffer.root(tflite.Model, content, where)
        if root.integer("Version") != 3:
            raise CompileError(
                f"the file has TFLite version {root.integer('Version')}; version 3 is needed", where
            )
        subgraphs = root.tables("Subgraphs", "subgraph")
        if not subgraphs:
            raise CompileError("the file has no graph", where)
        self._buffers = root.tables("Buffers", "buffer")
        self._tables = subgraphs[0].tables("Tensors", "tensor")
        self._codes = [_kind(code) for code in root.tables("OperatorCodes", "operator code")]
        self._subgraph = subgraphs[0]
        self._tensors: dict[int, Tensor] = {}
        self.inputs = subgraphs[0].integers("Inputs")
        self.outputs = subgraphs[0].integers("Outputs")
        #: Given to tensors, in the order in which they are converted.
        self.tensor_names = Names()

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The operators, in the order in which they run."""
        return tuple(
            self._node(index, table)
            for index, table in enumerate(self._subgraph.tables("Operators", "operator"))
        )

    def _node(self, index: int, table: Table) -> Node:
        code = table.integer("OpcodeIndex")
        if code >= len(self._codes):
            raise table.damaged(f"it names operator code {code} of {len(self._codes)}")
        return Node(
            self._codes[code], index, table.integers("Inputs"), table.integers("Outputs"), table
        )

    def raw_name(self, index: int) -> str:
        """A tensor's name as it stands in the file: it can be anything, or empty."""
        return self._tables[index].text("Name") if 0 <= index < len(self._tables) else ""

    def indices(self) -> dict[str, int]:
        """The file's index of each tensor that was converted, by its name in the graph."""
        return {tensor.name: index for index, tensor in self._tensors.items()}

    def is_known(self, index: int) -> bool:
        """Whether the tensor has been converted already."""
        return index in self._tensors

    def define(self, index: int, tensor: Tensor) -> None:
        """Puts a constant that was computed during import in a tensor's place."""
        self._tensors[index] = tensor

    def tensor(self, index: int, where: str) -> Tensor:
        """Converts a tensor; the same index gives the same object. `where` names who asks."""
        if index not in self._tensors:
            if not 0 <= index < len(self._tables):
                raise CompileError(
                    f"the file is damaged: it names tensor {index} of {len(self._tables)}",
                    where,
                    DAMAGED_HINT,
                )
            self._tensors[index] = self._convert(index, self._tables[index])
        return self._tensors[index]

    def _convert(self, index: int, table: Table) -> Tensor:
        name = self.tensor_names.give(self.raw_name(index), f"tensor_{index}")
        table.where = f"tensor `{name}`"
        dtype = _TYPES.get(table.integer("Type"), f"number {table.integer('Type')}")
        if dtype not in _READABLE:
            raise CompileError(
                f"`{name}` has type {dtype}, which is not supported", hint=QUANTIZE_HINT
            )
        if table.table("Sparsity"):
            raise CompileError(
                f"`{name}` is stored as a sparse tensor, which is not supported",
                hint="export the model without sparsity",
            )
        tensor = Tensor(name, _shape(name, table), dtype, _quant(dtype, table))
        size = math.prod(tensor.shape) * np.dtype(dtype).itemsize
        if size > _LARGEST_BYTES:
            raise CompileError(f"`{name}` has {size} B; at most {_LARGEST_BYTES} B are possible")
        data = self._data(table)
        if data is None:
            return tensor
        if data.nbytes != size:
            raise table.damaged(
                f"`{name}` is {dtype}{list(tensor.shape)} and needs {size} B, "
                f"but its buffer holds {data.nbytes} B"
            )
        values = np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).reshape(tensor.shape)
        return replace(tensor, data=values)

    def _data(self, table: Table) -> Array | None:
        index = table.integer("Buffer")
        if index >= len(self._buffers):
            raise table.damaged(f"it names buffer {index} of {len(self._buffers)}")
        buffer = self._buffers[index]
        if buffer.integer("Offset") > 1:
            raise CompileError(
                "the constants are stored behind the model, as files above 2 GB have them",
                table.where,
                "export the model with its constants in buffers",
            )
        return buffer.bytes("Data")


def _kind(code: Table) -> str:
    """TFLite's name of an operator code; files before 2020 have it in the older field only."""
    number = max(code.integer("DeprecatedBuiltinCode"), code.int32(_BUILTIN_CODE))
    if number == tflite.BuiltinOperator.CUSTOM:
        return f"CUSTOM ({printable(code.text('CustomCode'))})"
    return str(BUILTIN_OPCODE2NAME.get(number, f"number {number}"))


def _shape(name: str, table: Table) -> tuple[int, ...]:
    """The static shape. Where the file leaves only the batch size open, it is what it stores."""
    shape, signature = table.integers("Shape"), table.integers("ShapeSignature")
    if len(shape) > _MOST_AXES:
        raise CompileError(f"`{name}` has {len(shape)} axes; at most {_MOST_AXES} are possible")
    if any(axis < 1 for axis in shape):
        raise CompileError(f"`{name}` has the dynamic shape {list(shape)}", hint=_STATIC)
    if any(axis < 0 for axis in signature[1:8]) or (-1 in signature[:1] and shape[:1] != (1,)):
        raise CompileError(f"`{name}` has the dynamic shape {list(signature[:8])}", hint=_STATIC)
    return shape


def _quant(dtype: str, table: Table) -> Quant | None:
    """The quantization of int8 values. That of a bias follows from input and weights.

    It is not read, because some files have an invalid one there.
    """
    found = table.table("Quantization") if dtype == "int8" else None
    if found is None or not found.length("Scale") or not found.length("ZeroPoint"):
        return None
    scales = tuple(float(scale) for scale in found.array("Scale"))
    axis = found.integer("QuantizedDimension") if len(scales) > 1 else None
    return Quant(scales, found.integers("ZeroPoint"), axis)
