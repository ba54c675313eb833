"""The seeded organisation told by a GitLab: the same people, work and past, in GitLab's terms."""

from __future__ import annotations

from collections.abc import Collection

from okr_delivery.sandbox.gitlab.state import GitLab, Tier
from okr_delivery.sandbox.gitlab.translate import past, ships
from okr_delivery.sandbox.gitlab.translate.setting import PATH as GROUP_PATH
from okr_delivery.sandbox.gitlab.translate.setting import PROJECTS, Workflow, keys, path_of, stage, team_label
from okr_delivery.sandbox.world import World

__all__ = ["GROUP_PATH", "PROJECTS", "Workflow", "keys", "of_world", "path_of", "team_label"]


def of_world(
    world: World,
    tier: Tier = Tier.ULTIMATE,
    *,
    version: str = "18.5.0",
    workflow: Workflow = "labels",
    cadences: bool = False,
    projects: Collection[str] | None = None,
) -> GitLab:
    """A GitLab whose past is the world's.

    `workflow`: statuses as scoped labels, as custom statuses, or as labels beside GitLab's own statuses (`both`).
    With `cadences` sprints are iterations, else milestones. `projects` are the keys of those told; default all.
    The world itself is left as it is. Raises ValueError for statuses or iterations on the free tier.
    """
    if not tier.paid and (workflow != "labels" or cadences):
        raise ValueError("statuses and iterations need a paid tier")
    scene = stage(world, tier, version, workflow, cadences, projects)
    acts = [*past.acts(scene), *ships.acts(scene)]
    for act in sorted(acts, key=lambda one: one.order):
        act.run()
    scene.state.revision = 0
    return scene.state
