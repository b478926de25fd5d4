"""Commands that say what there is."""

import json
from dataclasses import asdict

import click
from rich.table import Table

from ferrule import api
from ferrule.cli import options
from ferrule.cli.console import RESULTS
from ferrule.toolchain.shell import lines


@click.command("boards")
@options.as_json
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
    RESULTS.print(table)


@click.command("ops")
@options.as_json
def ops_command(as_json: bool) -> None:
    """Lists the operators."""
    rows = api.ops()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    table = Table("operator", "computes", box=None)
    for row in rows:
        table.add_row(row["operator"], row["summary"])
    RESULTS.print(table)


@click.command("doctor")
@options.as_json
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
    RESULTS.print(table)
    shown = set()
    for tool in tools:
        for kind, path in tool.paths.items():
            if path not in shown:
                click.echo(f" {tool.name}: {kind} {path}")
            shown.add(path)
    click.echo(' for a shell of yours: eval "$(ferrule doctor --shell BOARD)"')
