"""What a filter sees of each output pixel, gathered tap by tap."""

import math
from dataclasses import dataclass, replace

from ferrule.ir import Struct, Tensor
from ferrule.window import NO_PADDING, Window

# Inputs up to this many bytes, padding included, are copied with their padding on each core.
_LARGEST_IMAGE = 4096


@dataclass(frozen=True)
class Columns:
    """A filter over `[1, H, W, C]`; padding is stored as the input's zero point."""

    window: Window
    source: Tensor

    @property
    def depth(self) -> int:
        """Input channels."""
        return self.source.shape[3]

    @property
    def taps(self) -> int:
        """Values of an output pixel."""
        return math.prod(self.window.size) * self.depth

    @property
    def is_pointwise(self) -> bool:
        """Whether an output pixel sees the input pixel of the same number and nothing else."""
        window = self.window
        return window.size == window.stride == (1, 1) and window.padding == NO_PADDING

    @property
    def _padded(self) -> tuple[int, int]:
        """Height and width of the input with its padding."""
        (height, width), padding = self.window.source, self.window.padding
        return height + padding.top + padding.bottom, width + padding.left + padding.right

    @property
    def _image_bytes(self) -> int:
        """Size of the copy of a small input with padding; 0 where there is none."""
        size = math.prod(self._padded) * self.depth
        is_padded = self.window.padding != NO_PADDING
        return size if is_padded and size <= _LARGEST_IMAGE else 0

    @property
    def borders(self) -> int:
        """Pixels that see padding, where no copy of the input has it."""
        return 0 if self._image_bytes else self.window.borders

    @property
    def bytes(self) -> int:
        """Scratch: that copy, and two pixels where taps are apart in memory or in the padding."""
        window = self.window
        is_apart = window.dilation[1] > 1 and window.size[1] > 1
        is_padded = window.padding != NO_PADDING and not self._image_bytes
        return self._image_bytes + (2 * self.taps if is_apart or is_padded else 0)

    def params(self) -> Struct:
        """Fields of `Columns` in `crates/kernels/src/columns.rs`."""
        window, padding = self.window, self.window.padding
        (_, width), (_, padded_width) = window.source, self._padded
        size = self._image_bytes
        before = padding.top * padded_width + padding.left
        if size:
            window = replace(window, source=self._padded, padding=NO_PADDING)
        first, end = window.whole
        if window.dilation[1] > 1 and window.size[1] > 1:
            end = (0, 0)  # Taps of a row are apart in memory.
        return Struct(
            "Columns",
            {
                "window": window.params(),
                "depth": self.depth,
                "padding": self.source.zero_point,
                "is_pointwise": self.is_pointwise,
                "whole": Struct(
                    "Whole",
                    {
                        "first_row": first[0],
                        "end_row": end[0],
                        "first_column": first[1],
                        "end_column": end[1],
                    },
                ),
                "image": Struct(
                    "Image",
                    {
                        "size": size,
                        "row": width * self.depth if size else 0,
                        "padded_row": padded_width * self.depth if size else 0,
                        "before": before * self.depth if size else 0,
                    },
                ),
            },
        )
