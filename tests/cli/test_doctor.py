"""What `doctor` tells beside the connection: hints of the connector, also when it was refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar, Self

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.sync import registry
from okr_delivery.sync.connector import Ahead, FoundField, Identity, Metadata, SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.transport import Transport
from tests.conftest import NOW
from tests.sync.fake import FakeConnector, FakeTracker

TEXT = """
version: 1
okrs: []
sources: [{name: work, type: fake, url: "http://127.0.0.1:4711", projects: [PAY], token_env: OKR_DELIVERY_WORK_TOKEN}]
"""
Doctor = Callable[[str], tuple[int, str, str]]
HINT = msg("sync.foreign", host="other.example\x1b[31m")


class Plain(FakeConnector):
    refusal: ClassVar[str | None] = None

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        return cls(FakeTracker.of(3))

    def identity(self) -> Identity:
        if self.refusal is not None:
            raise ConfigError([Problem(msg(self.refusal, status=401))])
        return super().identity()


class Hints(Plain):
    def inspect(self) -> Iterable[Message]:
        return [HINT]


class Refused(Hints):
    refusal = "sync.unauthorized"


class Twice(Refused):
    """Has nothing to add but what it was refused with, and a hint that it gives twice."""

    def inspect(self) -> Iterable[Message]:
        return [msg("sync.unauthorized", status=401), HINT, HINT]


class Lost(Plain):
    def ahead(self, since: int | None) -> Ahead:
        raise ConfigError(
            [Problem(msg("jira.error.jql", said="no field statuz"), "/search", msg("jira.next.scope", scope="s"))]
        )


class Fails(Plain):
    def inspect(self) -> Iterable[Message]:
        yield HINT
        raise ConfigError([Problem(msg("sync.forbidden", status=403))])


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs it with the connector of that name; answers exit code, standard output and standard error."""
    (tmp_path / "okr-delivery.yaml").write_text(TEXT, encoding="utf-8")

    def examine(kind: str) -> tuple[int, str, str]:
        point = EntryPoint("fake", f"tests.cli.test_doctor:{kind}", "okr_delivery.connectors")
        monkeypatch.setattr(registry, "entry_points", lambda **_: [point])
        out, err = io.StringIO(), io.StringIO()
        env = {"OKR_DELIVERY_WORK_TOKEN": "s3cr3t"}
        app = App(env=env, cwd=tmp_path, out=out, err=err, clock=lambda: float(NOW))
        return run(["doctor"], app=app), out.getvalue(), err.getvalue()

    return examine


@pytest.mark.parametrize(
    ("kind", "code", "hinted", "error"),
    [("Plain", 0, False, ""), ("Hints", 0, True, ""), ("Refused", 2, True, "401"), ("Fails", 2, True, "403")],
)
def test_hints(doctor: Doctor, kind: str, code: int, hinted: bool, error: str) -> None:
    ended, out, err = doctor(kind)
    assert (ended, "other.example" in out) == (code, hinted), out + err
    assert error in err
    assert "\x1b" not in out
    assert "s3cr3t" not in out + err
    assert "proxy: none (127.0.0.1 is this machine)" in out


def test_what_is_wrong_in_okr_files_hides_no_connection(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "okr-delivery.yaml").write_text(TEXT.replace("okrs: []", "okrs: [gone.yaml]"), encoding="utf-8")
    code, out, err = doctor("Plain")
    assert code == 2
    assert "gone.yaml" in err
    assert "signed in as" in out


class OfOneProject(Plain):
    def metadata(self) -> Metadata:
        fields = [FoundField("key_result", "customfield_7", "KR\x1b[31m", "name", "PAY\x1b[31m"),
                  FoundField("estimate", "customfield_8", "Points", "board")]  # fmt: skip
        return replace(super().metadata(), fields=tuple(fields))


def test_fields_are_told_with_the_project_that_has_them_alone(doctor: Doctor) -> None:
    _, out, _ = doctor("OfOneProject")
    assert "field estimate: customfield_8 (Points), found by the board's settings" in out
    assert "of PAY" in next(line for line in out.splitlines() if "customfield_7" in line)
    assert "\x1b" not in out


class Content(Plain):
    def inspect(self) -> Iterable[Message]:
        return []


@pytest.mark.parametrize(("kind", "said"), [("Content", True), ("Hints", False), ("Fails", False), ("Plain", False)])
def test_that_nothing_is_missing_is_said_only_where_it_was_asked(doctor: Doctor, kind: str, said: bool) -> None:
    assert ("permissions: nothing is missing" in doctor(kind)[1]) is said


def test_how_much_is_in_scope_is_asked(doctor: Doctor) -> None:
    assert "about 3 issues in scope" in doctor("Plain")[1]


def test_a_query_that_can_not_be_run_is_found(doctor: Doctor) -> None:
    """With the name of its source and of its own variable, which tell it from another of its type."""
    code, _, err = doctor("Lost")
    assert code == 2
    assert "no field statuz" in err
    assert "where: work: /search" in err
    assert "OKR_DELIVERY_WORK_TOKEN" in err


def test_a_refusal_is_told_once(doctor: Doctor) -> None:
    _, out, err = doctor("Twice")
    assert ((out + err).count("401"), out.count("other.example")) == (1, 1)
    assert "where: work" in err
