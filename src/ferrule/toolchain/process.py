"""Runs a long command and tells how far it is."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ferrule.toolchain.cache import say


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed apart from its progress."""

    status: int
    lines: tuple[str, ...]

    @property
    def last(self) -> str:
        """Returns the end of what it printed, for an error message."""
        return "\n".join(line for line in self.lines if line.strip())[-1200:]


def followed(
    command: Sequence[str],
    progress: Callable[[str], str | None],
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Result:
    """Runs a command; shows what `progress` makes of each line, nothing when it makes nothing.

    Lines for which `progress` returns None are kept for an error message.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            told = progress(line.strip())
            if told is None:
                lines.append(line.rstrip())
            elif told:
                say(f"  {told}")
    return Result(process.returncode, tuple(lines))


def compiled(line: str) -> str | None:
    """Recognizes cargo's progress: one line for each crate."""
    if not line.startswith("Compiling "):
        return None
    return "compiling " + line.split()[1]
