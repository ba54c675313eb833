"""A label that is renamed touches no issue, and its whole past speaks with the new name: what is held must follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gitlab_lab import PAY, GitLabLab, gitlab_lab

DAY = 86_400


def rename(here: GitLabLab, old: str, new: str) -> None:
    """Renames the label, and lets the day pass after which labels are listed again."""
    label = next(row for row in here.server.state.labels.values() if row.name == old)
    here.server.forge.rename_label(label.id, new)
    here.clock.now += DAY + 60


def held(here: GitLabLab) -> dict[str, Any]:
    """What figures are made of: issues with their past and what was derived from it, whatever rules it is named by."""
    source = here.source
    derived = {ref: row[:3] for ref, row in source["derived"].items()}
    return {"issues": source["issues"], "changes": source["changes"], "derived": derived}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("in-dev", "workflow::Coding", id="becomes a stage"),
        pytest.param("workflow::Parked", "parked", id="is a stage no more"),
        pytest.param("kr-GROW-KR1", "kr:GROW-KR1", id="becomes a key result's"),
    ],
)
def test_a_renamed_label_leaves_what_a_new_store_would_hold(old: str, new: str, tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as here:
        here.server.forge.label(f"{PAY}#3", old)
        here.clock.now += 60
        assert here.sync().complete
        rename(here, old, new)
        assert here.sync().complete
        followed = held(here)
        (tmp_path / "store.db").unlink()
        assert here.sync().complete
        assert followed == held(here)
        ref = str(here.server.forge.item(f"{PAY}#3").id)
        assert new in str(here.issue(ref)["current"]["LABELS"])


def test_everything_is_read_once_for_it(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as here:
        here.server.forge.label(f"{PAY}#3", "in-dev")
        here.clock.now += 60
        here.sync()
        rename(here, "in-dev", "workflow::Coding")
        assert here.sync().fetched > 1
        here.clock.now += DAY + 60
        assert here.sync().fetched == 0


def test_a_new_label_and_one_that_no_issue_ever_had_have_nothing_read_again(tmp_path: Path) -> None:
    with gitlab_lab(tmp_path) as here:
        unused = here.server.forge.add_label("workflow::Never", group="acme")
        here.sync()
        here.server.forge.add_label("workflow::Later", group="acme")
        here.server.forge.delete_label(unused.id)
        here.clock.now += DAY + 60
        result = here.sync()
        assert (result.fetched, result.warnings) == (0, ())
        assert str(unused.id) not in {row["id"] for row in here.source["statuses"]}
