"""Every key of the configuration, its defaults, and where the file is found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_delivery.config import Config, Source, fetch_hash, load, settings_hash
from okr_delivery.model.errors import UserError
from okr_delivery.model.okr import Location
from tests.config.files import MINIMAL, loaded, said, write

FULL = """\
version: 1
lang: zh
okrs: [okrs/]
readings: [readings/]
effects: [effects/]
conclusions: conclusions.yaml
ledger: ledger/
store: sqlite:///.okr-delivery/store.db
calendar: {timezone: Asia/Shanghai, workweek: [mon, tue, wed, thu, fri], holidays: CN, overrides: {2026-10-10: work}}
network: {proxy: env, ca_bundle: system, timeout: {connect: 10s, read: 60s}, max_minutes: 30}
sources:
  - name: jira
    type: jira
    url: https://acme.atlassian.net
    deployment: auto
    projects: [PAY]
    history: {since: 2024-01-01}
    requirements: {types: [Story, Epic], exclude_labels: [spike]}
    non_okr: {labels: {run: [ops], defect: [bug], debt: [tech-debt]}, types: {defect: [Bug]}, budget: 0.3}
    links: {order: [fields, labels, line, issue_link, parent], labels: ["kr:", "kr::"]}
    fields: {key_result: "Key Result", contribution: "Expected contribution", confidence: null, estimate: auto,
             priority: auto, user_value: null, approved: scope-approved, rehearsed: rehearsed}
    dispute: {label: disputed}
    statuses: {order: [To Do, Ready, In Development, Waiting for review, Testing, Done], commitment: Ready,
               start: In Development, wait: [Waiting for review], done: [Done], cancelled: [Rejected],
               not_delivered: ["Won't Do", "Won't Fix", Duplicate, Cannot Reproduce, Declined]}
    release: {from: [version, deployment, finished]}
  - name: gitlab
    type: gitlab
    url: https://gitlab.acme.cn
    projects: [mobile/app]
    statuses: {label_scope: workflow}
teams:
  - id: payments
    name: 支付
    select: [{source: jira, boards: [42]}, {source: jira, projects: [PAY], components: [checkout]}]
    iterations: {from: sprints, boards: [42], name: "PAY *"}
    objectives: [GROW]
    capacity: {headcount: 9, per_iteration: 30, unit: points}
    gate: {adopt: pitch}
contribution: {sizes: {S: 0.02, M: 0.05, L: 0.15, XL: 0.30}, default_confidence: 0.5}
gate: {adopt: pitch, since: 2026-11-21,
       fail_on: error, max_age: 26h, cycle_grace: 14d, rules: {KR302: off, KR205: warning}}
trace: {conclude: {cover: 0.8, max: 15, grace: 3d}}
reports: {min_team_size: 5, recheck_url: null}
feedback: [{name: file, type: file, path: progress/}]
"""


def test_every_key_of_the_contract(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL)
    jira, gitlab = config.sources
    assert config.calendar.overrides == {date(2026, 10, 10): "work"}
    assert (config.network.timeout.connect, config.network.timeout.read, config.network.max_minutes) == (10, 60, 30)
    assert jira.history.since == date(2024, 1, 1)
    assert jira.fields.key_result == "Key Result"
    assert jira.fields.confidence is None
    assert jira.statuses.wait == ("Waiting for review",)
    assert jira.non_okr.labels["run"] == ("ops",)
    assert jira.release.from_ == ("version", "deployment", "finished")
    assert gitlab.statuses.label_scope == "workflow"
    team = config.teams[0]
    assert team.title == "支付"
    assert team.select[0].boards == ("42",)
    assert team.iterations is not None
    assert (team.iterations.from_, team.iterations.name) == ("sprints", "PAY *")
    assert (config.gate.max_age, config.gate.cycle_grace) == (26 * 3600, 14 * 86400)
    assert config.gate.rules == {"KR302": "off", "KR205": "warning"}
    assert config.trace.conclude.grace == 3 * 86400
    assert config.feedback[0].path == "progress/"


def test_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    source = config.sources[0]
    assert (config.lang, config.okrs, config.ledger) == ("en", ("okrs/",), "ledger/")
    assert (config.gate.adopt, config.gate.since, config.gate.max_age) == ("iteration", None, 93600)
    assert config.contribution.sizes == {"S": 0.02, "M": 0.05, "L": 0.15, "XL": 0.30}
    assert (config.calendar.timezone, config.calendar.holidays) == ("UTC", None)
    assert source.links.order == ("fields", "labels", "line", "issue_link", "parent")
    assert source.statuses.not_delivered[0] == "Won't Do"
    assert (source.fields.key_result, source.fields.approved) == (None, "scope-approved")
    assert config.reports.min_team_size == 5


def test_single_sizes_keep_the_others(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL + "contribution: {sizes: {M: 0.1}}\n")
    assert config.contribution.sizes == {"S": 0.02, "M": 0.1, "L": 0.15, "XL": 0.30}


def test_without_teams_each_source_is_one(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """\
version: 1
gate: {adopt: pitch}
sources:
  - {name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY], boards: [42, 43]}
  - {name: lab, type: gitlab, url: "https://gitlab.acme.cn", groups: [mobile]}
""",
    )
    jira, lab = config.effective_teams()
    assert (jira.id, jira.select[0].source, jira.gate.adopt) == ("jira", "jira", "pitch")
    assert jira.iterations is not None
    assert (jira.iterations.from_, jira.iterations.boards) == ("sprints", ("42", "43"))
    assert lab.iterations is not None
    assert lab.iterations.from_ == "milestones"


def test_numbers_are_taken_as_names_as_they_were_written(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL.replace("projects: [PAY]", "projects: [007, 10001]"))
    assert config.sources[0].projects == ("007", "10001")


def test_off_and_no_stay_text(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL.replace("name: jira", "name: NO") + "gate: {rules: {KR205: off}}\n")
    assert (config.sources[0].name, config.gate.rules["KR205"]) == ("NO", "off")


def test_teams_from_files_keep_their_own_positions(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "teams/a.yaml": "id: a\nselect: [{source: jira, labels: [a]}]\n",
            "teams/b.yaml": "- id: b\n  select: [{source: jira, labels: [b]}]\n- id: c\n  select: [{source: jira}]\n",
        },
    )
    text = MINIMAL + "teams: [teams/, {id: d, select: [{source: jira}]}]\n"
    config = loaded(tmp_path, text)
    assert [team.id for team in config.teams] == ["a", "b", "c", "d"]
    assert config.location("teams", 1, "id") == Location("teams/b.yaml", 1)
    assert config.where("teams", 3, "id") == "okr-delivery.yaml:4:22"


def test_positions_of_keys(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL)
    assert config.lines["sources", 0, "type"] == (13, 5)
    assert config.lines["gate", "rules", "KR205"] == (43, 76)
    assert config.location("sources", 1) == Location("okr-delivery.yaml", 28)


# where it is found


def test_upward_to_the_git_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    write(tmp_path, {"okr-delivery.yaml": MINIMAL})
    assert load(cwd=inner, env={}).root == tmp_path
    assert load(cwd=inner, env={}).location("sources", 0).path == "okr-delivery.yaml"


def test_not_above_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "repo"
    (inner / ".git").mkdir(parents=True)
    write(tmp_path, {"okr-delivery.yaml": MINIMAL})
    with pytest.raises(UserError) as caught:
        load(cwd=inner, env={})
    assert "there is no okr-delivery.yaml here" in said(caught.value)[0]


def test_without_a_git_root_only_here(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    write(tmp_path, {"okr-delivery.yaml": MINIMAL})
    with pytest.raises(UserError):
        load(cwd=inner, env={})
    assert load(cwd=tmp_path, env={}).path == tmp_path / "okr-delivery.yaml"


def test_the_option_wins_over_the_variable_over_the_folder(tmp_path: Path) -> None:
    for name, file in (("option", "option.yaml"), ("variable", "variable.yaml"), ("here", "okr-delivery.yaml")):
        write(tmp_path, {file: MINIMAL.replace("name: jira", f"name: {name}")})
    env = {"OKR_DELIVERY_CONFIG": "variable.yaml"}
    assert load(Path("option.yaml"), cwd=tmp_path, env=env).sources[0].name == "option"
    assert load(cwd=tmp_path, env=env).sources[0].name == "variable"
    assert load(cwd=tmp_path, env={}).sources[0].name == "here"


def test_named_files_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(Path("gone.yaml"), cwd=tmp_path, env={})
    assert said(caught.value) == [f"{tmp_path}/gone.yaml: the file that --config names does not exist"]
    with pytest.raises(UserError) as caught:
        load(Path(), cwd=tmp_path, env={})
    assert "--config names a folder" in said(caught.value)[0]


def test_a_link_starts_where_it_stands(tmp_path: Path) -> None:
    write(tmp_path, {"shared/real.yaml": MINIMAL, "here/x": ""})
    (tmp_path / "here" / "okr-delivery.yaml").symlink_to(tmp_path / "shared" / "real.yaml")
    config = load(cwd=tmp_path / "here", env={})
    assert config.root == tmp_path / "here"
    assert config.location("sources", 0).path == "okr-delivery.yaml"


# what wins over the file


def test_store_url_starts_from_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path).store_url == f"sqlite:///{tmp_path}/.okr-delivery/store.db"
    absolute = loaded(tmp_path, MINIMAL + "store: sqlite:////var/lib/okr.db\n")
    assert absolute.store_url == "sqlite:////var/lib/okr.db"


def test_store_variable_wins_and_may_hold_a_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://okr:secret@db/okr"
    assert loaded(tmp_path, env={"OKR_DELIVERY_STORE": url}).store_url == url
    relative = loaded(tmp_path, env={"OKR_DELIVERY_STORE": "sqlite:///x.db"})
    assert relative.store_url == f"sqlite:///{tmp_path}/x.db"


def test_language_and_hosts(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, env={"OKR_DELIVERY_LANG": "zh", "OKR_DELIVERY_HOSTS": "Acme.atlassian.net, gitlab.acme.cn"}
    )
    assert config.language == "zh"
    assert config.allowed_hosts == frozenset({"acme.atlassian.net", "gitlab.acme.cn"})
    assert loaded(tmp_path).allowed_hosts is None
    assert loaded(tmp_path, env={"OKR_DELIVERY_HOSTS": ""}).allowed_hosts == frozenset()


def test_a_team_calendar_overrides_single_keys(tmp_path: Path) -> None:
    from okr_delivery.config.calendar import merged

    text = MINIMAL + (
        "calendar: {timezone: Asia/Shanghai, holidays: CN}\n"
        "teams: [{id: ny, select: [{source: jira}], calendar: {timezone: America/New_York}}]\n"
    )
    config: Config = loaded(tmp_path, text)
    own = merged(config.calendar, config.teams[0].calendar)
    assert (own.timezone, own.holidays) == ("America/New_York", "CN")


def test_hashes_change_with_what_they_stand_for(tmp_path: Path) -> None:
    plain = loaded(tmp_path)
    statuses = loaded(tmp_path, MINIMAL.replace("projects: [PAY]", "projects: [PAY], statuses: {done: [Shipped]}"))
    scope = loaded(tmp_path, MINIMAL.replace("[PAY]", "[PAY, OPS]"))
    assert settings_hash(plain.sources[0]) == settings_hash(scope.sources[0]) != settings_hash(statuses.sources[0])
    assert fetch_hash(plain.sources[0]) == fetch_hash(statuses.sources[0]) != fetch_hash(scope.sources[0])
    zoned = loaded(tmp_path, MINIMAL + "calendar: {timezone: Asia/Shanghai}\n")
    assert settings_hash(plain.sources[0], plain.calendar) != settings_hash(zoned.sources[0], zoned.calendar)


@pytest.mark.parametrize(
    ("project", "project_id", "held"),
    [
        ("mobile/app", "1", True),
        ("Mobile/APP", "1", True),
        ("web/site", "77", True),
        ("tools/deep/x", "2", True),
        ("tools", "3", True),
        ("toolset/x", "4", False),
        ("mobile/app2", "5", False),
    ],
)
def test_which_projects_a_source_asks_for(project: str, project_id: str, held: bool) -> None:
    base = {"name": "lab", "type": "gitlab", "url": "https://gitlab.acme.cn"}
    source = Source.model_validate(base | {"projects": ["mobile/app", 77], "groups": ["tools"]})
    assert source.may_hold(project, project_id) is held
    assert Source.model_validate(base | {"groups": ["12"]}).may_hold(project, project_id)


def test_labels_that_carry_the_workflow_are_part_of_what_is_asked() -> None:
    """Statuses of another scope stand in every issue's history."""
    base = {"name": "lab", "type": "gitlab", "url": "https://gitlab.acme.cn", "groups": ["mobile"]}
    plain, scoped, order = (
        Source.model_validate(base | {"statuses": statuses})
        for statuses in ({}, {"label_scope": "workflow::"}, {"order": ["Open", "Closed"]})
    )
    assert scoped.statuses.label_scope == "workflow"
    assert fetch_hash(plain) == fetch_hash(order)
    assert fetch_hash(plain) != fetch_hash(scoped)


@pytest.mark.parametrize("written", ["In Dev", "workflow::In Dev", "WORKFLOW::in dev"])
def test_a_status_by_its_label_or_without_the_scope(written: str) -> None:
    statuses = {"label_scope": "workflow", "order": ["Open", "workflow::In dev", "Closed"], "start": written}
    base = {"name": "lab", "type": "gitlab", "url": "https://gitlab.acme.cn", "groups": ["mobile"]}
    assert Source.model_validate(base | {"statuses": statuses}).statuses.start == written
