"""What can go wrong, as sentences: what was found, where, and one thing to try."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(eq=False)
class FerruleError(Exception):
    """A failure that is not a bug of ours.

    `problem` says what was found and what was needed, `where` names the place in the user's
    terms (file, operator, tensor, board), `hint` is one thing to try. `status` is the exit status
    of the command line.
    """

    problem: str
    where: str = ""
    hint: str = ""
    status: ClassVar[int] = 2

    def __str__(self) -> str:
        """Renders the sentence as the command line prints it."""
        lines = [self.problem]
        if self.where:
            lines += [f"  {line}" for line in self.where.splitlines()]
        if self.hint:
            lines += ["", f"hint: {self.hint}"]
        return "\n".join(lines)


class CompileError(FerruleError):
    """The input is at fault: a model, a board name, an option, an output folder."""


class ToolError(FerruleError):
    """A tool that Ferrule calls is missing or failed."""

    status: ClassVar[int] = 3
