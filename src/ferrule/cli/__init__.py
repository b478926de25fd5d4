"""The command line: reads flags, prints results, decides nothing."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

import ferrule
from ferrule.cli import lists, measures, models
from ferrule.cli.console import ERRORS
from ferrule.errors import FerruleError

_BUG = 70


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ferrule.__version__)
def commands() -> None:
    """Compiles trained neural networks into no_std Rust for every core of a microcontroller.

    Exit status: 0 done, 1 a check or a budget failed, 2 the input is at fault, 3 a tool is
    missing or failed, 70 a bug of Ferrule.
    """


for _command in (
    models.compile_command,
    models.plan_command,
    models.run_command,
    models.check_command,
    measures.bench_command,
    measures.kernels_command,
    measures.calibrate_command,
    lists.boards_command,
    lists.ops_command,
    lists.doctor_command,
):
    commands.add_command(_command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs a command and exits with its status."""
    sys.exit(status(lambda: commands.main(arguments, "ferrule", standalone_mode=False)))


def status(command: Callable[[], Any]) -> int:
    """Runs a command, prints what went wrong as a sentence, and returns the exit status."""
    try:
        command()
        sys.stdout.flush()
    except FerruleError as error:
        ERRORS.print(f"error: {error}")
        return error.status
    except click.ClickException as error:
        ERRORS.print(f"error: {error.format_message()}")
        if isinstance(error, click.UsageError) and error.ctx:
            ERRORS.print(f"\nhint: `{error.ctx.command_path} --help` shows what it takes")
        return error.exit_code
    except click.Abort:
        ERRORS.print("stopped")
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:  # of standard output; those of files are `CompileError`s
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ERRORS.print(f"error: cannot print: {error.strerror or error}")
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        ERRORS.print(
            f"error: a bug of Ferrule: {type(error).__name__}: {error}\n"
            f"  {Path(place.filename).name}, line {place.lineno}\n\n"
            "hint: report it with the model, or with the output of `ferrule plan`"
        )
        return _BUG
    return 0
