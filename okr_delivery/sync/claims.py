"""The texts of an issue's carriers that a sync records as seen."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.model.work import Field, Issue, joined_labels

PLAIN = (Field.KEY_RESULT, Field.CONTRIBUTION, Field.CONFIDENCE, Field.CLAIM_LINES)
LONGEST = 20_000  # characters of one carrier that go to the ledger


def claim_texts(issue: Issue, prefixes: Sequence[str]) -> dict[Field, str]:
    """By field, the ones with any text; of the labels only those that begin with one of `prefixes`, in any case."""
    found = {field: (issue.value(field).name or issue.value(field).id or "")[:LONGEST] for field in PLAIN}
    begins = tuple(prefix.casefold() for prefix in prefixes)
    labels = (label for label in issue.labels if begins and label.casefold().startswith(begins))
    found[Field.LABELS] = joined_labels(labels) or ""
    return {field: text for field, text in found.items() if text.strip()}
