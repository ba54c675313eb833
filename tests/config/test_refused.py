"""Everything that a configuration may not hold: one clear sentence each, with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from okr_delivery.config.document import parse
from okr_delivery.config.problems import validate
from okr_delivery.model.errors import UserError
from tests.config.files import LAB, MINIMAL, loaded, refused, said, write

FILE = "okr-delivery.yaml"
SOURCE = '  - {name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY]'

SINGLE = {
    "unknown key": (MINIMAL + "readigns: [x]\n", "4:1: 'readigns' is no setting here; did you mean 'readings'?"),
    "unknown key, nothing near": (
        MINIMAL + "reports: {zzz: 1}\n",
        "4:11: 'zzz' is no setting here; possible are: min_team_size, recheck_url",
    ),
    "version missing": (MINIMAL.replace("version: 1\n", ""), "1:1: version is missing"),
    "version unknown": (MINIMAL.replace("1", "2", 1), "1:10: version is 2; this okr-delivery reads version: 1"),
    "no sources": ("version: 1\nsources: []\n", "2:10: sources needs at least one entry"),
    "no scope": (
        MINIMAL.replace(", projects: [PAY]", ""),
        "3:5: the source does not say what is in scope; name at least one of: projects, boards",
    ),
    "choice": (
        MINIMAL + "gate: {fail_on: warn}\n",
        "4:17: gate.fail_on: 'warn' is not possible; did you mean 'warning'? Possible are: error, warning",
    ),
    "choice, nothing near": (MINIMAL + "lang: 7\n", "4:7: lang: '7' is not possible; possible are: en, zh"),
    "duration": (
        MINIMAL + "gate: {max_age: 26 hours}\n",
        "4:17: gate.max_age: 26 hours is no length of time; write 10s, 30m, 26h, 14d or 2w",
    ),
    "duration without unit": (
        MINIMAL + "gate: {max_age: 26}\n",
        "4:17: gate.max_age: 26 is no length of time; write 10s, 30m, 26h, 14d or 2w",
    ),
    "date": (
        MINIMAL + "gate: {since: 2026/11/2}\n",
        "4:15: gate.since: 2026/11/2 is no date; write YYYY-MM-DD, such as 2026-11-02",
    ),
    "number as text": (
        MINIMAL + "contribution: {default_confidence: 50%}\n",
        "4:36: contribution.default_confidence: 50% is no number; "
        "write it without unit, per cent sign and quotes, such as 38 or 0.5",
    ),
    "share above 1": (
        MINIMAL + "contribution: {default_confidence: 50}\n",
        "4:36: contribution.default_confidence is 50; it can be 1 at most",
    ),
    "not a number": (
        MINIMAL + "contribution: {default_confidence: .nan}\n",
        "4:36: contribution.default_confidence: .nan is no number; "
        "write it without unit, per cent sign and quotes, such as 38 or 0.5",
    ),
    "whole number": (
        MINIMAL + "reports: {min_team_size: 4.5}\n",
        "4:26: reports.min_team_size: 4.5 is no whole number",
    ),
    "zero": (MINIMAL + "trace: {conclude: {max: 0}}\n", "4:25: trace.conclude.max is 0; it must be greater than 0"),
    "list wanted": (MINIMAL + "okrs: okrs/\n", "4:7: okrs must be a list: [ … ]"),
    "mapping wanted": (MINIMAL + "gate: pitch\n", "4:7: gate must be a mapping: key: value"),
    "text wanted": (
        MINIMAL + "conclusions: [a]\n",
        "4:14: conclusions: […] is no text; put it in quotes if it is meant as one",
    ),
    "flag": (
        MINIMAL.replace("[PAY]", "[PAY], allow_http: yes"),
        "3:94: sources[0].allow_http: yes is neither true nor false",
    ),
    "id": (
        MINIMAL.replace("name: jira", 'name: "my jira"'),
        "3:12: sources[0].name: an id holds no `:`, `/` or blank; 'my jira' could be 'my-jira'",
    ),
    "time zone": (
        MINIMAL + "calendar: {timezone: Asia/Shangai}\n",
        "4:22: calendar.timezone: there is no time zone 'Asia/Shangai'; did you mean Asia/Shanghai?",
    ),
    "country": (
        MINIMAL + "calendar: {holidays: China}\n",
        "4:22: calendar.holidays: 'China' is no known country; write its ISO code, such as CN, DE or DE-BY",
    ),
    "weekday": (
        MINIMAL + "calendar: {workweek: [monday]}\n",
        "4:23: calendar.workweek[0]: 'monday' is not possible; did you mean 'mon'? "
        "Possible are: mon, tue, wed, thu, fri, sat, sun",
    ),
    "override": (
        MINIMAL + "calendar: {overrides: {10-10: work}}\n",
        "4:24: calendar.overrides.10-10: 10-10 is no date; write YYYY-MM-DD, such as 2026-10-31",
    ),
    "rule id": (
        MINIMAL + "gate: {rules: {missing-estimate: off}}\n",
        "4:34: gate.rules: 'missing-estimate' is no rule; write its id, such as KR205",
    ),
    "board name": (
        MINIMAL.replace("[PAY]", "[PAY], boards: [Payments]"),
        "3:90: sources[0].boards: 'Payments' is no board id; write the number that stands in the board's address",
    ),
    "key of another type": (
        MINIMAL.replace("[PAY]", "[PAY], groups: [x]"),
        "3:90: groups is no setting of a jira source",
    ),
    "http": (
        MINIMAL.replace("https", "http"),
        "3:35: http://acme.atlassian.net: plain http would send the token unprotected; "
        "use https, or set allow_http: true if you mean it",
    ),
    "no url": (
        MINIMAL.replace("https://", ""),
        "3:35: sources[0].url: write the tracker's address as https://host or https://host/path",
    ),
    "start not in order": (
        MINIMAL.replace("[PAY]", "[PAY], statuses: {order: [To Do, Doing, Done], start: Doin}"),
        "3:129: sources[0].statuses: 'Doin' is not in statuses.order; did you mean 'Doing'?",
    ),
    "commitment after start": (
        MINIMAL.replace("[PAY]", "[PAY], statuses: {order: [A, B, C], start: a, commitment: c}"),
        "3:133: sources[0].statuses: the commitment point 'c' comes after the start 'a'",
    ),
    "done and cancelled": (
        MINIMAL.replace("[PAY]", "[PAY], statuses: {done: [Closed], cancelled: [closed]}"),
        "3:120: sources[0].statuses: 'closed' can't be both done and cancelled",
    ),
    "carrier twice": (
        MINIMAL.replace("[PAY]", "[PAY], links: {order: [line, line]}"),
        "3:97: sources[0].links.order: 'line' is listed twice",
    ),
    "store": (
        MINIMAL + "store: mysql://x/y\n",
        "4:8: store: write a URL of SQLite or PostgreSQL, such as sqlite:///.okr-delivery/store.db "
        "or postgresql+psycopg://host/name",
    ),
    "store that is no url": (
        MINIMAL + "store: 'postgresql://[::1/x'\n",
        "4:8: store: write a URL of SQLite or PostgreSQL, such as sqlite:///.okr-delivery/store.db "
        "or postgresql+psycopg://host/name",
    ),
    "team without select": (MINIMAL + "teams: [{id: a}]\n", "4:9: teams[0].select is missing"),
    "selection by jql": (
        MINIMAL + "teams: [{id: a, select: [{source: jira, jql: x}]}]\n",
        "4:41: a team can't be selected by jql; select by projects, boards, components, labels or types "
        "(jql: of the source narrows what is synced)",
    ),
    "unknown source": (
        MINIMAL + "teams: [{id: a, select: [{source: jirra}]}]\n",
        "4:35: there is no source 'jirra'; did you mean 'jira'?",
    ),
    "duplicate source": (
        MINIMAL + SOURCE + "}\n",
        "4:12: 'jira' is already used at okr-delivery.yaml:3:12",
    ),
    "duplicate team": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}]}, {id: A, select: [{source: jira}]}]\n",
        "4:49: 'A' is already used at okr-delivery.yaml:4:14",
    ),
    "milestones on jira": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: milestones}}]\n",
        "4:62: the team's source has no milestones; possible are: sprints, versions, calendar",
    ),
    "weeks of sprints": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: sprints, weeks: 2}}]\n",
        "4:78: teams[0].iterations: weeks is for periods of the calendar; sprints have none",
    ),
    "a commitment of versions": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: versions, commitment: Ready}}]\n",
        "4:84: teams[0].iterations: commitment is for periods of the calendar; versions have none",
    ),
    "a name for periods": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: calendar, name: W*}}]\n",
        "4:78: teams[0].iterations: name chooses among named iterations; periods of the calendar have no names",
    ),
    "no weeks": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: calendar, weeks: 0}}]\n",
        "4:79: teams[0].iterations.weeks is 0; it must be at least 1",
    ),
    "team file missing": (
        MINIMAL + "teams: [teams/a.yaml]\n",
        "4:9: teams: there is neither a file nor a folder teams/a.yaml",
    ),
    "duplicate key": (MINIMAL + "version: 1\n", "4:1: 'version' is already given in line 1"),
    "tab": ("version: 1\nsources:\n\t- x\n", "3:1: YAML is indented with blanks; here is a tab"),
    "second colon": (
        "version: 1\nlang: a: b\n",
        "2:8: here is a second `:`; put a text with a colon in quotes, or begin a new line",
    ),
    "bracket": ("version: 1\nokrs: [a\nlang: en\n", "3:5: a `,`, `]` or `}` is missing"),
    "quote": ('version: 1\nlang: "en\n', "2:7: a quotation mark or bracket is not closed"),
    "missing colon": ("version: 1\nlang en\nokrs: [a]\n", "2:1: a `:` and a blank are missing after the key"),
    "colon without blank": ("version: 1\nlang\n", "2:1: a `:` and a blank are missing after the key"),
    "indentation": (
        "version: 1\ngate:\n  adopt: pitch\n   since: 1\n",
        "4:9: here is a second `:`; put a text with a colon in quotes, or begin a new line",
    ),
    "indentation of a list": (
        "sources:\n  - name: x\n type: y\n",
        "3:2: this line does not fit the indentation of the lines above",
    ),
    "start": ("version: @1\n", "1:10: no value can begin with this character; put the text in quotes"),
    "empty text": (MINIMAL + 'conclusions: ""\n', "4:14: conclusions is an empty text"),
    "negative share": (
        MINIMAL + "trace: {conclude: {cover: -1}}\n",
        "4:27: trace.conclude.cover is -1; it must be at least 0",
    ),
    "proxy": (
        MINIMAL + "network: {proxy: proxy.acme.cn}\n",
        "4:18: network.proxy: write env, none, or an address such as http://proxy.acme.cn:8080",
    ),
    "boards without sprints": (
        MINIMAL.replace("type: jira", "type: gitlab")
        + "teams: [{id: a, select: [{source: jira}], iterations: {from: milestones, boards: [1]}}]\n",
        "4:82: teams[0].iterations: only sprints come from boards; milestones do not",
    ),
    "project by its address": (
        LAB.replace("mobile/app", "https://gitlab.acme.cn/mobile/app"),
        "3:72: projects: 'https://gitlab.acme.cn/mobile/app' is no full path of a project; write it as in the "
        "project's address, such as group/project",
    ),
    "group with a slash": (
        LAB.replace("projects: [mobile/app]", "groups: [/mobile]"),
        "3:70: groups: '/mobile' is no full path of a group; write it as in the group's address, such as group or "
        "group/subgroup",
    ),
    "nothing in scope on GitLab": (
        LAB.replace(", projects: [mobile/app]", ""),
        "3:5: the source does not say what is in scope; name at least one of: projects, groups",
    ),
    "jql on GitLab": (LAB.replace("projects", "jql: x, projects"), "3:67: jql is no setting of a gitlab source"),
    "boards on GitLab": (
        LAB.replace("projects", "boards: [1], projects"),
        "3:70: boards is no setting of a gitlab source",
    ),
    "deployment on GitLab": (
        LAB.replace("projects", "deployment: cloud, projects"),
        "3:74: deployment is no setting of a gitlab source",
    ),
    "user on GitLab": (
        LAB.replace("projects", "user_env: OKR_DELIVERY_LAB_USER, projects"),
        "3:72: user_env is no setting of a gitlab source",
    ),
    "groups on Jira": (
        MINIMAL.replace("projects", "groups: [a], projects"),
        "3:73: groups is no setting of a jira source",
    ),
    "label scope on Jira": (
        MINIMAL.replace("projects", "statuses: {label_scope: workflow}, projects"),
        "3:75: statuses.label_scope is no setting of a jira source",
    ),
    "empty label scope": (
        LAB.replace("projects", 'statuses: {label_scope: "::"}, projects'),
        "3:86: sources[0].statuses.label_scope is an empty text",
    ),
    "components on GitLab": (
        LAB + "teams: [{id: a, select: [{source: lab, components: [x]}]}]\n",
        "4:52: components is no setting of a gitlab source",
    ),
    "boards of a team on GitLab": (
        LAB + "teams: [{id: a, select: [{source: lab, boards: [1]}]}]\n",
        "4:48: boards is no setting of a gitlab source",
    ),
    "groups of a team on Jira": (
        MINIMAL + "teams: [{id: a, select: [{source: jira, groups: [x]}]}]\n",
        "4:49: groups is no setting of a jira source",
    ),
    "half a path in a team": (
        LAB + "teams: [{id: a, select: [{source: lab, projects: [app]}]}]\n",
        "4:51: projects: 'app' is no full path of a project; write it as in the project's address, such as "
        "group/project",
    ),
    "a group's number in a team": (
        LAB + "teams: [{id: a, select: [{source: lab, groups: [77]}]}]\n",
        "4:49: groups: '77' is no full path of a group; write it as in the group's address, such as group or "
        "group/subgroup",
    ),
    "sprints on GitLab": (
        LAB + "teams: [{id: a, select: [{source: lab}], iterations: {from: sprints}}]\n",
        "4:61: the team's source has no sprints; possible are: milestones, iterations, calendar",
    ),
    "milestones on Jira": (
        MINIMAL + "teams: [{id: a, select: [{source: jira}], iterations: {from: milestones}}]\n",
        "4:62: the team's source has no milestones; possible are: sprints, versions, calendar",
    ),
    "one token for two GitLabs": (
        LAB
        + '  - {name: other, type: gitlab, url: "https://git.example.com", groups: [a], token_env: OKR_DELIVERY_B}\n',
        "3:5: lab and other are of one type but on different hosts: give lab a token of its own, such as token_env: "
        "OKR_DELIVERY_LAB_TOKEN",
    ),
    "a status twice, with and without its scope": (
        LAB.replace("projects", "statuses: {label_scope: flow, done: [flow::x], cancelled: [X]}, projects"),
        "3:120: sources[0].statuses: 'x' can't be both done and cancelled",
    ),
    "empty team folder": (MINIMAL + "teams: [a.b/]\n", "4:9: teams: the folder a.b holds no .yaml file"),
    "alias": ("version: *x\n", "1:10: this alias (`*name`) has no anchor (`&name`) before it"),
    "recursive alias": ("version: &a [*a]\n", "1:14: this alias repeats what it stands in"),
    "tag": ("version: !env X\n", "1:10: tags such as !env are not read"),
    "two documents": (
        "version: 1\n---\nversion: 1\n",
        "2:1: the file holds a second document (`---`); one file is one document",
    ),
    "key is a list": ("? [a]\n: 1\n", "1:3: a key must be plain text"),
    "top is a list": ("- version: 1\n", "1:1: the file must hold settings, key: value"),
}


@pytest.mark.parametrize(("text", "expected"), SINGLE.values(), ids=SINGLE.keys())
def test_one_sentence_with_its_position(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "a.b").mkdir()
    assert refused(tmp_path, text) == [f"{FILE}:{expected}"]


def test_all_errors_at_once_in_reading_order(tmp_path: Path) -> None:
    text = """\
version: 1
langg: en
gate:
  max_age: soon
sources:
  - name: jira
    type: jira
    url: http://acme.cn
    projects: [PAY]
    deploymnt: cloud
teams:
  - {id: a, select: [{source: jria}]}
"""
    assert [line.split(": ")[0] for line in refused(tmp_path, text)] == [
        f"{FILE}:2:1", f"{FILE}:4:12", f"{FILE}:10:5", f"{FILE}:12:31",
    ]  # fmt: skip


def test_in_chinese(tmp_path: Path) -> None:
    text = MINIMAL + "readigns: [x]\ngate: {max_age: 26}\ncalendar: {timezone: Asia/Shangai}\n"
    assert refused(tmp_path, text, "zh") == [
        f"{FILE}:4:1: 这里没有 'readigns' 这个设置；您是否想写 'readings'？",
        f"{FILE}:5:17: gate.max_age：26 不是时长；请写成 10s、30m、26h、14d 或 2w",
        f"{FILE}:6:22: calendar.timezone：没有时区 'Asia/Shangai'；您是否想写 Asia/Shanghai？",
    ]


def test_errors_in_team_files_name_that_file(tmp_path: Path) -> None:
    write(tmp_path, {"teams/a.yaml": "id: a\nselekt: []\nselect: [{source: gitlab}]\n", "teams/b.yaml": ""})
    assert refused(tmp_path, MINIMAL + "teams: [teams/]\n") == [
        "teams/a.yaml:2:1: 'selekt' is no setting here; did you mean 'select'?",
        "teams/a.yaml:3:19: there is no source 'gitlab'; there is: jira",
        "teams/b.yaml: the file is empty",
    ]


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:1"])
def test_http_to_this_machine_is_allowed(tmp_path: Path, host: str) -> None:

    assert (
        loaded(tmp_path, MINIMAL.replace("https://acme.atlassian.net", f"http://{host}/")).sources[0].url
        == f"http://{host}"
    )
    wanted = MINIMAL.replace("https", "http").replace("[PAY]", "[PAY], allow_http: true")
    assert loaded(tmp_path, wanted).sources[0].allow_http


# secrets


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL.replace("[PAY]", "[PAY], token: s3cr3t"), "'token' has no place in this file"),
        (MINIMAL.replace("[PAY]", "[PAY], token_env: s3cr3t"), "the secret itself never stands in this file"),
        (MINIMAL.replace("[PAY]", "[PAY], user_env: JIRA_s3cr3t"), "the name of an environment variable is wanted"),
        (MINIMAL.replace("//acme", "//me:s3cr3t@acme"), "the address holds a user name or password"),
        (MINIMAL + "store: postgresql://me:s3cr3t@db/okr\n", "store: the URL holds a password"),
        (MINIMAL + "store: postgresql://db/okr?password=s3cr3t\n", "store: the URL holds a password"),
        (MINIMAL + "network: {proxy: 'http://me:s3cr3t@proxy:80'}\n", "the address holds a password"),
    ],
)
def test_secrets_are_refused_and_never_shown(tmp_path: Path, text: str, words: str) -> None:
    sentences = refused(tmp_path, text)
    assert len(sentences) == 1
    assert words in sentences[0]
    assert "s3cr3t" not in sentences[0]


def test_two_hosts_of_one_type_need_a_token_each(tmp_path: Path) -> None:
    second = '  - {name: other, type: jira, url: "https://other.atlassian.net", projects: [X]'
    assert refused(tmp_path, MINIMAL + second + "}\n") == [
        f"{FILE}:3:5: jira and other are of one type but on different hosts: give jira a token of its own, "
        "such as token_env: OKR_DELIVERY_JIRA_TOKEN",
        f"{FILE}:4:5: other and jira are of one type but on different hosts: give other a token of its own, "
        "such as token_env: OKR_DELIVERY_OTHER_TOKEN",
    ]
    shared = (
        "version: 1\nsources:\n" + SOURCE + ", token_env: OKR_DELIVERY_T}\n" + second + ", token_env: OKR_DELIVERY_T}\n"
    )
    assert [line.split(";")[0] for line in refused(tmp_path, shared)] == [
        f"{FILE}:3:93: OKR_DELIVERY_T is also the token of other, which is on another host",
        f"{FILE}:4:93: OKR_DELIVERY_T is also the token of jira, which is on another host",
    ]


def test_two_sources_on_one_host_may_share(tmp_path: Path) -> None:

    assert len(loaded(tmp_path, MINIMAL + SOURCE.replace("name: jira", "name: two") + "}\n").sources) == 2


# the file itself


def test_language_variable(tmp_path: Path) -> None:
    assert refused(tmp_path, MINIMAL, env={"OKR_DELIVERY_LANG": "fr"}) == [
        "OKR_DELIVERY_LANG: OKR_DELIVERY_LANG is 'fr'; it can be en or zh"
    ]


def test_not_utf8(tmp_path: Path) -> None:
    assert refused(tmp_path, MINIMAL.encode() + "lang: zh # 中文".encode("gb18030")) == [
        f"{FILE}:4: the file is not UTF-8 from this line on"
    ]


def test_bom_is_read(tmp_path: Path) -> None:

    assert loaded(tmp_path, b"\xef\xbb\xbf" + MINIMAL.encode()).version == 1


def test_control_characters(tmp_path: Path) -> None:
    assert refused(tmp_path, MINIMAL + "lang: e\x00n\n") == [
        f"{FILE}:4: the file holds a control character that YAML does not allow"
    ]


def test_empty(tmp_path: Path) -> None:
    assert refused(tmp_path, "# nothing yet\n") == [f"{FILE}: the file is empty"]


def test_too_big(tmp_path: Path) -> None:
    assert refused(tmp_path, b"#" * 5_000_001) == [f"{FILE}: the file is larger than 5 MB"]


def test_too_many_values_with_aliases_written_out(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert refused(tmp_path, bomb) == [f"{FILE}:5:45: the file holds more than 100000 values, aliases written out"]


def test_too_deep(tmp_path: Path) -> None:
    assert "values are nested deeper than 100 levels" in refused(tmp_path, "a: " + "[" * 5000)[0]


def test_next_steps(tmp_path: Path) -> None:
    from okr_delivery.locale import translator

    t = translator("en")
    steps = {}
    for name, text in {"empty": b"", "encoding": MINIMAL.encode() + b"\xd6\xd0", "syntax": b"a: ]"}.items():
        with pytest.raises(UserError) as caught:
            loaded(tmp_path, text)
        steps[name] = [t.render(p.next_step) for p in caught.value.problems if p.next_step]
    assert steps == {
        "empty": ["run `okr-delivery init` to write one, or name one with --config"],
        "encoding": ["save it as UTF-8 (it may be GB18030)"],
        "syntax": ["the mistake is here or in the line above"],
    }


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    from okr_delivery.config.document import read

    for path, words in ((tmp_path / "gone.yaml", "the file does not exist"), (tmp_path, "the file can't be read: ")):
        with pytest.raises(UserError) as caught:
            read(path, tmp_path)
        assert words in said(caught.value)[0]


def test_an_error_without_words_of_its_own_still_has_a_place() -> None:
    class Model(BaseModel):
        port: int

    with pytest.raises(UserError) as caught:
        validate(Model, parse("port: x", "f.yaml"))
    assert said(caught.value) == ["f.yaml:1:7: port can't be read (int_parsing)"]
