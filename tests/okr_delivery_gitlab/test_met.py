"""What single issues tell of milestones and iterations that the store does not hold."""

from __future__ import annotations

from datetime import date
from typing import Any

from okr_delivery.model.work import IterationKind, IterationState
from okr_delivery_gitlab.iterations import remembering
from okr_delivery_gitlab.met import met
from okr_delivery_gitlab.settings import Project, Settings
from tests.okr_delivery_gitlab.builders import issue, milestone

SETTINGS = Settings(projects=(Project("7", "acme/app", group="acme", group_id="3"),))
TODAY = date(2026, 11, 20)
CADENCED = {
    "id": 55, "iid": 5, "group_id": 3, "title": None, "state": 1, "start_date": "2026-12-01",
    "due_date": "2026-12-14", "web_url": "https://git.acme.cn/groups/acme/-/iterations/55",
}  # fmt: skip


def of(*rows: dict[str, Any], known: tuple[str, ...] = ()) -> Any:
    return met("gitlab", rows, SETTINGS, known, TODAY)


def test_each_comes_once_with_its_days_and_its_home() -> None:
    new = milestone(805, "S28", start_date="2026-12-01", due_date="2026-12-14")
    above = milestone(806, "2027", project_id=None, group_id=3)
    found = of(issue(1, milestone=new), issue(2, milestone=new, iteration=CADENCED), issue(3, milestone=above))
    said = [(i.id, i.name, i.kind, i.state, i.first_day, i.project_id, i.group) for i in found.iterations]
    first, kinds = date(2026, 12, 1), IterationKind
    assert said == [
        ("805", "S28", kinds.MILESTONE, IterationState.FUTURE, first, "7", None),
        ("806", "2027", kinds.MILESTONE, IterationState.ACTIVE, None, None, "acme"),
        ("iteration-55", "2026-12-01 – 2026-12-14", kinds.ITERATION, IterationState.FUTURE, first, None, "acme"),
    ]
    settings = remembering(SETTINGS, found)
    assert [m.id for m in settings.milestones] == ["805", "806"]
    assert settings.iterations == {"55": "2026-12-01 – 2026-12-14"}


def test_what_is_known_or_unreadable_stays_as_it_is() -> None:
    odd = milestone(807, "Odd", due_date="soon")
    rows = issue(1, milestone=odd), issue(2, milestone=milestone(805, "S28"), iteration=CADENCED), issue(3)
    assert of(*rows, known=("805", "iteration-55")).iterations == ()
