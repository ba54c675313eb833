"""The conformance kits, on served GitLabs of every tier and age."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from okr_delivery.sandbox.gitlab import serve
from okr_delivery.sandbox.gitlab.server import RunningServer
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sync.connector import Secret
from okr_delivery.sync.kit import ConnectorKit
from okr_delivery.sync.transport import Transport
from okr_delivery.sync.writer_kit import Seen, WriterKit
from okr_delivery.sync.writes import Writer
from okr_delivery_gitlab.writer_text import digest
from tests.okr_delivery_gitlab.syncing import Clock, connect, organisation

LINK = "kit:1"


@pytest.mark.parametrize(
    ("tier", "version", "issues", "faults"),
    [
        (Tier.ULTIMATE, "18.5.0", 40, {}),
        (Tier.PREMIUM, "17.2.0", 16, {"count_bound": 50}),
        (Tier.FREE, "18.5.0", 16, {"keyset": "405", "rate_headers": "none"}),
        (Tier.FREE, "15.11.0", 12, {"without": ["WorkItemWidgetNotes"]}),
    ],
    ids=lambda value: "-".join(value) or "plain" if isinstance(value, dict) else str(value),
)
def test_reads_as_the_contract_says(tier: Tier, version: str, issues: int, faults: dict[str, Any]) -> None:
    unlimited = {"requests_per_minute": 1_000_000, **faults}
    with serve(organisation(issues, tier=tier), version=version, faults=unlimited, clock=Clock()) as server:
        kit = ConnectorKit(
            lambda: connect(server), source="gitlab", token=server.token,
            refused=lambda: connect(server, token=Secret("glpat-wrong")),
        )  # fmt: skip
        kit.check()


def test_reads_groups_as_the_contract_says() -> None:
    with serve(organisation(16), faults={"requests_per_minute": 1_000_000}, clock=Clock()) as server:
        scope: dict[str, Any] = {"projects": (), "options": {"groups": ("acme",), "label_scope": "workflow"}}
        ConnectorKit(lambda: connect(server, **scope), source="gitlab", token=server.token).check()


def seen(server: RunningServer, issue_id: str) -> Seen:
    """What stands on the issue."""
    item = server.state.items[int(issue_id)]
    notes = [note.body for note in item.notes if not note.system]
    links = [text[1:].partition("](")[0] for text in notes if f"link {digest(LINK)}" in text]
    comments = tuple(text.partition("\n\n<!-- ")[0] for text in notes if "okr-delivery: link" not in text)
    return Seen(
        frozenset(server.state.labels[number].name for number in item.labels),
        comments,
        dict(zip([LINK], links, strict=False)),
    )


def losing(server: RunningServer) -> Callable[[str], AbstractContextManager[None]]:
    @contextmanager
    def lose(when: str) -> Any:
        server.reset()
        failure = {"endpoint": "projects/:id/issues/:iid/notes", "method": "POST", "kind": f"drop_{when}"}
        server.faults = {"failures": [failure]}
        yield
        server.faults = {}

    return lose


def test_writes_as_the_contract_says() -> None:
    with serve(organisation(12), clock=Clock()) as server:

        def writer() -> tuple[Writer, Transport]:
            connector, transport = connect(server)
            return connector.writer(), transport

        issue_id = next(str(item.id) for item in server.state.items.values() if item.project is not None)
        WriterKit(
            writer, issue_id, lambda: seen(server, issue_id), token=server.token, bad_label="one,two",
            losing=losing(server), properties=False,
        ).check()  # fmt: skip
