"""What a filter sees of each output pixel, gathered tap by tap."""

import math
from dataclasses import dataclass, replace

from ferrule.ir import Struct, Tensor
from ferrule.window import NO_PADDING, Window

# Inputs up to this many bytes, padding included, are copied with their padding on each core.
_LARGEST_IMAGE = 4096
# The same where so few output channels share what is gathered for a pixel.
_FEW_CHANNELS, _LARGEST_OF_FEW = 4, 8192


def largest_image(channels: int) -> int:
    """Most bytes of an input with its padding that are copied for so many output channels."""
    return _LARGEST_OF_FEW if channels <= _FEW_CHANNELS else _LARGEST_IMAGE


@dataclass(frozen=True)
class Image:
    """A copy of an input of so many channels with its padding, if it has `largest` bytes at most.

    There is none without padding, unless what is read has so many bytes `behind` the last one.
    """

    window: Window
    depth: int
    largest: int = _LARGEST_IMAGE
    behind: int = 0

    @property
    def _padded(self) -> tuple[int, int]:
        """Height and width of the input with its padding."""
        (height, width), padding = self.window.source, self.window.padding
        return height + padding.top + padding.bottom, width + padding.left + padding.right

    @property
    def bytes(self) -> int:
        """Size of the copy, in words where there is more behind; 0 where there is none."""
        size = math.prod(self._padded) * self.depth
        if self.behind:
            size = -(-(size + self.behind) // 4) * 4
        is_needed = self.behind > 0 or self.window.padding != NO_PADDING
        return size if is_needed and size <= self.largest else 0

    @property
    def over(self) -> Window:
        """Where the filter lies over the image, or over the input where there is none."""
        if not self.bytes:
            return self.window
        return replace(self.window, source=self._padded, padding=NO_PADDING)

    def params(self) -> Struct:
        """Fields of `Image` in `crates/kernels/src/columns.rs`."""
        (_, width), padding = self.window.source, self.window.padding
        _, padded_width = self._padded
        before = padding.top * padded_width + padding.left
        return Struct(
            "Image",
            {
                "size": self.bytes,
                "row": width * self.depth if self.bytes else 0,
                "padded_row": padded_width * self.depth if self.bytes else 0,
                "before": before * self.depth if self.bytes else 0,
            },
        )


@dataclass(frozen=True)
class Columns:
    """A filter over `[1, H, W, C]`; padding is stored as the input's zero point."""

    window: Window
    source: Tensor
    largest_image: int = _LARGEST_IMAGE

    @property
    def depth(self) -> int:
        """Input channels."""
        return self.source.shape[3]

    @property
    def taps(self) -> int:
        """Values of an output pixel."""
        return math.prod(self.window.size) * self.depth

    @property
    def step(self) -> int:
        """Elements from a row of taps to the next, in the copy with its padding if there is one."""
        over = self._image.over
        return over.source[1] * over.dilation[0] * self.depth

    @property
    def is_pointwise(self) -> bool:
        """Whether an output pixel sees the input pixel of the same number and nothing else."""
        window = self.window
        return window.size == window.stride == (1, 1) and window.padding == NO_PADDING

    @property
    def _image(self) -> Image:
        return Image(self.window, self.depth, self.largest_image)

    @property
    def borders(self) -> int:
        """Pixels that see padding, where no copy of the input has it."""
        return 0 if self._image.bytes else self.window.borders

    @property
    def copied(self) -> int:
        """Elements of a copy of the input that each core makes, however few pixels it has."""
        return self._image.bytes

    @property
    def bytes(self) -> int:
        """Scratch: that copy, and two pixels where taps are apart in memory or in the padding."""
        window = self.window
        is_apart = window.dilation[1] > 1 and window.size[1] > 1
        is_padded = window.padding != NO_PADDING and not self._image.bytes
        return self._image.bytes + (2 * self.taps if is_apart or is_padded else 0)

    def params(self) -> Struct:
        """Fields of `Columns` in `crates/kernels/src/columns.rs`."""
        window = self._image.over
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
                "image": self._image.params(),
            },
        )
