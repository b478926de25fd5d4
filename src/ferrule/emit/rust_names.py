"""Rust names of a plan's tensors and operators."""

from collections.abc import Sequence
from dataclasses import dataclass

from ferrule.names import unique_identifiers
from ferrule.steps import Part, Plan

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
        parts = [part for step in plan.steps for part in step.parts]
        # Constants that the generated file has besides slots.
        reserved = {"cores", "arena_bytes", "build"}
        shares = share_tables(parts)
        reserved |= {f"shares_{part.units}" for part in parts}
        reserved |= {name.lower() for name in shares.values()}
        reserved |= {f"{kind}_{n}" for kind in ("step", "scratch") for n in range(len(parts))}
        slots = [(slot.tensor.name, "tensor") for slot in plan.slots]
        ops = [(part.op.name, "operator") for part in parts]
        return Names(
            {name: text.upper() for name, text in unique_identifiers(slots, reserved).items()},
            {name: text.upper() for name, text in unique_identifiers(ops).items()},
            shares,
        )


def share_tables(parts: Sequence[Part]) -> ShareTables:
    """A name for each table that is not the lead's alone, in the order of units.

    Cores that are equal, and free, have one table for a number of units.
    """
    names: ShareTables = {}
    for part in sorted(parts, key=lambda part: part.units):
        if part.is_of_lead or (part.units, part.shares) in names:
            continue
        others = sum(units == part.units for units, _ in names)
        suffix = f"_{others + 1}" if others else ""
        names[part.units, part.shares] = f"SHARES_{part.units}{suffix}"
    return names
