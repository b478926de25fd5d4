"""Builds the firmware around a generated crate, once for each content."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferrule.errors import CompileError, FerruleError, ToolError
from ferrule.firmware import project
from ferrule.firmware.image import Image, Program
from ferrule.firmware.roles import Duty, Role, roles
from ferrule.firmware.signature import Signature, signature
from ferrule.target import Target
from ferrule.toolchain import cache, rust
from ferrule.toolchain.rust import Rust

#: Stack of each core. Inputs and outputs are not on the lead's, but see `_BORDER_BYTES`.
STACK_BYTES = 16 * 1024
_STACK_ALIGNMENT = 64
# Where an input or output lies is passed on, on the stack when there are many: by each of two
# functions, in a word.
_BORDER_BYTES = 8

_OVERFLOW = re.compile(r"will not fit in region '(\w+)': overflowed by (\d+) bytes")


def build(crate: Path, target: Target, program: Program, level: str = "3") -> Image:
    """Returns the image of a program around a crate, building it the first time.

    `level` is cargo's optimization level: `3` for speed, `s` for size. Raises `CompileError` when
    the crate does not fit the board, `ToolError` when cargo fails.
    """
    if not target.can_run:
        raise CompileError(
            f"nothing here runs firmware of {target.name}: it has no emulator",
            hint="`ferrule compile` and `ferrule plan` work for it; start-up code and linker "
            "script are yours",
        )
    crate = crate.resolve()
    offered = signature(crate)
    projects = [
        Project(role, tools(target, role), project.files(crate, offered, target, role, level),
                flags(offered, target, role))
        for role in roles(target, offered.cores)
    ]  # fmt: skip
    key = digest(crate, target, projects)
    folder = cache.folder("firmware", f"{offered.crate}-{target.name}-{program}-{key[:16]}")
    if not folder.is_dir():
        with cache.locked(folder):
            if not folder.is_dir():
                with cache.fresh(folder) as partial:
                    for one in projects:
                        compile_one(one, program, partial, target)
    first, *others = (folder / one.role.folder / program.value for one in projects)
    return Image(first, target, program, offered, tuple(others))


@dataclass(frozen=True)
class Project:
    """What one image is built from."""

    role: Role
    tools: Rust
    files: dict[str, str]
    flags: tuple[str, ...]


def tools(target: Target, role: Role) -> Rust:
    """The Rust tools for an image."""
    return rust.bare_metal(role.core.rust_target) if project.is_bare(target) else rust.host()


def digest(crate: Path, target: Target, projects: Sequence[Project]) -> str:
    """Names everything that the images depend on."""
    total = hashlib.sha256(target.name.encode() + b"\0")
    for one in projects:
        for word in (one.tools.target, one.tools.version, one.tools.source, *one.flags):
            total.update(word.encode() + b"\0")
        for name, text in one.files.items():
            total.update(name.encode() + b"\0" + text.encode() + b"\0")
    for folder in (crate, project.SEMIHOSTING):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "target" not in path.relative_to(folder).parts:
                total.update(path.relative_to(folder).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def flags(offered: Signature, target: Target, role: Role) -> tuple[str, ...]:
    """Compiler flags that name the core and the port's linker script, and size the stacks."""
    if not project.is_bare(target):
        return ()
    borders = len(offered.inputs) + len(offered.outputs)
    lead = STACK_BYTES + _BORDER_BYTES * borders
    symbols = {
        "_lead_stack_bytes": -(-lead // _STACK_ALIGNMENT) * _STACK_ALIGNMENT,
        "_helper_stack_bytes": STACK_BYTES,
        "_helpers": offered.cores - 1,
    }
    if role.duty is not Duty.LEAD:
        symbols["_leads"] = 0
    # Before the script: lld takes assignments in order, and the script's defaults come after.
    arguments = [f"--defsym={name}={value}" for name, value in symbols.items()]
    arguments += [f"-T{role.script}", "--nmagic"]
    cpu = (f"-Ctarget-cpu={role.core.cpu}",) if role.core.cpu else ()
    return (*cpu, *(f"-Clink-arg={argument}" for argument in arguments))


def compile_one(one: Project, program: Program, root: Path, target: Target) -> None:
    """Compiles a program for one image and leaves only its ELF file in the image's folder."""
    folder = root / one.role.folder
    work = folder / "work"
    for name, text in one.files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    answer = subprocess.run(
        one.tools.build("--bin", program, "--target-dir", str(work / "target")),
        cwd=work,
        env=one.tools.environment(*one.flags),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise failure(answer.stderr, target)
    shutil.copy(work / "target" / one.tools.target / "release" / program, folder)
    shutil.rmtree(work)


def failure(output: str, target: Target) -> FerruleError:
    """Says why cargo failed: a memory of the board is too small, or something else."""
    overflows = {name: int(count) for name, count in _OVERFLOW.findall(output)}
    if overflows:
        name, missing = max(overflows.items(), key=lambda overflow: overflow[1])
        total = next((m.bytes for m in target.memories if m.name == name), 0)
        return CompileError(
            f"the firmware needs {total + missing:,} B of `{name}`, but {target.name} has "
            f"{total:,} B",
            where=f"{missing:,} B too many, stacks and test code included",
            hint="choose a board with more memory, or a smaller model",
        )
    lines = output.strip().splitlines()
    errors = [number for number, line in enumerate(lines) if line.startswith("error")]
    first = errors[0] if errors else max(len(lines) - 12, 0)
    return ToolError(
        f"cargo cannot build the firmware for {target.name}",
        where="\n".join(lines[first : first + 12]),
        hint="`ferrule doctor` shows which Rust and which linker are used",
    )
