"""Cut and number of cores of each step: the plan takes the cheapest, and says what others cost."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import random_graph

from ferrule import target
from ferrule.compiler import Compiled, plan_graph
from ferrule.emit.crate import emit
from ferrule.emit.report import describe, plan_text
from ferrule.hints import Hints
from ferrule.inputs import generate
from ferrule.passes.place import place
from ferrule.passes.schedule import schedule
from ferrule.passes.simplify import simplify
from ferrule.samples import Maker, side_by_side
from ferrule.session import Session
from ferrule.steps import Plan

TEAMS = [("qemu-musca-b1", 2), ("qemu-mps2-an521", 2), ("qemu-virt-rv32", 3), ("qemu-virt-rv32", 8)]


def relus(*shapes: tuple[int, ...], hints: Hints | None = None) -> Plan:
    """A Relu of each shape, in steps of their own."""
    maker = Maker(np.random.default_rng(1), [])
    graph = side_by_side(maker, maker.relu, shapes)
    return plan_graph(graph, "qemu-virt-rv32", 8, hints=hints)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 32), team=st.sampled_from(TEAMS))
def test_nothing_that_was_weighed_is_clearly_cheaper(seed: int, team: tuple[str, int]) -> None:
    board, cores = team
    for step in schedule(simplify(random_graph(seed)), target.load(board), cores):
        if not step.weighed:
            assert step.is_alone
            continue
        (own,) = (way for way in step.weighed if way.cut == ("" if step.is_alone else step.cut))
        # Rounded once, or the end and what a barrier costs each by itself.
        assert abs(own.predicted - step.predicted[-1]) <= 1
        assert own.cores == sum(map(bool, step.shares[-1]))
        for way in step.weighed:
            # By channels only where that is clearly faster, as runs of them are strided.
            margin = 21 / 20 if way.cut == "channels" else 1
            assert own.predicted <= way.predicted * margin + 1


def test_the_lead_waits_as_long_for_a_core_without_units() -> None:
    """Sixteen units on four cores of eight, or on five: the largest share is the same."""
    plan = relus(*[(4, 4, 8)] * 3)

    def spent(*shares: int) -> list[int]:
        """Instructions of the lead in each step."""
        rows = (*((16, *(0,) * helpers) for helpers in range(7)), shares)
        steps = tuple(
            replace(step, cut="pixels", unit=1, units=16, shares=rows, behind=0, ahead=0, lends=())
            for step in plan.steps
        )
        placed = place(plan.graph, steps, plan.target, plan.cores)
        session = Session(Compiled(placed, emit(placed, "relus.tflite", b"")))
        counts = session.count(generate(plan.graph, 1), plan.cores)
        return [lead for lead, *_ in counts.steps]

    assert spent(4, 4, 4, 4, 0, 0, 0, 0) == spent(4, 3, 3, 3, 3, 0, 0, 0)


def test_cores_without_a_unit_are_told() -> None:
    """Five pixels of sixteen channels: five cores by pixels, or all by channels."""
    plan = relus((1, 5, 300), (1, 5, 1))
    first, second = plan.steps
    assert [(way.cut, way.cores) for way in first.weighed] == [
        ("pixels", 5),
        ("channels", 8),
        ("", 1),
    ]
    assert first.reason.startswith("shared by channels")
    assert second.is_alone
    text = plan_text(plan)
    pixels, _, alone = (f"{way.predicted:,}" for way in first.weighed)
    assert f" (by pixels on 5 cores {pixels}, alone {alone})  shared by channels" in text
    assert f" (by pixels on 5 cores {second.weighed[0].predicted:,})  one core: " in text


def test_programs_read_what_was_weighed() -> None:
    step, *_ = describe(relus((8, 8, 64)))["steps"]
    assert [way["cut"] for way in step["weighed"]] == ["pixels", "channels", ""]
    assert step["weighed"][0]["predicted"] == step["predicted"][-1]


def test_nothing_is_weighed_where_there_is_no_choice() -> None:
    plan = relus((1, 1, 1), (8, 8, 64), hints=Hints((("sample_1", 1),)))
    assert [step.weighed for step in plan.steps] == [(), ()]
    assert "(" not in plan_text(plan).split("slots")[0]
