"""One operator of any shape with every kernel that a core has for it."""

import pytest

from ferrule import CompileError, Shape, try_kernels


def test_every_kernel_of_a_core_is_measured() -> None:
    trials = {
        trial.kernel: trial
        for trial in try_kernels("conv2d", Shape((6, 5, 8), (3, 3), 1, 4), "qemu-mps2-an386")
    }
    plain, fast = trials["conv2d"], trials["conv2d_dsp"]
    assert plain.instructions > 3 * fast.instructions
    assert (plain.mismatches, fast.mismatches) == (0, 0)
    assert (plain.is_chosen, fast.is_chosen) == (False, True)
    assert fast.per == fast.instructions / (6 * 5 * 4 * 3 * 3 * 8)
    assert trials["conv2d_mve"].obstacle == "cortex-m4 has no mve"
    assert trials["pointwise_conv2d_dsp"].obstacle
    assert trials["pointwise_conv2d_dsp"].instructions is None


@pytest.mark.parametrize(
    ("board", "classes"),
    [
        *(("qemu-mps2-an386", classes) for classes in (2, 3, 4, 12)),
        *(("qemu-virt-rv32", classes) for classes in (2, 4)),
        ("qemu-m0plus", 2),
    ],
)
def test_softmax_takes_at_most_120_instructions_a_class(board: str, classes: int) -> None:
    trials = try_kernels("softmax", Shape((classes,)), board)
    (chosen,) = (trial for trial in trials if trial.is_chosen)
    assert chosen.per <= 120
    assert chosen.mismatches == 0


@pytest.mark.parametrize(
    ("operator", "shape", "said"),
    [
        ("conv3d", Shape((4, 4, 4)), "no `conv3d` to try"),
        ("conv2d", Shape((4, 4)), "has 3 axes here, not 2"),
        ("softmax", Shape((4, 4, 4)), "has 1 axes here, not 3"),
        ("conv2d", Shape((4, 4, 4), (3,)), "a filter has a height and a width"),
        ("conv2d", Shape((4, 0, 4)), "extents are 1 to 4,096"),
        ("add", Shape((4096, 4096, 4096)), "at most 16,777,216 elements"),
        ("conv2d", Shape((9, 9, 999), (99, 99), 1, 999), "weights are too many"),
        ("add", Shape((400, 400, 4)), "needs"),
    ],
)
def test_shapes_that_cannot_be_tried(operator: str, shape: Shape, said: str) -> None:
    with pytest.raises(CompileError, match=said):
        try_kernels(operator, shape, "qemu-mps2-an386")
