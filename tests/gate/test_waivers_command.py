"""`okr-delivery waivers`: how each waiver stands, and what is left of the file when spent ones go."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.gate.pruning import without
from okr_delivery.model.errors import UserError
from tests.gate.test_exit_codes import TWO_SOURCES
from tests.gate.world import DAY, NOW, S27, S28, World, issue

FILE = "okr-delivery.waivers.yaml"


def waivers(world: World, *argv: str, now: int = NOW) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    world.write()
    app = App(env={}, cwd=world.root, out=out, err=err, clock=lambda: float(now))
    return run(["waivers", *argv], app=app), out.getvalue(), err.getvalue()


def entry(entity: str, rule: str = "KR101", expires: str = "2027-01-31") -> str:
    return f"- {{rule: {rule}, entity: '{entity}', reason: regulatory fix, owner: lin, expires: {expires}}}\n"


EVERY = {
    "PAY-1": "works",
    "PAY-2": "soon",
    "PAY-3": "expired",
    "PAY-4": "unused",
    "PAY-5": "unused",  # finished
    "PAY-99": "unused",  # gone
    "PAY-6": "works",  # nobody planned it, but it is open
}


@pytest.fixture
def filled(world: World) -> World:
    ends = {"PAY-2": "2026-11-30", "PAY-3": "2026-11-17"}
    world.synced(*(issue(n, "") for n in (1, 2, 3)), issue(4), issue(5, "", status="2"), issue(6, "", iteration=None))
    return world.waivers("".join(entry(key, expires=ends.get(key, "2027-01-31")) for key in EVERY))


def test_each_waiver_is_listed_with_how_it_stands(filled: World) -> None:
    code, out, _ = waivers(filled, "list")
    assert code == 0
    rows = [line.split() for line in out.splitlines()[1:] if line.startswith("KR")]
    assert {row[1]: row[2] for row in rows} == EVERY


def test_spent_ones_are_removed_and_the_others_stay_as_they_are(filled: World) -> None:
    before = (filled.root / FILE).read_bytes()
    code, out, _ = waivers(filled, "prune", "--dry-run")
    assert (code, (filled.root / FILE).read_bytes()) == (0, before)
    assert out.endswith(f"{FILE}: 4 would be removed, 3 would stay\n")
    code, out, _ = waivers(filled, "prune")
    assert code == 0 and out.endswith(f"{FILE}: 4 removed, 3 left\n")
    left = before.decode().splitlines(keepends=True)
    assert (filled.root / FILE).read_text("utf-8") == left[0] + left[1] + left[6]
    assert waivers(filled, "prune")[1] == f"{FILE}: 0 removed, 3 left\n"


def test_without_a_store_only_the_end_of_a_waiver_tells(world: World) -> None:
    world.write()
    world.waivers(entry("PAY-1") + entry("PAY-3", expires="2026-11-01"))
    code, out, err = waivers(world, "list")
    assert code == 0 and "unknown" in out and "expired" in out
    assert "okr-delivery sync" in err
    assert waivers(world, "prune")[0] == 0
    assert (world.root / FILE).read_text("utf-8") == entry("PAY-1")
    assert not (world.root / "store.db").exists()


def test_while_a_team_can_not_be_judged_what_it_may_need_stays(world: World) -> None:
    world.config_text = TWO_SOURCES
    world.synced(issue(1, "", source="east"), source="east", iterations=())
    text = entry("PAY-1") + entry("APP-7") + entry("PAY-3", expires="2026-11-01")
    world.waivers(text)
    code, _, err = waivers(world, "prune")
    assert code == 2 and "okr-delivery gate" in err
    assert (world.root / FILE).read_text("utf-8") == entry("PAY-1") + entry("APP-7")
    assert waivers(world, "list", now=NOW + 3 * DAY)[0] == 0


def test_waivers_of_iterations_and_of_key_results_stand_too(world: World) -> None:
    world.synced(issue(1), iterations=(S27, replace(S28, goal=None)))
    for name in ("PAY S28", "pay s28", "28", "jira:28", "payments:PAY S28"):
        world.waivers(entry(name, "KR301") + entry("grow-kr1", "KR302") + entry("GROW-KR1", "OKR206"))
        _, out, _ = waivers(world, "list")
        assert out.count("works") == 3, out
    world.waivers(entry("PAY S99", "KR301") + entry("GROW-KR99", "KR302"))
    _, out, _ = waivers(world, "list")
    assert out.count("unused") == 2


def test_none_is_no_error(world: World) -> None:
    assert waivers(world, "list")[:2] == (0, "No waivers.\n")
    assert waivers(world, "prune")[:2] == (0, f"{FILE}: 0 removed, 0 left\n")


def test_a_file_that_can_not_be_read_is_left_alone(filled: World) -> None:
    broken = entry("PAY-1", rule="KR999")
    filled.waivers(broken)
    for argv in (["list"], ["prune"]):
        code, _, err = waivers(filled, *argv)
        assert code == 2 and f"{FILE}:1" in err
    assert (filled.root / FILE).read_text("utf-8") == broken


# -- what is left of the text ------------------------------------------------------------------------------------------

HAND_WRITTEN = """\
# Waivers of payments; ask lin.

# regulator, see the minutes
- rule: KR101    # why not
  entity: PAY-1
  reason: >
    regulatory fix
    # no comment
  owner: lin
  expires: 2026-12-15

- {rule: KR205, entity: PAY-2, reason: "late: x", owner: lin, expires: 2026-12-15}  # soon
# of the second quarter
-
  # on its own
  rule: KR206
  entity: 'PAY-3'
  reason: tool change
  owner: zhao
  expires: 2026-12-15
# the end
"""


@pytest.mark.parametrize(
    ("gone", "dropped"),
    [
        ({0}, range(3, 10)),
        ({1}, range(11, 12)),
        ({2}, range(13, 20)),
        ({0, 2}, (*range(3, 10), *range(13, 20))),
        ({0, 1, 2}, (*range(3, 10), 11, *range(13, 20))),
        (set(), ()),
    ],
    ids=str,
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_only_the_lines_of_an_entry_go(gone: set[int], dropped: range, end: str) -> None:
    lines = HAND_WRITTEN.replace("\n", end).splitlines(keepends=True)
    assert without("".join(lines), gone) == "".join(line for n, line in enumerate(lines) if n not in dropped)


@pytest.mark.parametrize(
    "text",
    [
        "# ours\n[{rule: KR101, entity: PAY-1}, {rule: KR205, entity: PAY-2}]\n",
        "- {rule: KR101, reason: &why audit}\n- {rule: KR205, reason: *why}\n",
    ],
    ids=["one line", "an anchor"],
)
def test_what_can_not_be_taken_out_by_lines_is_refused(text: str) -> None:
    with pytest.raises(UserError) as error:
        without(text, {0})
    assert error.value.problems[0].what.id == "waivers.shared_lines"
