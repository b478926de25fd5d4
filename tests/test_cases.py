"""Every operator case on every board and team size: equal to the interpreter, every element."""

from functools import cache

import pytest
from cases import all_cases
from merged import TEAMS, merge, mismatches, open_session

from ferrule.ir import Graph
from ferrule.session import Session


@cache
def cases_graph() -> Graph:
    return merge("cases", [case.graph for case in all_cases()])


@cache
def session(board: str) -> Session:
    return open_session(cases_graph(), board)


@pytest.mark.parametrize(("board", "team"), TEAMS)
def test_cases_on_board(board: str, team: int, count_cases) -> None:
    wrong = mismatches(session(board), cases_graph(), team, seeds=(1, 2, 3))
    assert not wrong, wrong
    count_cases(f"{board} x {team}", len(all_cases()), "cases of operators")
