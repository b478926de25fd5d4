"""Rust names of a plan's tensors and operators."""

from dataclasses import dataclass

from ferrule.names import unique_identifiers
from ferrule.steps import Plan


@dataclass(frozen=True)
class Names:
    """Rust names of a plan's tensors and operators."""

    tensors: dict[str, str]
    ops: dict[str, str]

    @staticmethod
    def of(plan: Plan) -> "Names":
        """Identifiers for every slot and operator, unique and in the plan's order."""
        parts = [part for step in plan.steps for part in step.parts]
        # Constants that the generated file has besides slots.
        reserved = {"cores", "arena_bytes"}
        reserved |= {f"shares_{part.units}" for part in parts}
        reserved |= {f"{kind}_{n}" for kind in ("step", "scratch") for n in range(len(parts))}
        slots = [(slot.tensor.name, "tensor") for slot in plan.slots]
        ops = [(part.op.name, "operator") for part in parts]
        return Names(
            {name: text.upper() for name, text in unique_identifiers(slots, reserved).items()},
            {name: text.upper() for name, text in unique_identifiers(ops).items()},
        )
