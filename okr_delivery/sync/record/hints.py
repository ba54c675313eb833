"""What the configuration tells a scrubber, and a recorder for one source of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.config.secrets import credentials
from okr_delivery.sync.record import jql
from okr_delivery.sync.record.exchange import Cleaner, Plain
from okr_delivery.sync.record.folder import Recorder
from okr_delivery.sync.record.gitlab import GitLabScrubber
from okr_delivery.sync.record.scrub import Scrubber
from okr_delivery.sync.record.secret import Secrets
from okr_delivery.sync.record.texts import Hints

if TYPE_CHECKING:
    from okr_delivery.config import Source, Team

SCRUBBERS: Mapping[str, type[Scrubber | GitLabScrubber]] = {"gitlab": GitLabScrubber}
"""For trackers whose answers are no Jira's."""
CLAIM_FIELDS = ("key_result", "contribution", "confidence")


def recorder_for(
    folder: Path,
    source: Source,
    env: Mapping[str, str],
    *,
    teams: Sequence[Team],
    ids: Iterable[str],
    queries: Iterable[str],
    found: Mapping[str, str],
    plain: bool,
    clock: Callable[[], float],
) -> Recorder:
    """Records one source into a folder that `prepare` made.

    `ids` are those of objectives and key results, which free text may name, and `queries` those of key results, which
    are evaluated here. `found` are the ids of custom fields by role, where a sync found them before. Raises UserError
    for a missing secret.
    """
    user, token = credentials(source, env)
    known = Secrets([token] if token else [], [f"{user}:{token}"] if user and token else [])
    clean: Cleaner = Plain(source.url, known)
    if not plain:
        hints = hints_of(source, teams, ids, queries, found, user)
        clean = SCRUBBERS.get(source.type, Scrubber)(source.url, secrets.token_bytes(32), known, hints)
    return Recorder(folder, clean, kind=source.type, scrubbed=not plain, clock=clock)


def hints_of(
    source: Source,
    teams: Sequence[Team],
    ids: Iterable[str],
    queries: Iterable[str],
    found: Mapping[str, str],
    user: str | None,
) -> Hints:
    """Names in the configuration mean something to the tool, so they stay."""
    selectors = [selector for team in teams for selector in team.select if selector.source == source.name]
    classes = (*source.non_okr.labels, *source.non_okr.types)
    named = [token for query in queries for token in jql.tokens(query) if token.field]
    declared = [label for several in source.non_okr.labels.values() for label in several]
    labels = [
        *source.requirements.exclude_labels,
        *declared,
        *(label for selector in selectors for label in selector.labels),
        *(token.bare for token in named if token.field in jql.LABELS),
        source.dispute.label,
        source.fields.approved,
        source.fields.rehearsed,
    ]
    components = [name for selector in selectors for name in selector.components]
    components += [token.bare for token in named if token.field in jql.COMPONENTS]
    fields = [getattr(source.fields, name) for name in CLAIM_FIELDS]
    return Hints(
        words=frozenset((*ids, *classes, *declared)),
        labels=frozenset(labels),
        prefixes=tuple(source.links.labels),
        components=frozenset(components),
        claim_fields=frozenset(name for name in (*fields, *(found.get(role) for role in CLAIM_FIELDS)) if name),
        people=(user,) if user else (),
        scopes=_scopes(source),
        paths=(*source.projects, *(f"{g}/" for g in source.groups), *(name for s in selectors for name in s.projects)),
        environments=frozenset(source.deployments.environments if source.deployments else ()),
    )


def _scopes(source: Source) -> tuple[str, ...]:
    """Scopes of labels that stand for statuses and priorities."""
    priority = "priority" if source.fields.priority == "auto" else source.fields.priority
    return tuple(scope.removesuffix("::") for scope in (source.statuses.label_scope, priority) if scope)
