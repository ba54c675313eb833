"""Verdicts on the head of a merge request: as a commit status, or as the answer of an external status check."""

from __future__ import annotations

from okr_delivery.model.text import one_line
from okr_delivery.sync.connector import Verdict
from okr_delivery.sync.errors import ConfigError, UnsureError
from okr_delivery.sync.transport import Repeat
from okr_delivery_gitlab.client import AnswerError, GitLabClient, StatusError
from okr_delivery_gitlab.mergerequests import HIDDEN, Head
from okr_delivery_gitlab.problems import refused, unsure
from okr_delivery_gitlab.values import Row, string

STATES = {Verdict.PENDING: "pending", Verdict.PASSED: "success", Verdict.FAILED: "failed"}
LONGEST = 255
SENDS = 3
REPEATED = frozenset({400, 409, 422})
"""What GitLab answers to a state that is set already, depending on its version."""


class CommitStatus:
    """One status of a commit, by its name."""

    def __init__(self, client: GitLabClient, head: Head, name: str) -> None:
        self._client = client
        self._head = head
        self._name = name

    def put(self, verdict: Verdict, text: str, url: str | None) -> bool:
        """False when it was said already. Raises ConfigError when the account may not, UnsureError if doubt stays."""
        state = STATES[verdict]
        for _ in range(SENDS):
            present = self._present()
            if present == state or (verdict is Verdict.PENDING and present is not None):
                return False
            try:
                self._send(state, text, url)
            except UnsureError:
                if self._present() != state:
                    continue
            return True
        raise unsure("verdict_unsure", self._name)

    def _present(self) -> str | None:
        head = self._head
        asked = {"name": self._name, **({"ref": head.branch} if head.branch else {})}
        below = f"projects/{head.project}/repository/commits/{head.sha}/statuses"
        try:
            rows = self._client.rows(below, asked, what="projects/:id/repository/commits/:sha/statuses", expect=HIDDEN)
        except StatusError as error:
            raise refused("verdict_forbidden", self._name, status=error.status) from None
        mine = [row for row in rows if row.get("name") == self._name]
        return string(max(mine, key=_number)["status"]) if mine else None

    def _send(self, state: str, text: str, url: str | None) -> None:
        head = self._head
        body = {"state": state, "name": self._name, "description": one_line(text)[:LONGEST], "target_url": url,
                "ref": head.branch}  # fmt: skip
        try:
            self._client.rest(
                "post", f"projects/{head.project}/statuses/{head.sha}",
                {name: value for name, value in body.items() if value is not None},
                what="projects/:id/statuses/:sha", repeat=Repeat.CREATING, issue=head.sha,
            )  # fmt: skip
        except AnswerError as answer:
            if answer.response.status_code not in REPEATED or self._present() != state:
                raise _refusal(answer, self._name) from None


class StatusCheck:
    """An external status check of the project, by its name or id."""

    def __init__(self, client: GitLabClient, head: Head, check: str) -> None:
        self._client = client
        self._head = head
        self._check = check

    def put(self, verdict: Verdict) -> bool:
        """False when it was said already. Raises ConfigError for a check that is unknown, or may not be set."""
        row = self._present()
        if row.get("status") == verdict.value or verdict is Verdict.PENDING:  # GitLab lets each new head be pending
            return False
        try:
            self._client.rest(
                "post", f"{self._below}/status_check_responses",
                {"sha": self._head.sha, "external_status_check_id": row["id"], "status": verdict.value},
                what="projects/:id/merge_requests/:iid/status_check_responses", repeat=Repeat.ABSOLUTE,
                issue=self._head.sha,
            )  # fmt: skip
        except AnswerError as answer:
            if answer.response.status_code not in REPEATED or self._present().get("status") != verdict.value:
                raise _refusal(answer, self._check) from None
        return True

    @property
    def _below(self) -> str:
        return f"projects/{self._head.target}/merge_requests/{self._head.iid}"

    def _present(self) -> Row:
        try:
            rows = self._client.rows(
                f"{self._below}/status_checks", what="projects/:id/merge_requests/:iid/status_checks", expect=HIDDEN
            )
        except StatusError:
            rows = []
        wanted = self._check.casefold()
        for row in rows:
            if wanted in (string(row.get("id")), (string(row.get("name")) or "").casefold()):
                return row
        raise refused("check_unknown", self._check, check=self._check)


def _number(row: Row) -> int:
    ref = string(row.get("id")) or "0"
    return int(ref) if ref.isdigit() else 0


def _refusal(answer: AnswerError, name: str) -> ConfigError:
    status = answer.response.status_code
    forbidden = status in (401, 403, 404)
    error = (
        refused("verdict_forbidden", name, status=status)
        if forbidden
        else refused("verdict_refused", name, status=status)
    )
    error.status = status
    return error
