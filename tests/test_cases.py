"""Every operator case on every board and team size: equal to the interpreter, every element."""

from functools import cache

import pytest
from cases import all_cases
from merged import TEAMS, merge, mismatches, open_session

from ferrule.ir import Graph
from ferrule.session import Session

#: All cases at once are more than the memory of a board.
PARTS = 2


@cache
def cases_graph(part: int) -> Graph:
    return merge(f"cases_{part}", [case.graph for case in all_cases()[part::PARTS]])


@cache
def session(board: str, part: int) -> Session:
    return open_session(cases_graph(part), board)


@pytest.mark.parametrize(("board", "team"), TEAMS)
def test_cases_on_board(board: str, team: int, count_cases) -> None:
    for part in range(PARTS):
        wrong = mismatches(session(board, part), cases_graph(part), team, seeds=(1, 2, 3))
        assert not wrong, wrong
    count_cases(f"{board} x {team}", len(all_cases()), "cases of operators")
