"""Targets: what a chip and a board are, and what work costs there. Data from `targets/`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ferrule.errors import CompileError
from ferrule.resources import TARGETS


@dataclass(frozen=True)
class Core:
    """Processors of one kind."""

    kind: str
    count: int
    features: tuple[str, ...]


@dataclass(frozen=True)
class Memory:
    """A run of addresses, and what a program may do there: `read-write`, `read-execute`."""

    name: str
    start: int
    bytes: int
    access: str


@dataclass(frozen=True)
class Cost:
    """Instructions of a kernel: for each MAC, output element, output pixel, and for each call.

    `gather` is for each element that it copies into scratch.
    """

    mac: float = 0.0
    element: float = 0.0
    pixel: float = 0.0
    gather: float = 0.0
    call: float = 0.0


@dataclass(frozen=True)
class Target:
    """A chip, the board it sits on, and the costs of kernels there.

    `emulator` says how QEMU runs its instructions, `simulator` how its cores can share memory when
    they are simulated cycle by cycle; both are empty where there is none.
    """

    name: str
    description: str
    tier: str
    port: str
    rust_target: str
    cpu: str  # for the Rust compiler; empty for any core of the Rust target
    cores: tuple[Core, ...]
    memories: tuple[Memory, ...]
    emulator: dict[str, Any]
    simulator: dict[str, Any]
    barrier: int
    costs: dict[str, Cost]

    @property
    def core_count(self) -> int:
        """Cores of all kinds: the largest team."""
        return sum(core.count for core in self.cores)

    @property
    def arena_memory(self) -> Memory:
        """The memory that holds the arena: the first that can be written."""
        return next(memory for memory in self.memories if "write" in memory.access)

    def cost(self, kernel: str) -> Cost:
        """Costs of a kernel, or of an average one when it was never measured."""
        return self.costs.get(kernel, self.costs["default"])


def boards() -> tuple[str, ...]:
    """Names of all boards, in alphabetical order."""
    return tuple(sorted(path.stem for path in (TARGETS / "boards").glob("*.toml")))


@cache
def load(name: str) -> Target:
    """The target of a board. Raises `CompileError` with the known boards for an unknown one."""
    if name not in boards():
        raise CompileError(f"there is no board `{name[:64]}`", hint=f"one of {', '.join(boards())}")
    board = _read(TARGETS / "boards" / f"{name}.toml")
    chip = _read(TARGETS / "chips" / f"{board['chip']}.toml")
    costs = _read(TARGETS / "costs" / f"{chip['core'][0]['kind']}.toml")
    return Target(
        name=name,
        description=board["description"],
        tier=board["tier"],
        port=chip["port"],
        rust_target=chip["rust-target"],
        cpu=chip.get("rust-cpu", ""),
        cores=tuple(
            Core(core["kind"], core["count"], tuple(core.get("features", ())))
            for core in chip["core"]
        ),
        memories=tuple(
            Memory(m["name"], m["start"], m["bytes"], m["access"])
            for m in chip["memory"] + board.get("memory", [])
        ),
        emulator=board.get("emulator", {}),
        simulator=board.get("simulator", {}),
        barrier=costs["barrier-instructions"],
        costs={
            kernel: Cost(**{name: float(number) for name, number in cost.items()})
            for kernel, cost in costs["kernel"].items()
        },
    )


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
