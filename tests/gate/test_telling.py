"""`gate --apply tracker`: who is told what, what is left alone, and what becomes of a run that is cut off."""

from __future__ import annotations

import io
import re

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.gate.telling import LOOK_AGAIN, Deed, Telling, Told, deed
from okr_delivery.output.gate_comment import shown
from okr_delivery.sync import registry
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery.sync.writes import AddLabel, Edit, RemoveComment
from tests.gate.told import KilledError, Pad, refused
from tests.gate.world import CONFIG, DAY, NOW, World, issue

LABEL = "okr-gate"
TOKEN = {"OKR_DELIVERY_JIRA_USER": "bot", "OKR_DELIVERY_JIRA_TOKEN": "t0ken"}


@pytest.fixture
def pad(monkeypatch: pytest.MonkeyPatch) -> Pad:
    made = Pad()
    monkeypatch.setattr(registry, "load", lambda name: made.connector())
    return made


def gate(world: World, *argv: str, now: int = NOW) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env=TOKEN, cwd=world.root, out=out, err=err, clock=lambda: float(now))
    try:
        code = run(["gate", *argv], app=app)
    finally:
        app.close()
    return code, out.getvalue(), err.getvalue()


def apply(world: World, *argv: str, now: int = NOW) -> tuple[int, str]:
    """Exit code and standard error of a run that writes."""
    code, _, err = gate(world, "--apply", "tracker", *argv, now=now)
    return code, err


def seen(world: World, pad: Pad, *issues: tuple[int, str], at: int) -> None:
    """A sync brings the issues as they are now, with the labels that stand on them."""
    made = [issue(n, text, labels=tuple(pad.labels.get(str(1000 + n), ()))) for n, text in issues]
    world.synced(*made, fetched_at=at)


# who is told


def test_one_label_and_one_comment_on_what_fails_and_nothing_on_the_rest(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""), issue(2), issue(3, "Contributes-to: GROW-KR1 +15pp"), issue(4, "", iteration=None))
    code, err = apply(world)
    assert (code, pad.labels) == (1, {"1001": {LABEL}})
    assert "1 told, 0 renewed, 0 cleared, 0 unchanged" in err
    text = "\n".join(shown(pad.comments["1001"]))
    assert "error KR101 missing-key-result" in text
    assert "Line to paste into the description: `Contributes-to: " in text
    assert "okr-delivery gate --issue PAY-1 --sync" in text and "`okr-gate`" in text
    assert "fang" not in text


def test_warnings_are_told_beside_errors_but_tell_nothing_alone(world: World, pad: Pad) -> None:
    far = "Contributes-to: GROW-KR1 +15pp 60%"
    world.synced(issue(1, far), issue(2, far, estimate=None))
    assert apply(world)[0] == 1
    assert set(pad.comments) == {"1002"}
    assert re.findall(r"\w+ (KR\d+)", pad.comments["1002"]) == ["KR205", "KR204"]
    assert apply(world, "--fail-on", "warning")[0] == 1
    assert set(pad.comments) == {"1001", "1002"}


def test_twice_is_once_and_asks_nothing(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    assert apply(world)[0] == 1
    first = (dict(pad.comments), list(pad.asked), pad.opened)
    code, err = apply(world, now=NOW + 60)
    assert (code, (pad.comments, pad.asked, pad.opened)) == (1, first)
    assert "0 told" in err
    seen(world, pad, (1, ""), at=NOW + 600)
    assert apply(world, now=NOW + 700)[0] == 1
    assert pad.asked == first[1]


def test_what_changes_is_said_in_the_same_comment(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    apply(world)
    before = pad.comments["1001"]
    seen(world, pad, (1, "Contributes-to: GROW-KR9 M"), at=NOW + 600)
    code, err = apply(world, now=NOW + 700)
    assert (code, "1 renewed" in err) == (1, True)
    assert "KR102" in pad.comments["1001"] != before and len(pad.comments) == 1


def test_what_is_ready_loses_both_once(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    apply(world)
    seen(world, pad, (1, "Contributes-to: GROW-KR1 M"), at=NOW + 600)
    code, err = apply(world, now=NOW + 700)
    assert (code, pad.labels, pad.comments) == (0, {"1001": set()}, {})
    assert "1 cleared" in err
    count = len(pad.asked)
    assert apply(world, now=NOW + 800)[0] == 0  # the store has not seen yet that the label is gone
    assert len(pad.asked) == count


def test_a_store_that_was_lost_costs_a_look_and_changes_nothing(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""), issue(2))
    pad.labels, pad.comments = {"1001": {LABEL}, "1002": {LABEL}}, {"1002": "old"}
    seen(world, pad, (1, ""), (2, "Contributes-to: GROW-KR1 M"), at=NOW - 60)
    assert apply(world)[0] == 1
    assert pad.labels == {"1001": {LABEL}, "1002": set()} and set(pad.comments) == {"1001"}


@pytest.mark.parametrize("dies", [AddLabel, RemoveComment])
def test_a_run_that_is_killed_half_way_is_ended_by_the_next_one(world: World, pad: Pad, dies: type[Edit]) -> None:
    world.synced(issue(1, ""))
    if dies is RemoveComment:
        apply(world)
        seen(world, pad, (1, "Contributes-to: GROW-KR1 M"), at=NOW + 60)
    pad.dies = dies
    with pytest.raises(KilledError):
        apply(world, now=NOW + 70)
    assert pad.labels["1001"] == {LABEL} and not pad.comments
    pad.dies = None
    text = "" if dies is AddLabel else "Contributes-to: GROW-KR1 M"
    world.store.note("told jira", "{}")  # and its record with it
    seen(world, pad, (1, text), at=NOW + 80)
    apply(world, now=NOW + 90)
    assert (bool(pad.labels["1001"]), bool(pad.comments)) == ((True, True) if dies is AddLabel else (False, False))


# who is left alone


def test_what_was_neither_judged_nor_told_is_left_alone(world: World, pad: Pad) -> None:
    world.synced(issue(1, "", labels=(LABEL,), iteration=None), issue(2, "", status="2"), issue(3))
    assert apply(world)[0] == 0
    assert pad.asked == []


def test_a_team_without_a_verdict_tells_nobody(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""), issue(2, labels=(LABEL,)))
    code, _ = apply(world, now=NOW + 3 * DAY)
    assert (code, pad.asked) == (2, [])


def test_waived_findings_are_told_to_nobody(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    world.waivers("- {rule: KR101, entity: PAY-1, reason: x, owner: lin, expires: 2027-01-10}\n")
    assert apply(world)[0] == 0
    assert pad.asked == []


OTHER = [("--as-of", "2026-11-17"), ("--preview",), ("--stage", "intake"), ("--merge-request", "12"), ("--no-waivers",),
         ("--no-baseline",), ("--issues-from", "-")]  # fmt: skip


@pytest.mark.parametrize("argv", OTHER, ids=lambda argv: str(argv[0]))
def test_another_verdict_than_that_of_now_is_told_to_nobody(world: World, pad: Pad, argv: tuple[str, ...]) -> None:
    world.synced(issue(1, ""))
    code, err = apply(world, *argv)
    assert (code, pad.asked) == (2, [])
    assert argv[0] in err


@pytest.mark.parametrize(
    "argv", [("--dry-run",), ("--yes",), ("--apply", "jira"), ("--apply", "status")], ids=lambda argv: " ".join(argv)
)
def test_what_makes_no_sense_is_a_usage_error(world: World, pad: Pad, argv: tuple[str, ...]) -> None:
    world.synced(issue(1, ""))
    assert gate(world, *argv)[0] == 2
    assert pad.asked == []


# looking first


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""), issue(2, labels=(LABEL,)))
    code, out, err = gate(world, "--apply", "tracker", "--dry-run")
    assert (code, pad.opened, world.store.noted("told jira")) == (1, 0, None)
    assert out == gate(world)[1]
    assert "PAY-1: would get the label okr-gate and this comment" in err
    assert "PAY-2: would lose the label okr-gate" in err
    apply(world)
    assert all(f"    {line}".rstrip() in err.splitlines() for line in shown(pad.comments["1001"]))


def test_without_apply_one_line_with_v_and_none_without(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    assert gate(world)[2] == ""
    assert gate(world, "-v")[2].count("--apply tracker would put 1 labels") == 1
    assert pad.opened == 0


def test_many_at_once_need_to_be_asked_for(world: World, pad: Pad) -> None:
    world.synced(*(issue(n, "") for n in range(1, 202)))
    code, err = apply(world)
    assert (code, pad.asked) == (2, [])
    assert "201 requirements would be told for the first time" in err and "baseline write" in err
    assert "more than 200 at once need --yes" in gate(world, "--apply", "tracker", "--dry-run")[2]
    assert apply(world, "--yes")[0] == 1
    assert len(pad.comments) == 201
    assert apply(world, now=NOW + 60)[0] == 1  # what is known is no flood


# what fails


def test_one_that_cannot_be_written_is_named_and_the_others_are_written(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""), issue(2, ""), issue(3, ""))
    pad.refuses["1002"] = refused("no permission", "1002")
    code, err = apply(world)
    assert (code, set(pad.comments), pad.closed) == (2, {"1001", "1003"}, 1)
    assert "no permission" in err and "jira: PAY-2" in err
    pad.refuses.clear()
    assert apply(world, now=NOW + 60)[0] == 1
    assert pad.asked[3:] == ["1002"]


@pytest.mark.parametrize(
    ("error", "tried"), [(refused("no"), 3), (refused("not now", kind=RetryLaterError), 1)], ids=["refused", "later"]
)
def test_a_tracker_that_refuses_everything_is_not_asked_for_everything(
    world: World, pad: Pad, error: RetryLaterError, tried: int
) -> None:
    world.synced(*(issue(n, "") for n in range(1, 9)))
    pad.refuses_all = error
    code, err = apply(world)
    assert (code, len(pad.asked)) == (2, tried)
    assert f"the other {8 - tried} were not tried" in err


def test_without_a_token_nothing_is_told_and_the_findings_stand(world: World, pad: Pad) -> None:
    world.synced(issue(1, ""))
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env={}, cwd=world.root, out=out, err=err, clock=lambda: float(NOW))
    assert run(["gate", "--apply", "tracker"], app=app) == 2
    assert "KR101" in out.getvalue() and "OKR_DELIVERY_JIRA_TOKEN" in err.getvalue()


def test_a_connector_that_cannot_write_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader(Pad().connector()):  # type: ignore[misc]  # made at run time
        writer = None

    monkeypatch.setattr(registry, "load", lambda name: Reader)
    world.synced(issue(1, ""))
    code, err = apply(world)
    assert (code, "the connector jira can't write" in err) == (2, True)


# the words


def test_the_comment_speaks_the_language_of_the_settings(world: World, pad: Pad) -> None:
    world.config_text = "lang: zh\n" + CONFIG
    world.synced(issue(1, ""))
    assert apply(world, "--lang", "en")[0] == 1
    assert "此需求尚未就绪" in pad.comments["1001"] and "贡献:" in pad.comments["1001"]


def test_the_settings_may_name_label_and_address(world: World, pad: Pad) -> None:
    more = "reports: {recheck_url: 'https://ci.acme.cn/run'}\ngate: {tell: {label: not-ready}, since"
    world.config_text = CONFIG.replace("gate: {since", more)
    world.synced(issue(1, ""))
    apply(world)
    assert pad.labels["1001"] == {"not-ready"}
    assert "\ue002https://ci.acme.cn/run\ue003" in pad.comments["1001"]


HOSTILE = "Contributes-to: `/close @all` {color:red} ![x](http://evil.test) +1pp"


def test_what_people_typed_stands_in_code_and_nowhere_else(world: World, pad: Pad) -> None:
    world.synced(issue(1, HOSTILE, title="/close @all"))
    apply(world)
    text = re.sub("\ue000[^\ue000\ue001`\n]*\ue001", "", pad.comments["1001"])
    assert "KR102" in text or "KR101" in text
    assert not re.search(r"@all|/close|evil|color|[\ue000-\ue003`]", text)
    assert not any(line.startswith(("/", "\ue000")) for line in pad.comments["1001"].splitlines())


def test_a_requirement_with_many_faults_gets_a_short_comment(world: World, pad: Pad) -> None:
    world.synced(issue(1, "\n".join(f"Contributes-to: NO-KR{n} {'x' * 300}" for n in range(100))))
    apply(world)
    assert len(pad.comments["1001"]) < 15_000 and "more, which a check" in pad.comments["1001"]


# as a function


def telling(ready: bool, labelled: bool) -> Telling:
    return Telling("jira", "1", "PAY-1", ready, labelled, ())


OLD, NEW, GONE = Told("e", 50), Told("e", 150), Told("", 50)
TABLE = [
    (False, False, None, Deed.PUT), (False, True, None, Deed.RENEW), (False, True, OLD, None),
    (False, False, OLD, Deed.RENEW), (False, False, NEW, None), (False, False, GONE, Deed.PUT),
    (False, True, Told("x", 150), Deed.RENEW), (True, False, None, None), (True, True, None, Deed.CLEAR),
    (True, False, OLD, Deed.CLEAR), (True, True, GONE, Deed.CLEAR), (True, True, Told("", 150), None),
    (True, False, GONE, None),
]  # fmt: skip


@pytest.mark.parametrize(("ready", "labelled", "told", "what"), TABLE)
def test_what_is_due(ready: bool, labelled: bool, told: Told | None, what: Deed | None) -> None:
    assert deed(telling(ready, labelled), told, "" if ready else "e", seen_at=100, now=200) is what


def test_what_was_written_long_ago_is_looked_at_again() -> None:
    assert deed(telling(False, True), OLD, "e", seen_at=100, now=50 + LOOK_AGAIN) is Deed.RENEW
