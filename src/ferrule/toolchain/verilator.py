"""Finds Verilator, which makes C++ of hardware: the user's own or an unpacked one."""

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import cache
from ferrule.toolchain.apt import Apt, numbers
from ferrule.toolchain.prefix import Wanted, prefix

MINIMUM = (5, 0)


@dataclass(frozen=True)
class Verilator:
    """The program itself, without the script around it, and the folder of what it includes."""

    path: Path
    root: Path
    version: str
    source: str
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Returns the whole environment for the program."""
        return cache.variables({**self.env, "VERILATOR_ROOT": str(self.root)})


@functools.cache
def verilator() -> Verilator:
    """Returns Verilator, unpacking it the first time."""
    found = own()
    if found:
        return found
    if not shutil.which("apt-get"):
        raise ToolError(
            f"there is no Verilator from {MINIMUM[0]}.0 on, which compiles the RTL of Ibex",
            hint="install Verilator and put it on PATH",
        )
    home = prefix(WANTED)
    path = home.find("usr/bin/verilator_bin")
    root = home.find("usr/share/verilator/include").parent
    version = asked(path, home.environment)
    if numbers(version)[:2] < MINIMUM:
        raise ToolError(
            f"the distribution's Verilator is {version or 'broken'}, and {MINIMUM[0]}.0 is needed",
            where=str(path),
            hint="install a newer Verilator and put it on PATH",
        )
    return Verilator(path, root, version, "distribution", home.environment)


def own() -> Verilator | None:
    """Returns the program on PATH, if it is recent enough and knows its folder."""
    path = shutil.which("verilator_bin")
    if path is None:
        return None
    version = asked(Path(path), {})
    answer = subprocess.run(
        [path, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=False
    )
    root = Path(answer.stdout.strip() or "/usr/share/verilator")
    if numbers(version)[:2] < MINIMUM or not (root / "include/verilated.cpp").is_file():
        return None
    return Verilator(Path(path), root, version, "system")


def asked(path: Path, env: dict[str, str]) -> str:
    """Asks for the version; nothing if the program does not run."""
    answer = subprocess.run(
        [path, "--version"], env=cache.variables(env), capture_output=True, text=True, check=False
    )
    found = re.search(r"Verilator (\d+(?:\.\d+)+)", answer.stdout)
    return found.group(1) if found else ""


def packages(apt: Apt) -> tuple[str, ...]:
    """Names the package; the program alone needs nothing but the C++ runtime."""
    return ("verilator",)


WANTED = Wanted(
    name="verilator",
    packages=packages,
    alone=True,
    left_out=("./usr/share/verilator/examples", "./usr/bin/verilator_bin_dbg"),
)
