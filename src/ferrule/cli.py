"""The command line: reads flags, prints results, decides nothing."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Unpack

import click
from rich.console import Console
from rich.table import Column, Table

import ferrule
from ferrule import api, arrays, timeline
from ferrule.compiler import STAGES, compile_model, text_of
from ferrule.emit.report import plan_json, plan_text
from ferrule.errors import FerruleError
from ferrule.hints import Wishes, understood
from ferrule.steps import OPTIMIZE, SCHEDULES
from ferrule.toolchain.shell import lines

_RESULTS = Console(highlight=False, markup=False)
_ERRORS = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
_BUG = 70
_Command = TypeVar("_Command", bound=Callable[..., Any])

_model = click.argument("model", type=click.Path(path_type=Path))
_board = click.option("--board", required=True, metavar="B", help="A board of `ferrule boards`.")
_cores = click.option("--cores", type=int, metavar="N", help="Size of the team; default: all.")
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
    help="Most that weights may be larger than in the model; default: 15% with SIMD, 30% without.",
)
_slice = click.option(
    "--slice",
    "piece",
    type=click.IntRange(1),
    callback=lambda _context, _option, most: most or 0,
    metavar="N",
    help="Let inferences be taken in slices, each step in pieces of at most N instructions.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_schedule = click.option(
    "--schedule",
    type=click.Choice(SCHEDULES),
    default="static",
    show_default=True,
    help="Each core does its share, or takes from others when it is done.",
)


def _wishes(command: _Command) -> _Command:
    """The options of `ferrule.hints.Wishes`: what can be said about a plan."""
    for option in (_slice, _growth, _optimize, _reserves, _pins, _schedule):
        command = option(command)
    return command


_stop = click.option(
    "--stop-after",
    type=click.Choice(STAGES),
    help="Print the result of this stage and stop there.",
)


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ferrule.__version__)
def commands() -> None:
    """Compiles trained neural networks into no_std Rust for every core of a microcontroller.

    Exit status: 0 done, 1 a check or a budget failed, 2 the input is at fault, 3 a tool is
    missing or failed, 70 a bug of Ferrule.
    """


@commands.command("compile")
@_model
@_board
@_wishes
@_cores
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the crate; default: named after the model, here.",
)
@_stop
@_json
def compile_command(
    model: Path,
    board: str,
    cores: int | None,
    output: Path | None,
    stop_after: str | None,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Writes the crate of a model for a board."""
    if stop_after:
        _show_stage(model, board, cores, stop_after, as_json, wishes)
        return
    written = api.compile(model, board, cores, output, **wishes)
    if as_json:
        click.echo(json.dumps({"folder": str(written.folder), **written.summary}, indent=1))
        return
    click.echo(
        f"{written.folder}: arena {written.summary['arena_bytes']:,} B, "
        f"weights {written.summary['weights_bytes']:,} B. Next: read plan.txt, or "
        "`cargo test --offline` in the folder."
    )


@commands.command("plan")
@_model
@_board
@_wishes
@_cores
@_stop
@_json
def plan_command(
    model: Path,
    board: str,
    cores: int | None,
    stop_after: str | None,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Prints what `compile` would decide: steps, shares, places of tensors, bytes."""
    if stop_after:
        _show_stage(model, board, cores, stop_after, as_json, wishes)
        return
    planned = api.plan(model, board, cores, **wishes)
    click.echo(plan_json(planned) if as_json else plan_text(planned), nl=False)


@commands.command("run")
@_model
@_board
@_wishes
@_cores
@click.option(
    "--input",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    metavar="X.npy",
    help="Input tensor of the model's shape and type; several: a .npz, in order.",
)
@click.option(
    "--output",
    "sink",
    required=True,
    type=click.Path(path_type=Path),
    metavar="Y.npy",
    help="Where the first output goes; a .npz has all.",
)
@_json
def run_command(
    model: Path,
    board: str,
    cores: int | None,
    source: Path,
    sink: Path,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Runs one inference. The board `interpreter` needs no tools."""
    outputs = api.run(model, board, arrays.read(source), cores, **wishes)
    arrays.write(sink, outputs)
    written = outputs if sink.suffix == ".npz" else outputs[:1]
    if as_json:
        click.echo(json.dumps({"output": str(sink), "shapes": [list(o.shape) for o in written]}))


@commands.command("check")
@_model
@_board
@_wishes
@_cores
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    default=16,
    show_default=True,
    metavar="S",
    help="Number of inputs.",
)
@_json
def check_command(
    model: Path,
    board: str,
    cores: int | None,
    seeds: int,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Compares every layer on the board with the interpreter, and that with TFLM."""
    result = api.check(model, board, cores, seeds, **wishes)
    if as_json:
        click.echo(json.dumps(result.as_json(), indent=1))
    else:
        table = Table("layer", "elements", "mismatches", box=None)
        for layer in result.layers:
            table.add_row(layer.name, f"{layer.elements:,}", f"{layer.mismatches:,}")
        _RESULTS.print(table)
        click.echo(
            f"{result.mismatches:,} mismatches in {result.elements:,} elements, "
            f"{result.seeds} seeds, oracle: {result.oracle}"
        )
    if result.oracle == "none":
        _ERRORS.print("note: TensorFlow Lite Micro is not installed; `pip install 'ferrule[tflm]'`")
    if result.mismatches:
        sys.exit(1)


@commands.command("bench")
@_model
@_board
@_wishes
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
    "--timeline",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Draw what each core did in each step.",
)
@_json
def bench_command(
    model: Path,
    board: str,
    cores: str | None,
    core: int | None,
    memory: str | None,
    arbiter: str | None,
    slow: tuple[str, ...],
    page: Path | None,
    as_json: bool,
    **wishes: Unpack[Wishes],
) -> None:
    """Counts the instructions of one inference, and the bytes of a minimal firmware.

    Where cycles are simulated, it counts those too, and the speed-up is one of cycles.
    """
    teams = _team_sizes(cores)
    rows = api.bench(model, board, teams, memory, arbiter, core, slow, **wishes)
    if page:
        timeline.write(page, rows)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=1))
        return
    cycles = [row.cycles or row.cycles_estimated for row in rows]
    kind = "cycles" if rows[0].cycles else "cycles, estimated"
    columns = ["cores", "instructions", *([kind] if any(cycles) else []), "speed-up"]
    table = Table(*columns, "arena B", "flash B", "code B", "stack B", box=None)
    times = {row.cores: row.cycles or row.instructions for row in rows}
    for row, spent in zip(rows, cycles, strict=True):
        table.add_row(
            str(row.cores) if row.core is None else f"only core {row.core}",
            f"{row.instructions:,}",
            *([f"{spent:,}"] if spent else []),
            f"{times[1] / times[row.cores]:.2f}" if 1 in times else "",
            f"{row.arena_bytes:,}",
            f"{row.flash_bytes:,}",
            f"{row.code_bytes:,}",
            f"{row.stack_bytes:,}",
        )
    _RESULTS.print(table)


def _extents(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    """Whole numbers with an `x` between them."""
    words = text.split("x")
    if not all(word.isdecimal() for word in words):
        raise click.BadParameter(f"`{text}` is not numbers such as `10x10x16`")
    return tuple(map(int, words))


@commands.command("kernels")
@click.argument("operator")
@_board
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
@_json
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

    Each: instructions for a MAC, or for an output element of operators without MACs.
    """
    shape = api.Shape(source, window, stride, outputs, multiplier)
    trials = api.try_kernels(operator, shape, board, core)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in trials], indent=1))
    else:
        widest = max(len(one.kernel) for one in trials)
        name = Column("kernel", no_wrap=True, min_width=widest)
        table = Table(name, "instructions", "each", "predicted", "mismatches", "", box=None)
        for one in trials:
            remark = one.obstacle or ("chosen" if one.is_chosen else "")
            numbers = (one.instructions, one.per, one.predicted, one.mismatches)
            forms = (",", ".2f", ",", ",")
            cells = (
                "" if n is None else f"{n:{form}}" for n, form in zip(numbers, forms, strict=True)
            )
            table.add_row(one.kernel, *cells, remark)
        _RESULTS.print(table)
    if any(one.mismatches for one in trials):
        sys.exit(1)


@commands.command("calibrate")
@_board
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
@_json
def calibrate_command(board: str, core: int, output: Path | None, as_json: bool) -> None:
    """Measures what kernels and barriers cost on a board, for the planner to go by."""
    result = api.calibrate(board, output, core)
    if as_json:
        click.echo(json.dumps(asdict(result) | {"file": str(result.file)}, indent=1))
        return
    table = Table("kernel", "samples", "largest error", box=None)
    for fit in result.fits:
        table.add_row(fit.function, str(fit.samples), f"{fit.error:.0%}")
    _RESULTS.print(table)
    if result.barriers.path:
        teams = ", ".join(f"{cost} of {size}" for size, cost in enumerate(result.barriers.path, 2))
        click.echo(f"instructions of a barrier in a team: {teams}")
    click.echo(f"written to {result.file}")


@commands.command("boards")
@_json
def boards_command(as_json: bool) -> None:
    """Lists the boards."""
    boards = api.boards()
    if as_json:
        click.echo(json.dumps([asdict(board) for board in boards], indent=1))
        return
    table = Table("board", "cores", "arena memory", "tier", "description", box=None)
    for board in boards:
        table.add_row(
            board.name,
            str(board.core_count),
            f"{board.arena_memory.bytes:,} B",
            board.tier,
            board.description,
        )
    _RESULTS.print(table)


@commands.command("ops")
@_json
def ops_command(as_json: bool) -> None:
    """Lists the operators."""
    rows = api.ops()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    table = Table("operator", "computes", box=None)
    for row in rows:
        table.add_row(row["operator"], row["summary"])
    _RESULTS.print(table)


@commands.command("doctor")
@_json
@click.option(
    "--shell",
    "board",
    metavar="B",
    help="Print the variables with which a shell builds firmware for a board, for `eval`.",
)
def doctor_command(as_json: bool, board: str | None) -> None:
    """Shows which tools are there, where, and what the first use would fetch. Fetches nothing."""
    if board:
        variables = api.shell(board)
        click.echo(json.dumps(variables, indent=1) if as_json else lines(variables).rstrip())
        return
    tools = api.doctor()
    if as_json:
        click.echo(json.dumps([asdict(tool) for tool in tools], indent=1))
        return
    table = Table("tool", "status", "version", "from", box=None)
    for tool in tools:
        table.add_row(tool.name, tool.status, tool.version, tool.source or tool.adds)
    _RESULTS.print(table)
    shown = set()
    for tool in tools:
        for kind, path in tool.paths.items():
            if path not in shown:
                click.echo(f" {tool.name}: {kind} {path}")
            shown.add(path)
    click.echo(' for a shell of yours: eval "$(ferrule doctor --shell BOARD)"')


def _show_stage(
    model: Path, board: str, cores: int | None, stage: str, as_json: bool, wishes: Wishes
) -> None:
    """Prints a stage's result as soon as it is there."""
    if as_json:
        raise click.UsageError("`--stop-after` prints text; `--json` has the whole plan")

    class _Reached(Exception):  # noqa: N818 - control flow, not an error
        pass

    def show(name: str, result: object) -> None:
        if name == stage:
            click.echo(text_of(result), nl=False)
            raise _Reached

    schedule, hints = understood(wishes)
    try:
        compile_model(model, board, cores, show, schedule, hints)
    except _Reached:
        return


def _team_sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            "team sizes are numbers such as `1,2`", param_hint="--cores"
        ) from None


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs a command and exits with its status."""
    sys.exit(status(lambda: commands.main(arguments, "ferrule", standalone_mode=False)))


def status(command: Callable[[], Any]) -> int:
    """Runs a command, prints what went wrong as a sentence, and returns the exit status."""
    try:
        command()
        sys.stdout.flush()
    except FerruleError as error:
        _ERRORS.print(f"error: {error}")
        return error.status
    except click.ClickException as error:
        _ERRORS.print(f"error: {error.format_message()}")
        if isinstance(error, click.UsageError) and error.ctx:
            _ERRORS.print(f"\nhint: `{error.ctx.command_path} --help` shows what it takes")
        return error.exit_code
    except click.Abort:
        _ERRORS.print("stopped")
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:  # of standard output; those of files are `CompileError`s
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _ERRORS.print(f"error: cannot print: {error.strerror or error}")
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _ERRORS.print(
            f"error: a bug of Ferrule: {type(error).__name__}: {error}\n"
            f"  {Path(place.filename).name}, line {place.lineno}\n\n"
            "hint: report it with the model, or with the output of `ferrule plan`"
        )
        return _BUG
    return 0
