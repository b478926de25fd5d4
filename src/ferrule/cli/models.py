"""Commands that take a model and say whether it is right."""

import json
import sys
from pathlib import Path
from typing import Unpack

import click
from rich.table import Table

from ferrule import api, arrays
from ferrule.cli import options
from ferrule.cli.console import ERRORS, RESULTS
from ferrule.compiler import compile_model, text_of
from ferrule.emit.report import plan_json, plan_text
from ferrule.hints import Wishes, understood


@click.command("compile")
@options.model
@options.board
@options.wishes
@options.cores
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the crate; default: named after the model, here.",
)
@options.stop_after
@options.as_json
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


@click.command("plan")
@options.model
@options.board
@options.wishes
@options.cores
@options.stop_after
@options.as_json
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


@click.command("run")
@options.model
@options.board
@options.wishes
@options.cores
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
@options.as_json
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


@click.command("check")
@options.model
@options.board
@options.wishes
@options.cores
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    default=16,
    show_default=True,
    metavar="S",
    help="Number of inputs.",
)
@options.as_json
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
        RESULTS.print(table)
        click.echo(
            f"{result.mismatches:,} mismatches in {result.elements:,} elements, "
            f"{result.seeds} seeds, oracle: {result.oracle}"
        )
    if result.oracle == "none":
        ERRORS.print("note: TensorFlow Lite Micro is not installed; `pip install 'ferrule[tflm]'`")
    if result.mismatches:
        sys.exit(1)


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
