"""What obstacles of kernels and their inner loops refuse: limits that are written on both sides.

An inner loop computes nothing beyond its limit, so no kernel may be chosen there.
"""

import re
from pathlib import Path

import pytest

from ferrule.kernels import (
    average_pool2d_mve,
    average_pool2d_quads,
    conv2d_direct_mve,
    conv2d_mve,
    depthwise_conv2d_mve,
    depthwise_short_mve,
    fully_connected_thumb,
    lanes,
    mve,
    pointwise_few_mve,
    pointwise_mve,
    pool_dsp,
    thumb_plane,
)

SOURCES = Path(__file__).parents[1] / "crates/kernels/src"
MVE, THUMB = "instructions/mve", "instructions/thumb"
#: A limit in Python, and the Rust file and constants it follows from.
LIMITS = {
    "taps of a mean by a reciprocal": (
        average_pool2d_quads._MOST,
        ("mean.rs", "MOST"),
    ),
    "taps of a DSP pool": (pool_dsp._MOST, ("instructions/dsp/pool.rs", "MOST")),
    "taps of an MVE pool": (average_pool2d_mve._MOST, (f"{MVE}/pool.rs", "MOST")),
    "taps of a run": (lanes.LONGEST, ("instructions/lanes.rs", "LONGEST")),
    "numbers of a plane": (thumb_plane._MOST_APART, (f"{THUMB}/widen.rs", "(1 << BITS) - 1")),
    "values of rows": (fully_connected_thumb._MOST, (f"{THUMB}/rows.rs", "(1 << BITS) - ROWS")),
    "channels of vectors": (mve._MOST_CHANNELS, (f"{MVE}/multiply.rs", "MOST_CHANNELS")),
    "taps of vectors": (mve._MOST_TAPS, (f"{MVE}/multiply.rs", "VECTOR * MOST_VECTORS")),
    "elements between pixels": (conv2d_mve._MOST_APART, (f"{MVE}/copy.rs", "MOST_APART")),
    "vectors of runs": (conv2d_direct_mve._MOST_VECTORS, (f"{MVE}/runs.rs", "MOST_VECTORS")),
    "channels in registers": (pointwise_mve._MOST_CHANNELS, (f"{MVE}/quads.rs", "MOST_CHANNELS")),
    "channels of lanes": (pointwise_few_mve._MOST_CHANNELS, (f"{MVE}/few.rs", "MOST_CHANNELS")),
    "depth of lanes": (pointwise_few_mve._LANES, (f"{MVE}/few.rs", "LANES")),
    "depth in registers": (pointwise_mve._MOST_DEPTH, (f"{MVE}/quads.rs", "MOST_DEPTH")),
    "vectors of a plane": (depthwise_conv2d_mve._MOST_VECTORS, (f"{MVE}/plane.rs", "MOST")),
    "elements of a plane": (depthwise_conv2d_mve._MOST_SEEN, (f"{MVE}/plane.rs", "MOST_SEEN")),
    "outputs of a plane": (depthwise_conv2d_mve._MOST_OUTPUTS, (f"{MVE}/plane.rs", "MOST_OUTPUTS")),
    "channels of a plane": (
        depthwise_conv2d_mve._MOST_CHANNELS,
        (f"{MVE}/plane.rs", "MOST_CHANNELS"),
    ),
    "outputs of pixels": (depthwise_short_mve._MOST_OUTPUTS, (f"{MVE}/pixels.rs", "MOST_OUTPUTS")),
}


def constants(file: str) -> dict[str, str]:
    """What a Rust file gives names to, and `mve_filters.rs`, whose names others use."""
    paths = (SOURCES / "mve_filters.rs", SOURCES / file)
    texts = "".join(path.read_text() for path in paths)
    return dict(re.findall(r"const (\w+): (?:usize|u32) = ([^;{]+);", texts))


def evaluated(text: str, names: dict[str, str]) -> int:
    """A number that Rust and Python write alike."""
    used = {name: evaluated(names[name], names) for name in re.findall(r"[A-Z]\w*", text)}
    return int(eval(text, {"__builtins__": {}}, used))


@pytest.mark.parametrize("limit", LIMITS)
def test_both_sides_refuse_the_same(limit: str) -> None:
    most, (file, text) = LIMITS[limit]
    assert most == evaluated(text, constants(file))


@pytest.mark.parametrize("folder", ["mve", "dsp", "thumb", "rv32", "."])
def test_no_other_limit_has_a_name(folder: str) -> None:
    """A limit that is new is listed here, or stands against nothing that a planner chooses."""
    listed = {
        (file, name) for _, (file, text) in LIMITS.values() for name in re.findall(r"\w+", text)
    }
    free = {
        # Obstacles refuse sooner: more than eight channels.
        (f"{MVE}/runs.rs", "MOST_CHANNELS"),
        # What the planner copies at once is far smaller.
        (f"{MVE}/copy.rs", "MOST_OTHERS"),
        (f"{MVE}/copy.rs", "MOST_SEEN"),
    }
    for path in sorted((SOURCES / "instructions" / folder).glob("*.rs")):
        file = path.relative_to(SOURCES).as_posix()
        names = re.findall(r"const (MOST\w*|LONGEST|BITS): ", path.read_text())
        assert {(file, name) for name in names} <= listed | free
