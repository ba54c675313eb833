"""The traps of both kinds of Jira, by number: each is set in the served site and must change no figure, or end a sync
as incomplete with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.work import Field
from okr_delivery.sandbox import edits
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError
from tests.e2e.lab import KINDS, Lab, lab
from tests.e2e.runner import NOW

HOUR, DAY = 3600, 86_400


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a sync without any trap leaves, by kind."""
    found = {}
    for kind in KINDS:
        with lab(kind, tmp_path_factory.mktemp(kind)) as undisturbed:
            assert undisturbed.sync().complete
            found[kind] = undisturbed.dump()
    return found


HARMLESS: list[tuple[str, str, dict[str, Any]]] = [
    ("W02 null", "cloud", {"last_page": "null", "id_cap": 7}),
    ("W02 empty", "cloud", {"last_page": "empty", "id_cap": 7}),
    ("W02 no isLast", "cloud", {"is_last": False, "id_cap": 7}),
    ("W02 exact boundary", "cloud", {"id_cap": 15}),
    ("W03 short and empty pages", "cloud", {"id_cap": 10, "short_pages": [1, 2], "short_rows": 3, "empty_pages": [3]}),
    ("W03 clamp", "datacenter", {"search_cap": 7}),
    ("W03 short page", "datacenter", {"search_cap": 10, "short_pages": [2], "short_rows": 9}),
    ("W04 ISO", "cloud", {"bulk_created": "iso"}),
    ("W04 odd offset", "cloud", {"bulk_created": "iso", "account_zone": "America/St_Johns"}),
    ("W04 odd offset", "datacenter", {"account_zone": "Asia/Kathmandu"}),
    ("W05 entries over pages", "cloud", {"history_cap": 3}),
    ("W06 inline cap 20", "cloud", {"inline_history_cap": 20}),
    ("W06 cut in the search", "datacenter", {"search_history_cap": 2}),
    ("W07 UTC-11", "cloud", {"account_zone": "Pacific/Pago_Pago"}),
    ("W07 UTC+14", "datacenter", {"account_zone": "Pacific/Kiritimati"}),
    ("W15 sprint names", "cloud", {}),
    ("W16 null sides", "cloud", {"empty_sides": "null"}),
    ("W16 empty sides", "cloud", {"empty_sides": "empty"}),
    ("W16 absent sides", "cloud", {"empty_sides": "absent"}),
    ("W16 absent sides", "datacenter", {"empty_sides": "absent"}),
    ("W18 pages that lead elsewhere", "cloud", {"foreign_link": "https://elsewhere.invalid"}),
    ("W11 a burst limit", "cloud", {"burst": 1}),
    ("W11 a bucket", "datacenter", {"burst": 3}),
    ("503", "cloud", {"failures": [{"at": 4, "status": 503, "retry_after": 2}]}),
    ("503 without a word", "datacenter", {"failures": [{"at": 4, "status": 503}]}),
    ("cut JSON", "cloud", {"failures": [{"at": 9, "kind": "truncated_json"}]}),
    ("reset before", "cloud", {"failures": [{"at": 9, "kind": "drop_before"}]}),
    ("reset behind", "datacenter", {"failures": [{"at": 9, "kind": "drop_after"}]}),
    ("wrong clock", "cloud", {"clock_skew": 600}),
    ("wrong clock", "datacenter", {"clock_skew": -600}),
]


@pytest.mark.parametrize(("kind", "faults"), [row[1:] for row in HARMLESS], ids=[f"{r[0]}, {r[1]}" for r in HARMLESS])
def test_changes_nothing(kind: str, faults: dict[str, Any], calm: dict[str, Any], tmp_path: Path) -> None:
    """A few rows that the server counts and nobody sees are told; nothing else of these is worth a word."""
    with lab(kind, tmp_path, faults) as disturbed:
        assert disturbed.sync().complete
        assert disturbed.dump() == _at(calm[kind], faults.get("clock_skew", 0))
        limited = any(row.status == 429 for row in disturbed.server.log)
    assert limited == ("burst" in faults)


def _at(dump: dict[str, Any], skew: float) -> dict[str, Any]:
    """A wrong clock at the server moves only what is dated by it: when a claim was first seen, and the first sync."""
    facts = [[*row[:4], row[4] + int(skew), *row[5:]] for row in dump["facts"]]
    return {**dump, "facts": facts}


REASONS = ("jira-burst-based", "jira-quota-global-based", "jira-quota-tenant-based", None)
FORMS = ("seconds", "date", "reset", "structured", "missing")


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("form", FORMS)
def test_w11_every_kind_of_429_in_every_form(
    reason: str | None, form: str, calm: dict[str, Any], tmp_path: Path
) -> None:
    failure = {"endpoint": "issue/bulkfetch", "times": 2, "status": 429, "retry_after": 7, "reason": reason}
    with lab("cloud", tmp_path, {"failures": [{**failure, "form": form}]}) as limited:
        assert limited.sync().complete
        assert limited.dump() == calm["cloud"]
        assert sum(limited.clock.waits) >= (7 if form != "missing" else 1)


def test_w11_a_quota_that_lasts_half_an_hour_ends_the_run_and_the_next_one_resumes(
    calm: dict[str, Any], tmp_path: Path
) -> None:
    failure = {"endpoint": "issue/bulkfetch", "status": 429, "retry_after": 1800, "reason": "jira-quota-global-based"}
    with lab("cloud", tmp_path, {"failures": [failure]}) as limited:
        assert isinstance(limited.refused(), RetryLaterError)
        assert sum(limited.clock.waits) < 1800
        limited.server.faults = None
        assert limited.sync().complete
        assert limited.dump() == calm["cloud"]


@pytest.mark.parametrize("kind", KINDS)
def test_w01_bodies_hold_fields(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path) as plain:
        plain.sync()
        issues = plain.dump()["sources"]["jira"]["issues"]
    assert len(issues) >= 30
    assert all(issue["title"] for issue in issues)


def test_w02_a_token_that_leads_back_ends_the_run(tmp_path: Path) -> None:
    with lab("cloud", tmp_path, {"id_cap": 7, "loop_from_page": 2}) as looping:
        assert isinstance(looping.refused(), AbortSyncError)


def test_w02_a_token_that_expired_is_for_a_later_run(calm: dict[str, Any], tmp_path: Path) -> None:
    with lab("cloud", tmp_path, {"id_cap": 7, "expire_from_page": 2}) as expiring:
        assert isinstance(expiring.refused(), RetryLaterError)
        expiring.server.faults = None
        assert expiring.sync().complete
        assert expiring.dump() == calm["cloud"]


def test_w03_rows_that_are_counted_and_never_shown_are_no_whole_source(tmp_path: Path) -> None:
    with lab("datacenter", tmp_path, {"search_cap": 10, "empty_pages": [2]}) as hiding:
        assert isinstance(hiding.refused(), AbortSyncError)


def test_u04_a_chain_that_ends_early_is_no_whole_source(tmp_path: Path) -> None:
    with lab("cloud", tmp_path, {"id_cap": 7, "end_early": True}) as short:
        assert isinstance(short.refused(), AbortSyncError)


def test_w06_a_history_that_stays_cut_is_marked_and_told(tmp_path: Path) -> None:
    with lab("datacenter", tmp_path, {"search_history_cap": 2, "issue_history_cap": 2}) as cut:
        result = cut.sync()
        issues = cut.dump()["sources"]["jira"]["issues"]
    partial = [issue for issue in issues if not issue["history_complete"]]
    assert 0 < len(partial) < len(issues)
    assert [warning.params.get("n") for warning in result.warnings] == [len(partial)]


ZONES = ("Pacific/Pago_Pago", "America/New_York", "Europe/Berlin", "Asia/Shanghai", "Pacific/Kiritimati")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", ZONES)
def test_w07_a_change_is_seen_in_any_zone(kind: str, zone: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"account_zone": zone}) as abroad:
        assert _sees_a_change(abroad)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("day", ["2027-10-30T23:30:00+00:00", "2027-03-27T23:30:00+00:00"])
def test_w07_a_change_is_seen_across_the_hour_that_comes_twice_or_never(kind: str, day: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"account_zone": "Europe/Berlin"}) as abroad:
        abroad.clock.now = datetime.fromisoformat(day).timestamp()
        abroad.sync()
        for hour in range(4):
            abroad.clock.now += HOUR
            assert _sees_a_change(abroad, f"Reworded at {hour}")


@pytest.mark.parametrize("kind", KINDS)
def test_w07_a_zone_that_was_changed_between_runs_loses_nothing(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"account_zone": "Pacific/Kiritimati"}) as abroad:
        abroad.sync()
        abroad.server.faults = {"account_zone": "Pacific/Pago_Pago"}
        assert _sees_a_change(abroad)


@pytest.mark.parametrize("kind", KINDS)
def test_w07_an_empty_zone_widens_the_window_and_says_so(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"shown_zone": ""}) as abroad:
        abroad.sync()
        abroad.clock.now += HOUR
        assert any(warning.id == "jira.warning.zone_unknown" for warning in abroad.sync().warnings)
        assert _sees_a_change(abroad)


def _sees_a_change(abroad: Lab, title: str = "Reworded") -> bool:
    abroad.sync()
    abroad.clock.now += 5 * 60
    issue = _first(abroad, "PAY")
    abroad.server.tracker.edit(issue.id, {"summary": title})
    abroad.clock.now += 60
    result = abroad.sync()
    return result.changed == 1 and _issue(abroad, issue.id)["title"] == title


@pytest.mark.parametrize("kind", KINDS)
def test_w08_what_the_index_shows_late_comes_late_and_is_not_lost(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path) as lagging:
        lagging.sync()
        lagging.server.faults = {"index_lag": 1800}
        lagging.clock.now += HOUR
        issue = _first(lagging, "PAY")
        lagging.server.tracker.edit(issue.id, {"summary": "Late"})
        assert lagging.sync().complete
        lagging.clock.now += HOUR
        assert lagging.sync().complete
        assert _issue(lagging, issue.id)["title"] == "Late"
        assert lagging.dump()["sources"]["jira"]["gone"] == {}


@pytest.mark.parametrize("kind", KINDS)
def test_w09_a_moved_issue_stays_one_issue(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path) as moving:
        moving.sync()
        count = len(moving.dump()["sources"]["jira"]["issues"])
        issue = _first(moving, "PAY")
        old = issue.key
        moving.clock.now += HOUR
        moving.server.tracker.move(issue.id, "MOB")
        moving.sync()
        found = moving.dump()["sources"]["jira"]
        assert len(found["issues"]) == count
        assert found["aliases"][old] == str(issue.id)
        assert _issue(moving, issue.id)["key"] == issue.key != old


WAYS: list[tuple[Callable[[Lab, int], None], bool]] = [
    (lambda here, number: here.server.tracker.delete(number), True),
    (lambda here, number: here.server.tracker.hide(number), True),
    (lambda here, number: here.server.tracker.archive(number), False),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("vanish", "gone"), WAYS, ids=["deleted", "hidden", "archived"])
def test_w10_gone_after_two_censuses_and_archived_never(
    kind: str, vanish: Callable[[Lab, int], None], gone: bool, tmp_path: Path
) -> None:
    with lab(kind, tmp_path) as shrinking:
        shrinking.sync()
        issue = _first(shrinking, "MOB")
        vanish(shrinking, issue.id)
        for expected in (set(), {str(issue.id)} if gone else set()):
            shrinking.clock.now += DAY
            assert shrinking.sync().complete
            assert shrinking.dump()["sources"]["jira"]["gone"].keys() == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [2, 5, 12])
def test_w10_a_token_that_dies_on_the_way_loses_nothing(
    kind: str, at: int, calm: dict[str, Any], tmp_path: Path
) -> None:
    with lab(kind, tmp_path, {"revoke_after": at}) as dying:
        assert isinstance(dying.refused(), ConfigError)
        dying.server.faults = None
        assert dying.sync().complete
        assert dying.dump() == calm[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_w10_a_dead_token_that_still_gets_answers_is_refused(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path) as dead:
        dead.sync()
        before = dead.dump()
        login = "anonymous" if kind == "cloud" else "seraph"
        dead.server.faults = {"revoke_after": 0, "dead_login": login, "anonymous_projects": ["PAY"]}
        for _ in range(3):
            dead.clock.now += DAY
            with pytest.raises(ConfigError):
                dead.sync()
        assert dead.dump()["sources"]["jira"]["gone"] == before["sources"]["jira"]["gone"] == {}


@pytest.mark.parametrize(("kind", "said"), [("cloud", "datacenter"), ("datacenter", "cloud")])
def test_w13_the_dialect_is_what_the_site_says(kind: str, said: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, more=f", deployment: {said}") as mistaken:
        error = mistaken.refused()
    assert isinstance(error, ConfigError)
    assert "deployment" in str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_w15_hostile_sprint_names_change_no_membership(kind: str, calm: dict[str, Any], tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"sprint_names": "hostile"}) as hostile:
        assert hostile.sync().complete
        found = hostile.dump()["sources"]["jira"]
    names = [row["name"] for row in found["iterations"]]
    assert any("," in name and "]" in name for name in names)
    assert _stays(found) == _stays(calm[kind]["sources"]["jira"])


@pytest.mark.parametrize("language", ["zh", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_w16_another_interface_language_changes_no_figure(
    kind: str, language: str, calm: dict[str, Any], tmp_path: Path
) -> None:
    with lab(kind, tmp_path, {"interface_language": language}) as foreign:
        foreign.key_result = "customfield_10040"
        assert foreign.sync().complete
        found = foreign.dump()["sources"]["jira"]
    assert _stays(found) == _stays(calm[kind]["sources"]["jira"])


def test_w16_items_without_a_field_id_are_read_by_name(calm: dict[str, Any], tmp_path: Path) -> None:
    bare = ["status", "labels", "priority", "customfield_10020", "customfield_10026"]
    with lab("cloud", tmp_path, {"bare_items": bare}) as old:
        assert old.sync().complete
        assert old.dump() == calm["cloud"]


def test_w17_one_name_many_ids(calm: dict[str, Any]) -> None:
    statuses = calm["cloud"]["sources"]["jira"]["statuses"]
    same = {row["name"]: {other["id"] for other in statuses if other["name"] == row["name"]} for row in statuses}
    stays = _stays(calm["cloud"]["sources"]["jira"]).values()
    used = {stay[0] for intervals, _ in stays for stay in intervals}
    assert any(len(ids & used) > 1 for ids in same.values())


@pytest.mark.parametrize("login", ["scoped", "oauth"])
def test_w18_behind_the_gateway_links_lead_to_the_site(login: str, calm: dict[str, Any], tmp_path: Path) -> None:
    faults = {"login_kind": login, "site_url": "https://acme.example.com", "self_urls": "site"}
    with lab("cloud", tmp_path, faults, bearer=login == "oauth") as away:
        away.url = away.server.gateway_url
        assert away.sync().complete
        found = away.dump()["sources"]["jira"]
    assert {issue["url"].split("/browse/")[0] for issue in found["issues"]} == {"https://acme.example.com"}
    assert _stays(found) == _stays(calm["cloud"]["sources"]["jira"])


def test_w18_a_scoped_token_is_refused_by_the_site_itself(tmp_path: Path) -> None:
    with lab("cloud", tmp_path, {"login_kind": "scoped"}) as away:
        assert isinstance(away.refused(), ConfigError)


@pytest.mark.parametrize("kind", KINDS)
def test_w18_a_redirect_to_elsewhere_is_not_followed(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"failures": [{"at": 4, "kind": "redirect"}]}) as led:
        assert "elsewhere.invalid" in str(led.refused())


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_page_with_200_is_no_answer(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path, {"failures": [{"at": 3, "kind": "html_login"}]}) as walled:
        assert isinstance(walled.refused(), ConfigError)


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_that_vanishes_on_the_way_is_no_smaller_source(kind: str, tmp_path: Path) -> None:
    with lab(kind, tmp_path) as shrinking:
        shrinking.sync()
        count = len(shrinking.dump()["sources"]["jira"]["issues"])
        shrinking.server.faults = {"hidden_projects": ["MOB"]}
        for _ in range(3):
            shrinking.clock.now += DAY + HOUR
            with pytest.raises(ConfigError, match="MOB"):
                shrinking.sync()
        found = shrinking.dump()["sources"]["jira"]
        assert len(found["issues"]) == count
        assert found["gone"] == {}


@pytest.mark.parametrize("kind", KINDS)
def test_odd_texts_and_long_histories_arrive_whole(kind: str, tmp_path: Path) -> None:
    title = "😀 שלום " + "x" * 240 + " 结束"
    with lab(kind, tmp_path) as odd:
        issue = _first(odd, "PAY")
        for number in range(5000):
            edits.edit(odd.server.site, issue, {"priority": {"id": str(1 + number % 2)}}, NOW * 1000, None)
        odd.server.tracker.edit(issue.id, {"summary": title})
        assert odd.sync().complete
        found = odd.dump()["sources"]["jira"]
    assert _issue(odd, issue.id)["title"] == title
    moves = [row for row in found["changes"][str(issue.id)] if Field.PRIORITY.value in row]
    assert len(moves) >= 4999


def _first(here: Lab, project: str) -> Any:
    found = (issue for _, issue in sorted(here.server.site.issues.items()) if issue.key.startswith(f"{project}-"))
    return next(found)


def _issue(here: Lab, number: int) -> dict[str, Any]:
    issues: list[dict[str, Any]] = here.dump()["sources"]["jira"]["issues"]
    return next(issue for issue in issues if issue["ref"] == str(number))


def _stays(source: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Stays in statuses and in iterations by issue id."""
    return {ref: (row[0], row[1]) for ref, row in source["derived"].items()}
