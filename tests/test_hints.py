"""Pins and reserves: what they change in a plan, and the sentences for those that fit nothing."""

from fractions import Fraction

import pytest
from test_golden import KEYWORD

from ferrule import api
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.steps import Step

PAIR = "qemu-mps2-an521"


def steps(board: str, *pins: str, reserves: tuple[str, ...] = (), cores: int = 2) -> list[Step]:
    planned = api.plan(KEYWORD, board, cores, pins=pins, reserves=reserves)
    return list(planned.steps)


@pytest.mark.parametrize("board", [PAIR, "qemu-musca-b1", "host"])
@pytest.mark.parametrize("core", [0, 1])
@pytest.mark.parametrize("layer", ["relu_3", "Relu_3", "RELU_3"])
def test_a_pinned_layer_is_done_by_one_core(board: str, core: int, layer: str) -> None:
    if layer == "RELU_3":
        with pytest.raises(CompileError, match="there is no layer `RELU_3` to pin"):
            steps(board, f"{layer}=core{core}")
        return
    pinned = steps(board, f"{layer}=core{core}")
    free = steps(board)
    assert pinned[2].shares == ((1,), (1 - core, core))
    others = [step.shares for step in pinned[:2] + pinned[3:]]
    assert others == [step.shares for step in free[:2] + free[3:]]


def test_a_team_without_the_core_plans_as_if_nothing_were_said() -> None:
    free = [step.shares for step in steps(PAIR, cores=1)]
    assert [step.shares for step in steps(PAIR, "relu_3=core1", cores=1)] == free


def test_every_layer_can_be_pinned_at_once() -> None:
    names = [step.op.name for step in steps(PAIR)]
    pinned = steps(PAIR, *(f"{name}=core1" for name in names))
    assert {step.shares for step in pinned} == {((1,), (0, 1))}


@pytest.mark.parametrize("board", [PAIR, "qemu-musca-b1"])
def test_a_reserved_core_does_less(board: str) -> None:
    free, half = steps(board), steps(board, reserves=("core1=50%",))
    fractions = [
        (after.shares[1][1] / after.units, before.shares[1][1] / before.units)
        for before, after in zip(free, half, strict=True)
    ]
    assert all(after <= before for after, before in fractions)
    assert any(after < before for after, before in fractions)


def test_equal_cores_with_a_half_of_one_share_two_to_one() -> None:
    (step, *_) = steps("qemu-musca-b1", reserves=("core1=50%",))
    lead, helper = step.shares[1]
    assert abs(lead - 2 * helper) <= 2


def test_reserves_are_exact() -> None:
    hints = Hints.of(reserves=["core1=12.5%", "core0=0 %"])
    assert hints.reserved(1) == Fraction(1, 8)
    assert hints.reserved(0) == hints.reserved(2) == 0


@pytest.mark.parametrize(
    ("pins", "reserves", "sentence"),
    [
        (
            ["relo_3=core0"],
            [],
            "there is no layer `relo_3` to pin\n\n"
            "hint: close names are `relu_3`, `relu_9`, `relu_8`",
        ),
        (
            ["nothing like it=core0"],
            [],
            "there is no layer `nothing like it` to pin\n\nhint: `ferrule plan` lists the layers",
        ),
        (
            ["relu_3=core2"],
            [],
            "there is no `core2` on qemu-mps2-an521\n\nhint: one of `core0`, `core1`",
        ),
        (
            ["relu_3=core0", "Relu_3=core1"],
            [],
            "`Relu_3` is pinned to two cores, `core0` and `core1`\n\nhint: pin a layer once",
        ),
        (
            ["relu_3"],
            [],
            "`--pin relu_3` does not name a layer and a core\n\n"
            "hint: for instance `--pin conv_1=core0`; `ferrule plan` lists the layers",
        ),
        (
            [],
            ["core1=100%"],
            "`--reserve core1=100%` does not name a core and less than 100 % of it\n\n"
            "hint: for instance `--reserve core1=30%`; `--cores` leaves a core out",
        ),
        (
            [],
            ["core1=10%", "core1=90%"],
            "`--reserve` says two things of `core1`\n\nhint: name each core once",
        ),
        (
            [],
            ["core7=10%"],
            "there is no `core7` on qemu-mps2-an521\n\nhint: one of `core0`, `core1`",
        ),
    ],
)
def test_hints_that_fit_nothing(pins: list[str], reserves: list[str], sentence: str) -> None:
    with pytest.raises(CompileError) as caught:
        api.plan(KEYWORD, PAIR, pins=pins, reserves=reserves)
    assert str(caught.value) == sentence


def test_a_core_and_a_team_are_not_measured_at_once() -> None:
    with pytest.raises(CompileError, match="`--core` measures a team of one"):
        api.bench(KEYWORD, PAIR, [2], core=1)
    with pytest.raises(CompileError, match="there is no core 2 on qemu-mps2-an521, which has 2"):
        api.bench(KEYWORD, PAIR, core=2)


def test_what_a_reserved_core_leaves_is_shared_by_all_others() -> None:
    """It does not matter which of seven equal helpers has other work to do."""
    model, board = KEYWORD.parents[1] / "lenet/lenet_int8.tflite", "qemu-virt-rv32"
    ends = [api.plan(model, board, reserves=(f"core{core}=99%",)).predicted(8) for core in (1, 7)]
    assert max(ends) < 1.02 * min(ends)
