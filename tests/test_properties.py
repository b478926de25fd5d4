"""What holds for every graph: slots never overlap, every element is written once, by any team."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merge, mismatches, open_session
from random_graphs import random_graph

from ferrule.compiler import plan_graph
from ferrule.ir import Graph
from ferrule.session import Session
from ferrule.steps import Plan

BOARDS = ("host", "qemu-mps2-an521", "qemu-musca-b1", "qemu-virt-rv32")
SEEDS = st.integers(0, 1 << 32)


@settings(max_examples=200, deadline=None)
@given(seed=SEEDS, board=st.sampled_from(BOARDS))
def test_slots_that_live_together_never_overlap(seed: int, board: str) -> None:
    plan = plan_graph(random_graph(seed), board)
    owner = np.full((len(plan.steps) + 2, plan.arena_bytes), -1)
    for number, slot in enumerate((*plan.slots, *plan.scratch.values())):
        taken = owner[slot.first + 1 : slot.last + 2, slot.offset : slot.end]
        assert (taken == -1).all()
        taken[:] = number


@settings(max_examples=200, deadline=None)
@given(seed=SEEDS, board=st.sampled_from(BOARDS))
def test_every_element_is_written_once(seed: int, board: str) -> None:
    plan = plan_graph(random_graph(seed), board)
    for step in plan.steps:
        for shares in step.shares:
            written = np.zeros(step.op.matrix(), int)
            start = 0
            for share in shares:
                units = slice(start * step.unit, (start + share) * step.unit)
                rows = written[units] if step.cut == "pixels" else written[:, units]
                rows += 1
                start += share
            assert (written == 1).all()


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_the_arena_holds_the_peak(seed: int) -> None:
    plan: Plan = plan_graph(random_graph(seed), "host", 1)
    assert plan.peak <= plan.arena_bytes + 3
    assert plan.arena_bytes <= sum(slot.bytes + 3 for slot in plan.slots)


@cache
def many() -> Graph:
    return merge("random", [random_graph(seed) for seed in range(40)])


@cache
def session(board: str, schedule: str = "static", piece: int = 0) -> Session:
    return open_session(many(), board, schedule=schedule, piece=piece)


@pytest.mark.parametrize(
    ("board", "team"),
    [
        *(("host", team) for team in range(1, 9)),
        *((board, 2) for board in BOARDS[1:3]),
        ("qemu-virt-rv32", 7),
    ],
)
def test_every_team_equals_one_core(board: str, team: int, count_cases) -> None:
    assert not mismatches(session(board), many(), team, seeds=(1, 2))
    count_cases(f"{board} x {team}", 40, "random graphs")


@pytest.mark.parametrize("team", range(2, 9))
def test_every_team_that_steals_equals_one_core(team: int, count_cases) -> None:
    assert not mismatches(session("host", "steal"), many(), team, seeds=(1, 2))
    count_cases(f"host x {team}, stealing", 40, "random graphs")


@pytest.mark.parametrize("team", [1, 2, 8])
def test_every_slice_equals_one_core(team: int, count_cases) -> None:
    """The program that is run takes six kinds of slices in turn."""
    assert not mismatches(session("host", piece=100_000), many(), team, seeds=(1, 2))
    count_cases(f"host x {team}, in slices", 40, "random graphs")
