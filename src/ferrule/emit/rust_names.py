"""Rust names of a plan's tensors and operators."""

from collections.abc import Sequence
from dataclasses import dataclass

from ferrule.names import unique_identifiers
from ferrule.steps import Plan, Step

#: Types of elements.
RUST_TYPES = {
    "int8": "i8",
    "uint8": "u8",
    "uint32": "u32",
    "int16": "i16",
    "int32": "i32",
    "float32": "f32",
}

#: Names of tables of shares, by number of units and the table.
ShareTables = dict[tuple[int, tuple[tuple[int, ...], ...]], str]


@dataclass(frozen=True)
class Names:
    """Rust names of a plan's tensors, operators and tables of shares."""

    tensors: dict[str, str]
    ops: dict[str, str]
    shares: ShareTables

    @staticmethod
    def of(plan: Plan) -> "Names":
        """Identifiers for every slot and operator, unique and in the plan's order."""
        # Constants that the generated file has besides slots.
        reserved = {"cores", "arena_bytes", "build"}
        shares = share_tables(plan.steps)
        reserved |= {f"shares_{step.units}" for step in plan.steps}
        reserved |= {name.lower() for name in shares.values()}
        numbers = range(len(plan.steps))
        reserved |= {f"{kind}_{n}" for kind in ("step", "scratch", "turns") for n in numbers}
        slots = [(slot.tensor.name, "tensor") for slot in plan.slots]
        ops = [(step.op.name, "operator") for step in plan.steps]
        return Names(
            {name: text.upper() for name, text in unique_identifiers(slots, reserved).items()},
            {name: text.upper() for name, text in unique_identifiers(ops).items()},
            shares,
        )


def share_tables(steps: Sequence[Step]) -> ShareTables:
    """A name for each table that is not the lead's alone, in the order of units.

    Cores that are equal, and free, have one table for a number of units.
    """
    names: ShareTables = {}
    for step in sorted(steps, key=lambda step: step.units):
        if step.is_private or (step.units, step.shares) in names:
            continue
        others = sum(units == step.units for units, _ in names)
        suffix = f"_{others + 1}" if others else ""
        names[step.units, step.shares] = f"SHARES_{step.units}{suffix}"
    return names
