"""Lays Rust out as rustfmt does, for the few forms that are emitted with varying lengths."""

import textwrap
from collections.abc import Sequence

# rustfmt's defaults: `max_width`, `chain_width`, `array_width`, `fn_call_width`.
_WIDTH = 100
_CHAIN = 60
_ARRAY = 60
_CALL = 60


def comment(text: str) -> str:
    """A comment, on as many lines as it needs."""
    return "\n".join(f"// {line}" for line in textwrap.wrap(text, _WIDTH - len("// ")))


def signature(head: str, parameters: Sequence[str], tail: str) -> str:
    """A function's signature: on one line if it fits, else one line for each parameter."""
    line = f"{head}({', '.join(parameters)}){tail}"
    return line if len(line) <= _WIDTH else _vertical(head, parameters, tail)


def call(head: str, arguments: Sequence[str], tail: str) -> str:
    """A call: on one line if its arguments are short, else one line for each argument."""
    inside = ", ".join(arguments)
    line = f"{head}({inside}){tail}"
    if len(inside) <= _CALL and len(line) <= _WIDTH:
        return line
    return _vertical(head, arguments, tail)


def _vertical(head: str, items: Sequence[str], tail: str) -> str:
    indent = " " * (len(head) - len(head.lstrip()))
    return "\n".join([f"{head}(", *(f"{indent}    {item}," for item in items), f"{indent}){tail}"])


def chain(head: str, first: str, calls: Sequence[str]) -> str:
    """A statement that ends in a chain of method calls."""
    short = first + "".join(calls)
    line = f"{head} = {short};"
    if len(short) <= _CHAIN and len(line) <= _WIDTH:
        return line
    return "\n".join([f"{head} = {first}", *(f"    {call}" for call in calls)]) + ";"


def array(head: str, items: Sequence[str]) -> str:
    """A constant that refers to an array of items."""
    short = f"&[{', '.join(items)}]"
    line = f"{head} = {short};"
    if len(short) - 1 <= _ARRAY and len(line) <= _WIDTH:
        return line
    return "\n".join([f"{head} = &[", *(f"    {item}," for item in items), "];"])


def imports(paths: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Use declarations, each of one module's items; a single item stands without braces."""
    lines = []
    for module, items in paths:
        names = ", ".join(sorted(items))
        lines.append(f"use {module}::{{{names}}};" if len(items) > 1 else f"use {module}::{names};")
    return "\n".join(lines)


def wrapped(numbers: Sequence[int], indent: int) -> str:
    """Numbers separated by commas, filled up to the line width."""
    lines, line = [], " " * indent
    for number in numbers:
        word = f"{number},"
        if len(line) + len(word) + 1 > _WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += word + " "
    return "\n".join([*lines, line.rstrip()])
