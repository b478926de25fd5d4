"""Largest values for cores with the vector extension MVE: 16 channels at a time."""

from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op
from ferrule.kernels import mve
from ferrule.kernels.kernel import Kernel
from ferrule.ops.max_pool2d import MaxPool2d


@dataclass(frozen=True, eq=False)
class MaxPool2dMve(Kernel):
    """A vector of 16 channels goes over all taps before the next one begins.

    Inner loop: load 16 channels of a tap; VMAX takes what is larger.
    """

    computes: ClassVar[type[Op]] = MaxPool2d
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "max_pool2d_mve"

    def counts(self) -> dict[str, float]:
        """Vectors of channels, a run for each row of taps of one, and what is left over as 5/4.

        Pixels are runs of those that see as many taps of a row; each that is computed on its own
        costs as a third of a vector more.
        """
        assert isinstance(self.op, MaxPool2d)
        window, depth = self.op.window, self.op.output.shape[3]
        rows, columns = window.seen
        height, width = window.results
        (_, first), (_, end) = window.whole
        whole, step = max(end - first, 0), window.stride[1]
        # What pixels of stride 1 see lies side by side.
        runs = [whole * depth] if step == 1 and whole else [depth] * whole
        border, borders = columns - whole * window.size[1], width - whole
        taps = window.size[1] * sum(map(_cost, runs)) + border * _cost(depth)
        vectors = sum(map(mve.vectors, runs)) + borders * mve.vectors(depth)
        return super().counts() | {
            "mac": rows * taps,
            "element": 0,
            "pixel": height * (borders + (whole > 0)),
            "channel": height * (vectors + (len(runs) + borders) / 3),
            "gather": 0,
            "run": rows * vectors,
        }

    def cuts(self) -> tuple[str, ...]:
        """Pixels only, as those of a row are computed together."""
        return ("pixels",)


def _cost(elements: int) -> int:
    """Elements of whole vectors, of which one that is not full costs a quarter more."""
    whole, left = divmod(elements, mve.VECTOR)
    return mve.VECTOR * whole + (20 if left else 0)
