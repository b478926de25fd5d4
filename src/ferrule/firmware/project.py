"""Writes the Cargo project of the firmware around a generated crate."""

import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ferrule.firmware.roles import Role
from ferrule.firmware.signature import Signature
from ferrule.resources import CRATES
from ferrule.target import Target

TEMPLATE = Path(__file__).parent / "template"
SEMIHOSTING = CRATES / "ports/semihosting"

#: An optimization level, as it stands in a cargo profile.
LEVELS = {"3": "3", "2": "2", "s": '"s"', "z": '"z"'}


def files(
    crate: Path, signature: Signature, target: Target, role: Role, level: str
) -> dict[str, str]:
    """The files of the project for one image, by path."""
    environment = Environment(
        loader=PackageLoader("ferrule.firmware", "template"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML
    )
    # A JSON string without escapes beyond ASCII is also a TOML string.
    environment.filters["toml"] = lambda path: json.dumps(str(path), ensure_ascii=False)
    context = {
        "crate": signature.crate,
        "folder": crate,
        "port": target.port,
        "bare": is_bare(target),
        "semihosting": SEMIHOSTING,
        "kind": role.core.kind if role.core.kind in signature.kinds else "",
        "duty": role.duty,
        "level": LEVELS[level],
        "inputs": signature.inputs,
        "outputs": signature.outputs,
        "output_bytes": signature.output_bytes,
        "sliced": signature.sliced,
        "shared": signature.shared,
    }
    written = {}
    for path in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
        name = path.relative_to(TEMPLATE).as_posix()
        if name.endswith(".jinja"):
            rendered = environment.get_template(name).render(context)
            written[name.removesuffix(".jinja")] = rendered
        else:
            written[name] = path.read_text()
    return written


def is_bare(target: Target) -> bool:
    """Whether the target runs without an operating system, so that our start-up code runs."""
    return target.rust_target != "host"
