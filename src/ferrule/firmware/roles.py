"""Which images a firmware consists of: one for each kind of core, and what that core does."""

from dataclasses import dataclass
from enum import StrEnum

from ferrule.target import Core, Target


class Duty(StrEnum):
    """What an image's core does: it leads, helps, or starts the core that leads and is done."""

    LEAD = "lead"
    HELP = "help"
    START = "start"


@dataclass(frozen=True)
class Role:
    """One image: the kind of core that runs it, and what that core does."""

    core: Core
    duty: Duty

    @property
    def folder(self) -> str:
        """Where the image is in the folder of the firmware; empty for the folder itself."""
        return f"core-{self.core.first}" if self.core.first else ""

    @property
    def script(self) -> str:
        """The port's linker script."""
        return f"link-{self.core.first}.x" if self.core.first else "link.x"


def roles(target: Target, cores: int) -> tuple[Role, ...]:
    """The images for a team of up to `cores` cores; first the one that runs after reset."""
    lead, *helpers = target.kinds(cores)
    starters = (Role(target.starter, Duty.START),) if target.starter else ()
    return (
        *starters,
        Role(lead, Duty.LEAD),
        *(Role(helper, Duty.HELP) for helper in helpers),
    )
