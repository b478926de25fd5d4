"""Which kernels an image has: the cheapest, but none that others can stand in for."""

from dataclasses import dataclass

import pytest

from ferrule.errors import CompileError
from ferrule.hints import Hints
from ferrule.kernels import kernel
from ferrule.kernels.kernel import Choice, choose_all


@dataclass(frozen=True)
class Fake:
    """A kernel of which only name and cost matter."""

    function: str
    instructions: float

    def cost(self, _core: object) -> float:
        return self.instructions


def chosen(monkeypatch, ops: list[dict[str, float]], spent: float) -> list[str]:
    """The kernels of operators that have these usable ones, with their costs."""

    def cheapest(op, _core, _forced) -> Choice:
        best, *others = sorted((Fake(*item) for item in op.items()), key=lambda k: k.instructions)
        return Choice(best, (), tuple(others))

    monkeypatch.setattr(kernel, "choose", cheapest)
    return [choice.kernel.function for choice in choose_all(ops, None, (), spent)]


LARGE = {"fast": 1_000_000.0, "plain": 8_000_000.0}


def test_a_kernel_for_one_small_layer_is_left_out(monkeypatch) -> None:
    assert chosen(monkeypatch, [LARGE, {"plain": 500.0, "fast": 900.0}], 0.002) == ["fast", "fast"]


def test_a_kernel_that_saves_enough_stays(monkeypatch) -> None:
    ops = [LARGE, {"plain": 500.0, "fast": 90_000.0}]
    assert chosen(monkeypatch, ops, 0.002) == ["fast", "plain"]
    assert chosen(monkeypatch, ops, 0.1) == ["fast", "fast"]


def test_a_kernel_without_a_stand_in_stays(monkeypatch) -> None:
    assert chosen(monkeypatch, [LARGE, {"pool": 10.0}], 1.0) == ["fast", "pool"]


def test_what_is_spent_is_spent_once(monkeypatch) -> None:
    ops = [LARGE, {"one": 500.0, "fast": 2_000.0}, {"two": 500.0, "fast": 2_100.0}]
    assert chosen(monkeypatch, ops, 0.002) == ["fast", "fast", "two"]


def test_only_known_goals_are_optimized_for() -> None:
    assert Hints.of(optimize="size").optimize == "size"
    with pytest.raises(CompileError, match="beauty"):
        Hints.of(optimize="beauty")
