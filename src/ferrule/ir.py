"""The graph: tensors, and operators in an order in which they can run.

All classes are frozen; passes return new values. Tensors and operators compare by identity.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ferrule.errors import CompileError
from ferrule.names import snake_case

Array = npt.NDArray[np.generic]

# The interpreter keeps what every layer computes.
_MOST_ELEMENTS = 1 << 28


@dataclass(frozen=True)
class Quant:
    """How stored integers stand for real numbers: `real = scale * (stored - zero point)`.

    One scale and zero point (per-tensor, `axis` is `None`) or one for each index along `axis`.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None

    @property
    def scale(self) -> float:
        """The only scale of a per-tensor quantization."""
        assert len(self.scales) == 1
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The only zero point of a per-tensor quantization."""
        assert len(self.zero_points) == 1
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named array. `data` is present when it is a constant of the model.

    `dtype` is a NumPy name: `int8`, `int32`, `float32`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    quant: Quant | None = None
    data: Array | None = field(default=None, repr=False)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in memory."""
        return self.elements * np.dtype(self.dtype).itemsize

    @property
    def scale(self) -> float:
        """The scale of a tensor that is quantized per tensor."""
        assert self.quant is not None
        return self.quant.scale

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that is quantized per tensor."""
        assert self.quant is not None
        return self.quant.zero_point

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}{list(self.shape)}"


@dataclass(frozen=True)
class Work:
    """How much an operator computes.

    `macs` are multiply-accumulates with the padding's, as everybody counts them. The rest is what a
    plain kernel does, without the padding's: `taps` are multiplied, added, compared or copied;
    `runs` are how often it begins with neighbours in memory, `least_runs` how often however few
    channels it computes; `reads` are input elements that are read for one tap each; `blocks` are
    runs of outputs that it computes together.
    """

    macs: int
    elements: int
    taps: int = 0
    runs: int = 0
    least_runs: int = 0
    reads: int = 0
    blocks: int = 0


@dataclass(frozen=True)
class Struct:
    """A Rust struct of the kernels crate, as `emit` writes it into the weights file.

    A field is an integer, a bool, an array (a `&'static` slice), or another struct. With a
    `constructor` the struct is made by that function of its fields, in order, which checks them
    while the generated crate compiles.
    """

    name: str
    fields: "dict[str, int | bool | Array | Struct]"
    constructor: str = ""

    @property
    def bytes(self) -> int:
        """Bytes of its arrays in flash."""
        nested = (v for v in self.fields.values() if isinstance(v, Struct))
        arrays = (v for v in self.fields.values() if isinstance(v, np.ndarray))
        return sum(value.nbytes for value in arrays) + sum(value.bytes for value in nested)


@dataclass(frozen=True)
class Block:
    """A run of pixels of an output, and how many elements of each activation it is computed from.

    The first run needs the first elements, the second those that follow, and so on, whatever their
    place in the tensors: a kernel that is given some runs, and what they need, as if they were all,
    computes the same.
    """

    pixels: int
    elements: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Op:
    """One computation. The fields that a subclass adds are the operator's attributes.

    Defining a subclass registers it. A subclass says what is legal (`verify`), what is computed
    (`reference`, the law), how the output may be cut (`matrix`, `cuts`) and what the kernel is
    given (`params`).
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    registry: "ClassVar[dict[str, type[Op]]]" = {}  # noqa: RUF008 - class registry, not a field
    #: Whether the output is the input's memory under another shape, so that nothing is computed.
    is_view: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        Op.registry[cls.__name__] = cls

    @property
    def output(self) -> Tensor:
        """The only output of an operator that has one."""
        (output,) = self.outputs
        return output

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """The inputs that are computed at run time, each once."""
        return tuple(dict.fromkeys(tensor for tensor in self.inputs if tensor.data is None))

    @property
    def module(self) -> str:
        """Name of the kernels crate's module for this operator."""
        return snake_case(type(self).__name__)

    @property
    def kernel(self) -> str:
        """Name of the Rust function in that module."""
        return self.module

    def verify(self) -> None:
        """Raises `CompileError` where shapes, types or attributes are not supported."""

    def legal(self) -> "tuple[Op, ...]":
        """Operators that have kernels, and together compute the same; by default this one.

        The last one has its name and output.
        """
        return (self,)

    def reference(self, *inputs: Array) -> Array:
        """Computes the output from all inputs, constants included: the operator's meaning."""
        raise NotImplementedError

    def work(self) -> Work:
        """What one run costs."""
        return Work(macs=0, elements=self.output.elements)

    def matrix(self) -> tuple[int, int]:
        """The output's shape as `[pixels, channels]`; units are runs of one of the two."""
        shape = self.output.shape
        channels = shape[-1] if shape else 1
        return self.output.elements // channels, channels

    def cuts(self) -> tuple[str, ...]:
        """Axes of `matrix` along which cores can share the output: `pixels`, `channels`."""
        return ("pixels", "channels")

    def block(self) -> "Block | None":
        """What of the inputs a run of pixels needs, if no other run needs any of it."""
        return None

    def params(self) -> Struct:
        """The kernel's parameters."""
        raise NotImplementedError

    def reject(self, problem: str, hint: str = "") -> CompileError:
        """An error at this operator, for `verify` to raise."""
        return CompileError(
            problem, where=f"operator `{self.name}` ({type(self).__name__})", hint=hint
        )


@dataclass(frozen=True, eq=False)
class Graph:
    """Operators in an order in which they can run, and the tensors at the borders."""

    name: str
    ops: tuple[Op, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def verify(self) -> None:
        """Raises `CompileError` unless every tensor is known before it is read, and named once."""
        known: dict[str, Tensor] = {}
        for tensor in self.inputs:
            _define(known, tensor, "an input of the model")
        for op in self.ops:
            for tensor in op.inputs:
                if tensor.data is None and known.get(tensor.name) is not tensor:
                    raise op.reject(f"reads `{tensor.name}` before anything has written it")
            for tensor in op.outputs:
                _define(known, tensor, f"an output of `{op.name}`")
            op.verify()
        elements = sum(op.output.elements for op in self.ops)
        if elements > _MOST_ELEMENTS:
            raise CompileError(
                f"all layers together compute {elements:,} elements; at most {_MOST_ELEMENTS:,} "
                "are supported"
            )
        for tensor in self.outputs:
            if tensor.data is None and known.get(tensor.name) is not tensor:
                raise CompileError(f"nothing computes the output `{tensor.name}`")

    def __str__(self) -> str:
        lines = [f"graph {self.name}"]
        lines += [f"  input  {tensor}" for tensor in self.inputs]
        for op in self.ops:
            reads = ", ".join(tensor.name for tensor in op.activations)
            writes = ", ".join(str(tensor) for tensor in op.outputs)
            lines.append(f"  {type(op).__name__} {op.name}: {reads} -> {writes}")
        lines += [f"  output {tensor}" for tensor in self.outputs]
        return "\n".join(lines) + "\n"


def _define(known: dict[str, Tensor], tensor: Tensor, what: str) -> None:
    if tensor.name in known:
        raise CompileError(f"`{tensor.name}` is written twice, the second time as {what}")
    if tensor.data is not None:
        raise CompileError(f"`{tensor.name}` is a constant and also {what}")
    if not tensor.shape or min(tensor.shape) < 1:
        raise CompileError(
            f"`{tensor.name}` has shape {list(tensor.shape)}; every axis must be at least 1",
            hint="export the model with static shapes",
        )
    known[tensor.name] = tensor
