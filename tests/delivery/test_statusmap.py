"""Stages and kinds, from settings and from the tracker's categories."""

from __future__ import annotations

import pytest

from okr_delivery.config.sources import StatusSettings
from okr_delivery.delivery.statusmap import compile_map, require_sound
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Category, Kind, Status, Value

NEW, WORK, DONE, UNKNOWN = Category.NEW, Category.INDETERMINATE, Category.DONE, Category.UNDEFINED


def status(ref: str, name: str, category: Category, order: int = 0) -> Status:
    return Status("jira", ref, name, category, order)


BOARD = (
    status("10", "To Do", NEW, 0),
    status("11", "Ready", WORK, 1),
    status("3", "In Development", WORK, 2),
    status("12", "Waiting for review", WORK, 3),
    status("13", "Testing", WORK, 4),
    status("14", "Done", DONE, 5),
    status("15", "Rejected", DONE, 6),
)
EXAMPLE = StatusSettings(
    order=("To Do", "Ready", "In Development", "Waiting for review", "Testing", "Done"),
    commitment="Ready",
    start="In Development",
    wait=("Waiting for review",),
    done=("Done",),
    cancelled=("Rejected",),
)


def kinds(settings: StatusSettings, statuses: tuple[Status, ...] = BOARD) -> dict[str, Kind]:
    found = compile_map(settings, statuses, "jira").kinds
    return {s.name: found[s.id][1] if s.id in found else Kind.UNMAPPED for s in statuses}


def test_the_example_of_the_contract() -> None:
    found = compile_map(EXAMPLE, BOARD, "jira")
    assert kinds(EXAMPLE) == {
        "To Do": Kind.QUEUE,
        "Ready": Kind.QUEUE,
        "In Development": Kind.ACTIVE,
        "Waiting for review": Kind.WAIT,
        "Testing": Kind.ACTIVE,
        "Done": Kind.DONE,
        "Rejected": Kind.CANCELLED,
    }
    assert (found.commitment, found.start, found.has_wait) == (1, 2, True)


def test_names_in_any_case_and_ids() -> None:
    spelt = EXAMPLE.model_copy(
        update={"order": ("10", "READY", "3", "12", "testing", "14"), "start": "3", "wait": ("12",)}
    )
    assert kinds(spelt) == kinds(EXAMPLE)


def test_without_settings_categories_decide() -> None:
    found = compile_map(StatusSettings(), BOARD, "jira")
    assert found.stages == ("To Do", "Ready", "In Development", "Waiting for review", "Testing", "Done", "Rejected")
    assert (found.commitment, found.start) == (1, 1)
    assert kinds(StatusSettings()) == {
        "To Do": Kind.QUEUE,
        **dict.fromkeys(("Ready", "In Development", "Waiting for review", "Testing"), Kind.ACTIVE),
        "Done": Kind.DONE,
        "Rejected": Kind.DONE,
    }


def test_stages_go_by_category_before_the_tracker_s_order() -> None:
    mixed = (status("1", "Done", DONE, 0), status("2", "Doing", WORK, 1), status("3", "Open", NEW, 2))
    assert compile_map(StatusSettings(), mixed, "jira").stages == ("Open", "Doing", "Done")


def test_without_work_in_progress_the_point_lies_behind_the_queues() -> None:
    found = compile_map(StatusSettings(), (status("1", "Open", NEW), status("2", "Done", DONE)), "jira")
    assert (found.commitment, found.start, found.kinds["2"]) == (1, 1, (1, Kind.DONE))


def test_a_status_without_category_is_unmapped_unless_named() -> None:
    odd = (*BOARD, status("99", "QA", UNKNOWN))
    assert kinds(EXAMPLE, odd)["QA"] is Kind.UNMAPPED
    named = EXAMPLE.model_copy(update={"order": (*EXAMPLE.order[:-1], "QA", "Done")})
    assert kinds(named, odd)["QA"] is Kind.ACTIVE


def test_statuses_left_out_of_the_order_fall_back_to_their_category() -> None:
    more = (*BOARD, status("20", "Icebox", NEW), status("21", "Pairing", WORK), status("22", "Closed", DONE))
    found = compile_map(EXAMPLE, more, "jira").kinds
    assert (found["20"], found["21"], found["22"]) == ((-1, Kind.QUEUE), (2, Kind.ACTIVE), (6, Kind.DONE))


def test_a_done_category_in_mid_flow_is_a_step() -> None:
    estimation = status("30", "Estimation complete", DONE)
    flow = EXAMPLE.model_copy(
        update={"order": ("To Do", "Ready", "In Development", "Estimation complete", "Testing", "Done")}
    )
    flow = flow.model_copy(update={"wait": ()})
    assert kinds(flow, (*BOARD, estimation))["Estimation complete"] is Kind.ACTIVE


def test_one_name_many_ids() -> None:
    team_managed = (*BOARD, status("40", "testing", WORK))
    found = compile_map(EXAMPLE, team_managed, "jira").kinds
    assert found["40"] == found["13"]


def test_the_start_may_be_a_status_the_tracker_calls_new() -> None:
    assert kinds(EXAMPLE.model_copy(update={"order": ("Ready", "To Do", "Done"), "start": "To Do", "wait": ()}))[
        "To Do"
    ] is (Kind.ACTIVE)


def refused(settings: StatusSettings, statuses: tuple[Status, ...] = BOARD) -> list[tuple[str, str]]:
    with pytest.raises(UserError) as error:
        require_sound(compile_map(settings, statuses, "jira"))
    t = translator("en")
    return [(t.render(p.what), t.render(p.next_step) if p.next_step else "") for p in error.value.problems]


def test_a_queue_behind_the_start_is_refused() -> None:
    late = (*BOARD, status("50", "Ready for release", NEW))
    order = (*EXAMPLE.order[:-1], "Ready for release", "Done")
    ((what, step),) = refused(EXAMPLE.model_copy(update={"order": order}), late)
    assert "“Ready for release” of jira stands at or after the start" in what
    assert "statuses.wait" in step


def test_waiting_before_the_start_is_refused() -> None:
    ((what, step),) = refused(EXAMPLE.model_copy(update={"wait": ("Ready",)}))
    assert "“Ready” of jira is listed under wait but stands before the start" in what
    assert "statuses.start" in step


def test_a_point_the_tracker_does_not_know_is_refused() -> None:
    ((what, _),) = refused(StatusSettings(start="In Develpment"))
    assert what == "statuses.start of jira is “In Develpment”, which is not one of its stages."


def test_until_then_an_unknown_point_takes_its_default() -> None:
    found = compile_map(EXAMPLE.model_copy(update={"start": "QA", "wait": ()}), BOARD, "jira")
    assert (found.start, found.kinds["3"]) == (1, (2, Kind.ACTIVE))


def test_every_unknown_name_is_named_with_the_nearest() -> None:
    found = refused(EXAMPLE.model_copy(update={"cancelled": ("Rejectd",), "done": ("Done", "Finito")}))
    assert found == [
        (
            "jira has no status “Finito”.",
            "Write the id or the name of a status as the tracker shows it, or remove it from statuses.",
        ),
        ("jira has no status “Rejectd”.", "Did you mean “Rejected”?"),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_every_refusal_reads_in_every_language(lang: str) -> None:
    (problem,) = compile_map(StatusSettings(start="Nowhere"), BOARD, "jira").problems
    assert "Nowhere" in translator(lang).render(problem.what)


def test_resolutions_by_id_or_name_in_any_case() -> None:
    found = compile_map(StatusSettings(not_delivered=("won't do", "10001")), BOARD, "jira")
    assert found.is_undelivered(Value("9", "Won't Do"))
    assert found.is_undelivered(Value("10001", "Nope"))
    assert not found.is_undelivered(Value("1", "Done"))
    assert not found.is_undelivered(Value())


def test_the_fingerprint_changes_with_every_rule() -> None:
    variants = [
        EXAMPLE,
        EXAMPLE.model_copy(update={"start": "Testing", "wait": ()}),
        EXAMPLE.model_copy(update={"commitment": "To Do"}),
        EXAMPLE.model_copy(update={"wait": ()}),
        EXAMPLE.model_copy(update={"cancelled": ()}),
        EXAMPLE.model_copy(update={"not_delivered": ("Duplicate",)}),
    ]
    prints = [compile_map(one, BOARD, "jira").fingerprint for one in variants]
    assert len(set(prints)) == len(prints)
    assert compile_map(EXAMPLE, tuple(reversed(BOARD)), "jira").fingerprint == prints[0]


# -- trackers whose labels or own statuses carry the workflow ----------------------------------------------------------

LABELS = (
    status("opened", "Open", NEW, 0),
    status("41", "ready", WORK, 1),
    status("42", "dev", WORK, 2),
    status("52", "dev", WORK, 3),  # another project's
    status("43", "rejected", WORK, 4),
    status("closed", "Closed", DONE, 5),
)


@pytest.mark.parametrize("scope", ["", "workflow::", "WorkFlow::"])
def test_labels_are_named_with_or_without_their_scope(scope: str) -> None:
    settings = StatusSettings(
        label_scope="workflow", order=("Open", f"{scope}ready", f"{scope}dev", "Closed"), commitment="ready",
        start=f"{scope}Dev", wait=(), cancelled=(f"{scope}rejected",),
    )  # fmt: skip
    found = compile_map(settings, LABELS, "lab")
    require_sound(found)
    assert {ref: (stage, kind) for ref, (stage, kind) in found.kinds.items() if ref != "43"} == {
        "opened": (0, Kind.QUEUE),
        "41": (1, Kind.QUEUE),
        "42": (2, Kind.ACTIVE),
        "52": (2, Kind.ACTIVE),
        "closed": (3, Kind.DONE),
    }
    assert found.kinds["43"][1] is Kind.CANCELLED
    assert [found.stage_of(name) for name in ("workflow::dev", "DEV", "42", "workflow::nothing")] == [2, 2, 2, None]
    assert [found.is_undelivered(Value(*of)) for of in (("43", None), ("9", "Rejected"), ("42", "dev"))] == [
        True,
        True,
        False,
    ]


def test_an_unlisted_label_is_work_and_another_scope_is_no_name() -> None:
    settings = StatusSettings(label_scope="workflow", order=("Open", "ready", "Closed"), start="ready")
    assert compile_map(settings, LABELS, "lab").kinds["42"] == (1, Kind.ACTIVE)
    with pytest.raises(UserError) as error:
        require_sound(compile_map(StatusSettings(label_scope="workflow", wait=("flow::dev",)), LABELS, "lab"))
    assert error.value.problems[0].what.params["status"] == "flow::dev"


@pytest.mark.parametrize("resolution", ["moved", "duplicate"])
def test_what_lives_on_elsewhere_is_not_delivered(resolution: str) -> None:
    found = compile_map(StatusSettings(not_delivered=()), BOARD, "jira")
    assert found.is_undelivered(Value(resolution, "whatever it is called"))
    assert not found.is_undelivered(Value("3", resolution))


def test_a_cancelled_status_is_no_resolution_where_the_tracker_has_resolutions() -> None:
    found = compile_map(EXAMPLE, BOARD, "jira")
    assert not found.is_undelivered(Value("15", "Rejected"))


@pytest.mark.parametrize("order", [(), ("To do", "In progress", "Done", "Won't fix")])
def test_work_that_the_tracker_itself_calls_given_up_is_cancelled(order: tuple[str, ...]) -> None:
    own = (
        status("status-1", "To do", NEW, 0),
        status("status-2", "In progress", WORK, 1),
        status("status-3", "Done", DONE, 2),
        status("status-4", "Won't fix", Category.CANCELLED, 3),
    )
    assert [*kinds(StatusSettings(order=order), own).values()] == [Kind.QUEUE, Kind.ACTIVE, Kind.DONE, Kind.CANCELLED]
    named = StatusSettings(order=order, done=("Done", "Won't fix"))
    assert kinds(named, own)["Won't fix"] is Kind.DONE
