"""The gate's answer in one line, as trackers show it beside a commit: counts and keys, never a title."""

from __future__ import annotations

from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.locale import Translator
from okr_delivery.model.text import REPLACEMENT, one_line
from okr_delivery.sync.connector import Verdict as Said

NAME = "okr-delivery/gate"
LIMIT = 255  # characters that GitLab takes
SHOWN = 5  # keys
_SAID = {Verdict.PASS: Said.PASSED, Verdict.FAIL: Said.FAILED, Verdict.NONE: Said.FAILED}


def verdict(result: GateResult) -> Said:
    """What is said of the commit; no verdict is never a pass."""
    return _SAID[result.verdict]


def write(result: GateResult, t: Translator) -> str:
    """The line, at most `LIMIT` characters; it begins with words of ours, and no tracker text beside keys is in it."""
    if result.verdict is Verdict.NONE:
        return no_verdict(t)
    return _fit(_counts(result, t))


def no_verdict(t: Translator) -> str:
    """What is said where nothing could be judged."""
    return t("gate.status.none")


def _counts(result: GateResult, t: Translator) -> str:
    numbers = {"ready": result.summary.ready, "judged": result.summary.judged}
    late = list(dict.fromkeys(one.key for one in result.not_ready))
    if late:
        keys = t.list([tame(key) for key in late[:SHOWN]])
        if len(late) > SHOWN:
            keys = t("gate.text.more", keys=keys, n=len(late) - SHOWN)
        return t("gate.status.to_fix", **numbers, keys=keys)
    if result.verdict is Verdict.FAIL:
        return t("gate.status.waivers", **numbers)
    return t("gate.text.ready", **numbers) if result.summary.judged else t("gate.status.not_asked")


def tame(key: str) -> str:
    """A key without line breaks, control characters and back-ticks: nothing that is markup or a command anywhere."""
    return one_line(key).replace(REPLACEMENT, "").replace("`", "")


def _fit(text: str) -> str:
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
