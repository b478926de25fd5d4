"""No image has an instruction that its core lacks; an emulator may execute more than the core."""

from functools import cache

import capstone
import pytest
from capstone import arm
from cases import all_cases
from merged import merge, open_session
from test_cases import PARTS, session

from ferrule import target
from ferrule.firmware import Program
from ferrule.firmware.disassembly import Instruction, decode, instructions
from ferrule.ir import Op
from ferrule.kernels import Kernel
from ferrule.session import Session
from ferrule.steps import Step

#: Boards with Arm cores that run here, and each kind of core: it has an image of its own.
BOARDS = [
    (board, kind)
    for board in target.boards()
    if target.load(board).can_run
    for kind, core in enumerate(target.load(board).cores)
    if core.rust_target.startswith("thumb")
]
#: All instructions of four bytes that ARMv6-M has, and those of two bytes that it lacks.
LONG_ARMV6M = {"bl", "dmb", "dsb", "isb", "mrs", "msr", "udf"}
SHORT_ARMV7M = {"cbnz", "cbz", "it"}
DSP = {arm.ARM_GRP_THUMB2DSP, arm.ARM_GRP_T2EXTRACTPACK}
FLOATING_POINT_COPROCESSORS = (10, 11)


def need_of(instruction: Instruction) -> str:
    """The feature of a core that has this instruction; nothing for those of every core."""
    if len(instruction.content) == 2:
        return "thumb2" if instruction.name in SHORT_ARMV7M else ""
    first, second = (int.from_bytes(instruction.content[i : i + 2], "little") for i in (0, 2))
    if first & 0xEC00 == 0xEC00:  # coprocessors, floating point and vectors
        known = instruction.name and arm.ARM_GRP_NEON not in instruction.groups
        is_float = first >> 8 & 3 != 3 and second >> 8 & 15 in FLOATING_POINT_COPROCESSORS
        return "fpu" if known and is_float else "mve"
    # ARMv8.1-M has its conditional selections and long shifts where ORRS has operands that it must
    # not have.
    is_shift = first & 0xFFF0 == 0xEA50 and (second >> 15 or second & 13 == 13)
    if not instruction.name or is_shift:
        return "mve"
    if instruction.groups & DSP:
        return "dsp"
    return "" if instruction.name in LONG_ARMV6M else "thumb2"


def possible(board: str, kind: int) -> list[type[Kernel]]:
    """The faster kernels that a kind of core has the features for."""
    features = set(target.load(board).cores[kind].features)
    return [kernel for kernel in Kernel.registry if kernel.needs <= features]


@cache
def every_kernel(board: str, kind: int) -> Session:
    """One small layer for each kernel that a kind of core can run, computed by that kernel."""
    graphs, names = [], {}
    for number, kernel in enumerate(possible(board, kind)):
        graph = next(case.graph for case in all_cases() if is_for(kernel, case.graph.ops[0]))
        (op,) = graph.ops
        graphs.append(graph)
        names[f"{op.name}_{number}"] = kernel(op).function
    return open_session(merge(f"every_kernel_{kind}", graphs), board, names)


def number_of(step: Step) -> int:
    """Which of the graphs side by side a step computes."""
    return int(step.op.name.rpartition("_")[2])


def is_for(kernel: type[Kernel], op: Op) -> bool:
    return isinstance(op, kernel.computes) and not kernel.obstacle(op)


@cache
def needs(board: str, kind: int = 0) -> dict[str, list[str]]:
    """The features that images with every kernel need, and which instructions need them."""
    found: dict[str, list[str]] = {}
    for one in (*(session(board, part) for part in range(PARTS)), every_kernel(board, kind)):
        image = one.image(Program.CHECK)
        path = (image.path, *image.others)[kind]
        for instruction in instructions(path, image.target.cores[kind].rust_target):
            text = f"{instruction.address:#x} {instruction.content.hex()} {instruction.name}"
            found.setdefault(need_of(instruction), []).append(text)
    return found


def has(board: str, kind: int) -> set[str]:
    core = target.load(board).cores[kind]
    features = {"", *core.features}
    return features if core.rust_target.startswith("thumbv6m") else features | {"thumb2"}


@pytest.mark.parametrize(("board", "kind"), BOARDS)
def test_no_image_has_an_instruction_that_its_core_lacks(board: str, kind: int) -> None:
    found, known = needs(board, kind), has(board, kind)
    assert not {need: texts[:5] for need, texts in found.items() if need not in known}
    assert len(found[""]) > (10_000 if kind == 0 else 4_000)  # a helper has no text to print


@pytest.mark.parametrize(("board", "kind"), BOARDS)
def test_every_kernel_was_looked_at(board: str, kind: int, count_cases) -> None:
    kernels = possible(board, kind)
    # The planner may put operators of several graphs in another order.
    steps = sorted(every_kernel(board, kind).plan.steps, key=number_of)
    assert [step.kernels[kind].function for step in steps] == [
        kernel(step.op).function for kernel, step in zip(kernels, steps, strict=True)
    ]
    count_cases(f"{board}, image {kind}", len(kernels), "kernels' instructions")


def test_vectors_are_used_where_there_are_some() -> None:
    assert len(needs("qemu-mps3-an547")["mve"]) > 20


@pytest.mark.parametrize(
    ("text", "code", "need"),
    [
        ("adds r0, r1, r2", "8818", ""),
        ("bl", "fff7feff", ""),
        ("dmb sy", "bff35f8f", ""),
        ("cbz r0, .", "00b1", "thumb2"),
        ("it eq", "08bf", "thumb2"),
        ("orrs.w r0, r1, r2", "51ea0200", "thumb2"),
        ("ldr.w r0, [r1, #4]", "d1f80400", "thumb2"),
        ("umull r0, r1, r2, r3", "a2fb0301", "thumb2"),
        ("smlad r0, r1, r2, r3", "21fb0230", "dsp"),
        ("smlald r0, r1, r2, r3", "c2fbc301", "dsp"),
        ("smlabb r0, r1, r2, r3", "11fb0230", "dsp"),
        ("smuad r0, r1, r2", "21fb02f0", "dsp"),
        ("sxtb16 r0, r1", "2ffa81f0", "dsp"),
        ("sxtab16 r0, r1, r2", "21fa82f0", "dsp"),
        ("ssat16 r0, #8, r1", "21f30700", "dsp"),
        ("pkhbt r0, r1, r2, lsl #3", "c1eac200", "dsp"),
        ("qadd r0, r1, r2", "82fa81f0", "dsp"),
        ("umaal r0, r1, r2, r3", "e2fb6301", "dsp"),
        ("vadd.f32 s0, s1, s2", "30ee810a", "fpu"),
        ("vldrb.u8 q0, [r0]", "90ed001e", "mve"),
        ("vmladav.s8 r0, q0, q1", "f0ee020f", "mve"),
        ("vadd.i32 q0, q1, q2", "22ef4408", "mve"),
        ("vdup.32 q0, r1", "a0ee101b", "mve"),
        ("dlstp.8 lr, r1", "01f001e0", "mve"),
        ("csel r0, r1, r2, eq", "51ea0280", "mve"),
        ("lsll r0, r1, #3", "50eacf01", "mve"),
    ],
)
def test_needs_are_known(text: str, code: str, need: str) -> None:
    (instruction,) = decode(bytes.fromhex(code), 0, capstone.CS_MODE_MCLASS)
    assert need_of(instruction) == need, text
