"""Add for cores with the vector extension MVE: four elements of two tensors at a time."""

from dataclasses import dataclass
from typing import ClassVar

from ferrule.ir import Op, Struct
from ferrule.kernels import mve
from ferrule.kernels.kernel import Kernel
from ferrule.ops.add import Add


@dataclass(frozen=True, eq=False)
class AddMve(Kernel):
    """The same arithmetic as the plain kernel, in vectors.

    Inner loop: four elements of each operand are shifted, multiplied (VQRDMULH) and rounded as
    the plain kernel does, added, scaled once more, clamped and stored.
    """

    computes: ClassVar[type[Op]] = Add
    needs: ClassVar[frozenset[str]] = mve.NEEDS
    name: ClassVar[str] = "add_mve"

    @classmethod
    def obstacle(cls, op: Op) -> str:
        """Broadcasting, constants, and an output that is not shifted."""
        if len(op.activations) != 2 or op.inputs[0].shape != op.inputs[1].shape:
            return "an operand is broadcast, constant, or both are the same"
        if op.kernel != "add":
            return "both operands are the same tensor"
        shift = op.params().fields["shift"]
        assert isinstance(shift, int)
        if shift > -1:
            return "the output's scale is too small"
        return ""

    def cuts(self) -> tuple[str, ...]:
        """Pixels only: runs of elements are long."""
        return ("pixels",)

    def params(self) -> Struct:
        """Fields of `AddMve` in `crates/kernels/src/add_mve.rs`."""
        fields = self.op.params().fields

        def operand(name: str) -> Struct:
            struct = fields[name]
            assert isinstance(struct, Struct)
            names = ("zero_point", "multiplier", "shift")
            return Struct("MveOperand", {name: struct.fields[name] for name in names})

        names = ("zero_point", "low", "high")
        return Struct(
            "AddMve",
            {
                "first": operand("first"),
                "second": operand("second"),
                "multiplier": fields["multiplier"],
                "shift": fields["shift"],
                "range": Struct("MveRange", {name: fields[name] for name in names}),
            },
        )
