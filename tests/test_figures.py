"""The measured tables keep what was reached: `make bench` must not make them worse unnoticed."""

import csv
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[1] / "benchmarks/results.csv"
with RESULTS.open(newline="") as file:
    ROWS = list(csv.DictReader(file))

HELLO, SPEECH, KWS = "hello_world_int8", "micro_speech_int8", "kws_ref_int8"
IC01, PERSON, LENET = "ic01_resnet8_int8", "person_detect_int8", "lenet_int8"
LARGE = (KWS, IC01, PERSON)
M33, PAIR, RV32 = "qemu-musca-b1", "qemu-mps2-an521", "qemu-virt-rv32"

# Most instructions of one inference on one core.
_CORTEX_M = {HELLO: 1_500, SPEECH: 500e3, KWS: 3.4e6, IC01: 14e6, PERSON: 10e6}
ONE_CORE = {
    "qemu-mps2-an386": _CORTEX_M,
    "qemu-mps2-an500": _CORTEX_M,
    M33: _CORTEX_M,
    "qemu-mps3-an547": {HELLO: 1_500, SPEECH: 350e3, KWS: 1.1e6, IC01: 3.2e6, PERSON: 3.8e6},
    "qemu-m0plus": {HELLO: 3_500, SPEECH: 1.05e6, KWS: 9.2e6, IC01: 37e6, PERSON: 26.5e6},
    RV32: {HELLO: 2_200, SPEECH: 850e3, KWS: 7e6, IC01: 28e6, PERSON: 19.5e6},
}

# Most of the time of one core that a team takes.
TEAMS = [
    *((M33, 2, model, 0.54) for model in LARGE),
    *((RV32, 4, model, 0.29) for model in LARGE),
    (RV32, 8, PERSON, 0.17),
    (M33, 2, LENET, 0.62),
]

SLOW = [
    (board, cores, model) for board, cores in [(M33, 2), (RV32, 2), (RV32, 4)] for model in LARGE
]


def measured(model: str, board: str, cores: int, figure: str = "instructions", **more: str) -> int:
    """A figure of the only row with these conditions."""
    usual = {"schedule": "static", "memory": "", "arbiter": "", "slow": "", "inference": "1"}
    wanted = usual | {"model": model, "board": board, "cores": str(cores), "core": ""} | more
    (row,) = [row for row in ROWS if all(row[key] == value for key, value in wanted.items())]
    return int(row[figure])


def test_no_element_of_any_layer_differs() -> None:
    assert len(ROWS) > 200
    assert {row["mismatches"] for row in ROWS} == {"0"}


@pytest.mark.parametrize("board", ONE_CORE)
def test_one_core(board: str) -> None:
    for model, most in ONE_CORE[board].items():
        assert measured(model, board, 1) <= most, model
        if model in (HELLO, *LARGE):
            code = measured(model, board, 1, "code_bytes")
            assert code <= (3_000 if model == HELLO else 14_000), model


@pytest.mark.parametrize(("board", "cores", "model", "most"), TEAMS)
def test_more_cores_are_faster(board: str, cores: int, model: str, most: float) -> None:
    assert measured(model, board, cores) <= most * measured(model, board, 1)


@pytest.mark.parametrize("model", [SPEECH, KWS, IC01, PERSON, LENET])
def test_an_unequal_pair_shares_by_speed(model: str) -> None:
    """hello_world is too small for a team: one core alone is faster."""
    alone = [measured(model, PAIR, 1, core=core) for core in ("0", "1")]
    assert measured(model, PAIR, 2) <= 1.1 / sum(1 / time for time in alone)


@pytest.mark.parametrize(("board", "cores", "model"), SLOW)
def test_a_core_at_half_speed_is_helped(board: str, cores: int, model: str) -> None:
    slow = measured(model, board, cores, schedule="steal", slow="core1=2", inference="2")
    assert slow <= 1.12 * measured(model, board, 1) / (cores - 0.5)


@pytest.mark.parametrize(("memory", "least"), [("ideal", 1.9), ("banks", 1.6)])
def test_two_cores_in_cycles(memory: str, least: float) -> None:
    conditions = {"memory": memory, "arbiter": "round-robin"}
    one = measured(KWS, "ibex-rtl", 1, "cycles", memory="ideal", arbiter="round-robin")
    assert one >= least * measured(KWS, "ibex-rtl", 2, "cycles", **conditions)


@pytest.mark.parametrize(("model", "most"), [(KWS, 8.2e6), (PERSON, 22.5e6)])
def test_one_core_in_cycles(model: str, most: float) -> None:
    conditions = {"memory": "ideal", "arbiter": "round-robin"}
    assert measured(model, "ibex-rtl", 1, "cycles", **conditions) <= most


def test_a_core_needs_little_stack() -> None:
    assert max(int(row["stack_bytes"] or 0) for row in ROWS) <= 1_024
