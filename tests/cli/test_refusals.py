"""An error of a source names the source and the variables that hold its login."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.cli.refusals import of_source
from okr_delivery.config import Source, load
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.output.sync import refused
from okr_delivery.sync.errors import ConfigError, RetryLaterError

TEXT = """
version: 1
sources: [{name: shop, type: jira, url: "https://jira.example", projects: [A], token_env: OKR_DELIVERY_SHOP_TOKEN}]
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "okr-delivery.yaml").write_text(TEXT, encoding="utf-8")
    return load(None, cwd=tmp_path, env={}).sources[0]


@pytest.mark.parametrize(
    ("where", "shown"), [("/rest/api/2/myself", "shop: /rest/api/2/myself"), (None, "shop"), ("shop", "shop")]
)
def test_the_place_begins_with_the_source(source: Source, where: str | None, shown: str) -> None:
    told = of_source(ConfigError([Problem(msg("sync.unauthorized", status=401), where)]), source)
    assert [problem.where for problem in told.problems] == [shown]


def test_the_next_step_can_name_the_variables_of_this_source(source: Source) -> None:
    error = ConfigError([Problem(msg("jira.error.scope", scope="x"), None, msg("jira.next.scope", scope="x"))])
    (problem,) = of_source(error, source).problems
    assert problem.next_step is not None
    assert problem.next_step.params == {
        "scope": "x",
        "token": "OKR_DELIVERY_SHOP_TOKEN",
        "user": "OKR_DELIVERY_JIRA_USER",
    }


def test_an_error_that_never_left_the_machine_stays_as_it_is(source: Source) -> None:
    problem = Problem(msg("config.user_missing", source="shop", variable="X"), "shop")
    assert of_source(UserError([problem]), source).problems == (problem,)


def test_only_what_a_person_must_put_right_is_called_stopped() -> None:
    what = [Problem(msg("sync.unauthorized", status=401))]
    assert refused({"a": ConfigError(what), "b": RetryLaterError(what), "c": UserError(what)}) == {"a"}
