"""Reshape: the same elements under another shape."""

from dataclasses import dataclass
from typing import ClassVar

from ferrule import checks
from ferrule.ir import Array, Op, Work


@dataclass(frozen=True, eq=False)
class Reshape(Op):
    """Elements in the same order; the output is the input's memory, so nothing is computed.

    int8.

    Limits: the same quantization on both sides; a shape that is known while compiling.
    """

    is_view: ClassVar[bool] = True

    def verify(self) -> None:
        """Checks that both sides have the same elements."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.same_quantization(self, source, self.output)
        if source.elements != self.output.elements:
            raise self.reject(
                f"{source.elements} elements {list(source.shape)} do not fit the output "
                f"{list(self.output.shape)}"
            )

    def reference(self, *inputs: Array) -> Array:
        """The same elements."""
        return inputs[0].reshape(self.output.shape)

    def work(self) -> Work:
        """Nothing."""
        return Work(macs=0, elements=0)
