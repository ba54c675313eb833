"""Marks of accounts: what an approver is recognised by, and what nobody can choose to be taken for one."""

from __future__ import annotations

import pytest

from okr_delivery.model.accounts import marks, means, same_account

LIN = marks("JIRAUSER10100", "lin")


@pytest.mark.parametrize("written", ["JIRAUSER10100", "lin", "Lin", "@lin"])
def test_an_account_is_meant_by_its_id_and_by_its_user_name(written: str) -> None:
    assert means(written, LIN)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("lin", None),
        ("", LIN),
        ("zhao", LIN),
        ("lin", marks("JIRAUSER10200")),  # a tracker that tells no user name
        ("@JIRAUSER10100", marks("JIRAUSER10100")),
        ("42", marks("7", "42")),  # whoever takes another one's id for a user name
        ("JIRAUSER10100", marks("JIRAUSER10200", "JIRAUSER10100")),
        ("712020:ab", marks("712020:AB")),  # ids are what they are
    ],
)
def test_nobody_else_is_meant(written: str, found: str | None) -> None:
    assert not means(written, found)


def test_marks_hold_no_name() -> None:
    assert "lin" not in LIN and "JIRAUSER" not in LIN
    assert len(marks("5")) == 12


def test_two_marks_are_of_one_account_whatever_its_name_was() -> None:
    assert same_account(marks("5", "lin"), marks("5", "lin.wang"))
    assert same_account(marks("5"), marks("5", "lin"))
    assert not same_account(marks("5", "lin"), marks("6", "lin"))
    assert not same_account(None, None)
