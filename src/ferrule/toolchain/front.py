"""Stands in for a C compiler when Rust links a program and there is none: calls lld instead.

Runs as a script, `front.py LLD SYSROOT INTERPRETER ARGUMENTS...`, where the arguments are those
that rustc gives to `cc`.
"""

import os
import sys
from pathlib import Path

# Words for the C compiler itself, which lld does not know and does not need.
DROPPED = ("-m", "-fuse-ld", "-B", "-nodefaultlibs", "-nostartfiles", "-pthread", "-no-pie")


def linker_words(arguments: list[str]) -> list[str]:
    """Translates words for a C compiler into words for the linker."""
    words: list[str] = []
    for argument in expanded(arguments):
        if argument.startswith("-Wl,"):
            words += argument.split(",")[1:]
        elif argument == "-static-pie":
            words += ["-static", "-pie", "--no-dynamic-linker", "-z", "text"]
        elif argument == "-rdynamic":
            words.append("--export-dynamic")
        elif not argument.startswith(DROPPED):
            words.append(argument)
    return words


def expanded(arguments: list[str]) -> list[str]:
    """Replaces each `@file` by the words in it, one on a line, as rustc writes them."""
    words: list[str] = []
    for argument in arguments:
        if argument.startswith("@"):
            lines = Path(argument[1:]).read_text().splitlines()
            words += [line.strip().strip('"').replace("\\\\", "\\") for line in lines]
        else:
            words.append(argument)
    return words


def startup(arguments: list[str], sysroot: Path) -> tuple[list[str], list[str]]:
    """Returns the C library's files that go before and after everything else."""
    if "-nostartfiles" in arguments:
        return [], []
    shared = "-shared" in arguments
    fixed = not shared and "-pie" not in arguments and "-static-pie" not in arguments
    first = [] if shared else ["crt1.o" if fixed else "Scrt1.o"]
    kind = "" if fixed else "S"
    before = [*first, "crti.o", f"crtbegin{kind}.o"]
    after = [f"crtend{kind}.o", "crtn.o"]
    return [found(sysroot, name) for name in before], [found(sysroot, name) for name in after]


def found(sysroot: Path, name: str) -> str:
    """Returns the path of a file of the C library or of gcc's runtime."""
    for pattern in (f"usr/lib/*/{name}", f"usr/lib/gcc/*/*/{name}"):
        for path in sysroot.glob(pattern):
            return str(path)
    return name


def command(lld: str, sysroot: Path, interpreter: str, arguments: list[str]) -> list[str]:
    """Returns the whole call of lld."""
    before, after = startup(arguments, sysroot)
    folders = [*sysroot.glob("usr/lib/gcc/*/*"), *sysroot.glob("usr/lib/*-linux-gnu*")]
    system = [*Path("/lib").glob("*-linux-gnu*"), Path("/lib64"), Path("/usr/lib64")]
    loader = [] if "-shared" in arguments else [f"--dynamic-linker={interpreter}"]
    return [
        lld,
        f"--sysroot={sysroot}",
        "--eh-frame-hdr",
        *loader,
        *before,
        *linker_words(arguments),
        *(f"-L{folder}" for folder in [*folders, *system]),
        *after,
    ]


def main() -> None:
    """Becomes lld."""
    lld, sysroot, interpreter, *arguments = sys.argv[1:]
    call = command(lld, Path(sysroot), interpreter, arguments)
    os.execv(call[0], call)  # noqa: S606, no shell is wanted here


if __name__ == "__main__":
    main()
