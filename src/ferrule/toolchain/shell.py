"""Says with which variables a shell of the user's runs the tools that Ferrule chose."""

import os
import shlex
from collections.abc import Mapping, Sequence

from ferrule.errors import ToolError
from ferrule.toolchain import doctor, qemu, rust

#: How names of variables begin that say what runs; the rest of Ferrule's own environment, such as
#: its `CARGO_HOME`, is not for a user's projects.
_KEPT = ("RUSTC", "RUSTDOC", "CARGO_TARGET_", "QEMU_")
_LEFT_OUT = ("RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER")


def variables(targets: Sequence[str], architecture: str = "") -> dict[str, str]:
    """Returns the variables that differ from the caller's own, whole values.

    With them, `cargo build --target T` builds firmware for each target without an operating system,
    and the emulator of `architecture` is on PATH. Raises `ToolError` for a tool that has to be
    fetched or compiled first.
    """
    needed = [doctor.linker(), *map(doctor.bare_metal, targets)]
    needed += [doctor.emulator(architecture)] if architecture else []
    for tool in needed:
        if tool.status != "ready":
            raise ToolError(
                f"`{tool.name}` is not there yet",
                where=tool.adds,
                hint="`ferrule check MODEL --board B` prepares what the board needs",
            )
    compilers = [rust.bare_metal(target) for target in targets]
    emulators = [qemu.system(architecture)] if architecture else []
    environments = [*(tools.env for tools in compilers), *(tools.env for tools in emulators)]
    programs = [*(tools.cargo for tools in compilers), *(tools.path for tools in emulators)]
    chosen = {
        name: value
        for environment in environments
        for name, value in environment.items()
        if name.startswith(_KEPT) and name not in _LEFT_OUT
    }
    for tools in compilers:
        if tools.rustflags:
            # Cargo adds them to the flags that a project's configuration has for the target.
            chosen[rust.variable(tools.target, "RUSTFLAGS")] = " ".join(tools.rustflags)
    chosen["PATH"] = _joined(*(str(path.parent) for path in programs), os.environ.get("PATH", ""))
    libraries = _joined(*(one.get("LD_LIBRARY_PATH", "") for one in environments))
    return {**chosen, "LD_LIBRARY_PATH": libraries} if libraries else chosen


def lines(chosen: Mapping[str, str]) -> str:
    """Writes variables as commands of a POSIX shell, for `eval`."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in chosen.items())


def _joined(*paths: str) -> str:
    """Joins search paths, each folder once."""
    folders = ":".join(paths).split(":")
    return ":".join(dict.fromkeys(folder for folder in folders if folder))
