"""Runs firmware on simulated cores, under conditions that are chosen for each run."""

from collections.abc import Sequence
from dataclasses import dataclass

from ferrule.errors import CompileError
from ferrule.firmware.image import Image
from ferrule.target import Target
from ferrule.toolchain import ibex


@dataclass(frozen=True)
class Conditions:
    """How simulated cores share memory.

    `memory` is `ideal` (every port of every core has its own access in every cycle), `banks` (one
    access for each of the four word-striped banks of each memory) or `single` (one access in all).
    `arbiter` says who is first where ports want the same: `round-robin` or `fixed`.
    """

    memory: str = "ideal"
    arbiter: str = "round-robin"


def conditions(target: Target, memory: str | None, arbiter: str | None) -> Conditions | None:
    """Returns the conditions of a run on a board; none on boards that are not simulated.

    Raises `CompileError` for conditions that the board does not have.
    """
    for option, asked in (("--memory", memory), ("--arbiter", arbiter)):
        known = target.simulator.get("memories" if option == "--memory" else "arbiters", [])
        if asked is not None and not known:
            raise CompileError(
                f"`{option}` means nothing on {target.name}, whose cycles are not simulated",
                hint="leave it out, or choose the board `ibex-rtl`",
            )
        if asked is not None and asked not in known:
            raise CompileError(
                f"`{option} {asked}` is not among the choices of {target.name}",
                hint=f"one of {', '.join(known)}",
            )
    if not target.simulator:
        return None
    return Conditions(memory or Conditions.memory, arbiter or Conditions.arbiter)


def launch(image: Image, cores: int, chosen: Conditions, added: Sequence[str]) -> list[str]:
    """The command that simulates a team of `cores` cores; there are no others on the chip."""
    return [
        str(ibex.simulator()),
        f"image={image.path}",
        f"cores={cores}",
        f"line={image.program} {cores}",
        f"memory={chosen.memory}",
        f"arbiter={chosen.arbiter}",
        *added,
    ]
