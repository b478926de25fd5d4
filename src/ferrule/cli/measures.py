"""Commands that measure."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Unpack

import click
from rich.table import Column, Table

from ferrule import api, timeline
from ferrule.cli import options
from ferrule.cli.console import RESULTS
from ferrule.hints import Wishes


@click.command("bench")
@options.model
@options.board
@options.wishes
@click.option("--cores", default=None, metavar="N,M", help="Team sizes; default: one and all.")
@click.option("--core", type=int, metavar="K", help="Only this core, as a team of one.")
@click.option(
    "--memory",
    metavar="KIND",
    help="How simulated cores share memory: ideal (default), banks, single.",
)
@click.option(
    "--arbiter",
    metavar="KIND",
    help="Which simulated core is first: round-robin (default), fixed.",
)
@click.option(
    "--slow",
    multiple=True,
    metavar="coreK=N",
    help="Let a core of an emulator take N times as long for each instruction.",
)
@click.option(
    "--inference",
    type=click.IntRange(1, 1000),
    default=1,
    metavar="N",
    help="Count inference N of a run, of which stealing teams know who was slow; default: 1.",
)
@click.option(
    "--timeline",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Draw what each core did in each step.",
)
@options.as_json
def bench_command(
    model: Path,
    board: str,
    cores: str | None,
    core: int | None,
    memory: str | None,
    arbiter: str | None,
    slow: tuple[str, ...],
    inference: int,
    page: Path | None,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Counts the instructions of one inference, and the bytes of a minimal firmware.

    Where cycles are simulated, it counts those too, and the speed-up is one of cycles.
    """
    teams = _team_sizes(cores)
    rows = api.bench(model, board, teams, memory, arbiter, core, slow, inference, **wishes)
    if page:
        timeline.write(page, rows)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=1))
        return
    slowed = [
        f"core {core} takes {n} times as long" for core, n in enumerate(rows[-1].slowness) if n > 1
    ]
    conditions = [*slowed, *([f"inference {inference} of a run"] if inference > 1 else [])]
    if conditions:
        RESULTS.print("; ".join(conditions))
    cycles = [row.cycles or row.cycles_estimated for row in rows]
    kind = "cycles" if rows[0].cycles else "cycles, estimated"
    columns = ["cores", "instructions", *([kind] if any(cycles) else []), "speed-up"]
    table = Table(*columns, "arena B", "flash B", "code B", "stack B", box=None)
    times = {row.cores: row.cycles or row.instructions for row in rows}
    # Faster than one core that is not slowed down.
    alone = [times[1] / (row.slowness or (1,))[0] for row in rows if row.cores == 1]
    for row, spent in zip(rows, cycles, strict=True):
        table.add_row(
            str(row.cores) if row.core is None else f"only core {row.core}",
            f"{row.instructions:,}",
            *([f"{spent:,}"] if spent else []),
            f"{alone[0] / times[row.cores]:.2f}" if alone else "",
            f"{row.arena_bytes:,}",
            f"{row.flash_bytes:,}",
            f"{row.code_bytes:,}",
            f"{row.stack_bytes:,}",
        )
    RESULTS.print(table)


def _extents(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    """Whole numbers with an `x` between them."""
    words = text.split("x")
    if not all(word.isdecimal() for word in words):
        raise click.BadParameter(f"`{text}` is not numbers such as `10x10x16`")
    return tuple(map(int, words))


@click.command("kernels")
@click.argument("operator")
@options.board
@click.option(
    "--input",
    "source",
    callback=_extents,
    required=True,
    metavar="HxWxC",
    help="Height, width and channels of the input; depth alone for vectors.",
)
@click.option(
    "--filter", "window", callback=_extents, default="1x1", show_default=True, metavar="HxW"
)
@click.option("--stride", type=int, default=1, metavar="S")
@click.option("--outputs", type=int, default=1, metavar="N", help="Output channels, or units.")
@click.option("--multiplier", type=int, default=1, metavar="M", help="Of depthwise_conv2d.")
@click.option("--core", type=int, default=0, metavar="K", help="Which core; default: 0.")
@options.as_json
def kernels_command(
    operator: str,
    board: str,
    source: tuple[int, ...],
    window: tuple[int, ...],
    stride: int,
    outputs: int,
    multiplier: int,
    core: int,
    as_json: bool,
) -> None:
    """Measures every kernel for one operator of any shape, such as conv2d.

    Each: instructions for a MAC, or for an output element of operators without MACs. Chosen is what
    the operator gets by itself, where its weights may grow as they like.
    """
    shape = api.Shape(source, window, stride, outputs, multiplier)
    trials = api.try_kernels(operator, shape, board, core)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in trials], indent=1))
    else:
        widest = max(len(one.kernel) for one in trials)
        name = Column("kernel", no_wrap=True, min_width=widest)
        table = Table(name, "instructions", "each", "predicted", "mismatches", "", box=None)
        others: dict[str, list[str]] = {}
        for one in trials:
            if one.obstacle:
                others.setdefault(one.obstacle, []).append(one.kernel)
                continue
            numbers = (one.instructions, one.per, one.predicted, one.mismatches)
            forms = (",", ".2f", ",", ",")
            cells = (
                "" if n is None else f"{n:{form}}" for n, form in zip(numbers, forms, strict=True)
            )
            table.add_row(one.kernel, *cells, "chosen" if one.is_chosen else "")
        RESULTS.print(table)
        for obstacle, kernels in others.items():
            click.echo(f" not {', '.join(kernels)}: {obstacle}")
    if any(one.mismatches for one in trials):
        sys.exit(1)


@click.command("calibrate")
@options.board
@click.option(
    "--core", type=int, default=0, metavar="K", help="A core of the kind to measure; default: 0."
)
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the kernels' costs go, and nothing else; default: the files of the planner.",
)
@click.option("--barriers", is_flag=True, help="Only what teams cost beside their kernels.")
@options.as_json
def calibrate_command(
    board: str, core: int, output: Path | None, barriers: bool, as_json: bool
) -> None:
    """Measures what kernels and barriers cost on a board, for the planner to go by."""
    result = api.calibrate(board, output, core, only_barriers=barriers)
    if as_json:
        click.echo(json.dumps(asdict(result) | {"file": str(result.file)}, indent=1))
        return
    table = Table("kernel", "samples", "largest error", box=None)
    for fit in result.fits:
        table.add_row(fit.function, str(fit.samples), f"{fit.error:.0%}")
    if result.fits:
        RESULTS.print(table)
    if result.barriers.path:
        costs = enumerate(result.barriers.path[1:], 2)
        teams = ", ".join(f"{cost} of {size}" for size, cost in costs)
        click.echo(f"instructions of a barrier in a team: {teams}")
    click.echo(f"written to {result.file}")


def _team_sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            "team sizes are numbers such as `1,2`", param_hint="--cores"
        ) from None
