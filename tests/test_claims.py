"""How many units cores that steal claim at a time."""

from fractions import Fraction

from test_golden import KEYWORD

from ferrule import api, target
from ferrule.crew import Crew
from ferrule.passes.claims import claims, stealing_end
from ferrule.passes.schedule import schedule
from ferrule.samples import sample_graphs
from ferrule.shares import Pace

FREE = Fraction(-120)  # what a claim takes anyway, so that it takes nothing


def equal(cores: int, each: int, before: int | Fraction = FREE) -> list[Pace]:
    """Cores of one speed."""
    return [Pace(Fraction(each), Fraction(before))] * cores


def test_equal_cores_with_free_claims_end_together() -> None:
    assert stealing_end((8, 8), equal(2, 100), 1) == 800


def test_a_core_at_half_speed_is_helped() -> None:
    """Perfect sharing would take 1,067, but units are whole."""
    slow = [*equal(1, 100), *equal(1, 200)]
    assert stealing_end((8, 8), slow, 1) == 1100
    assert stealing_end((8, 8), slow, 8) == 1600  # each claims its whole share at once


def test_each_claim_takes_what_comes_before_the_first_unit() -> None:
    one = stealing_end((9,), equal(1, 100, 880), 9)
    three = stealing_end((9,), equal(1, 100, 880), 3)
    assert (one, three) == (900 + 1000, 900 + 3 * 1000)


def test_claims_are_larger_where_each_costs_more() -> None:
    """Cut by channels, each claim of this kernel sees all pixels; cut by pixels, only its own."""
    board = target.load("qemu-virt-rv32")
    graph = next(iter(sample_graphs()))
    steps = claims(schedule(graph, board, 4, forced=("pointwise_lanes",)), Crew(board, 4))
    shared = [step for step in steps if step.kernel.function == "pointwise_lanes" and step.claim]
    assert all(step.claim % step.grain == 0 for step in shared)
    parts = {"pixels": set(), "channels": set()}
    for step in shared:
        parts[step.cut].add(Fraction(step.claim, max(step.shares[-1])))
    assert max(parts["channels"]) > min(parts["pixels"])


def test_a_claim_is_written_into_the_crate() -> None:
    plan = api.plan(KEYWORD, "qemu-virt-rv32", 4, schedule="steal")
    assert all(step.claim for step in plan.steps if not step.is_alone)
    assert not any(step.claim for step in api.plan(KEYWORD, "qemu-virt-rv32", 4).steps)
