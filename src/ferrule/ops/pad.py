"""Pad: the input with constant elements around it."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.ir import Array, Op, Struct, Work


@dataclass(frozen=True, eq=False)
class Pad(Op):
    """Adds `before[i]` and `after[i]` elements along each axis; they hold the stored `value`.

    int8. TensorFlow Lite Micro's `PAD`, whose value is the output's zero point, and `PADV2`.

    Limits: up to 4 axes; constant amounts, none below 0; the same quantization on both sides.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: int

    def verify(self) -> None:
        """Checks types, amounts and shapes."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.same_quantization(self, source, self.output)
        if not len(source.shape) == len(self.before) == len(self.after) <= 4:
            raise self.reject(
                f"pads {len(self.before)} and {len(self.after)} axes of an input with "
                f"{len(source.shape)}; needs the same number, at most 4"
            )
        if min(*self.before, *self.after) < 0:
            raise self.reject(f"pads {list(self.before)} and {list(self.after)}, less than 0")
        if not -128 <= self.value <= 127:
            raise self.reject(f"pads with {self.value}; int8 needs -128 to 127")
        amounts = zip(self.before, source.shape, self.after, strict=True)
        checks.shape(self, self.output, tuple(map(sum, amounts)))

    def reference(self, *inputs: Array) -> Array:
        """Surrounds the input."""
        amounts = tuple(zip(self.before, self.after, strict=True))
        return np.pad(inputs[0], amounts, constant_values=self.value)

    def work(self) -> Work:
        """Input elements are copied; a run is an input pixel."""
        source = self.inputs[0].elements
        runs = source // self.inputs[0].shape[-1]
        return Work(macs=0, elements=self.output.elements, taps=source, runs=runs, least_runs=runs)

    def params(self) -> Struct:
        """Fields of `Pad` in `crates/kernels/src/pad.rs`."""
        missing = (1,) * (4 - len(self.before))
        batches, rows, columns, depth = missing + self.inputs[0].shape
        _, height, width, _ = missing + self.output.shape
        before = (0,) * len(missing) + self.before
        return Struct(
            "Pad",
            {
                "grid": Struct("Grid", {"height": height, "width": width}),
                "input_batch": batches,
                "input_height": rows,
                "input_width": columns,
                "depth": depth,
                "before_batch": before[0],
                "before_height": before[1],
                "before_width": before[2],
                "before_depth": before[3],
                "value": self.value,
            },
        )
