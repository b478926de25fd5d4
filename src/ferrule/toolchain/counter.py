"""The plugin that counts the instructions each emulated core executes between marks."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ferrule import resources
from ferrule.errors import ToolError
from ferrule.toolchain import cache, rust
from ferrule.toolchain.process import compiled, followed
from ferrule.toolchain.qemu import Qemu

SOURCES = ("Cargo.toml", "Cargo.lock", "src/*.rs")


@dataclass(frozen=True)
class Lockstep:
    """One core runs at a time: the one that has executed least, until it is `quantum` ahead.

    A core in `slowed`, by index, takes so many times as long for each instruction.
    """

    quantum: int = 256
    slowed: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Marks:
    """Where counting begins, ends, and goes on in the next bucket, as symbol addresses.

    A core counts from each `begin` up to, not including, each `end`; that is a run. An instruction
    at a `step` is the first of the run's next bucket. Instructions in a `wait` range, from its
    first address up to, not including, its second, are counted apart. Without `lockstep` all cores
    of an emulator run at once, as the host lets them. `timings` is a file of what each instruction
    takes, see `ferrule.firmware.timing`; then cycles are estimated. How often an emulated core
    comes to a `note` is counted for each bucket.
    """

    begin: tuple[int, ...]
    end: tuple[int, ...]
    step: tuple[int, ...] = ()
    wait: tuple[tuple[int, int], ...] = ()
    lockstep: Lockstep | None = None
    timings: Path | None = None
    note: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """Instructions of one core from a begin to an end: one number for each step, and waiting.

    `cycles` has one number for each step, waiting included, where cycles are simulated;
    `estimated` has one where they are estimated, without waiting. `noted` says how often each step
    came to a note; it is empty if none did.
    """

    steps: tuple[int, ...]
    waiting: int
    cycles: tuple[int, ...] = ()
    estimated: tuple[int, ...] = ()
    noted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Core:
    """The runs of one core, in the order in which they began."""

    index: int
    runs: tuple[Run, ...]


def argument(plugin: Path, output: Path, marks: Marks) -> str:
    """Returns what follows `-plugin` on QEMU's command line."""
    words = [str(plugin), *requests(output, marks)]
    return ",".join(word.replace(",", ",,") for word in words)


def requests(output: Path, marks: Marks) -> list[str]:
    """Returns the words that ask for counts.

    Symbols of Thumb functions have bit 0 set; no instruction of any target is at an odd address.
    """
    words = [f"out={output}"]
    for name in ("begin", "end", "step", "note"):
        words += [f"{name}={address & ~1:x}" for address in getattr(marks, name)]
    words += [f"wait={low & ~1:x}:{high & ~1:x}" for low, high in marks.wait]
    if marks.lockstep:
        words += [f"quantum={marks.lockstep.quantum}"]
        words += [f"slow={core}:{factor}" for core, factor in marks.lockstep.slowed.items()]
    if marks.timings:
        words += [f"timings={marks.timings}"]
    return words


def read(output: Path) -> tuple[Core, ...]:
    """Reads the result of a finished emulator."""
    try:
        found = json.loads(output.read_text())
    except (OSError, ValueError) as error:
        raise ToolError(
            f"the emulator left no instruction counts in `{output}`",
            where=str(error),
            hint="a firmware that never exits leaves none; look at the emulator's own output",
        ) from error
    return tuple(
        Core(
            core["index"],
            tuple(
                Run(
                    tuple(run["steps"]),
                    run["waiting"],
                    tuple(run.get("cycles", ())),
                    tuple(run.get("estimated", ())) if any(run.get("estimated", ())) else (),
                    tuple(run.get("noted", ())) if any(run.get("noted", ())) else (),
                )
                for run in core["runs"]
            ),
        )
        for core in found["cores"]
    )


def plugin(qemu: Qemu) -> Path:
    """Returns the plugin for an emulator, building it the first time."""
    source = resources.CRATES / "counter"
    folder = cache.folder("counter", f"{digest(source)}-api{qemu.plugin_api}")
    library = folder / "libcounter.so"
    if library.is_file():
        return library
    with cache.locked(folder):
        if not library.is_file():
            cache.say(f"building the instruction counter for QEMU {qemu.version} into {folder}")
            with cache.fresh(folder) as partial:
                build(source, qemu.plugin_api, partial)
    return library


def files(source: Path) -> Iterable[Path]:
    """Lists the files of the plugin's source, always in the same order."""
    return (path for pattern in SOURCES for path in sorted(source.glob(pattern)))


def digest(source: Path) -> str:
    """Returns a short name for this version of the source and of the compiler."""
    total = hashlib.sha256(rust.host().version.encode())
    for path in files(source):
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def build(source: Path, plugin_api: int, folder: Path) -> None:
    """Compiles a copy of the source, so that nothing is written beside the original."""
    work = folder / "work"
    for path in files(source):
        copy = work / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    tools = rust.host()
    command = tools.build("--target-dir", str(work / "target"))
    env = {**tools.environment(), "QEMU_PLUGIN_API": str(plugin_api)}
    result = followed(command, compiled, env, work)
    if result.status != 0:
        raise ToolError(
            "cannot build the instruction counter",
            where=result.last,
            hint="`ferrule doctor` shows which Rust and which linker are used",
        )
    shutil.copy(work / "target" / tools.target / "release/libcounter.so", folder)
    shutil.rmtree(work)
