"""A run that was recorded, on both kinds of Jira: nothing private in it, and served again it gives the same store."""

from __future__ import annotations

import base64
import itertools
import json
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest

from okr_delivery.model.errors import UserError
from okr_delivery.sandbox import TOKEN, USER, jira_cloud, jira_datacenter, replay
from okr_delivery.sandbox.faults import Source as Faults
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.site import Site
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from okr_delivery.sync import wait
from tests.e2e.runner import NOW, Cli, Ended

DIALECTS = pytest.mark.parametrize("dialect", [jira_cloud, jira_datacenter], ids=["cloud", "datacenter"])
Serve = Callable[..., RunningServer]
ISSUES = 40


@pytest.fixture
def serving() -> Iterator[Serve]:
    """Serves the seeded organisation, changed by `change` before; all servers end with the test."""
    running: list[RunningServer] = []

    def start(
        dialect: ModuleType = jira_cloud, change: Callable[[Site], None] | None = None, faults: Faults = None
    ) -> RunningServer:
        world = build(seed=1, issues=ISSUES, now=NOW)
        if change is not None:
            change(world.site)
        running.append(dialect.serve(world, faults=faults, clock=lambda: float(NOW)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def workspace(folder: Path, url: str, dialect: ModuleType = jira_cloud) -> Cli:
    folder.mkdir()
    write(folder, build(seed=1, issues=ISSUES, now=NOW), url, "en")
    if dialect is jira_cloud:
        return Cli(folder)
    path = folder / "okr-delivery.yaml"
    path.write_text(re.sub(r" *user_env: .*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    return Cli(folder, {"OKR_DELIVERY_JIRA_TOKEN": TOKEN})


def recorded(folder: Path, server: RunningServer, *argv: str, dialect: ModuleType = jira_cloud) -> tuple[Cli, Ended]:
    cli = workspace(folder / "first", server.url, dialect)
    return cli, cli("sync", "--record", "../case", *argv)


def replayed(folder: Path, dialect: ModuleType = jira_cloud) -> tuple[Cli, Ended, replay.RunningReplay]:
    """A sync into a new store against what was recorded."""
    with replay.serve(replay.load(folder / "case")) as server:
        cli = workspace(folder / "second", server.url, dialect)
        return cli, cli("sync"), server


def dump(cli: Cli) -> Any:
    with open_store(f"sqlite:///{cli.folder / '.okr-delivery' / 'store.db'}", ledger=None) as store:
        return json.loads(json.dumps(store.dump()))


# nothing private


STEM = "Zyblintquax"  # of every planted word
PASSWORD = "hunterquilp"


class Planted:
    """Words that nobody else uses, put wherever people write."""

    def __init__(self) -> None:
        self._numbers = itertools.count(100)
        self.words: list[str] = []
        self.phones: list[str] = []

    def word(self) -> str:
        number = next(self._numbers)
        self.words.append(STEM + "".join(chr(ord("a") + int(digit)) for digit in str(number)))
        return self.words[-1]

    def sentence(self) -> str:
        return (
            f"{self.word()} told {self.word()}: call 139{next(self._numbers)}77{next(self._numbers)}, {self.secret()}"
        )

    def secret(self) -> str:
        return f"password={PASSWORD}{next(self._numbers)} https://{self.word()}.test/{self.word()}?token={self.word()}"

    def site(self, site: Site) -> None:
        for user in site.users.values():
            mail = f"{self.word()}@{self.word()}.test"
            user |= {"displayName": f"{self.word()} {self.word()}", "emailAddress": mail}
        for rows in (site.statuses, site.types, site.priorities, site.resolutions, site.fields):
            for row in rows:
                row["description"] = self.sentence()
        for project in site.projects.values():
            project |= {"name": self.sentence(), "description": self.sentence(), "lead": {"displayName": self.word()}}
        for part in (part for parts in site.components.values() for part in parts):
            part |= {"name": self.sentence(), "description": self.sentence()}
        for version in (version for versions in site.versions.values() for version in versions):
            version["description"] = self.sentence()
        for board in site.boards.values():
            board.name = self.sentence()
        for sprint in site.sprints.values():
            sprint.goal = self.sentence()
        self._issues(site)

    def _issues(self, site: Site) -> None:
        texts = [str(row["id"]) for row in site.fields if row.get("custom") and row["schema"]["type"] == "string"]  # type: ignore[index]  # a wire object
        read = (site.ids.key_result, site.ids.contribution)
        for issue in site.issues.values():
            issue.summary = self.sentence()
            issue.description = f"{self.sentence()}\n{issue.description or ''}\n[~{self.word()}] {self.sentence()}"
            issue.labels = [*issue.labels, self.word()]
            issue.custom |= {name: self.sentence() for name in texts if name not in read}
            issue.comments.append({"id": "1", "body": self.sentence(), "created": 0, "author": site.account})
            for item in (item for history in issue.histories for item in history.items):
                self._item(item)

    def _item(self, item: dict[str, object]) -> None:
        sides = {"assignee": self.word, "reporter": self.word, "summary": self.sentence, "description": self.sentence}
        make = sides.get(str(item.get("fieldId") or item.get("field")).lower())
        if make is not None:
            item |= {name: make() for name in ("fromString", "toString") if item.get(name)}


def spellings(word: str) -> set[bytes]:
    """As it is, in an address, in JSON, and in base64 at each of the three places in a triple."""
    raw = word.encode()
    inner = {base64.b64encode(b"x" * shift + raw)[2 + shift : -4] for shift in range(3)}
    return {raw.lower(), quote(word).encode().lower(), json.dumps(word)[1:-1].encode().lower()} | inner


@DIALECTS
def test_nothing_that_people_wrote_and_no_secret_is_in_a_recording(
    dialect: ModuleType, serving: Serve, tmp_path: Path
) -> None:
    planted = Planted()
    server = serving(dialect, planted.site)
    _, ended = recorded(tmp_path, server, dialect=dialect)
    assert ended.code == 0, ended.err
    files = sorted((tmp_path / "case").iterdir())
    data = b"\n".join(path.read_bytes() for path in files)
    assert len(files) > 10 and len(planted.words) > 1000
    lower = data.lower()
    host = server.url.removeprefix("http://")
    told = [STEM, PASSWORD, *planted.phones, TOKEN, USER, host]
    assert [word for word in told if any(s in lower or s in data for s in spellings(word))] == []
    login = base64.b64encode(f"{USER}:{TOKEN}".encode())
    assert login not in data and b"uthorization" not in data


@DIALECTS
def test_a_plain_recording_keeps_what_people_wrote_and_no_secret(
    dialect: ModuleType, serving: Serve, tmp_path: Path
) -> None:
    planted = Planted()
    server = serving(dialect, planted.site)
    _, ended = recorded(tmp_path, server, "--record-plain", dialect=dialect)
    assert "people and free text are in it" in ended.err
    data = b"\n".join(path.read_bytes() for path in sorted((tmp_path / "case").iterdir()))
    assert data.count(STEM.encode()) > 200
    assert not [word for word in (PASSWORD, TOKEN) if word.encode() in data]
    assert server.url.encode() not in data


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_recording_is_its_owners_alone_and_says_what_it_is(serving: Serve, tmp_path: Path) -> None:
    _, ended = recorded(tmp_path, serving())
    folder = tmp_path / "case"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    numbers = sorted(path.name for path in folder.iterdir() if path.name != "index.json")
    assert numbers == [f"{number:04d}.json" for number in range(1, len(numbers) + 1)]
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert (index["schema"], index["scrubbed"]) == ("okr-delivery/recording/1", True)
    assert index["source"] == {"type": "jira", "deployment": "Cloud"}
    assert sum(index["endpoints"].values()) == index["exchanges"] == len(numbers)
    assert f"saved {len(numbers)} exchanges" in ended.err
    assert "Look through the files" in ended.err


# served again


@DIALECTS
def test_a_plain_recording_gives_the_same_store(dialect: ModuleType, serving: Serve, tmp_path: Path) -> None:
    server = serving(dialect)
    first, ended = recorded(tmp_path, server, "--record-plain", "--format", "json", dialect=dialect)
    assert ended.code == 0, ended.err
    second, again, served = replayed(tmp_path, dialect)
    assert again.code == 0, again.err
    assert served.missing == []
    assert re_rooted(dump(first), server.url) == re_rooted(dump(second), served.url)


def re_rooted(dumped: Any, url: str) -> Any:
    return json.loads(json.dumps(dumped).replace(url, "https://here"))


SCRUBBED_CURRENT = {"TITLE", "PROJECT"}


def bare(dumped: Any) -> Any:
    """A store's content without what scrubbing may change: texts, names of people, boards and projects."""
    source = dumped["sources"]["jira"]
    for issue in source["issues"]:
        for name in ("title", "creator", "url", "links"):
            issue.pop(name)
        issue["current"] = {name: pair for name, pair in issue["current"].items() if name not in SCRUBBED_CURRENT}
    for iteration in source["iterations"]:
        iteration["goal"] = len(iteration["goal"] or "")
    for row in (*source["boards"], *source["metadata"]["boards"]):
        row.pop("name") if isinstance(row, dict) else row.pop(1)
    source["changes"] = {ref: [change[:-1] for change in rows] for ref, rows in source["changes"].items()}
    return dumped


@DIALECTS
def test_a_scrubbed_recording_gives_the_same_history_facts_and_figures(
    dialect: ModuleType, serving: Serve, tmp_path: Path
) -> None:
    first, ended = recorded(tmp_path, serving(dialect), dialect=dialect)
    second, again, served = replayed(tmp_path, dialect)
    assert again.code == 0, again.err
    assert served.missing == []
    assert summary(ended) == summary(again)
    assert bare(dump(first)) == bare(dump(second))
    for command in ("metrics", "trace", "gate"):
        assert figures(first, command) == figures(second, command)


def summary(ended: Ended) -> str:
    return re.sub(r"\d+\.\d s", "", ended.out)


def figures(cli: Cli, command: str) -> Any:
    """A command's answer without titles, goals and addresses."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in ("title", "goal", "url", "created_by")}
        return [strip(part) for part in value] if isinstance(value, list) else value

    return strip(cli(command, "--format", "json").json)


BUSY = {"kind": "status", "status": 503, "retry_after": 0}
FAILURES: dict[str, Any] = {
    "errors": {"failures": [{"endpoint": "field", "at": 1, "times": 99, **BUSY}]},
    "login page": {"failures": [{"endpoint": "field", "at": 1, "times": 99, "kind": "html_login"}]},
    "cut off": {"failures": [{"endpoint": "status", "at": 1, "times": 99, "kind": "truncated_json"}]},
    "token loop": {"loop_from_page": 2, "id_cap": 5, "page_cap": 5},
    "recovers": {"failures": [{"endpoint": "status", "at": 1, "times": 1, **BUSY}]},
}


@pytest.mark.parametrize("fault", FAILURES)
def test_a_run_that_failed_fails_again_in_the_same_way(
    fault: str, serving: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "FIRST", 0.01)
    _, ended = recorded(tmp_path, serving(faults=FAILURES[fault]))
    assert ended.code == (0 if fault == "recovers" else 2)
    assert "saved" in ended.err
    _, again, served = replayed(tmp_path)
    assert again.code == ended.code
    assert served.missing == []
    assert problems(again) == problems(ended)
    assert problems(ended) or fault == "recovers"


def problems(ended: Ended) -> list[str]:
    """The lines of its errors, without what is said of the recording."""
    return [line for line in ended.err.splitlines() if line and not line.startswith(("saved", "Secrets"))]


def test_a_connection_that_broke_breaks_again(serving: Serve, tmp_path: Path) -> None:
    drops = {"failures": [{"endpoint": "myself", "at": 1, "times": 1, "kind": "drop_before"}]}
    recorded(tmp_path, serving(faults=drops))
    texts = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "case").glob("0*.json"))]
    assert sum(json.loads(text)["response"] is None for text in texts) == 1
    _, again, served = replayed(tmp_path)
    assert again.code == 0, again.err
    assert served.requests["GET myself"] == 2


# the command


def test_a_folder_with_something_in_it_is_refused(serving: Serve, tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "mine.txt").touch()
    _, ended = recorded(tmp_path, serving())
    assert ended.code == 2
    assert "a recording needs an empty folder" in ended.err
    assert not (tmp_path / "first" / ".okr-delivery" / "store.db").exists()


@pytest.mark.parametrize("argv", [("--record-plain",), ("--plan", "--record", "x")])
def test_options_that_make_no_sense_together_are_refused(argv: tuple[str, ...], cli: Cli) -> None:
    ended = cli("sync", *argv)
    assert ended.code == 2
    assert "--record" in ended.err
    assert not (cli.folder / "x").exists()


def test_a_file_that_cannot_be_written_ends_the_sync_and_keeps_what_was_synced(
    serving: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "0009.json":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    cli, ended = recorded(tmp_path, serving())
    assert ended.code == 2
    assert "the recording can't be written: No space left on device" in ended.err
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(tmp_path))
    cli.ok("sync")


def test_an_update_says_that_it_needs_the_store_and_can_be_served_to_it(serving: Serve, tmp_path: Path) -> None:
    server = serving()
    cli = workspace(tmp_path / "first", server.url)
    assert "synced into this store before" not in cli.ok("sync", "--record", "../case", "--record-plain").err
    key = next(issue.key for issue in server.site.issues.values() if issue.key.startswith("PAY-"))
    server.tracker.edit(key, {"summary": "Changed meanwhile"})
    assert "jira was synced into this store before" in cli.ok("sync", "--record", "../update", "--record-plain").err
    second, _, served = replayed(tmp_path)
    port = int(served.url.rpartition(":")[2])
    with replay.serve(replay.load(tmp_path / "update"), port=port) as again:
        second.ok("sync")
    assert again.missing == []
    assert re_rooted(dump(cli), server.url) == re_rooted(dump(second), served.url)
    assert "Changed meanwhile" in json.dumps(dump(second))


def test_several_sources_have_a_folder_each(serving: Serve, tmp_path: Path) -> None:
    first, second = serving(), serving()
    cli = workspace(tmp_path / "first", first.url)
    path = cli.folder / "okr-delivery.yaml"
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^sources:\n((?:[ #].*\n)+)", text, re.MULTILINE)
    assert found is not None
    copy = re.sub(r"name: jira\b", "name: con", found[1]).replace(first.url, second.url)
    copy = copy.replace("OKR_DELIVERY_JIRA_", "OKR_DELIVERY_OTHER_")
    cli.env = {**cli.environment, "OKR_DELIVERY_OTHER_USER": USER, "OKR_DELIVERY_OTHER_TOKEN": TOKEN}
    path.write_text(text.replace(found[0], found[0] + copy), encoding="utf-8")
    ended = cli("sync", "--record", "../case")
    assert ended.code == 0, ended.err
    assert sorted(part.name for part in (tmp_path / "case").iterdir()) == ["01-jira", "02-con"]
    assert {replay.load(part).type for part in (tmp_path / "case").iterdir()} == {"jira"}
    with pytest.raises(UserError, match="several"):
        replay.load(tmp_path / "case")
