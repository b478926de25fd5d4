"""Writes the constants of every operator into one Rust file."""

import numpy as np

from ferrule.emit.layout import imports, wrapped
from ferrule.emit.sources import module_of
from ferrule.ir import Struct
from ferrule.kernels import Kernel
from ferrule.names import printable

_HEADER = """\
//! Constants of every operator: weights, bias and requantization. Generated; do not edit.

"""


def weights(kernels: dict[str, Kernel]) -> str:
    """The file, with one documented static for each operator, by its Rust name."""
    structs = {name: kernel.params() for name, kernel in kernels.items()}
    used = sorted({(module_of(name), name) for s in structs.values() for name in _names(s)})
    text = _HEADER + imports([(f"kernels::{module}", [name]) for module, name in used]) + "\n"
    for name, struct in structs.items():
        text += f"\n/// Of `{printable(kernels[name].op.name)}`.\n"
        text += f"pub static {name}: {struct.name} = {_literal(struct, 0)};\n"
    return text


def constant_bytes(struct: Struct) -> int:
    """Bytes of the arrays in a struct: what the weights take in flash."""
    total = 0
    for value in struct.fields.values():
        if isinstance(value, np.ndarray):
            total += value.nbytes
        elif isinstance(value, Struct):
            total += constant_bytes(value)
    return total


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
