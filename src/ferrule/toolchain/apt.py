"""Asks the distribution's package manager, as an ordinary user, without touching the system.

apt keeps its lists, its downloads and its idea of what is installed in a folder of ours. It still
uses the system's package sources, keys and proxy settings. Standard library only: the bootstrap
script uses this file on a bare Python.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain.cache import say, sentences
from ferrule.toolchain.process import followed

INSTALLED = Path("/var/lib/dpkg/status")
FIELDS = re.compile(
    r"^(?:Package|Status|Version|Architecture|Multi-Arch|Provides): .*$", re.MULTILINE
)

# Installed packages that conflict with those we want. In a folder of their own they cannot clash.
RIVALS = ("qemu", "rust", "cargo")

# Seconds for which package lists are good: several prefixes are often made one after another.
FRESH = 3600

# The hooks of a system's settings act on the system (one deletes its downloads), so we drop them.
HOOKS = re.compile(r"^(?:APT::Update|DPkg|APT::Install)::(?:Pre|Post)-", re.IGNORECASE)


@dataclass(frozen=True)
class Apt:
    """A package manager whose whole state is in one private folder."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Gives apt our settings and plain English."""
        settings = {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
        return {**os.environ, **settings, "DEBIAN_FRONTEND": "noninteractive"}

    def ask(self, *command: str) -> str:
        """Runs a command of apt and returns what it prints; a failure becomes a sentence."""
        try:
            answer = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise missing(command[0]) from error
        if answer.returncode != 0:
            raise failure(command, answer.stderr or answer.stdout)
        return answer.stdout

    def refresh(self) -> None:
        """Reads the package lists; one bad source among several is no reason to stop."""
        try:
            self.ask("apt-get", "update", "-qq")
        except ToolError as error:
            if not any((self.folder / "lists").glob("*Packages*")):
                raise
            say(f"warning: not every package list could be read\n  {error.where}")

    def names(self, pattern: str) -> tuple[str, ...]:
        """Lists the package names that match a regular expression as a whole."""
        listed = self.ask("apt-cache", "pkgnames").split()
        return tuple(sorted(name for name in listed if re.fullmatch(pattern, name)))

    def version(self, package: str) -> str:
        """Returns the version that would be installed, or nothing."""
        answer = self.ask("apt-cache", "policy", package)
        found = re.search(r"Candidate: (?!\(none\))(\S+)", answer)
        return found.group(1) if found else ""

    def needs(self, package: str) -> frozenset[str]:
        """Names everything that a package depends on, directly or not."""
        others = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        options = [f"--no-{relation}" for relation in others]
        answer = self.ask("apt-cache", "depends", "--recurse", *options, package)
        return frozenset(re.findall(r"^(\S+)$", answer, re.MULTILINE))

    def newest(self, pattern: str) -> str:
        """Names the matching package with the largest number in its name that can be installed."""
        named = sorted(self.names(pattern), key=numbers, reverse=True)
        for name in named:
            if self.version(name):
                return name
        raise absent(pattern)

    def require(self, packages: Iterable[str]) -> None:
        """Fails with a sentence when the distribution lacks one of the packages."""
        for package in packages:
            if not self.version(package):
                raise absent(package)

    def download(
        self, packages: Iterable[str], assumed: Iterable[str] = (), alone: bool = False
    ) -> tuple[Path, ...]:
        """Fetches packages with what they need and the system lacks; `assumed` is not fetched.

        With `alone`, nothing that they need is fetched. A download that was cut off goes on where
        it stopped.
        """
        wanted = tuple(packages)
        self.require(wanted)
        self.pretend(assumed)
        install = ("install", "--yes", "--no-install-recommends", "--download-only")
        command = ("apt-get", *(("download",) if alone else install), "-o", "APT::Status-Fd=1")
        plan = self.ask(*command, "--print-uris", "-qq", *wanted)
        files = re.findall(r"^'\S+' (\S+) (\d+)", plan, re.MULTILINE)
        if not alone and any(name.startswith("libc6_") for name, _ in files):
            raise outdated(wanted)
        self.announce(len(files), sum(int(size) for _, size in files))
        self.fetch(*command, *wanted)
        return tuple(self.folder / "archives" / name for name, _ in files)

    def announce(self, count: int, size: int) -> None:
        """Says what is about to be downloaded; fails early on a disk that cannot hold it."""
        say(f"downloading {count} packages, {size / 1e6:.0f} MB, to {self.folder}")
        free = shutil.disk_usage(self.folder).free
        needed = 6 * size  # What is downloaded, and the four to five times that it unpacks to.
        if free < needed:
            raise ToolError(
                f"`{self.folder}` has {free / 1e6:.0f} MB free, and {needed / 1e6:.0f} MB are "
                "needed to unpack the packages",
                hint="free some space, or set `XDG_CACHE_HOME` to a folder on a larger disk",
            )

    def fetch(self, *command: str) -> None:
        """Runs a download and tells each time another tenth of it is there."""
        tenth = 0

        def progress(line: str) -> str | None:
            nonlocal tenth
            percent = re.match(r"dlstatus:\d+:([\d.]+):", line)
            if not percent:
                return None
            before, tenth = tenth, int(float(percent.group(1)) // 10)
            return f"{10 * tenth} % of the download" if tenth > before else ""

        result = followed(command, progress, self.environment, self.folder / "archives")
        if result.status != 0:
            raise failure(command, result.last)

    def pretend(self, assumed: Iterable[str]) -> None:
        """Writes what apt shall believe to be installed: the system's packages and the assumed.

        Dependencies among installed packages are left out: they are the system's business, and
        without them no assumption can make the list look broken.
        """
        assumed = tuple(assumed)
        entries = []
        for paragraph in INSTALLED.read_text(errors="replace").split("\n\n"):
            fields = dict(line.split(": ", 1) for line in FIELDS.findall(paragraph))
            name = fields.get("Package", "")
            present = "installed" in fields.get("Status", "").split()
            if present and name not in assumed and not name.startswith(RIVALS):
                entries.append(fields)
        architecture = self.ask("dpkg", "--print-architecture").strip()
        for name in assumed:
            entries.append(
                {
                    "Package": name,
                    "Status": "install ok installed",
                    "Version": "999:0",
                    "Architecture": architecture,
                    "Provides": "c-compiler, libc-dev",
                }
            )
        paragraphs = []
        for fields in entries:
            complete = {**fields, "Maintainer": "nobody", "Description": "assumed"}
            paragraphs.append("".join(f"{key}: {value}\n" for key, value in complete.items()))
        (self.folder / "status").write_text("\n".join(paragraphs))


def numbers(text: str) -> tuple[int, ...]:
    """Returns the numbers in a name or a version, in order."""
    return tuple(int(digits) for digits in re.findall(r"\d+", text))


def opened(folder: Path) -> Apt:
    """Makes the private folder, takes over the system's settings and refreshes the lists."""
    for program in ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb"):
        if not shutil.which(program):
            raise missing(program)
    apt = Apt(folder)
    with sentences(folder):
        for part in ("lists/partial", "archives/partial", "empty"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "apt.conf").write_text(settings(folder))
    apt.pretend(())
    read = folder / "read"
    if not read.exists() or time.time() - read.stat().st_mtime > FRESH:
        say(f"reading the distribution's package lists into {folder}")
        apt.refresh()
        read.touch()
    return apt


def settings(folder: Path) -> str:
    """Copies the system's settings of apt without its hooks and adds our folders."""
    environment = {**os.environ, "LC_ALL": "C"}
    system = subprocess.run(
        ["apt-config", "dump"], env=environment, capture_output=True, text=True, check=False
    )
    kept = [line for line in system.stdout.splitlines() if not HOOKS.match(line)]
    places = {
        "Dir::Etc::parts": folder / "empty",
        "Dir::Etc::main": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::State::extended_states": folder / "extended_states",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "APT::Get::AllowUnauthenticated": "false",
        "Acquire::GzipIndexes": "true",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        "Acquire::Retries": "3",
        "Binary::apt-get::APT::Keep-Downloaded-Packages": "true",
    }
    return "\n".join([*kept, *(f'{key} "{value}";' for key, value in places.items()), ""])


def missing(program: str) -> ToolError:
    """Says that this is not a distribution whose packages we can unpack."""
    return ToolError(
        f"`{program}` was not found, so the tools cannot come from the distribution's packages",
        hint="install rustup with the wanted target, and QEMU 7.2 or later, and put both on PATH",
    )


def absent(package: str) -> ToolError:
    """Says that the distribution has no such package."""
    return ToolError(
        f"the distribution has no package `{package}`",
        where="/etc/apt/sources.list and /etc/apt/sources.list.d",
        hint="enable the distribution's security updates, or install rustup and QEMU yourself",
    )


def outdated(packages: tuple[str, ...]) -> ToolError:
    """Says that the packages need a newer C library, which no private folder can replace."""
    return ToolError(
        f"the packages {', '.join(packages)} need a newer C library than this system has",
        hint="upgrade the system's packages, then run it again",
    )


def failure(command: tuple[str, ...], output: str) -> ToolError:
    """Says which command of apt failed, with the last lines it printed."""
    words = " ".join(command[:2])
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W:"))] or lines
    return ToolError(
        f"`{words}` failed",
        where="\n".join(errors[-5:]),
        hint="check the network and the distribution's package sources, then run it again",
    )
