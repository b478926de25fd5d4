"""The body of the generated function that runs every step."""

from collections.abc import Hashable, Sequence

from ferrule.emit import kinds, layout
from ferrule.emit.rust_names import RUST_TYPES, Names
from ferrule.emit.sources import module_of
from ferrule.emit.turns import Turns, turns
from ferrule.steps import Plan, Step


def of(plan: Plan, names: Names) -> tuple[list[str], list[str]]:
    """Tables of steps, and the statements.

    There is a statement for each step; where size matters, steps that have the same kernels in
    turns are in one loop over a table.
    """
    tables, statements = [], []
    for found in turns([_key(plan, number) for number in range(len(plan.steps))]):
        if found.count == 1:
            statements += [_call(plan, names, number) for number in found.steps]
        else:
            tables.append(_table(plan, names, found))
            statements.append(_loop(plan, found))
    return tables, statements


def _key(plan: Plan, number: int) -> Hashable:
    """What steps in one loop have in common; where there are no loops, it is a step's own."""
    if plan.optimize != "size" or len(plan.kinds) > 1:
        return number
    step = plan.steps[number]
    return step_type(plan, step), step.functions


def step_type(plan: Plan, step: Step) -> str:
    """The Rust type of a step."""
    types = [RUST_TYPES[plan.slot(tensor).tensor.dtype] for tensor in step.op.activations]
    inputs = f"({types[0]},)" if len(types) == 1 else f"({', '.join(types)})"
    output = RUST_TYPES[step.op.output.dtype]
    return f"{'Whole' if plan.is_whole else 'Step'}<{inputs}, {output}>"


def _run(plan: Plan, indent: int, arguments: Sequence[str]) -> str:
    method = "whole" if plan.is_whole else "step"
    return layout.call(f"{' ' * indent}team.{method}", arguments, "?;")


def _call(plan: Plan, names: Names, number: int) -> str:
    """Runs a step, on each kind of core with its own kernel."""
    step, params = plan.steps[number], _params(plan, names, number)
    return "\n".join(
        kinds.attribute(plan.kinds, chosen, "    ")
        + _run(plan, 4, [f"&STEP_{number}", kernel.function, params])
        for chosen, kernel in kinds.variants(step)
    )


def _table(plan: Plan, names: Names, found: Turns) -> str:
    """For each turn its steps, and what their kernels are given."""
    types = []
    for number in next(found.by_turn()):
        step = plan.steps[number]
        struct = step.kernels[0].params().name
        types.append(f"    &{step_type(plan, step)}, &kernels::{module_of(struct)}::{struct},")
    lines = [
        f"// Steps {found.steps[0]} to {found.steps[-1]}: in {found.count} turns the same kernels.",
        "#[rustfmt::skip]",
        f"static {_name(found)}: [(",
        *types,
        f"); {found.count}] = [",
    ]
    for turn in found.by_turn():
        items = [f"&STEP_{number}, {_params(plan, names, number)}" for number in turn]
        lines.append(f"    ({', '.join(items)}),")
    return "\n".join([*lines, "];"])


def _loop(plan: Plan, found: Turns) -> str:
    """Runs the steps of all turns."""
    turn = next(found.by_turn())
    names = [f"step_{place}, params_{place}" for place in range(len(turn))]
    lines = [f"    for ({', '.join(names)}) in &{_name(found)} {{"]
    for place, number in enumerate(turn):
        function = plan.steps[number].kernels[0].function
        lines.append(_run(plan, 8, [f"step_{place}", function, f"params_{place}"]))
    return "\n".join([*lines, "    }"])


def _name(found: Turns) -> str:
    return f"TURNS_{found.first}"


def _params(plan: Plan, names: Names, number: int) -> str:
    return f"&weights::{names.ops[plan.steps[number].op.name]}"
