"""A tracker with merge requests, in memory, and a small company on it beside a Jira."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.model.work import Issue
from okr_delivery.sync.connector import MergeRequest, SourceSpec, Verdict
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.transport import Transport
from tests.gate.world import issue

CONFIG = """\
version: 1
store: "sqlite:///store.db"
calendar: {timezone: Asia/Shanghai}
sources:
  - {name: gitlab, type: gitlab, url: "https://gitlab.acme.cn/git", projects: [acme/pay]}
  - {name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY]}
teams:
  - {id: payments, select: [{source: gitlab}], objectives: [GROW], gate: {adopt: pitch}}
  - {id: portal, select: [{source: jira}], objectives: [GROW], gate: {adopt: pitch}}
gate: {since: 2026-11-16}
"""
TOKEN = {"OKR_DELIVERY_GITLAB_TOKEN": "t0ken-of-the-forge"}


def held(number: int, description: str = "Contributes-to: GROW-KR1 ?", **changed: Any) -> Issue:
    """acme/pay#<number> as the store holds it."""
    key = {"key": f"acme/pay#{number}", "url": f"https://gitlab.acme.cn/git/acme/pay/-/issues/{number}"}
    return issue(number, description, **{"source": "gitlab", "project": "acme/pay", **key, **changed})


def request(
    *closes: str, mentions: tuple[str, ...] = (), ref: str = "acme/pay!12", title: str = "Pay faster"
) -> MergeRequest:
    return MergeRequest(ref, title, "https://gitlab.acme.cn/git/acme/pay/-/merge_requests/12", "f00d", closes, mentions)


def refused(what: str) -> ConfigError:
    return ConfigError([Problem(msg("sync.skipped", where="forge", what=what))])


@dataclass
class Forge:
    """What the tracker holds and was told. `refuses`: writing ends with an error from that verdict on."""

    requests: dict[str, MergeRequest] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    said: list[tuple[str, Verdict, str, str, str | None]] = field(default_factory=list)
    refuses: Verdict | None = None
    closed: int = 0

    def connector(self) -> type[Any]:
        forge = self

        class Connector:
            api: ClassVar[int] = 1
            type: ClassVar[str] = "gitlab"

            @classmethod
            def open(cls, spec: SourceSpec, transport: Transport) -> Self:
                return cls()

            def merge_request(self, ref: str) -> MergeRequest:
                forge.asked.append(ref)
                if ref not in forge.requests:
                    raise refused(f"there is no {ref}")
                return forge.requests[ref]

            def put_verdict(
                self, request: MergeRequest, verdict: Verdict, *, name: str, text: str, url: str | None
            ) -> bool:
                if forge.refuses is verdict:
                    raise refused("the token may not write")
                same = [row[1:3] for row in forge.said if row[0] == request.sha and row[3] == name]
                if same[-1:] == [(verdict, text)]:
                    return False
                forge.said.append((request.sha, verdict, text, name, url))
                return True

            def close(self) -> None:
                forge.closed += 1

        return Connector
