"""`okr-delivery/sync/1` and the one line per source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from okr_delivery.locale import Translator
from okr_delivery.model.errors import UserError
from okr_delivery.output.json import number
from okr_delivery.output.safe import terminal
from okr_delivery.sync.engine import SourceResult
from okr_delivery.sync.errors import ConfigError, SyncError


def document(results: Sequence[SourceResult], t: Translator) -> dict[str, object]:
    return {"schema": "okr-delivery/sync/1", "sources": [_source(result, t) for result in results]}


def unfinished(name: str, error: UserError) -> SourceResult:
    """How far a source came that was not read to its end."""
    done = error.done if isinstance(error, SyncError) else None
    return replace(done or SourceResult(name, False, False, 0, 0, 0, 0, 0, 0.0, ()), complete=False)


def failed(name: str, error: UserError) -> SourceResult:
    """The same, and why it came no further: documents have no other place for it."""
    done = unfinished(name, error)
    return replace(done, warnings=(*done.warnings, *(problem.what for problem in error.problems)))


def refused(errors: Mapping[str, UserError]) -> frozenset[str]:
    """The sources for which a person must act first."""
    return frozenset(name for name, error in errors.items() if isinstance(error, ConfigError))


def _source(result: SourceResult, t: Translator) -> dict[str, object]:
    return {
        "name": result.name,
        "complete": result.complete,
        "resumed": result.resumed,
        "issues": {"fetched": result.fetched, "changed": result.changed, "deleted": result.deleted},
        "changes": result.changes,
        "requests": result.requests,
        "seconds": number(round(result.seconds, 3)),
        "warnings": [t.render(warning) for warning in result.warnings],
    }


def text(results: Sequence[SourceResult], t: Translator, *, refused: Collection[str] = ()) -> str:
    """A line for each source; `refused` are those that another run alone brings no further."""
    lines = []
    for result in results:
        ended = "stopped" if result.name in refused else "complete" if result.complete else "incomplete"
        lines.append(
            t(
                f"output.sync.{ended}",
                name=terminal(result.name),
                fetched=result.fetched,
                changed=result.changed,
                deleted=result.deleted,
                changes=result.changes,
                requests=result.requests,
                seconds=f"{result.seconds:.1f}",
            )
        )
        lines.extend("  " + terminal(t.render(warning)) for warning in result.warnings)
    return "\n".join(lines)
