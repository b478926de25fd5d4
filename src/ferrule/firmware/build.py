"""Builds the firmware around a generated crate, once for each content."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from ferrule.errors import CompileError, FerruleError, ToolError
from ferrule.firmware import project
from ferrule.firmware.image import Image, Program
from ferrule.firmware.signature import Signature, signature
from ferrule.target import Target
from ferrule.toolchain import cache, rust
from ferrule.toolchain.rust import Rust

#: Stack of each core; the lead's also holds the model's inputs and outputs.
STACK_BYTES = 8 * 1024
_STACK_ALIGNMENT = 64

_OVERFLOW = re.compile(r"will not fit in region '(\w+)': overflowed by (\d+) bytes")


def build(crate: Path, target: Target, program: Program, level: str = "3") -> Image:
    """Returns the image of a program around a crate, building it the first time.

    `level` is cargo's optimization level: `3` for speed, `s` for size. Raises `CompileError` when
    the crate does not fit the board, `ToolError` when cargo fails.
    """
    crate = crate.resolve()
    offered = signature(crate)
    tools = rust.bare_metal(target.rust_target) if project.is_bare(target) else rust.host()
    files = project.files(crate, offered, target, level)
    added = flags(offered, target)
    key = digest(crate, target, tools, files, added)
    folder = cache.folder("firmware", f"{offered.crate}-{target.name}-{key[:16]}")
    if not folder.is_dir():
        with cache.locked(folder):
            if not folder.is_dir():
                with cache.fresh(folder) as partial:
                    compile_all(files, tools, added, partial, target)
    return Image(folder / program.value, target, program, offered)


def digest(
    crate: Path, target: Target, tools: Rust, files: dict[str, str], added: tuple[str, ...]
) -> str:
    """Names everything that the image depends on."""
    total = hashlib.sha256()
    for word in (target.name, tools.target, tools.version, tools.source, *added):
        total.update(word.encode() + b"\0")
    for name, text in files.items():
        total.update(name.encode() + b"\0" + text.encode() + b"\0")
    for folder in (crate, project.SEMIHOSTING):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "target" not in path.relative_to(folder).parts:
                total.update(path.relative_to(folder).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def flags(offered: Signature, target: Target) -> tuple[str, ...]:
    """Compiler flags that name the core and the port's linker script, and size the stacks."""
    if not project.is_bare(target):
        return ()
    lead = STACK_BYTES + offered.input_bytes + offered.output_bytes
    symbols = {
        "_lead_stack_bytes": -(-lead // _STACK_ALIGNMENT) * _STACK_ALIGNMENT,
        "_helper_stack_bytes": STACK_BYTES,
        "_helpers": offered.cores - 1,
    }
    # Before the script: lld takes assignments in order, and the script's defaults come after.
    arguments = [f"--defsym={name}={value}" for name, value in symbols.items()]
    arguments += ["-Tlink.x", "--nmagic"]
    cpu = (f"-Ctarget-cpu={target.cpu}",) if target.cpu else ()
    return (*cpu, *(f"-Clink-arg={argument}" for argument in arguments))


def compile_all(
    files: dict[str, str], tools: Rust, added: tuple[str, ...], folder: Path, target: Target
) -> None:
    """Compiles all programs in a folder and leaves only their ELF files there."""
    work = folder / "work"
    for name, text in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    answer = subprocess.run(
        tools.build("--bins", "--target-dir", str(work / "target")),
        cwd=work,
        env=tools.environment(*added),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise failure(answer.stderr, target)
    for program in Program:
        shutil.copy(work / "target" / tools.target / "release" / program.value, folder)
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
