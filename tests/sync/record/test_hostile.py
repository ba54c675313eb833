"""Whatever a tracker answers, and wherever somebody hides a name: none of it gets into a recording."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import requests

from okr_delivery.sync.record import jql
from okr_delivery.sync.record.exchange import Cleaner, Plain, exchange
from okr_delivery.sync.record.scrub import Scrubber
from okr_delivery.sync.record.secret import GONE, Secrets, is_secret
from okr_delivery.sync.record.texts import Hints

URL = "https://acme.atlassian.net"
TOKEN = 'ATOKsecret/+=<x>"1234567'
LOGIN = f"bot@acme.test:{TOKEN}"
N = "Zyblint"  # nobody's word but ours
SPRINT = "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=1,state=ACTIVE,name=PAY 1,goal={},startDate=<null>]"


def secrets() -> Secrets:
    return Secrets([TOKEN], [LOGIN])


def scrubber() -> Scrubber:
    return Scrubber(URL, b"salt" * 8, secrets(), Hints(people=("bot@acme.test",)))


def said(made: object) -> str:
    return json.dumps(made, ensure_ascii=False).casefold()


def answered(name: str, value: object) -> str:
    body = {"issues": [{"id": "1", "key": "PAY-1", "fields": {name: value}}]}
    return said(scrubber().answer("/rest/api/2/search/jql", body))


VALUES: list[object] = [
    [SPRINT.format(f"Win,name={N} {N}")],
    [SPRINT.format(f"Win, or [{N}]\n,state={N}")],
    {f"{N}.x": 1},
    {N: {"value": "x"}},
    {"names": {"x": N}},
    {"status": {"name": N}, "version": {"name": N}, "project": {"key": N}},
    {"expand": N, "fieldId": N, "timeZone": N},
    {"name": "x", "accountId": "1", N: "x"},
    {"filter": {"query": f"project in projectsLeadByUser({N}) AND status changed by {N} ORDER BY id"}},
    {"jql": f'status was Done by ({N}, "{N}") and filter = "{N} x" and category = {N} and project = "{N} shop"'},
    {"jql": f'Reviewer = {N}-9a and "{N} x" ~ 5'.replace(f'"{N} x" ~ 5', "x ~ 5")},
    {"self": f"{URL}/rest/api/2/group/{N}"},
    {"self": f"{URL}/rest/api/2/issue/PAY-1/votes/{N}?{N}=1&fields={N}&token={N}"},
    f"https://hr.corp.test/api/employees/{N}/x",
    f"see https://intern.test/rest/{N}?{N}={N} or {URL}/rest/zz/{N}",
    f"http://[{N}",
    f"https://[::1 {N} http://x:99999/{N} http://[{N}]/",
    {"type": "doc", "version": 1, "content": [
        {"type": "codeBlock", "attrs": {"language": N}, "content": [{"type": "text", "text": N}]},
        {"type": N, "attrs": {N: 1, "shortName": f":{N}:", "type": N, "data": {"name": N, N: {N: N}}}},
    ]},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("name", ["customfield_1", "description"])
def test_no_name_hides_in_a_value(name: str, value: object) -> None:
    if name == "description" and not isinstance(value, str):
        value = {"type": "doc", "version": 1, "content": [{"type": "text", "text": json.dumps(value)}]}
    assert N.casefold() not in answered(name, value)


@pytest.mark.parametrize("field", ["Version", "Key", "Resolution", "Status", "Priority", "Fix Version"])
def test_a_custom_field_that_is_called_like_a_field_of_the_tracker_is_free_text(field: str) -> None:
    item = {"field": field, "fieldtype": "custom", "from": N, "fromString": N, "to": None, "toString": f"{N} {N}"}
    history = {"id": "1", "items": [item, {**item, "fieldtype": "jira", "from": "1", "to": "2", "toString": "Kept"}]}
    made = said(scrubber().answer("/rest/api/2/search", {"issues": [{"changelog": {"histories": [history]}}]}))
    assert made.count(N.casefold()) == 1  # the tracker's own field keeps its name
    assert '"kept"' in made


def test_a_refusal_says_nothing_by_the_names_of_its_members() -> None:
    body = {"errorMessages": ["No issue found"], "errors": {N: "x", "customfield_1": "x", f"{N} x": "x"}, N: [{N: N}]}
    made: Any = scrubber().answer("/rest/api/2/search", body, refused=True)
    assert N.casefold() not in said(made)
    assert made["errorMessages"] == ["No issue found"]
    assert "customfield_1" in made["errors"]


@pytest.mark.parametrize("login", ["summary", "status", "test", "done", "id", "PAY"])
def test_a_login_that_is_a_word_of_the_tracker_breaks_nothing(login: str) -> None:
    clean = scrubber()
    person = {"name": login, "key": login, "displayName": f"{login} bot", "emailAddress": "x@acme.test"}
    fields = {"assignee": person, "status": {"id": "1", "name": "Done"}, "project": {"id": "1", "key": "PAY"}}
    for _ in range(2):
        made: Any = clean.answer("/rest/api/2/search", {"issues": [{"id": "1", "key": "PAY-1", "fields": fields}]})
        issue = made["issues"][0]
        assert issue.keys() == {"id", "key", "fields"}
        assert issue["fields"].keys() == fields.keys()
        assert (issue["fields"]["status"]["name"], issue["fields"]["project"]["key"]) == ("Done", "PAY")
        assert issue["fields"]["assignee"]["name"] == "user-002"


def replace(part: jql.Part, text: str) -> str:
    return f"<{part.value}>"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status changed by lin", "status changed by <person>"),
        ("status was Done by (lin, 'b c') after -1w", "status was Done by (<person>, '<person>') after -1w"),
        ("status changed by lin on 2026-01-01 ORDER BY id", "status changed by <person> on 2026-01-01 ORDER BY id"),
        ("project in projectsLeadByUser(lin) and sprint = 3", "project in projectsLeadByUser(<text>) and sprint = 3"),
        ('filter = "Lin\'s" or filter = 10', 'filter = "<text>" or filter = 10'),
        ('project = "Lin\'s shop" or project = PAY', 'project = "<text>" or project = PAY'),
        ("created >= startOfDay(-1d) order by created", "created >= startOfDay(-1d) order by created"),
    ],
)  # fmt: skip
def test_whoever_a_query_names_is_gone(query: str, expected: str) -> None:
    assert jql.scrub(query, replace) == expected


# headers and pages


def kept(clean: Cleaner, status: int, headers: Mapping[str, str], body: str = "") -> Any:
    response = requests.Response()
    response.status_code, response.url, response._content = status, f"{URL}/rest/api/2/myself", body.encode()
    response.headers.update(headers)
    return exchange(requests.Request("GET", response.url).prepare(), response, clean)["response"]


def cleaners() -> Iterator[Cleaner]:
    yield scrubber()
    yield Plain(URL, secrets())


HEADERS = [
    {"Location": f"/login?os_username={N}&token={N}"},
    {"Location": f"//idp.test/saml?SAMLRequest={N}"},
    {"Location": f"https://idp.test/sso?code={N}&ticket={N}&RelayState={N}#id_token={N}"},
    {"Link": f'</rest/api/2/x?token={N}>; rel="next", <https://[x>; rel=prev'},
    {"Set-Cookie": N, "WWW-Authenticate": N, "Authorization": N, "X-Anything": N},
    {"X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url=/login.jsp?x={N}"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("place", [0, 1], ids=["scrubbed", "plain"])
def test_no_header_holds_what_lets_somebody_in(place: int, headers: Mapping[str, str]) -> None:
    assert N.casefold() not in said(kept(list(cleaners())[place], 302, headers))


def test_redirects_are_kept_as_far_as_they_lead() -> None:
    scrubbed = kept(scrubber(), 302, {"Location": "/rest/api/2/project/PAY"})["headers"]["Location"]
    plain = kept(Plain(URL, secrets()), 302, {"Location": "/login.jsp?x=1"})["headers"]["Location"]
    assert scrubbed == "https://tracker.example.com/rest/api/2/project/PAY"
    assert plain == "https://tracker.example.com/login.jsp"
    reason = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://acme.test/login.jsp"}
    assert kept(scrubber(), 403, reason)["headers"] == {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}


PAGE = f"""<html><meta name="ajs-atl-token" content="{N}"><input type="hidden" name="x" value="{N}">
<input value='{N}' name='csrf_token'><script>window.sso_token="{N}"; var atl_token = '{N}';
x={{"sessionId":"{N}","loginTicket":"{N}"}}</script><a href="/x?atl_token={N}&ticket={N}abcdef">key: password={N}
Cookie: a={N}; b={N}
"""
BODY = {
    "sso_token": N, "loginToken": N, "x": {"accessToken": N, "Authorization": [f"Basic {N}"], "X-Api-Key": N,
    "cookie": {"JSESSIONID": N, "a": N}}, "nested": json.dumps({"password": N}),
    "url": f"https://u:{N}@h.test/x?sig={N}&jwt={N}&code={N}abcdef", "echo": f"Authorization: Basic {N}",
    "nextPageToken": "kept",
}  # fmt: skip


@pytest.mark.parametrize("body", [PAGE, json.dumps(BODY), json.dumps(BODY)[:-3]], ids=["page", "json", "broken"])
@pytest.mark.parametrize("place", [0, 1], ids=["scrubbed", "plain"])
def test_no_page_and_no_echo_holds_what_lets_somebody_in(place: int, body: str) -> None:
    made = said(kept(list(cleaners())[place], 401, {}, body))
    assert N.casefold() not in made
    assert GONE in made


def encoded(shift: int) -> str:
    return base64.b64encode(b"x" * shift + TOKEN.encode()).decode()


@pytest.mark.parametrize(
    "spelling",
    [TOKEN, TOKEN.upper(), quote(TOKEN, safe="").lower(), html.escape(TOKEN), html.escape(TOKEN, quote=False),
     json.dumps(TOKEN)[1:-1], json.dumps(TOKEN)[1:-1].replace("/", "\\/"), TOKEN.encode().hex(), encoded(0),
     encoded(1), encoded(2), base64.b64encode(LOGIN.encode()).decode()],
)  # fmt: skip
def test_no_spelling_of_the_token_is_kept_even_plain(spelling: str) -> None:
    clean = Plain(URL, secrets())
    bodies = [json.dumps({"message": f"x {spelling}", "rows": [spelling]}), f"echo {spelling} end"]
    for body in bodies:
        made = kept(clean, 401, {"X-Seraph-LoginReason": spelling}, body)
        assert spelling[4:-4].casefold() not in json.dumps(made, ensure_ascii=False).replace("\\\\", "\\").casefold()


def test_places_in_lists_and_what_is_merely_about_secrets_stay() -> None:
    harmless = "nextPageToken pageToken page_token tokenType expires_token author secretary epicKey session tokens key"
    assert not [name for name in harmless.split() if is_secret(name)]
    text = "key: PAY-1, sign: x=2; author: Anna, session: 3"
    assert Secrets([]).text(text) == text


@pytest.mark.parametrize("part", ["a.", "key:", "<input ", "token=a ", "A-", "[~", "a@", "cookie: ", 'name="', "1,"])
def test_no_text_takes_long(part: str) -> None:
    """A quadratic pattern needs minutes for this."""
    began = time.process_time()
    text = part * (60_000 // len(part))
    assert answered("description", text)
    assert kept(Plain(URL, secrets()), 200, {}, text)
    assert time.process_time() - began < 5
