"""Cycles of single instructions, as the cores' manuals have them."""

import capstone
import pytest

from ferrule.firmware import timing
from ferrule.firmware.disassembly import decode

M0PLUS, M3, M4 = "cortex-m0plus", "cortex-m3", "cortex-m4"


def cycles(kind: str, code: str) -> list[int]:
    return [time.cycles for time in weighed(kind, code)]


def weighed(kind: str, code: str) -> list[timing.Time]:
    published = timing.load(kind)
    assert published
    return list(published.weigh(decode(bytes.fromhex(code), 0x100, capstone.CS_MODE_MCLASS)))


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("muls r0, r1, r0", "4843", {M0PLUS: 1, M3: 1, M4: 1}),
        ("ldr r0, [r1]", "0868", {M0PLUS: 2, M3: 2, M4: 2}),
        ("str r0, [r1]", "0860", {M0PLUS: 2, M3: 1, M4: 1}),
        ("str r0, [r1, r2]", "8850", {M0PLUS: 2, M3: 2, M4: 2}),
        ("push {r4, r5, lr}", "30b5", {M0PLUS: 4, M3: 4, M4: 4}),
        ("ldmia r0!, {r1, r2}", "06c8", {M0PLUS: 3, M3: 3, M4: 3}),
        ("mla r0, r1, r2, r3", "01fb0230", {M3: 2, M4: 1}),
        ("umull r0, r1, r2, r3", "a2fb0301", {M3: 5, M4: 1}),
        ("smlal r0, r1, r2, r3", "c2fb0301", {M3: 7, M4: 1}),
        ("sdiv r0, r1, r2", "91fbf2f0", {M3: 12, M4: 12}),
        ("smlad r0, r1, r2, r3", "21fb0230", {M4: 1}),
        ("ldrd r0, r1, [r2]", "d2e90001", {M3: 3, M4: 3}),
        ("mrs r0, primask", "eff31080", {M0PLUS: 3, M3: 2, M4: 2}),
    ],
)
def test_published(text: str, code: str, expected: dict[str, int]) -> None:
    assert {kind: cycles(kind, code)[0] for kind in expected} == expected, text


def test_a_load_after_a_load_overlaps() -> None:
    two = "08681168"  # ldr r0, [r1]; ldr r1, [r2]: three cycles in all, as the manuals say
    assert cycles(M4, two) == [2, 1]
    assert cycles(M3, two) == [2, 1]
    assert cycles(M0PLUS, two) == [2, 2]


def test_a_load_waits_for_the_address_that_is_loaded() -> None:
    assert cycles(M4, "08680268") == [2, 2]  # ldr r0, [r1]; ldr r2, [r0]


@pytest.mark.parametrize(
    ("text", "code", "kind", "taken"),
    [
        ("b .", "fee7", M0PLUS, 2),
        ("bl .", "fff7feff", M0PLUS, 3),
        ("bx lr", "7047", M0PLUS, 2),
        ("pop {r4, pc}", "10bd", M0PLUS, 5),
        ("b .", "fee7", M4, 3),
        ("cbz r0, .", "00b1", M4, 3),
        ("pop {r4, pc}", "10bd", M4, 5),
    ],
)
def test_taken_branches_refill_the_pipeline(text: str, code: str, kind: str, taken: int) -> None:
    (time,) = weighed(kind, code)
    assert time.cycles + time.refill == taken, text


def test_nothing_is_published_for_others() -> None:
    assert timing.load("cortex-m55") is None
