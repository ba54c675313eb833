"""Which options of `gate` go together."""

from __future__ import annotations

from collections.abc import Mapping

import click


def check_selection(asked: Mapping[str, object], merge_request: str | None) -> None:
    """One choice of what to look at. Raises UsageError."""
    chosen = [name for name in ("iteration", "issues", "backlog") if asked[name] not in (None, (), False)]
    text = merge_request is not None or asked["issues_from"] is not None
    if len(chosen) + text > 1:
        raise click.UsageError(
            "--iteration, --issue, --backlog and --merge-request or --issues-from exclude each other."
        )
    if asked["issues_from_truncated"] is not None and asked["issues_from"] is None:
        raise click.UsageError("--issues-from-truncated belongs to --issues-from.")


NOT_THEIRS = {
    "preview": "--preview",
    "as_of": "--as-of",
    "stage": "--stage",
    "issues_from": "--issues-from",
    "no_waivers": "--no-waivers",
    "no_baseline": "--no-baseline",
}
"""What makes a verdict another one than that of now, at the adopted stage: no requirement is told of it."""


def check_apply(asked: Mapping[str, object], merge_request: str | None, apply: str | None) -> None:
    """A verdict is said only where it was asked about, and only that of today. Raises UsageError."""
    if apply is None and (asked["dry_run"] or asked["yes"]):
        raise click.UsageError("--dry-run and --yes belong to --apply.")
    if apply not in (None, "status", "tracker"):
        raise click.UsageError(f"--apply knows 'status' and 'tracker'; got '{apply}'.")
    if apply == "tracker":
        _check_tracker(asked, merge_request)
    elif apply == "status":
        _check_status(asked, merge_request)


def _check_status(asked: Mapping[str, object], merge_request: str | None) -> None:
    if merge_request is None or asked["issues_from"] is not None:
        raise click.UsageError("--apply status needs --merge-request, and not --issues-from.")
    if asked["preview"] or asked["as_of"] is not None:
        raise click.UsageError("--apply says the verdict of now: leave out --preview and --as-of.")


def _check_tracker(asked: Mapping[str, object], merge_request: str | None) -> None:
    other = [option for name, option in NOT_THEIRS.items() if asked.get(name)]
    other += ["--merge-request"] if merge_request is not None else []
    if other:
        raise click.UsageError(
            f"--apply tracker tells the verdict of now at the adopted stage: leave out {', '.join(other)}."
        )
