"""Which kernels an image has: those of which instructions and code together cost least."""

from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
import pytest
from ops.conv2d import conv2d

from ferrule import target
from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.kernels import choice
from ferrule.kernels.choice import Choice, cheapest, choose, choose_all
from ferrule.passes.schedule import schedule
from ferrule.samples import Maker, side_by_side
from ferrule.target import Cost


@dataclass(frozen=True)
class Sized:
    """Parameters of which only the size matters."""

    bytes: int


@dataclass(frozen=True)
class FakeKernel:
    """A kernel of which only name and cost matter."""

    function: str
    instructions: float
    weights: int = 0
    table_bytes: int = 0

    def params(self) -> "Sized":
        return Sized(self.weights)

    def time(self, _core: object) -> float:
        return self.instructions


@dataclass(frozen=True)
class FakeCore:
    """A core of which only the kernels' code matters; 1,000 B each unless it says otherwise."""

    code: dict[str, int] = field(default_factory=dict)
    cycles: dict[str, Cost] = field(default_factory=dict)

    def code_bytes(self, kernel: str) -> int:
        return self.code.get(kernel, 1_000)


def choices(monkeypatch, ops: list[dict[str, float]], worth: float, **code: int) -> list[Choice]:
    """What operators get that have these usable kernels, with their costs."""

    def cheapest(op, _core, _forced) -> Choice:
        all_of_it = (FakeKernel(*item) for item in op.items())
        best, *others = sorted(all_of_it, key=lambda k: k.instructions)
        return Choice(best, (), tuple(others))

    monkeypatch.setattr(choice, "choose", cheapest)
    return choose_all(ops, FakeCore(code), (), worth)


def chosen(monkeypatch, ops: list[dict[str, float]], worth: float, **code: int) -> list[str]:
    """The kernels that these operators get."""
    return [choice.kernel.function for choice in choices(monkeypatch, ops, worth, **code)]


LARGE = {"fast": 1_000_000.0, "plain": 8_000_000.0}


def test_a_kernel_for_one_small_layer_is_left_out(monkeypatch) -> None:
    assert chosen(monkeypatch, [LARGE, {"plain": 500.0, "fast": 900.0}], 0.002) == ["fast", "fast"]


def test_a_kernel_that_saves_more_than_its_code_is_worth_stays(monkeypatch) -> None:
    ops = [LARGE, {"plain": 500.0, "fast": 90_000.0}]
    assert chosen(monkeypatch, ops, 0.05) == ["fast", "plain"]
    assert chosen(monkeypatch, ops, 0.05, plain=2_000) == ["fast", "fast"]
    assert chosen(monkeypatch, ops, 0.1) == ["fast", "fast"]


def test_a_kernel_without_a_stand_in_stays(monkeypatch) -> None:
    assert chosen(monkeypatch, [LARGE, {"pool": 10.0}], 1.0) == ["fast", "pool"]


def test_a_smaller_kernel_takes_the_place_of_another(monkeypatch) -> None:
    ops = [LARGE, {"large": 500.0, "small": 2_000.0}]
    assert chosen(monkeypatch, ops, 0.01) == ["fast", "large"]
    assert chosen(monkeypatch, ops, 0.01, small=100) == ["fast", "small"]


def test_one_kernel_for_all_is_better_than_the_best_for_each(monkeypatch) -> None:
    ops = [{"one": 10_000.0, "all": 10_400.0}, {"two": 10_000.0, "all": 10_400.0}]
    # Without `one` alone, or without `two` alone, an image would have `all` beside the other.
    assert chosen(monkeypatch, ops, 0.01, all=1_100) == ["one", "two"]
    assert chosen(monkeypatch, ops, 0.05, all=1_100) == ["all", "all"]


def test_code_that_was_never_measured_costs_nothing(monkeypatch) -> None:
    ops = [LARGE, {"plain": 500.0, "fast": 501.0}]
    assert chosen(monkeypatch, ops, 1.0, fast=0, plain=0) == ["fast", "plain"]


def test_the_reason_says_what_a_kernel_would_cost_and_save(monkeypatch) -> None:
    ops = [LARGE, {"plain": 500.0, "fast": 90_000.0}]
    _, left_out = choices(monkeypatch, ops, 0.1)
    assert left_out.reasons == ("not plain: 1,000 B of code would save 89,500 instructions",)


def test_code_is_not_saved_by_larger_weights_where_size_matters(monkeypatch) -> None:
    fast, large = FakeKernel("fast", 100_000.0, 4_000), FakeKernel("large", 110_000.0, 9_000)
    monkeypatch.setattr(choice, "choose", lambda *_: Choice(fast, (), (large,)))
    core = FakeCore({"large": 500})
    (without,) = choose_all([None], core, (), 0.5)
    (counted,) = choose_all([None], core, (), 0.5, with_weights=True)
    assert (without.kernel.function, counted.kernel.function) == ("large", "fast")


def test_cycles_decide_where_timings_are_published() -> None:
    op = Maker(np.random.default_rng(1), []).convolution(8, 8, 16, 16, (3, 3), 1)
    core = target.load("qemu-mps2-an386").cores[0]
    by_cycles = choose(op, core)
    shortest = min((by_cycles.kernel, *by_cycles.others), key=lambda kernel: kernel.cost(core))
    slow = replace(core, cycles=core.cycles | {shortest.function: Cost(mac=100)})
    choice = choose(op, slow)
    assert choice.kernel.function != shortest.function
    assert choice.kernel.time(slow) < shortest.time(slow)
    assert f"not {shortest.function}: fewer instructions, but more cycles" in choice.reasons
    without = choose(op, replace(core, cycles={}))
    assert without.kernel.function == shortest.function
    assert not without.reasons


@pytest.mark.parametrize("seed", range(200))
def test_no_set_of_kernels_costs_less(seed: int) -> None:
    """Small numbers, so that there are equal sets, too: of these the smallest and first one."""
    numbers = np.random.default_rng(seed)
    count = int(numbers.integers(1, 8))
    table = numbers.integers(1, 60, (9, count)).astype(np.float64)
    table[numbers.random(table.shape) < numbers.choice([0, 0.3, 0.6])] = np.inf
    table[:, 0] = numbers.integers(40, 100, 9)
    code = numbers.integers(0, numbers.choice([5, 40, 150]), count).astype(np.float64)
    sets = [own for size in range(count) for own in combinations(range(count), size + 1)]
    costs = [table[:, own].min(axis=1).sum() + code[list(own)].sum() for own in sets]
    assert sorted(cheapest(table, code)) == list(sets[int(np.argmin(costs))])


def test_many_kernels_are_chosen_from_at_once() -> None:
    """One for each operator is worth its code, and the plain one computes all others."""
    kinds = 60
    table = np.full((kinds, kinds + 1), np.inf)
    table[:, 0] = 100
    np.fill_diagonal(table[:, 1:], np.arange(kinds))
    code = np.full(kinds + 1, 70.0)
    assert sorted(cheapest(table, code)) == list(range(31))


def test_a_kernel_knows_that_nothing_else_calls_it() -> None:
    board = target.load("qemu-mps2-an385")
    maker = Maker(np.random.default_rng(1), [])
    small = side_by_side(maker, maker.dense, [(16, 1), (8, 2)])
    both = schedule(small, board, 1, forced=("fully_connected",))
    alone, _ = schedule(
        small, board, 1, forced={"sample_0": "fully_connected", "sample_1": "fully_connected_thumb"}
    )
    assert not any(step.kernel.is_lone for step in both)
    assert alone.kernel.is_lone
    assert (
        both[0].predicted[0] - alone.predicted[0] == board.cores[0].spared("fully_connected") > 100
    )


def test_only_known_goals_are_optimized_for() -> None:
    assert Hints.of(optimize="size").optimize == "size"
    with pytest.raises(CompileError, match="beauty"):
        Hints.of(optimize="beauty")


def test_a_form_that_is_not_exact_is_named_beside_a_faster_kernel() -> None:
    core = target.load("qemu-mps3-an547").cores[0]
    op = conv2d("clamped", (6, 6, 8), zero_points=(0, -100), activation="relu").graph.ops[0]
    given = choose(op, core)
    assert given.kernel.function == "conv2d_direct_mve"
    assert given.reasons == ("not conv2d_dsp: it stores all of -128 to 127, not -100 to 127",)
