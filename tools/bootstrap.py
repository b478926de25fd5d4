#!/usr/bin/env python3
"""Runs Python in a private environment with Ferrule installed, making it the first time.

    python3 tools/bootstrap.py [--extras NAME] [ARGUMENTS OF PYTHON...]

Needs nothing but Python 3.11: no pip, no venv package, no root. The environment is in the user's
cache folder; neither the system nor this repository changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NEEDED = (3, 11)
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


def main() -> None:
    """Makes the environment if need be, then becomes its Python."""
    os.environ.setdefault("FERRULE_STARTED", str(time.time()))
    arguments = sys.argv[1:]
    extras = ""
    if arguments[:1] == ["--extras"]:
        extras = arguments[1]
        arguments = arguments[2:]
    if sys.version_info < NEEDED:
        restart()
    python = environment(extras)
    if arguments:
        os.execv(python, [str(python), *arguments])  # noqa: S606, no shell is wanted here


def restart() -> None:
    """Goes on with a newer Python, if there is one on PATH."""
    for minor in range(19, NEEDED[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606, no shell is wanted here
    version = ".".join(str(number) for number in sys.version_info[:2])
    sys.exit(
        f"error: Ferrule needs Python 3.{NEEDED[1]}, and this is Python {version}\n\n"
        f"hint: install a newer Python and put it on PATH as `python3.{NEEDED[1]}`"
    )


def environment(extras: str) -> Path:
    """Returns the Python of a complete environment; a stamp tells that it is complete."""
    from ferrule.toolchain import cache

    name = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:8]
    folder = cache.folder("environments", "-".join([name, *([extras] if extras else [])]))
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    key = identity(extras)
    if stamp.is_file() and stamp.read_text() == key:
        return python
    with cache.locked(folder):
        if not stamp.is_file() or stamp.read_text() != key:
            cache.say(f"preparing Python in {folder}, once")
            with cache.sentences(folder):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
            create(folder, python)
            install(python, extras)
            stamp.write_text(key)
    return python


def identity(extras: str) -> str:
    """Names everything that the environment depends on."""
    total = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes())
    for part in (str(REPOSITORY), extras, sys.version, sys.base_prefix):
        total.update(part.encode() + b"\0")
    return total.hexdigest()


def create(folder: Path, python: Path) -> None:
    """Makes an environment with pip, from wherever pip can be had."""
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    bundled = subprocess.run([str(python), "-m", "ensurepip"], capture_output=True, check=False)
    if bundled.returncode != 0:
        wheel = packaged_pip()
        folder_of_wheels = str(wheel.parent)
        run(str(python), f"{wheel}/pip", "install", "--no-index", "-f", folder_of_wheels, "pip")


def packaged_pip() -> Path:
    """Returns the distribution's wheel of pip, unpacked in private if it is not installed."""
    from ferrule.toolchain.prefix import Wanted, prefix

    for path in sorted(Path("/usr/share/python-wheels").glob("pip-*.whl")):
        return path
    wanted = Wanted("pip", lambda apt: ("python3-pip-whl",), alone=True)
    return prefix(wanted).find("usr/share/python-wheels/pip-*.whl")


def certificates() -> dict[str, str]:
    """Returns where pip finds certificates on a system that has installed none."""
    from ferrule.toolchain import cache
    from ferrule.toolchain.prefix import Wanted, prefix

    if BUNDLE.is_file() or "PIP_CERT" in os.environ or "SSL_CERT_FILE" in os.environ:
        return {}
    if not shutil.which("apt-get"):
        return {}
    wanted = Wanted("certificates", lambda apt: ("ca-certificates",), alone=True)
    files = sorted(prefix(wanted).root.glob("usr/share/ca-certificates/mozilla/*.crt"))
    bundle = cache.folder("certificates.pem")
    bundle.write_text("\n".join(path.read_text() for path in files))
    return {"PIP_CERT": str(bundle)}


def install(python: Path, extras: str) -> None:
    """Installs this repository into the environment, so that edits take effect at once."""
    wanted = f"{REPOSITORY}[{extras}]" if extras else str(REPOSITORY)
    words = ("install", "--progress-bar", "off", "--editable", wanted)
    run(str(python), *PIP, *words, env=certificates())


def run(*command: str, env: dict[str, str] | None = None) -> None:
    """Runs a step; passes on what it downloads, and everything it said if it fails."""
    from ferrule.errors import ToolError
    from ferrule.toolchain.process import followed

    def progress(line: str) -> str | None:
        fetched = re.match(r"Downloading ([^-]+)-([^-]+)-\S+ (\(.*\))", line)
        if fetched:
            return "downloaded {} {} {}".format(*fetched.groups())
        return "installing" if line.startswith("Installing collected") else None

    result = followed(command, progress, {**os.environ, **(env or {})})
    if result.status != 0:
        raise ToolError(
            "cannot prepare the Python environment",
            where=result.last,
            hint="check the network and the free space of the cache folder, then run it again",
        )


def library() -> None:
    """Makes `ferrule.toolchain` importable without importing what only an environment has."""
    package = types.ModuleType("ferrule")
    package.__path__ = [str(REPOSITORY / "src" / "ferrule")]
    sys.modules["ferrule"] = package


if __name__ == "__main__":
    library()
    from ferrule.errors import ToolError

    try:
        main()
    except ToolError as error:
        sys.exit(f"error: {error}")
