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
        slots = [(slot.tensor.name, "tensor") for slot in plan.slots]
        ops = [(part.op.name, "operator") for step in plan.steps for part in step.parts]
        return Names(
            {name: text.upper() for name, text in unique_identifiers(slots, ("cores",)).items()},
            {name: text.upper() for name, text in unique_identifiers(ops).items()},
        )
