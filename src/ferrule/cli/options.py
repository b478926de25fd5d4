"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ferrule.compiler import STAGES
from ferrule.steps import OPTIMIZE, SCHEDULES

_Command = TypeVar("_Command", bound=Callable[..., Any])

model = click.argument("model", type=click.Path(path_type=Path))
board = click.option("--board", required=True, metavar="B", help="A board of `ferrule boards`.")
cores = click.option("--cores", type=int, metavar="N", help="Size of the team; default: all.")
_pins = click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="LAYER=coreK",
    help="One core does this layer alone; repeatable.",
)
_reserves = click.option(
    "--reserve",
    "reserves",
    multiple=True,
    metavar="coreK=30%",
    help="Other work needs this much of a core; repeatable.",
)
_optimize = click.option(
    "--optimize",
    type=click.Choice(OPTIMIZE),
    default="speed",
    show_default=True,
    help="What matters more: instructions, or bytes of code.",
)
_growth = click.option(
    "--growth",
    metavar="10%",
    callback=lambda _context, _option, text: text or "",
    help="Most that weights may be larger than in the model; default: 15% with SIMD, 30% without, "
    "and up to 6 kB more where that pays.",
)
_slice = click.option(
    "--slice",
    "piece",
    type=click.IntRange(1),
    callback=lambda _context, _option, most: most or 0,
    metavar="N",
    help="Let inferences be taken in slices, each step in pieces of at most N instructions.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_schedule = click.option(
    "--schedule",
    type=click.Choice(SCHEDULES),
    default="static",
    show_default=True,
    help="Each core does its share, or takes from others when it is done.",
)


def wishes(command: _Command) -> _Command:
    """The options of `ferrule.hints.Wishes`: what can be said about a plan."""
    for option in (_slice, _growth, _optimize, _reserves, _pins, _schedule):
        command = option(command)
    return command


stop_after = click.option(
    "--stop-after",
    type=click.Choice(STAGES),
    help="Print the result of this stage and stop there.",
)
