"""Sprints: all of them once, then what may have changed."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.model.work import Iteration, IterationState
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_jira import JiraConnector
from tests.okr_delivery_jira.site import BOARD, CONFIGURATION, Site, connect, page


def sprint(number: int, state: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "state": state, "name": f"PAY S{number}", "originBoardId": 1, **more}


@pytest.fixture
def connector(site: Site) -> JiraConnector:
    site.sprints = [sprint(n, "closed") for n in range(1, 121)] + [sprint(121, "active"), sprint(122, "future")]
    connector = connect()
    connector.identity()
    connector.metadata()
    site.asked.clear()
    return connector


def known(found: list[Iteration]) -> dict[str, Iteration]:
    return {iteration.id: iteration for iteration in found}


def test_first_all_of_them_by_rows_received(site: Site, connector: JiraConnector) -> None:
    found = list(connector.iterations({}))
    assert [iteration.id for iteration in found] == [str(n) for n in range(1, 123)]
    assert [iteration.order for iteration in found] == list(range(122))
    assert [asked.query["startAt"] for asked in site.asked if asked.path == "board/1/sprint"] == ["0", "50", "100"]


def test_then_one_page_and_the_same_rows(site: Site, connector: JiraConnector) -> None:
    first = list(connector.iterations({}))
    site.asked.clear()
    again = list(connector.iterations(known(first)))
    assert again == first[120:]
    assert [asked.query.get("state") for asked in site.asked] == ["active,future"]


def test_a_sprint_that_was_closed_is_read_by_its_id(site: Site, connector: JiraConnector) -> None:
    first = list(connector.iterations({}))
    site.sprints[120] = sprint(121, "closed", completeDate="2026-09-14T09:20:58.937Z")
    site.sprints.append(sprint(123, "future"))
    again = known(list(connector.iterations(known(first))))
    assert sorted(again) == ["121", "122", "123"]
    assert (again["121"].state, again["121"].order) == (IterationState.CLOSED, 120)
    assert again["121"].closed_at == 1789377658
    assert again["123"].order == 122


def test_a_sprint_that_was_deleted_is_not_returned(site: Site, connector: JiraConnector) -> None:
    first = list(connector.iterations({}))
    del site.sprints[121]
    assert sorted(known(list(connector.iterations(known(first))))) == ["121"]


def test_a_sprint_on_two_boards_is_given_once_and_a_new_board_is_read_whole(site: Site) -> None:
    site.sprints = [sprint(1, "closed"), sprint(2, "active")]
    site.handlers["GET board"] = lambda _: page([BOARD, {**BOARD, "id": 3, "name": "Other"}])
    site.handlers["GET board/3/configuration"] = lambda _: {**CONFIGURATION, "id": 3}
    site.handlers["GET board/3/sprint"] = lambda _: page([sprint(2, "active"), sprint(9, "closed", originBoardId=3)])
    connector = connect()
    connector.identity()
    connector.metadata()
    first = list(connector.iterations({}))
    assert [iteration.id for iteration in first] == ["1", "2", "9"]
    of_first_board = {i.id: i for i in first if i.board_id == "1"}
    site.asked.clear()
    assert "9" in known(list(connector.iterations(of_first_board)))
    assert [asked.query.get("state") for asked in site.asked] == ["active,future", None]


def test_a_board_that_lost_its_sprints_has_none(site: Site, connector: JiraConnector) -> None:
    site.handlers["GET board/1/sprint"] = lambda _: (400, {"errorMessages": ["The board does not support sprints"]})
    assert list(connector.iterations({})) == []


def test_a_list_that_can_not_be_whole_ends_the_run(site: Site, connector: JiraConnector) -> None:
    site.handlers["GET board/1/sprint"] = lambda _: {"startAt": 0, "isLast": False, "values": []}
    with pytest.raises(AbortSyncError, match="empty_page"):
        list(connector.iterations({}))


def test_an_unreadable_sprint_ends_the_run(site: Site, connector: JiraConnector) -> None:
    site.handlers["GET board/1/sprint"] = lambda _: page([sprint(1, "paused")])
    with pytest.raises(AbortSyncError, match="sprint_unreadable"):
        list(connector.iterations({}))
