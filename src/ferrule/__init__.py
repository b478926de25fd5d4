"""Compiles trained neural networks into `no_std` Rust for every core of a microcontroller.

The functions are the commands: `compile`, `plan`, `run`, `check`, `bench`, `calibrate`,
`try_kernels` (the command `kernels`), and lists of `boards`, `ops` and tools (`doctor`,
`shell`).
"""

from typing import TYPE_CHECKING, Any

from ferrule.errors import CompileError, FerruleError, ToolError

if TYPE_CHECKING:
    from ferrule.api import (
        Bench,
        Check,
        Shape,
        Trial,
        Written,
        bench,
        boards,
        calibrate,
        check,
        compile,  # noqa: A004
        doctor,
        ops,
        plan,
        run,
        shell,
        try_kernels,
    )

__version__ = "0.1.0"

__all__ = [
    "Bench",
    "Check",
    "CompileError",
    "FerruleError",
    "Shape",
    "ToolError",
    "Trial",
    "Written",
    "bench",
    "boards",
    "calibrate",
    "check",
    "compile",
    "doctor",
    "ops",
    "plan",
    "run",
    "shell",
    "try_kernels",
]


def __getattr__(name: str) -> Any:
    """Loads the functions when they are asked for, so that tools can be used on a bare Python."""
    if name not in __all__:
        raise AttributeError(f"module `ferrule` has no attribute `{name}`")
    from ferrule import api

    return getattr(api, name)
