"""Compiles the core library for a bare-metal target, once."""

import hashlib
import re
import shutil
from pathlib import Path

from ferrule.errors import ToolError
from ferrule.toolchain import cache
from ferrule.toolchain.compiler import Compiler
from ferrule.toolchain.process import compiled, followed

MANIFEST = """\
[package]
name = "nothing"
version = "0.0.0"
edition = "2021"

[lib]
path = "lib.rs"

[workspace]
"""

LIBRARIES = r"lib(?!nothing)\w+-[0-9a-f]+\.rlib"


def place(compiler: Compiler, target: str) -> Path:
    """Names the folder of a target's libraries, made or not."""
    key = hashlib.sha256(compiler.identity.encode()).hexdigest()[:8]
    return cache.folder("sysroots", f"{target}-{compiler.version}-{key}")


def sysroot(compiler: Compiler, target: str, variables: dict[str, str]) -> Path:
    """Returns a folder with the target's core library, compiling it the first time."""
    root = place(compiler, target)
    if root.is_dir():
        return root
    with cache.locked(root):
        if root.is_dir():
            return root
        cache.say(f"compiling the core library for {target} into {root}, about half a minute")
        with cache.fresh(root) as partial:
            build(compiler, target, variables, partial)
    return root


def build(compiler: Compiler, target: str, variables: dict[str, str], root: Path) -> None:
    """Builds an empty crate and keeps the libraries that cargo compiled for it."""
    work = root / "work"
    work.mkdir()
    (work / "Cargo.toml").write_text(MANIFEST)
    (work / "lib.rs").write_text("#![no_std]\n")
    command = [str(compiler.cargo), "build", "--release", "--target", target]
    env = cache.variables({**compiler.environment, **variables, **settings(compiler, work)})
    result = followed([*command, "-Zbuild-std=core", *vendored(compiler)], compiled, env, work)
    if result.status != 0:
        raise ToolError(
            f"cannot compile the core library for `{target}`",
            where=result.last,
            hint=f"`rustc --print target-list` of {compiler.version} must list the target",
        )
    keep = root / "lib/rustlib" / target / "lib"
    keep.mkdir(parents=True)
    for path in (work / "target" / target).rglob("lib*"):
        if re.fullmatch(LIBRARIES, path.name) and not (keep / path.name).exists():
            shutil.copy(path, keep)
    shutil.rmtree(work)


def settings(compiler: Compiler, work: Path) -> dict[str, str]:
    """Returns the variables of this one build.

    The libraries carry bitcode for later link-time optimization, and no path of this machine.
    """
    flags = [
        "-Cembed-bitcode=yes",
        f"--remap-path-prefix={compiler.sources.resolve().parent}=/rustc/{compiler.version}",
        f"--remap-path-prefix={work}=/nothing",
    ]
    return {
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_TARGET_DIR": str(work / "target"),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_DEBUG": "false",
    }


def vendored(compiler: Compiler) -> list[str]:
    """Points cargo to the sources' own copies of what they depend on, where they have them."""
    folder = compiler.sources / "vendor"
    if not folder.is_dir():
        return []
    return [
        "--offline",
        "--config",
        'source.crates-io.replace-with="vendored"',
        "--config",
        f'source.vendored.directory="{folder.resolve()}"',
    ]
