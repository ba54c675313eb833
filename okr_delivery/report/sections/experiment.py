"""One experiment for the next iteration: the first rule that the figures meet, said with its reason."""

from __future__ import annotations

from okr_delivery.report.parts import Experiment, Flow, Promise, Value
from okr_delivery.report.sections.context import Context

COVERAGE = 0.5  # below this share of due windows measured, learning stops
SCOPE = 0.25
SAY_DO = 0.7
UNLINKED = 0.3


def experiment(c: Context, promise: Promise, flow: Flow, value: Value) -> Experiment:
    """Value before promises before flow: the order of the report is the order of the rules."""
    for rule in (_measure, _conclude, _scope, _commit, _ageing, _link):
        found = rule(c, promise, flow, value)
        if found:
            return found
    return _say(c, "keep", "coverage")


def _say(c: Context, rule: str, metric: str, **params: object) -> Experiment:
    because = c.t(f"report.experiment.{rule}.because", **params)
    text = c.t(f"report.experiment.{rule}.text", **params)
    return Experiment(rule, because, text, metric, c.t("report.experiment.metric", metric=c.label(metric)))


def _measure(c: Context, _p: Promise, _f: Flow, v: Value) -> Experiment | None:
    coverage = v.figures[0]
    if coverage.value is None or coverage.value >= COVERAGE or v.unmeasured is None:
        return None
    return _say(c, "measure", "coverage", key=v.unmeasured.items[0].key, share=c.words.percent(coverage.value))


def _conclude(c: Context, _p: Promise, _f: Flow, v: Value) -> Experiment | None:
    return _say(c, "conclude", "open_conclusions", n=len(v.open)) if len(v.open) > 2 else None


def _scope(c: Context, p: Promise, _f: Flow, _v: Value) -> Experiment | None:
    ratio = _figure(p, "scope_change_ratio")
    return _say(c, "scope", "scope_change_ratio", share=c.words.percent(ratio)) if ratio and ratio > SCOPE else None


def _commit(c: Context, p: Promise, _f: Flow, _v: Value) -> Experiment | None:
    ratio = _figure(p, "say_do")
    if ratio is None or ratio >= SAY_DO or not p.chart or p.chart.bars[-1].open:
        return None
    done = sorted(bar.committed_done + bar.added_done for bar in p.chart.bars if not bar.open)
    middle = done[(len(done) - 1) // 2]
    return _say(c, "commit", "say_do", share=c.words.percent(ratio), n=middle) if middle else None


def _ageing(c: Context, _p: Promise, f: Flow, _v: Value) -> Experiment | None:
    if f.ageing is None or not f.ageing.n:
        return None
    return _say(c, "ageing", "work_item_age", n=f.ageing.n, key=f.ageing.items[0].key)


def _link(c: Context, _p: Promise, _f: Flow, _v: Value) -> Experiment | None:
    share = c.trace.unlinked.effort_share
    return _say(c, "link", "unlinked", share=c.words.percent(share)) if share and share > UNLINKED else None


def _figure(p: Promise, name: str) -> float | None:
    return next((f.value for f in p.figures if f.id == name), None)
