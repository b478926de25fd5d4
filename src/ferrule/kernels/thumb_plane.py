"""What kernels have in common that copy a channel with its padding, for Arm without SIMD."""

from ferrule.kernels.kernel import Kernel
from ferrule.kernels.split_rescale import SplitRescale
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d

#: Results of a line that the inner loop computes at a time.
RUN = 6
#: Bytes of scratch for each core, where so many are enough for a line of results.
SCRATCH = 4096
# Most elements from a value that is copied to the next, or from a line of them: `widen` of
# `crates/kernels/src/instructions/thumb/widen.rs` copies nothing then.
_MOST_APART = (1 << 15) - 1


def obstacle(
    op: DepthwiseConv2d, kernel: Kernel, rescale: SplitRescale, lines: int, values: int
) -> str:
    """Why such a kernel cannot compute an operator; empty if it can.

    It copies every so many `lines` of the input, and every so many `values` of each.
    """
    _, _, width, depth = op.inputs[0].shape
    if max(*op.window.source, lines * width * depth, values * depth) > _MOST_APART:
        return f"it copies values more than {_MOST_APART:,} elements apart"
    if obstacle := kernel.too_much_scratch():
        return obstacle
    if obstacle := rescale.obstacle():
        return obstacle
    if rescale.is_signed:
        return "made for results that are not below the zero point"
    return ""
