"""Steps without a barrier in between: which ones, on what terms, and that the bits stay."""

import cProfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from cases import Filters, activations, all_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merge, mismatches
from random_graphs import random_graph

from ferrule import target
from ferrule.compiler import Compiled, plan_graph
from ferrule.crew import Crew
from ferrule.emit.crate import emit
from ferrule.emit.report import describe, plan_text
from ferrule.hints import Hints
from ferrule.importers.tflite import load
from ferrule.inputs import generate
from ferrule.ir import Graph, Op
from ferrule.lifetimes import Alive, lifetimes, peak_of
from ferrule.ops.add import Add
from ferrule.ops.concatenation import Concatenation
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.ops.relu import Relu
from ferrule.passes.groups import groups
from ferrule.passes.place import place
from ferrule.passes.schedule import schedule
from ferrule.passes.simplify import simplify
from ferrule.session import Session
from ferrule.steps import Plan
from ferrule.window import NO_PADDING, same_padding

BOARDS = ("host", "qemu-mps2-an521", "qemu-musca-b1", "qemu-virt-rv32")
KEYWORD = Path(__file__).parents[1] / "models/keyword/keyword_int8.tflite"


def grouped(graph: Graph, board: str, hints: Hints | None = None) -> Plan:
    """The plan with all groups that are cheaper, also where they need a larger arena."""
    described, graph = target.load(board), simplify(graph)
    cores = described.core_count
    steps = schedule(graph, described, cores, hints=hints)
    crew = Crew(described, cores, hints or Hints())
    plan = place(graph, groups(graph, steps, crew), described, cores)
    plan.verify()
    return plan


def conv(name: str, source, size: int, channels: int) -> Conv2d:
    filters = Filters.random(name, (channels, size, size, source.shape[3]), 0, source)
    padding = same_padding(source.shape[1:3], (size, size), (1, 1))
    output = activations(f"{name}_output", (*source.shape[:3], channels), filters.output_scale)
    return Conv2d(
        name, (source, filters.weights, filters.bias), (output,), stride=(1, 1), dilation=(1, 1),
        padding=padding, activation="none",
    )  # fmt: skip


def residual() -> Graph:
    """Two branches that meet: side by side, and an addition of each core's own rows.

    The last layer needs the most memory, so that of the others all can be alive at once.
    """
    source = activations("source", (1, 12, 12, 8))
    first, second = conv("first", source, 3, 16), conv("second", source, 1, 16)
    output = activations("sum", (1, 12, 12, 16), 0.07)
    add = Add("add", (first.output, second.output), (output,), activation="none")
    last = conv("last", output, 1, 64)
    return Graph("residual", (first, second, add, last), (source,), (last.output,))


def inception(axis: int) -> Graph:
    """Two branches of one quantization, joined along an axis, and a layer that needs more."""
    source = activations("source", (1, 12, 12, 8))
    first = conv("first", source, 3, 16)
    second = conv("second", source, 1, 16)
    second = replace(second, outputs=(replace(second.output, quant=first.output.quant),))
    shape = list(first.output.shape)
    shape[axis] *= 2
    output = replace(first.output, name="joined", shape=tuple(shape))
    join = Concatenation("join", (first.output, second.output), (output,), axis=axis)
    last = conv("last", output, 1, 128)
    return Graph("inception", (first, second, join, last), (source,), (last.output,))


def pooled(size: int) -> Graph:
    """A convolution, a pool of `size` x `size` with a stride of 2, and a layer that needs more."""
    source = activations("source", (1, 12, 12, 4))
    first = conv("first", source, 1, 8)
    output = activations("pooled", (1, (12 - size) // 2 + 1, (12 - size) // 2 + 1, 8))
    output = type(output)(output.name, output.shape, "int8", first.output.quant)
    pool = MaxPool2d(
        "pool", (first.output,), (output,), filter=(size, size), stride=(2, 2),
        padding=NO_PADDING, activation="none",
    )  # fmt: skip
    last = conv("last", output, 1, 64)
    return Graph("pooled", (first, pool, last), (source,), (last.output,))


def test_branches_run_side_by_side_and_meet_without_a_barrier() -> None:
    first, second, add, last = grouped(residual(), "qemu-musca-b1").steps
    assert [step.behind for step in (first, second, add, last)] == [0, 1, 2, 0]
    assert not first.lends
    assert not second.lends
    assert add.lends == (add.unit * 16,) * 2
    assert "beside `first`" in second.reason
    assert "each core reads what it wrote" in add.reason


def test_branches_are_joined_by_channels_without_a_barrier() -> None:
    """Of each pixel a core has what it wrote of both branches."""
    first, second, join, _ = grouped(inception(3), "qemu-musca-b1").steps
    assert [step.behind for step in (first, second, join)] == [0, 1, 2]
    assert join.lends == (join.unit * 16,) * 2


def test_branches_that_are_joined_by_rows_run_side_by_side() -> None:
    """The upper half of the output is the first branch: each core reads what both wrote."""
    first, second, join, _ = grouped(inception(1), "qemu-musca-b1").steps
    assert [step.behind for step in (first, second, join)] == [0, 1, 0]
    assert join.cut == "channels"


def test_the_generated_text(golden) -> None:
    files = emit(grouped(residual(), "qemu-musca-b1"), "residual.tflite", b"model")
    for name in ("src/lib.rs", "plan.txt"):
        golden(f"residual-2/{name}", files[name])


def test_a_pool_follows_where_its_rows_end_with_those_of_a_core() -> None:
    """Each core's half of the convolution ends with a pair of rows, which is what a row needs."""
    first, pool, _ = grouped(pooled(2), "qemu-musca-b1").steps
    assert pool.behind == 1
    assert first.ahead == 1
    assert pool.lends == (2 * 12 * 8,)


def test_a_halo_needs_a_barrier() -> None:
    """A pool of 3 x 3 sees a row of the next core."""
    first, pool, _ = grouped(pooled(3), "qemu-musca-b1").steps
    assert not pool.behind
    assert not first.ahead


def test_small_layers_of_two_branches_go_to_two_cores() -> None:
    """Neither is worth a barrier for itself."""
    source = activations("source", (1, 1, 50, 1))
    first, second = (
        Relu(name, (source,), (activations(f"{name}_output", source.shape, 0.04),))
        for name in ("first", "second")
    )
    graph = Graph("twins", (first, second), (source,), (first.output, second.output))
    plan = grouped(graph, "qemu-musca-b1")
    assert [step.shares[1] for step in plan.steps] == [(1, 0), (0, 1)]
    assert not any(step.is_private for step in plan.steps)


def test_what_the_lead_does_alone_has_no_barrier() -> None:
    plan = plan_graph(load(KEYWORD), "qemu-musca-b1")
    (*_, softmax) = plan.steps
    assert softmax.is_private
    assert [group.has_barrier for group in plan.groups] == [
        not plan.steps[group.numbers[0]].is_private for group in plan.groups
    ]


def test_pinned_layers_stay_with_their_core() -> None:
    hints = Hints(pins=(("second", 1), ("first", 0)))
    plan = grouped(residual(), "qemu-musca-b1", hints)
    assert [step.shares[1] for step in plan.steps[:2]] == [(1, 0), (0, 1)]
    assert plan.steps[1].behind == 1
    # What two cores wrote is read behind a barrier.
    assert not plan.steps[2].behind


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 1 << 32), board=st.sampled_from(BOARDS))
def test_a_group_never_costs_arena_or_instructions(seed: int, board: str) -> None:
    graph = simplify(random_graph(seed))
    described = target.load(board)
    steps = schedule(graph, described, described.core_count)
    plain = place(graph, steps, described, described.core_count)
    plan = plan_graph(graph, board)
    assert plan.arena_bytes <= plain.arena_bytes
    team = plan.cores
    assert plan.predicted(team) <= plain.predicted(team) + len(steps)


def test_only_groups_that_need_a_larger_arena_are_given_up() -> None:
    """With all of them it would be; the plan says which it is without, and why."""
    graph = simplify(merge("wide", [random_graph(seed) for seed in range(60)]))
    board = target.load("qemu-virt-rv32")
    steps = schedule(graph, board, 8)
    plain = place(graph, steps, board, 8)
    joined = groups(graph, steps, Crew(board, 8))
    assert place(graph, joined, board, 8).arena_bytes > plain.arena_bytes
    plan = plan_graph(graph, board.name)
    assert plan.arena_bytes <= plain.arena_bytes
    assert plan.predicted(8) < 0.85 * plain.predicted(8)
    assert 0 < len(plan.given_up) < 20
    told = describe(plan)["given_up"]
    text = plan_text(plan)
    for group, said in zip(plan.given_up, told, strict=True):
        assert group.bytes > 0
        assert (said["bytes"], said["saved"]) == (group.bytes, group.saved)
        assert f"{group.bytes:>8,}  {group.saved:>8,}  {', '.join(said['names'])}" in text
        assert not {step.ahead for step in plan.steps if step.op.name == group.ops[0]} - {0}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_alive_ahead_is_what_slots_say(seed: int) -> None:
    """Step by step, and in groups."""
    graph = simplify(random_graph(seed))
    board = target.load("qemu-virt-rv32")
    plain = schedule(graph, board, 8)
    for steps in (plain, groups(graph, plain, Crew(board, 8))):
        starts = [at for at, step in enumerate(steps) if not step.behind]
        together = [steps[at : at + 1 + steps[at].ahead] for at in starts]
        slots, scratch = lifetimes(graph, steps, board.arena_memory.name, 8)
        expected = peak_of([*slots, *scratch.values()], len(steps))
        assert Alive(graph, 8).peak(together) == expected
        alive, peaks = Alive(graph, 8), []
        for group in together:
            peaks.append(alive.peak([group]))
            alive.run(group)
        assert max(peaks) == expected


def test_planning_a_step_takes_no_longer_where_there_are_more() -> None:
    """Counted are calls of Python functions."""

    def calls(graphs: int) -> int:
        many = merge("wide", [random_graph(5)] * graphs)
        profile = cProfile.Profile()
        profile.runcall(plan_graph, many, "qemu-virt-rv32")
        return sum(entry.callcount for entry in profile.getstats())

    calls(1)  # What is read and compiled once.
    assert calls(48) < 4.4 * calls(12)


def sees_only_its_runs(op: Op) -> int:
    """Changes all that a run of pixels does not need: its results stay. Returns the runs."""
    block = op.block()
    if block is None:
        return 0
    numbers = np.random.default_rng(1)
    graph = Graph("one", (op,), op.activations, op.outputs)
    constants = {id(t): t.data for t in op.inputs if t.data is not None}

    def results(arrays) -> np.ndarray:
        given = {id(t): a for t, a in zip(op.activations, arrays, strict=True)} | constants
        return op.reference(*(given[id(t)] for t in op.inputs)).reshape(op.matrix())

    before = generate(graph, 1)
    expected = results(before)
    runs = -(-op.matrix()[0] // block.pixels)
    for run in {0, runs // 2, runs - 1}:
        after = []
        for array, elements in zip(before, block.elements, strict=True):
            other = numbers.integers(-128, 128, array.shape).astype(array.dtype)
            own = slice(run * elements, (run + 1) * elements)
            other.reshape(-1)[own] = array.reshape(-1)[own]
            after.append(other)
        pixels = slice(run * block.pixels, (run + 1) * block.pixels)
        np.testing.assert_array_equal(results(after)[pixels], expected[pixels])
    return runs


def test_a_run_of_pixels_needs_no_more_than_its_block() -> None:
    runs = [sees_only_its_runs(case.graph.ops[0]) for case in all_cases()]
    assert sum(count > 1 for count in runs) > 100


@cache
def many() -> Graph:
    graphs = [residual(), pooled(2), *(random_graph(seed) for seed in range(30))]
    return merge("groups", graphs)


@cache
def session(board: str) -> Session:
    plan = grouped(many(), board)
    return Session(Compiled(plan, emit(plan, "groups.tflite", b"")))


@pytest.mark.parametrize(
    ("board", "team"),
    [
        *(("host", team) for team in range(1, 9)),
        ("qemu-mps2-an521", 2),
        ("qemu-musca-b1", 2),
        ("qemu-virt-rv32", 8),
    ],
)
def test_every_team_equals_one_core_in_groups(board: str, team: int, count_cases) -> None:
    plan = session(board).plan
    assert sum(step.behind > 0 for step in plan.steps) > 20
    assert any(step.lends for step in plan.steps)
    assert not mismatches(session(board), many(), team, seeds=(1, 2))
    count_cases(f"{board} x {team}, in groups", 32, "graphs")
