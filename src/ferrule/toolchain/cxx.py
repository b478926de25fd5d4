"""Finds a C++ compiler: the user's own or an unpacked one."""

import functools
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.toolchain import cache
from ferrule.toolchain.apt import Apt
from ferrule.toolchain.linker import LIBRARIES
from ferrule.toolchain.prefix import Wanted, prefix


@dataclass(frozen=True)
class Compiler:
    """A compiler for programs of this machine; `flags` come before all others."""

    path: Path
    version: str
    source: str
    flags: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Returns the whole environment for the compiler."""
        return cache.variables(self.env)


@functools.cache
def compiler() -> Compiler:
    """Returns the C++ compiler on PATH, else the distribution's from a private folder."""
    for name in ("c++", "g++", "clang++"):
        found = shutil.which(name)
        if found:
            return Compiler(Path(found), asked(found, {}), "system")
    home = prefix(WANTED)
    path = home.find("usr/bin/*-linux-gnu*-g++-[0-9]*")
    env = {**home.environment, "PATH": f"{home.root}/usr/bin:/usr/bin:/bin"}
    flags = (f"--sysroot={prefix(LIBRARIES).root}", f"-B{home.root}/usr/bin", "-static-libstdc++")
    return Compiler(path, asked(str(path), env), "distribution", flags, env)


def asked(path: str, env: Mapping[str, str]) -> str:
    """Asks for the version: the first line that the compiler prints, without its name."""
    answer = subprocess.run(
        [path, "--version"], env=cache.variables(env), capture_output=True, text=True, check=False
    )
    line = next(iter(answer.stdout.splitlines()), "")
    return re.sub(r"^\S+ ", "", line)


def packages(apt: Apt) -> tuple[str, ...]:
    """Names the newest C++ compiler; it brings its own assembler, linker and headers."""
    return (apt.newest(r"g\+\+-\d+"),)


# The C library's own development files are in another prefix already, beside the C library.
WANTED = Wanted(name="c++", packages=packages, assumed=("libc6-dev",))
