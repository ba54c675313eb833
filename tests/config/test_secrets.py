"""Tokens come from the environment or from a file, and what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.config import Source
from okr_delivery.config.secrets import credentials, variables
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError


def source(**more: object) -> Source:
    base = {"name": "jira", "type": "jira", "url": "https://acme.atlassian.net", "projects": ["PAY"]}
    return Source.model_validate(base | more)


def refused(made: Source, env: dict[str, str], lang: str = "en") -> str:
    with pytest.raises(UserError) as caught:
        credentials(made, env)
    problem = caught.value.problems[0]
    t = translator(lang)
    return "; ".join(t.render(text) for text in (problem.what, problem.next_step) if text is not None)


def test_user_and_token() -> None:
    env = {"OKR_DELIVERY_JIRA_USER": "lin@acme.cn", "OKR_DELIVERY_JIRA_TOKEN": "abc\n"}
    assert credentials(source(), env) == ("lin@acme.cn", "abc")


def test_a_token_without_user_is_a_bearer_token() -> None:
    assert credentials(source(), {"OKR_DELIVERY_JIRA_TOKEN": "abc"}) == (None, "abc")


def test_gitlab_has_no_user() -> None:
    env = {"OKR_DELIVERY_GITLAB_TOKEN": "glpat", "OKR_DELIVERY_GITLAB_USER": "lin"}
    assert credentials(source(type="gitlab"), env) == (None, "glpat")


def test_named_variables_win() -> None:
    made = source(user_env="OKR_DELIVERY_A_USER", token_env="OKR_DELIVERY_A_TOKEN")
    env = {"OKR_DELIVERY_A_USER": "a", "OKR_DELIVERY_A_TOKEN": "b", "OKR_DELIVERY_JIRA_TOKEN": "other"}
    assert credentials(made, env) == ("a", "b")


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("abc\n")
    assert credentials(source(), {"OKR_DELIVERY_JIRA_TOKEN_FILE": str(path)}) == (None, "abc")


@pytest.mark.parametrize("value", ["", "  \n"])
def test_missing_token_names_the_variables(value: str) -> None:
    assert refused(source(), {"OKR_DELIVERY_JIRA_TOKEN": value}) == (
        "no token for jira: OKR_DELIVERY_JIRA_TOKEN is not set; set OKR_DELIVERY_JIRA_TOKEN (or "
        "OKR_DELIVERY_JIRA_TOKEN_FILE, the path of a file that holds the token) and, unless it is a bearer token, "
        "OKR_DELIVERY_JIRA_USER"
    )


def test_missing_token_of_a_type_without_users() -> None:
    assert refused(source(type="gitlab"), {}).endswith(
        "set OKR_DELIVERY_GITLAB_TOKEN, or OKR_DELIVERY_GITLAB_TOKEN_FILE to the path of a file that holds the token"
    )


def test_missing_token_in_chinese() -> None:
    assert refused(source(type="gitlab"), {}, "zh").startswith("jira 没有令牌：未设置 OKR_DELIVERY_GITLAB_TOKEN")


def test_missing_named_user() -> None:
    made = source(user_env="OKR_DELIVERY_A_USER")
    assert "named by user_env:, is not set" in refused(made, {"OKR_DELIVERY_JIRA_TOKEN": "abc"})


def test_both_ways_at_once() -> None:
    env = {"OKR_DELIVERY_JIRA_TOKEN": "s3cr3t", "OKR_DELIVERY_JIRA_TOKEN_FILE": "/x"}
    assert refused(source(), env) == "OKR_DELIVERY_JIRA_TOKEN and OKR_DELIVERY_JIRA_TOKEN_FILE are both set; keep one"


def test_unreadable_file() -> None:
    assert "the file /gone can't be read" in refused(source(), {"OKR_DELIVERY_JIRA_TOKEN_FILE": "/gone"})


@pytest.mark.parametrize("token", ["two s3cr3t", "s3cr3t\nHeader: x", "s3cr3t令牌"])
def test_a_token_that_can_be_none_is_not_sent_and_not_shown(token: str) -> None:
    sentence = refused(source(), {"OKR_DELIVERY_JIRA_TOKEN": token})
    assert "OKR_DELIVERY_JIRA_TOKEN holds a blank" in sentence
    assert "s3cr3t" not in sentence


def test_a_source_can_say_that_its_token_has_no_user() -> None:
    made = source(user_env=None, token_env="OKR_DELIVERY_A_TOKEN")
    env = {"OKR_DELIVERY_JIRA_USER": "of-another-source", "OKR_DELIVERY_A_TOKEN": "abc"}
    assert variables(made) == (None, "OKR_DELIVERY_A_TOKEN")
    assert credentials(made, env) == (None, "abc")
