"""What `doctor` is told of a connection: version, features, and what the token is and may."""

from __future__ import annotations

from typing import Any

import pytest

from okr_delivery.model.message import Message
from okr_delivery.sync.connector import Inspector
from okr_delivery.sync.errors import ConfigError
from tests.okr_delivery_gitlab.builders import issue
from tests.okr_delivery_gitlab.site import Site, connect

SELF = "GET personal_access_tokens/self"


def token(**members: Any) -> dict[str, Any]:
    return {"id": 1, "name": "okr", "scopes": ["api"], "active": True, "expires_at": None, "user_id": 11} | members


def told(site: Site, **members: Any) -> list[Message]:
    site.answer(SELF, token(**members))
    connector = connect()
    connector.identity()
    assert isinstance(connector, Inspector)
    return list(connector.inspect())


def ids(found: list[Message]) -> set[str]:
    return {message.id.removeprefix("gitlab.inspect.") for message in found}


def test_a_good_token_on_a_plain_server(site: Site) -> None:
    found = told(site)
    assert ids(found) >= {"version", "no_features", "lists"}
    assert not ids(found) & {"no_read", "read_only", "expires", "expires_soon", "untold"}


@pytest.mark.parametrize(
    ("scopes", "said"),
    [(["read_repository"], "no_read"), ([], "no_read"), (["read_api"], "read_only"), (["read_api", "api"], None)],
)
def test_scopes_that_are_missing_are_named(site: Site, scopes: list[str], said: str | None) -> None:
    assert ids(told(site, scopes=scopes)) & {"no_read", "read_only"} == ({said} if said else set())


@pytest.mark.parametrize(
    ("expires", "said", "days"),
    [("2026-10-21", "expires", 30), ("2026-10-05", "expires_soon", 14), ("2026-09-21", "expires_soon", 0)],
)
def test_the_end_of_a_token_is_told(site: Site, expires: str, said: str, days: int) -> None:
    (found,) = [message for message in told(site, expires_at=expires) if message.id.endswith(said)]
    assert found.params == {"day": expires, "days": days}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_server_that_tells_nothing_of_tokens_is_no_failure(site: Site, status: int) -> None:
    site.answer(SELF, {"message": "no"}, status)
    connector = connect()
    connector.identity()
    assert "untold" in ids(list(connector.inspect()))


def test_features_are_named_by_what_issues_answer(site: Site) -> None:
    site.rows("GET projects/7/issues", issue(1, weight=None, epic=None))
    found = {message.id: message.params for message in told(site)}
    assert "gitlab.feature.weight" in str(found["gitlab.inspect.features"])
    assert "gitlab.feature.iterations" in str(found["gitlab.inspect.no_features"])


def test_a_refused_token_leaves_nothing_to_tell(site: Site) -> None:
    site.answer("GET version", {"message": "401 Unauthorized"}, 401)
    connector = connect()
    with pytest.raises(ConfigError):
        connector.identity()
    assert list(connector.inspect()) == []


def test_a_place_without_access_does_not_silence_the_rest(site: Site) -> None:
    site.answer("GET projects/acme/app", {"message": "no"}, 404)
    assert "version" in ids(told(site))
