"""Targets: what a chip and a board are, and what work costs there. Data from `targets/`."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ferrule.errors import CompileError
from ferrule.resources import TARGETS


@dataclass(frozen=True)
class Cost:
    """Instructions of a kernel, or cycles, for each thing that it does, as `Kernel.counts` says.

    `border` is for each pixel whose filter reaches over the input's border, or each element that
    is copied to add padding; `gather` for each element that is copied into scratch as the inner
    loop reads it; `run` for each time that an inner loop begins; `call` for each step.
    """

    mac: float = 0.0
    element: float = 0.0
    pixel: float = 0.0
    border: float = 0.0
    channel: float = 0.0
    gather: float = 0.0
    run: float = 0.0
    call: float = 0.0


@dataclass(frozen=True)
class Overheads:
    """Instructions that a way to run a team costs more than a crate for one core.

    For teams of 1, of 2 and so on: `member` is what a step takes more of each core, `private` one
    that the lead does alone, `inference` all of an inference beside its steps. `claim` is what each
    claim takes but a core's first in a step, without what the kernel does before its first unit.
    """

    member: tuple[int, ...]
    private: tuple[int, ...]
    inference: tuple[int, ...]
    claim: int


@dataclass(frozen=True)
class Barriers:
    """Instructions that a barrier adds to the `path` of a team of 1, of 2 and so on.

    `joined` is what a step takes more that follows another without a barrier, with fixed shares.
    `ways` are the overheads of teams with fixed shares, `static`, of those that `steal`, and of
    those whose inferences are taken in slices, `sliced`.
    """

    path: tuple[int, ...]
    joined: tuple[int, ...]
    ways: dict[str, Overheads]


# Where no port was measured: about what the ports for Arm and RISC-V take.
_UNKNOWN_BARRIERS = Barriers(
    (0, 100),
    (0, 100),
    {
        "static": Overheads((0, 150), (0, 50), (0, 100), 0),
        "steal": Overheads((0, 450), (0, 150), (0, 300), 150),
        "sliced": Overheads((150, 300), (150, 150), (50, 100), 150),
    },
)


@dataclass(frozen=True)
class Core:
    """Processors of one kind. They run one image; another kind has an image of its own.

    `first` is the index of the first of them on the chip. `clock_hz` is 0 where there is no notion
    of cycles. `costs` are instructions of kernels, `code` the bytes that they add to an image of
    this kind; `measured` says where and by what tools they were counted, and is empty where they
    are guesses. `lone` are the instructions that a kernel takes less where it is called once.
    `cycles` are what the core's manual says that these instructions take, where it
    publishes timings.
    """

    kind: str
    count: int
    features: tuple[str, ...]
    first: int
    clock_hz: int
    rust_target: str
    cpu: str  # for the Rust compiler; empty for any core of the Rust target
    costs: dict[str, Cost]
    code: dict[str, int]
    lone: dict[str, int]
    measured: str
    cycles: dict[str, Cost]

    def code_bytes(self, kernel: str) -> int:
        """Bytes of machine code that a kernel adds to others; 0 where it was never measured."""
        return self.code.get(kernel, 0)

    def spared(self, kernel: str) -> int:
        """Instructions that a kernel takes less in an image that calls it once."""
        return self.lone.get(kernel, 0)

    def cost(self, kernel: str) -> Cost:
        """Costs of a kernel, or of an average one when it was never measured."""
        return self.costs.get(kernel, self.costs["default"])

    def time(self, kernel: str) -> Cost:
        """Cycles of a kernel, or its instructions where there are no timings."""
        return self.cycles.get(kernel, self.cost(kernel))


@dataclass(frozen=True)
class Memory:
    """A run of addresses, and what a program may do there: `read-write`, `read-execute`.

    `cores` are the indices of those that use it; empty if all share it.
    """

    name: str
    start: int
    bytes: int
    access: str
    cores: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """A chip, the board it sits on, and the costs of kernels there.

    `cores` are in the order of their indices; the first leads. `starter` is the kind of core that
    starts the lead, where that is not what runs after reset. `emulator` says how QEMU runs its
    instructions, `simulator` how its cores can share memory when they are simulated cycle by
    cycle; both are empty where there is none. `compare_and_swap` says that it works between the
    cores on the memory that holds the arena, `lock` names the hardware that the port uses instead.
    `barriers` are measured with the port; `way` is the one of them in which its teams run.
    """

    name: str
    description: str
    tier: str
    port: str
    cores: tuple[Core, ...]
    memories: tuple[Memory, ...]
    emulator: dict[str, Any]
    simulator: dict[str, Any]
    starter: Core | None = None
    compare_and_swap: bool = False
    lock: str = ""
    barriers: Barriers = _UNKNOWN_BARRIERS
    way: str = "static"

    @property
    def can_steal(self) -> bool:
        """Whether a core can take units from another."""
        return self.compare_and_swap or bool(self.lock)

    @property
    def core_count(self) -> int:
        """Cores of all kinds: the largest team."""
        return sum(core.count for core in self.cores)

    @property
    def rust_target(self) -> str:
        """The Rust target of the lead's image."""
        return self.cores[0].rust_target

    @property
    def can_run(self) -> bool:
        """Whether firmware for it runs here: in an emulator, a simulator, or as a process."""
        return bool(self.emulator or self.simulator or self.rust_target == "host")

    @property
    def arena_memory(self) -> Memory:
        """The memory that holds the arena: the first that every core can write to."""
        return next(m for m in self.memories if "write" in m.access and not m.cores)

    def kinds(self, cores: int) -> tuple[Core, ...]:
        """The kinds of a team's cores: the first `cores` of the chip."""
        first = self.cores[0].first
        return tuple(core for core in self.cores if core.first - first < cores)

    def members(self, cores: int) -> tuple[Core, ...]:
        """The kind of each core of a team, by index."""
        every = tuple(core for core in self.cores for _ in range(core.count))
        return every[:cores]

    def alone(self, core: int) -> "Target":
        """The same board with a team of one, on a core of the same kind as core `core`.

        Raises `CompileError` when there is no such core.
        """
        if not 0 <= core < self.core_count:
            raise CompileError(
                f"there is no core {core} on {self.name}, which has {self.core_count}",
                hint=f"cores are 0 to {self.core_count - 1}",
            )
        kind = self.members(core + 1)[-1]
        starter = None if kind is self.cores[0] else self.cores[0]
        return replace(self, cores=(replace(kind, count=1),), starter=starter)

    def running(self, way: str) -> "Target":
        """The same board with teams that run in another way of `Barriers.ways`."""
        return replace(self, way=way)

    @property
    def overheads(self) -> Overheads:
        """What the way in which teams run costs."""
        return self.barriers.ways[self.way]

    def barrier(self, cores: int) -> int:
        """Instructions that a barrier adds to the path of a team; one core has none."""
        return _of_team(self.barriers.path, cores)

    def overhead(self, cores: int) -> int:
        """Instructions that a step and its barrier cost more in a team than in a crate for one."""
        return self.barrier(cores) + _of_team(self.overheads.member, cores)

    def private(self, cores: int) -> int:
        """Instructions that a step which the lead does alone costs more than in such a crate."""
        return _of_team(self.overheads.private, cores)

    def joined(self, cores: int) -> int:
        """Instructions that a step costs more which follows another without a barrier."""
        return _of_team(self.barriers.joined, cores)

    def inference(self, cores: int) -> int:
        """Instructions that an inference costs more beside its steps."""
        return _of_team(self.overheads.inference, cores)

    @property
    def is_measured(self) -> bool:
        """Whether the costs of all its cores were counted."""
        return all(core.measured for core in self.cores)

    @property
    def has_measured_barriers(self) -> bool:
        """Whether the costs of its barriers were counted; otherwise they are those of others."""
        return self.barriers is not _UNKNOWN_BARRIERS


def _of_team(numbers: tuple[int, ...], cores: int) -> int:
    """The number of a team size."""
    return numbers[min(cores, len(numbers)) - 1]


def boards() -> tuple[str, ...]:
    """Names of all boards, in alphabetical order."""
    return tuple(sorted(path.stem for path in (TARGETS / "boards").glob("*.toml")))


@cache
def load(name: str) -> Target:
    """The target of a board. Raises `CompileError` with the known boards for an unknown one."""
    if name not in boards():
        hint = f"one of {', '.join(boards())}"
        if name == "interpreter":
            hint += "; `interpreter` is for `run` and `check`"
        raise CompileError(f"there is no board `{name[:64]}`", hint=hint)
    board = _read(TARGETS / "boards" / f"{name}.toml")
    chip = _read(TARGETS / "chips" / f"{board['chip']}.toml")
    return Target(
        name=name,
        description=board["description"],
        tier=board["tier"],
        port=chip.get("port", ""),
        cores=_cores(chip),
        memories=tuple(
            Memory(m["name"], m["start"], m["bytes"], m["access"], tuple(m.get("cores", ())))
            for m in chip["memory"] + board.get("memory", [])
        ),
        emulator=board.get("emulator", {}),
        simulator=board.get("simulator", {}),
        compare_and_swap=chip.get("compare-and-swap", False),
        lock=chip.get("lock", ""),
        barriers=_barriers(chip),
    )


def _cores(chip: dict[str, Any]) -> tuple[Core, ...]:
    """The kinds of a chip's cores, each with its own costs."""
    cores: list[Core] = []
    for data in chip["core"]:
        costs = _read(TARGETS / "costs" / f"{data['kind']}.toml")
        cores.append(
            Core(
                kind=data["kind"],
                count=data["count"],
                features=tuple(data.get("features", ())),
                first=sum(core.count for core in cores),
                clock_hz=data.get("clock-hz", 0),
                rust_target=data.get("rust-target", chip.get("rust-target", "")),
                cpu=data.get("rust-cpu", chip.get("rust-cpu", "")),
                costs=_prices(costs["kernel"]),
                code=costs.get("code", {}),
                lone=costs.get("lone", {}),
                measured=costs.get("measured", ""),
                cycles=_prices(costs.get("cycles", {})),
            )
        )
    return tuple(cores)


def _prices(table: dict[str, dict[str, float]]) -> dict[str, Cost]:
    return {
        kernel: Cost(**{name: float(number) for name, number in cost.items()})
        for kernel, cost in table.items()
    }


def barrier_file(port: str) -> Path:
    """The file that says what a barrier costs with a port."""
    return TARGETS / "ports" / f"{port}.toml"


def _barriers(chip: dict[str, Any]) -> Barriers:
    """Costs of barriers; beyond the largest team that was measured, those of that team."""
    path = barrier_file(chip.get("port", ""))
    if not path.is_file():
        return _UNKNOWN_BARRIERS
    counted = _read(path)
    ways = {
        way: Overheads(
            member=tuple(counted[way]["member-instructions"]),
            private=tuple(counted[way]["private-instructions"]),
            inference=tuple(counted[way]["inference-instructions"]),
            claim=counted[way]["claim-instructions"],
        )
        for way in _UNKNOWN_BARRIERS.ways
    }
    barrier, joined = (tuple(counted[f"{name}-instructions"]) for name in ("barrier", "joined"))
    return Barriers(barrier, joined, ways)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
