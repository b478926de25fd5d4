"""Folders into which the distribution's packages are unpacked, once, for us alone."""

import functools
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import apt, cache

# Never used by a program that runs from a prefix, and half of its size.
LEFT_OUT = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale")

SILENCE = 2.0  # Seconds without a word.


@dataclass(frozen=True)
class Prefix:
    """A folder with a `usr` in it, as if the packages were installed there."""

    root: Path

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Lists the folders of shared libraries, for the processes that run from here only."""
        patterns = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/llvm-*/lib")
        return tuple(path for pattern in patterns for path in sorted(self.root.glob(pattern)))

    @property
    def environment(self) -> dict[str, str]:
        """Returns the variables that a program from here needs."""
        inherited = os.environ.get("LD_LIBRARY_PATH", "")
        paths = [str(path) for path in self.libraries]
        return {"LD_LIBRARY_PATH": ":".join([*paths, *([inherited] if inherited else [])])}

    def find(self, *patterns: str) -> Path:
        """Returns the first file that matches one of the patterns."""
        for pattern in patterns:
            for path in sorted(self.root.glob(pattern)):
                return path
        raise ToolError(
            f"the unpacked packages have no `{patterns[0]}`",
            where=str(self.root),
            hint="delete this folder and run the command again",
        )


@dataclass(frozen=True)
class Wanted:
    """What a prefix shall hold; the names are asked of apt when it is made, not before.

    `assumed` packages are needed by the others on paper only. `alone` takes just the packages and
    nothing that they need.
    """

    name: str
    packages: Callable[[apt.Apt], tuple[str, ...]]
    assumed: tuple[str, ...] = ()
    alone: bool = False
    left_out: tuple[str, ...] = ()


@functools.cache
def distribution() -> str:
    """Names the system, so that an upgraded system gets new prefixes."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    version = release.get("VERSION_ID", "rolling")
    return f"{release.get('ID', 'linux')}-{version}-{platform.machine()}"


def place(name: str) -> Path:
    """Names the folder of a prefix, made or not."""
    return cache.folder("packages", distribution(), name)


def present(name: str) -> bool:
    """Tells whether a prefix is there, whole."""
    return place(name).is_dir()


def prefix(wanted: Wanted) -> Prefix:
    """Returns the prefix, downloading and unpacking it the first time."""
    root = place(wanted.name)
    if present(wanted.name):
        return Prefix(root)
    private = root.with_name("apt")
    with cache.locked(private):
        if present(wanted.name):
            return Prefix(root)
        manager = apt.opened(private)
        archives = manager.download(wanted.packages(manager), wanted.assumed, wanted.alone)
        with cache.fresh(root) as partial:
            unpack(archives, partial, wanted.left_out)
        shutil.rmtree(private / "archives", ignore_errors=True)
        for cached in private.glob("*.bin"):
            cached.unlink()
    cache.say(f"ready: {root}")
    return Prefix(root)


def unpack(archives: tuple[Path, ...], root: Path, left_out: Iterable[str] = ()) -> None:
    """Unpacks packages into a folder, without running anything of theirs."""
    cache.say(f"unpacking {len(archives)} packages into {root}")
    excluded = [f"--exclude={pattern}" for pattern in (*LEFT_OUT, *left_out)]
    tar = ["tar", "--extract", "--no-same-owner", "--no-wildcards-match-slash", *excluded]
    told = time.monotonic()
    for number, archive in enumerate(archives):
        if time.monotonic() - told > SILENCE:
            cache.say(f"  {number} of {len(archives)} packages are unpacked")
            told = time.monotonic()
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
        ) as contents:
            unpacked = subprocess.run(
                [*tar, "-C", str(root)],
                stdin=contents.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        if contents.returncode != 0 or unpacked.returncode != 0:
            raise ToolError(
                f"cannot unpack `{archive.name}`",
                where="\n".join(unpacked.stderr.strip().splitlines()[-3:]),
                hint=f"check the free space of {root.parent}, then run it again",
            )
