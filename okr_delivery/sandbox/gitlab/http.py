"""What every endpoint shares: answers, refusals, and the request with what is known about its caller."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.gitlab.state import GitLab, Group, Project, Visibility, WorkItem

if TYPE_CHECKING:
    from okr_delivery.sandbox.faults import Faults
    from okr_delivery.sandbox.gitlab.forge import Forge
    from okr_delivery.sandbox.gitlab.limits import Limits
    from okr_delivery.sandbox.gitlab.logins import Caller
    from okr_delivery.sandbox.gitlab.paging import Lists
    from okr_delivery.sandbox.gitlab.posted import Posted
    from okr_delivery.sandbox.gitlab.render import Renderer
    from okr_delivery.sandbox.gitlab.tiers import Features

JSON = "application/json"
Thing = TypeVar("Thing")


class RefusedError(Exception):
    """An answer other than success, with the body that GitLab gives it."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, dict(headers or {})
        super().__init__(f"{status}: {body}")

    def response(self) -> Response:
        made = answer(self.body, self.status)
        made.headers.extend(self.headers)
        return made


def unauthorized() -> RefusedError:
    return RefusedError(401, {"message": "401 Unauthorized"})


def forbidden(why: str = "") -> RefusedError:
    return RefusedError(403, {"message": f"403 Forbidden - {why}" if why else "403 Forbidden"})


def not_found(what: str = "") -> RefusedError:
    return RefusedError(404, {"message": f"404 {what} Not Found" if what else "404 Not found"})


def no_route() -> RefusedError:
    """For what this version or edition has no address for."""
    return RefusedError(404, {"error": "404 Not Found"})


def bad(text: str) -> RefusedError:
    """A parameter that does not fit."""
    return RefusedError(400, {"error": text})


def answer(data: object, status: int = 200) -> Response:
    """A JSON answer; what is bytes already goes out as it is."""
    body = data if isinstance(data, bytes) else dumped(data)
    return Response(body, status, content_type=JSON)


def dumped(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def joined(rows: list[bytes]) -> bytes:
    """A JSON list of rows that are JSON already."""
    return b"[" + b",".join(rows) + b"]"


def nothing() -> Response:
    return Response(b"", 204)


def text(body: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers=dict(headers or {}), content_type="text/plain")


@dataclass(slots=True)
class Call:
    """One request under the server's lock. `given` are its parameters, checked and with their defaults; `arguments`
    what its path names.
    """

    request: Request
    arguments: Mapping[str, str]
    given: dict[str, Any]
    caller: Caller
    state: GitLab
    forge: Forge
    faults: Faults
    features: Features
    render: Renderer
    lists: Lists
    path: str  # as it was asked for, still quoted
    label: str
    sent: Mapping[str, Any]  # parameters that came with the request, without defaults
    limits: Limits
    posted: Posted
    operations: Counter[str]  # GraphQL requests by the name of their operation

    def project(self) -> Project:
        """The project of the path. Refuses what this token can't see; a former path leads on to the new one."""
        wanted = self.arguments["id"]
        found = self.state.project(wanted)
        moved = None if found else self.state.moved_project(wanted)
        project = found or moved
        if project is None or not self.sees(project):
            raise not_found("Project")
        if moved:
            raise self._moved(moved)
        return project

    def _moved(self, project: Project) -> RefusedError:
        if self.request.method != "GET":
            return RefusedError(405, {"message": "Non GET methods are not allowed for moved projects"})
        root = self.faults.redirect_to or self.render.url
        quoted = self.path.split("/")[4]
        path = self.path.replace(f"/projects/{quoted}", f"/projects/{project.id}", 1)
        query = self.request.query_string.decode()
        place = f"{root}{path}" + (f"?{query}" if query else "")
        return RefusedError(301, {"message": "301 Moved Permanently"}, {"Location": place})

    def sees(self, project: Project) -> bool:
        """Whether this token may know of a project."""
        hidden = {str(name).casefold() for name in self.faults.hidden_projects}
        named = project.path.casefold() in hidden or str(project.id) in hidden
        group = self.state.groups.get(project.group or 0)
        return not (project.hidden or named or (group is not None and not self.sees_group(group)))

    def sees_group(self, group: Group) -> bool:
        return not any(above.hidden for above in self.state.ancestors(group.id))

    def group(self) -> Group:
        """The group of the path. Refuses what this token can't see."""
        found = self.state.group(self.arguments["id"])
        if found is None or not self.sees_group(found):
            raise not_found("Group")
        return found

    def sees_item(self, item: WorkItem) -> bool:
        """Whether a work item is there for this token; of its project or group that is asked elsewhere."""
        return item.visibility is Visibility.VISIBLE and (self.faults.confidential or not item.confidential)

    def issue(self) -> WorkItem:
        """The issue of the path, by its number in the project."""
        project = self.project()
        item = self.state.issue(project.id, self.number("iid"))
        if item is None or not self.sees_item(item):
            raise RefusedError(404, {"message": "404 Not found"})
        return item

    def number(self, name: str) -> int:
        """A whole number of the path."""
        text = self.arguments[name]
        if not text.isascii() or not text.isdigit():
            raise bad(f"{self.argument(name)} is invalid")
        return int(text)

    @staticmethod
    def argument(name: str) -> str:
        """What GitLab itself calls an argument of a path."""
        return {"iid": "issue_iid"}.get(name, name)


def found(thing: Thing | None, what: str) -> Thing:
    """The thing, or the refusal that names what is missing."""
    if thing is None:
        raise not_found(what)
    return thing
