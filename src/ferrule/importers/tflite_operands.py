"""What an operator of a TFLite file reads and writes, asked for by what it is needed as."""

from dataclasses import replace
from typing import Any

import numpy as np
import tflite

from ferrule.errors import CompileError
from ferrule.importers.flatbuffer import Table
from ferrule.importers.model_names import Names, last_part
from ferrule.importers.tflite_model import Model, Node
from ferrule.ir import Array, Tensor
from ferrule.window import NO_PADDING, Padding, Pair, same_padding

_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "none",
    tflite.ActivationFunctionType.RELU: "relu",
    tflite.ActivationFunctionType.RELU_N1_TO_1: "relu_n1_to_1",
    tflite.ActivationFunctionType.RELU6: "relu6",
}
_OPTIONS = {
    number: name for name, number in vars(tflite.BuiltinOptions).items() if name.endswith("Options")
}
# TensorFlow Lite Micro keeps strides and dilations in 16 bits.
_LARGEST_STEP = (1 << 15) - 1


class Operands:
    """One operator's inputs, output and options. Inputs are asked for by position and role.

    The operator is named after its output. What a tensor has to be like is checked by the
    operator's class, except where the import itself depends on it.
    """

    def __init__(self, model: Model, node: Node, names: Names) -> None:
        self._model = model
        self._node = node
        self._where = f"operator {node.index} ({node.kind})"
        if len(node.outputs) != 1:
            raise self.reject(f"it has {len(node.outputs)} outputs instead of 1")
        (output,) = node.outputs
        self.name = names.give(last_part(model.raw_name(output)), f"tensor_{output}")
        self._where = f"operator {node.index}, `{self.name}` ({node.kind})"

    def reject(self, problem: str, hint: str = "") -> CompileError:
        """An error at this operator."""
        return CompileError(problem, self._where, hint)

    @property
    def outputs(self) -> tuple[Tensor]:
        """The only output, in the form in which an operator takes it."""
        (index,) = self._node.outputs
        return (self._model.tensor(index, self._where),)

    def has(self, position: int) -> bool:
        """Whether an optional input is there."""
        return len(self._node.inputs) > position and self._node.inputs[position] != -1

    def input(self, position: int, role: str = "input", axes: int | None = None) -> Tensor:
        """An input that must be there, with a number of axes where one is given."""
        if not self.has(position):
            raise self.reject(f"it has no {role} (input {position})")
        tensor = self._model.tensor(self._node.inputs[position], self._where)
        if axes is not None and len(tensor.shape) != axes:
            raise self.reject(
                f"`{tensor.name}` ({role}) has shape {list(tensor.shape)}; needs {axes} axes"
            )
        return tensor

    def inputs(self) -> tuple[Tensor, ...]:
        """All inputs of an operator of which none is optional."""
        return tuple(self.input(position) for position in range(len(self._node.inputs)))

    def bias(self, channels: int) -> Tensor:
        """The third input, or zeros where there is none."""
        if self.has(2):
            return self.input(2, "bias")
        name = self._model.tensor_names.give(f"{self.name}_bias", "bias")
        return Tensor(name, (channels,), "int32", data=np.zeros(channels, np.int32))

    def constant(self, position: int, role: str) -> Array:
        """The values of an input that becomes an attribute."""
        tensor = self.input(position, role)
        if tensor.data is None:
            raise self.reject(
                f"`{tensor.name}` ({role}) is computed at run time; it must be a constant"
            )
        return tensor.data

    def fold(self, data: Array) -> bool:
        """Makes the output a constant, unless something knows it as a computed tensor already."""
        (index,) = self._node.outputs
        if self._model.is_known(index):
            return False
        output = self._model.tensor(index, self._where)
        if output.data is not None or output.elements != data.size or output.dtype != data.dtype:
            return False
        self._model.define(index, replace(output, data=data.reshape(output.shape)))
        return True

    def options(self, kind: Any) -> Table:
        """The operator's options; an operator without any has their defaults."""
        table = self._node.table
        found, wanted = table.integer("BuiltinOptionsType"), kind.__name__
        if found == tflite.BuiltinOptions.NONE:
            return Table.empty(kind, table.where)
        if _OPTIONS.get(found) != wanted:
            raise table.damaged(f"it has {_OPTIONS.get(found, f'options {found}')}, not {wanted}")
        return table.union("BuiltinOptions", kind) or Table.empty(kind, table.where)

    def activation(self, options: Table) -> str:
        """The fused activation function."""
        number = options.integer("FusedActivationFunction")
        if number not in _ACTIVATIONS:
            raise self.reject(
                f"its fused activation function (number {number}) is not supported",
                f"supported are {', '.join(_ACTIVATIONS.values())}",
            )
        return _ACTIVATIONS[number]

    def pair(self, options: Table, field: str) -> Pair:
        """Two options, the one for `H` and the one for `W`."""
        pair = options.integer(field.format("H")), options.integer(field.format("W"))
        if max(pair) > _LARGEST_STEP:
            raise self.reject(f"a stride or dilation is {max(pair)}; at most {_LARGEST_STEP}")
        return pair

    def padding(
        self, options: Table, source: Tensor, size: Pair, stride: Pair, dilation: Pair = (1, 1)
    ) -> Padding:
        """The padding around an image, from TensorFlow's `SAME` or `VALID`."""
        match options.integer("Padding"):
            case tflite.Padding.VALID:
                return NO_PADDING
            case tflite.Padding.SAME if min(stride) > 0:
                return same_padding((source.shape[1], source.shape[2]), size, stride, dilation)
            case tflite.Padding.SAME:
                raise self.reject(f"its stride is {stride[0]} by {stride[1]}")
            case number:
                raise self.reject(f"its padding (number {number}) is not known")
