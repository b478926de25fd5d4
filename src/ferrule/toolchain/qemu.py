"""Finds QEMU: the user's own where it can count instructions, else an unpacked one."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain.apt import Apt, numbers
from ferrule.toolchain.prefix import Wanted, prefix

MINIMUM = (7, 2)


@dataclass(frozen=True)
class Qemu:
    """A system emulator for one architecture. `plugin_api` is the plugin version it speaks."""

    path: Path
    architecture: str
    version: str
    plugin_api: int
    source: str
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Returns the whole environment for the emulator."""
        return {**os.environ, **self.env}


@functools.cache
def system(architecture: str) -> Qemu:
    """Returns the emulator of `arm` or `riscv32`, unpacking it the first time."""
    name = f"qemu-system-{architecture}"
    found = own(architecture)
    if found:
        return found
    home = prefix(WANTED)
    path = home.find(f"usr/bin/{name}")
    modules = home.find("usr/lib/*-linux-gnu*/qemu")
    env = {**home.environment, "QEMU_MODULE_DIR": str(modules)}
    version = asked(path, env)
    if not version:
        raise ToolError(
            f"the unpacked `{name}` does not run",
            where=str(path),
            hint=f"delete {home.root} and run the command again",
        )
    return Qemu(path, architecture, version, plugin_api(version), "distribution", env)


def own(architecture: str) -> Qemu | None:
    """Returns the emulator on PATH, if it is recent enough and loads plugins."""
    found = shutil.which(f"qemu-system-{architecture}")
    if found is None:
        return None
    version = asked(Path(found), {})
    if numbers(version)[:2] < MINIMUM or not loads_plugins(Path(found)):
        return None
    return Qemu(Path(found), architecture, version, plugin_api(version), "system")


def asked(path: Path, env: Mapping[str, str]) -> str:
    """Asks an emulator for its version; nothing if it does not run."""
    answer = subprocess.run(
        [path, "--version"], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    found = re.search(r"version (\d+(?:\.\d+)+)", answer.stdout)
    return found.group(1) if found else ""


def loads_plugins(path: Path) -> bool:
    """Tells whether an emulator was built with plugins: only then it knows the option."""
    answer = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
    return re.search(r"^-plugin ", answer.stdout, re.MULTILINE) is not None


def plugin_api(version: str) -> int:
    """Returns the plugin interface of a release: 1 up to 8.1, from 8.2 on 2 or later.

    Each release still accepts the versions from its own minimum on, and that is 2 since 8.2.
    """
    return 1 if numbers(version)[:2] < (8, 2) else 2


def packages(apt: Apt) -> tuple[str, ...]:
    """Names the packages of both emulators; newer distributions have one for RISC-V alone."""
    riscv = "qemu-system-riscv"
    return "qemu-system-arm", riscv if apt.version(riscv) else "qemu-system-misc"


WANTED = Wanted(name="emulators", packages=packages)
