"""How many units cores that steal claim at a time."""

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_golden import KEYWORD

from ferrule import api, target
from ferrule.crew import Crew
from ferrule.passes.claims import claims
from ferrule.passes.schedule import schedule
from ferrule.resources import CRATES
from ferrule.samples import Maker, sample_graphs, side_by_side
from ferrule.shares import Pace, ideal
from ferrule.stealing import Race, Weights, race
from ferrule.toolchain import rust

AGAIN = 120


def equal(cores: int, each: int, before: int = 0) -> list[Pace]:
    """Cores of one speed."""
    return [Pace(Fraction(each), Fraction(before))] * cores


def test_equal_cores_with_free_claims_end_together() -> None:
    assert race((8, 8), (8, 8), equal(2, 100), 1, 0).end == 800


def test_a_core_at_half_speed_is_helped() -> None:
    """Perfect sharing would take 1,067, but units are whole."""
    slow = [*equal(1, 100), *equal(1, 200)]
    assert race((8, 8), (8, 8), slow, 1, 0).end == 1100
    assert race((8, 8), (8, 8), slow, 8, 0).end == 1600  # each claims its whole share at once


def test_a_core_that_turns_out_to_be_slow_takes_no_last_unit() -> None:
    """It has done one unit of three when others have one left, and would be done with it last."""
    slow = [*equal(2, 100), Pace(Fraction(195))]
    assert race((3, 3, 3), (3, 3, 1), slow, 1, 0) == Race(300, (3, 3, 1))


def test_each_claim_but_the_first_takes_what_comes_before_the_first_unit_and_more() -> None:
    one = race((9,), (9,), equal(1, 100, 880), 9, AGAIN).end
    three = race((9,), (9,), equal(1, 100, 880), 3, AGAIN).end
    assert (one, three) == (900 + 880, 900 + 880 + 2 * (880 + AGAIN))


def test_a_core_that_loses_units_starts_with_fewer() -> None:
    planned = (32,) * 4
    slow = Weights.planned(4).learned(planned, 1, 2, (37, 36, 37, 18))
    assert slow.shares((100,) * 4, 1) == (114, 115, 115, 56)
    assert slow.shares((16,) * 4, 1) == (18, 18, 19, 9)
    recovered = slow.learned(planned, 1, 2, planned)
    assert recovered.shares((16,) * 4, 1) == (16,) * 4


def test_chance_teaches_nothing() -> None:
    """One claim more or less, or a step in which the plan leaves a core without units."""
    team = Weights.planned(4)
    assert team.learned((32,) * 4, 1, 4, (35, 33, 31, 29)) == team
    assert team.learned((64, 64, 0, 0), 1, 2, (64, 32, 32, 0)) == team


def test_few_claims_teach_nothing() -> None:
    """The lead did three units of twelve, as it was there before the others."""
    assert Weights.planned(8).learned((2,) * 4 + (1,) * 4, 1, 1, (3, 1, 2, 2, 1, 1, 1, 1)) == (
        Weights.planned(8)
    )


def test_of_a_slow_core_one_claim_tells() -> None:
    """Of eight planned units it was given five, at a weight of 151, and others did one of them."""
    slow = Weights((255, 151, 255, 255))
    learned = slow.learned((8,) * 4, 1, 1, (9, 4, 10, 9))
    assert learned.of_cores[1] < 128 < slow.of_cores[1]


@given(
    st.lists(st.integers(0, 9000), min_size=1, max_size=8).filter(any),
    st.lists(st.integers(1, 255), min_size=8, max_size=8),
)
def test_every_unit_is_shared_once_whatever_the_weights(
    planned: list[int], weights: list[int]
) -> None:
    shares = Weights(tuple(weights[: len(planned)])).shares(planned, 1)
    assert sum(shares) == sum(planned)
    assert min(shares) >= 0


def test_the_runtime_learns_the_same(tmp_path: Path) -> None:
    """Random steps of few units and many, claimed nearly as given or not, whatever was known."""
    random = np.random.default_rng(1)
    lines, expected = [], []
    for _ in range(20_000):
        run = int(random.choice([1, 1, 2, 6, 48]))
        claim = run << int(random.integers(4))
        weights = [int(weight) for weight in random.choice([1, 2, 60, 128, 223, 224, 255], 4)]
        weights[int(random.integers(4))] = 255
        known = Weights(tuple(weights))
        planned = [int(n) for n in random.integers(0, random.choice([2, 90, 15_000]), 4)]
        if not any(planned):
            continue
        given = known.shares(planned, run)
        away = random.normal(0, random.choice([1, 8, 40]), 4)
        claimed = [max(own + int(more), 0) for own, more in zip(given, away, strict=True)]
        numbers = " ".join(map(str, [run, claim, *weights, *planned]))
        lines.append(f"{numbers} | {' '.join(map(str, claimed))}")
        known = known.learned(planned, run, claim, claimed)
        expected.append((*given, *known.of_cores))
    assert len({weights[4:] for weights in expected}) > 500
    steps = tmp_path / "steps.txt"
    steps.write_text("\n".join(lines))
    tools = rust.host()
    command = f"test --offline --target-dir {tmp_path / 'target'} -p ferrule-runtime --lib"
    answer = subprocess.run(
        [str(tools.cargo), *command.split(), "--", "--ignored", "--nocapture", "prints_what"],
        cwd=CRATES.parent,
        env=tools.environment() | {"STEPS": str(steps)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    said = [line.split()[1:] for line in answer.stdout.splitlines() if line.startswith("learned ")]
    assert [tuple(map(int, words)) for words in said] == expected


def test_a_team_learns_in_the_steps_where_claims_are_cheap() -> None:
    """The core is slow from the third step on; the next inference begins with what is known."""
    plan = api.plan(KEYWORD, "qemu-virt-rv32", 4, schedule="steal")
    crew, known = Crew(plan.target, 4), Weights.planned(4)
    again = plan.target.overheads.claim
    steps = [step for step in plan.steps if not step.is_alone]
    lost = []
    for inference in (steps[2:], steps):
        took = best = 0.0
        for step in inference:
            paces = crew.paces(step.kernels, step.cut, step.units)
            paces[1] = Pace(2 * paces[1].each, 2 * paces[1].before)
            best += float(ideal(step.units, paces))
            planned = step.shares[-1]
            shares = known.shares(planned, step.grain)
            result = race(planned, shares, paces, step.claim, again, step.grain, known.of_cores)
            took += result.end
            known = known.learned(planned, step.grain, step.claim, result.claimed)
        lost.append(took / best)
    first, second = lost
    assert first < 1.12
    assert second < 1.04


def test_a_core_that_recovers_gets_its_share_again() -> None:
    """Of steps with large claims too, in which nobody could take more than the lead gave."""
    for board, cores in [("qemu-musca-b1", 2), ("qemu-virt-rv32", 8)]:
        plan = api.plan(KEYWORD, board, cores, schedule="steal")
        crew, known = Crew(plan.target, cores), Weights.planned(cores)
        again = plan.target.overheads.claim
        for slower in (2, 2, 1, 1):
            for step in [step for step in plan.steps if not step.is_alone]:
                paces = crew.paces(step.kernels, step.cut, step.units)
                paces[1] = Pace(slower * paces[1].each, slower * paces[1].before)
                planned = step.shares[-1]
                shares = known.shares(planned, step.grain)
                result = race(planned, shares, paces, step.claim, again, step.grain, known.of_cores)
                known = known.learned(planned, step.grain, step.claim, result.claimed)
            assert (known == Weights.planned(cores)) is (slower == 1)


def test_claims_are_larger_where_each_costs_more() -> None:
    """Cut by channels, each claim of this kernel sees all pixels; cut by pixels, only its own."""
    board = target.load("qemu-virt-rv32").running("steal")
    graph = next(iter(sample_graphs()))
    steps = claims(schedule(graph, board, 4, forced=("pointwise_lanes",)), Crew(board, 4))
    shared = [step for step in steps if step.kernel.function == "pointwise_lanes" and step.claim]
    assert all(step.claim % step.grain == 0 for step in shared)
    parts = {"pixels": set(), "channels": set()}
    for step in shared:
        parts[step.cut].add(Fraction(step.claim, max(step.shares[-1])))
    assert max(parts["channels"]) > min(parts["pixels"])


def test_few_channels_are_shared_by_rows() -> None:
    """Eight planes are too few for four cores of which one may be slow; sixty-four are not."""
    maker = Maker(np.random.default_rng(1), [])
    shapes = [(48, 48, 8, 1, (3, 3), 1), (24, 24, 64, 1, (3, 3), 1)]
    graph = side_by_side(maker, maker.depthwise, shapes)
    steal, static = (target.load("qemu-virt-rv32").running(way) for way in ("steal", "static"))
    steps = claims(schedule(graph, steal, 4), Crew(steal, 4))
    assert [(step.cut, step.unit, step.units) for step in steps] == [
        ("pixels", 48, 48),
        ("channels", 1, 64),
    ]
    assert {step.kernel.function for step in steps} == {"depthwise_rows"}
    assert steps[0].reason.startswith("shared by pixels")
    steps = schedule(graph, static, 4)
    assert {(step.kernel.function, step.cut) for step in steps} == {
        ("depthwise_planes", "channels")
    }


def test_equal_cores_do_not_pay_for_a_cut_that_suits_a_slow_one() -> None:
    """Of 64 pixels eight cores have few runs of six each; by channels all of them gather each."""
    maker = Maker(np.random.default_rng(1), [])
    graph = side_by_side(maker, maker.convolution, [(8, 8, 64, 64, (3, 3), 1)] * 2)
    board = target.load("qemu-virt-rv32").running("steal")
    steps = claims(schedule(graph, board, 8), Crew(board, 8))
    assert {step.cut for step in steps} == {"pixels"}


def test_helpers_are_not_invited_for_little() -> None:
    """One of three small layers is shared where cores do not steal: it saves too little."""
    maker = Maker(np.random.default_rng(1), [])
    graph = side_by_side(maker, maker.dense, [(1, 16), (16, 16), (16, 1)])
    steal, static = (target.load("qemu-virt-rv32").running(way) for way in ("steal", "static"))
    assert any(not step.is_alone for step in schedule(graph, static, 4))
    steps = schedule(graph, steal, 4)
    assert all(step.is_private for step in steps)
    assert "all sharing saves about" in steps[1].reason


def test_a_claim_is_written_into_the_crate() -> None:
    plan = api.plan(KEYWORD, "qemu-virt-rv32", 4, schedule="steal")
    assert all(step.claim for step in plan.steps if not step.is_alone)
    assert not any(step.claim for step in api.plan(KEYWORD, "qemu-virt-rv32", 4).steps)
