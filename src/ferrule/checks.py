"""What operators require of their tensors, as refusals that `verify` raises."""

import math

import numpy as np

from ferrule.ir import Array, Op, Quant, Tensor

ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1")

# More than any microcontroller holds, and little enough for the interpreter's int64.
_MOST_ELEMENTS = 1 << 24
# Accumulators stay this far from the ends of int32, so that a zero point can be added.
_LARGEST = (1 << 31) - 1 - 256


def arity(op: Op, inputs: int) -> None:
    """Requires this many inputs and one output."""
    if len(op.inputs) != inputs or len(op.outputs) != 1:
        raise op.reject(
            f"needs {inputs} inputs and 1 output, and has {len(op.inputs)} and {len(op.outputs)}"
        )


def int8_activations(op: Op, *tensors: Tensor) -> None:
    """Requires tensors that are computed at run time, int8, quantized per tensor."""
    for tensor in tensors:
        int8(op, tensor)
        if tensor.data is not None:
            raise op.reject(
                f"`{tensor.name}` is a constant; nothing is left to compute at run time",
                hint="fold constants when exporting the model",
            )


def int8(op: Op, tensor: Tensor) -> None:
    """Requires int8 values, quantized per tensor."""
    _type(op, tensor, "int8")
    quant = tensor.quant
    if quant is None:
        raise op.reject(
            f"`{tensor.name}` has no scale and zero point",
            hint="quantize the whole model, inputs and outputs included",
        )
    if len(quant.scales) != 1 or len(quant.zero_points) != 1:
        raise op.reject(
            f"`{tensor.name}` has {len(quant.scales)} scales and {len(quant.zero_points)} zero "
            "points; an activation tensor has one of each"
        )
    _quant_values(op, tensor, quant)


def rank(op: Op, tensor: Tensor, axes: int) -> None:
    """Requires a number of axes."""
    if len(tensor.shape) != axes:
        raise op.reject(f"`{tensor.name}` has shape {list(tensor.shape)}; needs {axes} axes")


def image(op: Op, tensor: Tensor) -> None:
    """Requires `[1, H, W, C]`."""
    rank(op, tensor, 4)
    if tensor.shape[0] != 1:
        raise op.reject(
            f"`{tensor.name}` has a batch of {tensor.shape[0]}; only 1 is supported",
            hint="export the model with a batch of 1",
        )


def shape(op: Op, tensor: Tensor, expected: tuple[int, ...]) -> None:
    """Requires a shape that follows from the attributes and the other tensors."""
    if tensor.shape != expected:
        raise op.reject(
            f"`{tensor.name}` has shape {list(tensor.shape)}, and {list(expected)} follows from "
            "the operator's other tensors and attributes"
        )


def weights(op: Op, tensor: Tensor, axis: int, *, symmetric: bool = True) -> None:
    """Requires constant int8 weights, quantized per tensor or along `axis`, the output channel.

    Zero points must be 0 unless a single one is allowed by `symmetric=False`.
    """
    constant(op, tensor, "int8")
    quant = tensor.quant
    if quant is None:
        raise op.reject(f"weights `{tensor.name}` have no scale")
    channels = tensor.shape[axis]
    if len(quant.scales) != 1 and (quant.axis != axis or len(quant.scales) != channels):
        raise op.reject(
            f"weights `{tensor.name}` have {len(quant.scales)} scales along axis {quant.axis}; "
            f"needs 1, or {channels} along axis {axis}, the output channel"
        )
    if len(quant.zero_points) not in (1, len(quant.scales)):
        raise op.reject(
            f"weights `{tensor.name}` have {len(quant.scales)} scales and "
            f"{len(quant.zero_points)} zero points"
        )
    _quant_values(op, tensor, quant)
    if any(quant.zero_points) and (symmetric or len(quant.scales) != 1):
        raise op.reject(
            f"weights `{tensor.name}` have a zero point other than 0",
            hint="quantize weights symmetrically",
        )


def bias(op: Op, tensor: Tensor, channels: int) -> None:
    """Requires a constant int32 for each output channel; its quantization is not looked at."""
    constant(op, tensor, "int32")
    shape(op, tensor, (channels,))


def constant(op: Op, tensor: Tensor, dtype: str) -> None:
    """Requires a constant with data of its type and shape."""
    _type(op, tensor, dtype)
    if tensor.data is None:
        raise op.reject(f"`{tensor.name}` is computed at run time; it must be a constant")
    if tensor.data.shape != tensor.shape or tensor.data.dtype != dtype:
        raise op.reject(
            f"`{tensor.name}` is {dtype}{list(tensor.shape)}, and its data is "
            f"{tensor.data.dtype}{list(tensor.data.shape)}"
        )


def same_quantization(op: Op, tensor: Tensor, output: Tensor) -> None:
    """Requires that stored values mean the same in both, because the operator copies them."""
    same = math.isclose(tensor.scale, output.scale, rel_tol=1e-5)
    if not same or tensor.zero_point != output.zero_point:
        raise op.reject(
            f"`{tensor.name}` and `{output.name}` have different scales or zero points: "
            f"{tensor.scale:.6g}, {tensor.zero_point} and {output.scale:.6g}, {output.zero_point}",
            hint="insert a QUANTIZE operator, or export with the same quantization on both",
        )


def activation(op: Op, name: str) -> None:
    """Requires an activation function that can be fused."""
    if name not in ACTIVATIONS:
        raise op.reject(
            f"activation function `{name}` cannot be fused; known are {', '.join(ACTIVATIONS)}"
        )
    # The source framework casts the stored bound to int32, which is undefined beyond it.
    if name != "none" and 6.0 / op.output.scale >= 2.0**31:
        raise op.reject(
            f"activation function `{name}` does not fit the output's scale {op.output.scale:.9g}"
        )


def accumulator(op: Op, source: Tensor, sums: Array, biases: Array, shifts: Array) -> None:
    """Requires that no input makes an accumulator leave int32.

    `sums` holds the sum of `|weight - zero point|` for each output channel. A positive shift is
    applied before the multiply, so it counts too.
    """
    reach = max(127 - source.zero_point, source.zero_point + 128)
    bounds = sums.astype(object) * reach + np.abs(biases.astype(object))
    for channel, (bound, shift) in enumerate(zip(bounds, shifts, strict=True)):
        if bound << max(int(shift), 0) > _LARGEST:
            raise op.reject(
                f"the accumulator of output channel {channel} can reach {bound:,}"
                + (f", times 2^{shift} for its scale" if shift > 0 else "")
                + ", which overflows 32 bits",
                hint="the scales or the bias of this channel are out of proportion; "
                "quantize it again with representative data",
            )


def values(tensor: Tensor) -> Array:
    """The elements of a constant that has been checked, wide enough to sum."""
    assert tensor.data is not None
    return tensor.data.astype(np.int64)


def _type(op: Op, tensor: Tensor, dtype: str) -> None:
    if tensor.dtype != dtype:
        raise op.reject(
            f"`{tensor.name}` is {tensor.dtype}; needs {dtype}",
            hint="quantize the model to int8" if dtype == "int8" else "",
        )
    elements = math.prod(tensor.shape)
    if min(tensor.shape, default=1) < 1 or elements > _MOST_ELEMENTS:
        raise op.reject(
            f"`{tensor.name}` has shape {list(tensor.shape)}; every axis must be at least 1 and "
            f"all together at most {_MOST_ELEMENTS:,} elements"
        )


def _quant_values(op: Op, tensor: Tensor, quant: Quant) -> None:
    for scale in quant.scales:
        if not (math.isfinite(scale) and scale > 0 and _is_float32(scale)):
            raise op.reject(
                f"`{tensor.name}` has scale {scale!r}; needs a finite, positive float32"
            )
    for zero_point in quant.zero_points:
        if not -128 <= zero_point <= 127:
            raise op.reject(f"`{tensor.name}` has zero point {zero_point}; int8 needs -128 to 127")


def _is_float32(scale: float) -> bool:
    with np.errstate(over="ignore"):
        return float(np.float32(scale)) == scale
