"""Writes the constants of every operator into one Rust file."""

from collections.abc import Sequence

import numpy as np

from ferrule.emit import kinds
from ferrule.emit.layout import wrapped
from ferrule.emit.sources import module_of
from ferrule.ir import Struct
from ferrule.names import printable
from ferrule.steps import Step
from ferrule.target import Core

_HEADER = """\
//! Constants of every operator: weights, bias and requantization. Generated; do not edit.

"""


def weights(steps: dict[str, Step], of: Sequence[Core]) -> str:
    """The file, with one documented static for each operator, by its Rust name.

    Where kinds of cores have different kernels, each has a static of its own under that name.
    """
    structs = [
        (name, step.op, chosen, kernel.params())
        for name, step in steps.items()
        for chosen, kernel in kinds.variants(step)
    ]
    used = kinds.grouped(
        (f"{module_of(word)}::{word}", word, chosen)
        for _, _, chosen, struct in structs
        for word in _names(struct)
    )
    text = _HEADER
    for path, _, chosen in used:
        text += f"{kinds.attribute(of, chosen)}use kernels::{path};\n"
    for name, op, chosen, struct in structs:
        text += f"\n/// Of `{printable(op.name)}`.\n{kinds.attribute(of, chosen)}"
        text += f"pub static {name}: {struct.name} = {_literal(struct, 0)};\n"
    return text


def step_bytes(step: Step) -> tuple[int, ...]:
    """Bytes of a step's constants in flash, in the image of each kind of core."""
    return tuple(kernel.params().bytes for kernel in step.kernels)


def _names(struct: Struct) -> set[str]:
    nested = [_names(value) for value in struct.fields.values() if isinstance(value, Struct)]
    return {struct.name}.union(*nested)


def _literal(value: object, indent: int) -> str:
    inner = " " * (indent + 4)
    match value:
        case Struct(name, fields, constructor) if constructor:
            lines = [f"{inner}{_literal(item, indent + 4)}," for item in fields.values()]
            return "\n".join([f"{name}::{constructor}(", *lines, " " * indent + ")"])
        case Struct(name, fields):
            lines = [
                f"{inner}{field}: {_literal(item, indent + 4)}," for field, item in fields.items()
            ]
            return "\n".join([f"{name} {{", *lines, " " * indent + "}"])
        case np.ndarray():
            numbers = wrapped([int(number) for number in value.ravel()], indent + 4)
            return f"&[\n{numbers}\n{' ' * indent}]"
        case bool():
            return str(value).lower()
        case int() | np.integer():
            return str(int(value))
    raise AssertionError(value)
