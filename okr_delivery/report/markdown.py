"""The report as Markdown for a merge request, a wiki or a chat: tracker text stands in code spans and nowhere else.

No line begins with text that somebody typed into a tracker or a file: each begins with a heading mark, a bullet, a
table bar or a sentence of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from okr_delivery.locale import Translator
from okr_delivery.model.text import code_span
from okr_delivery.report import tables
from okr_delivery.report.parts import (
    DataQuality,
    Experiment,
    Figure,
    Flow,
    Goal,
    Head,
    ItemClass,
    IterationReport,
    KeyResults,
    Movement,
    Promise,
    Report,
    RequirementRow,
    Value,
    WorkItem,
)
from okr_delivery.report.tables import Table
from okr_delivery.report.view import document

_MARKUP = str.maketrans({"<": "&lt;", "[": "\\[", "`": "'", "@": "&#64;"})
ROWS = 40  # of a chart's table; the JSON has them all


def render(view: IterationReport | Report, t: Translator) -> str:
    """The whole document. The same view gives the same text."""
    report = view if isinstance(view, Report) else document([view])
    return "\n".join(_Page(t).iteration(entry) for entry in report.iterations)


class _Page:
    def __init__(self, t: Translator) -> None:
        self.t = t

    def iteration(self, r: IterationReport) -> str:
        blocks = [
            self._head(r.head),
            *self._goal(r.goal),
            *self._key_results(r.key_results),
            *self._promise(r.promise),
            *self._flow(r.flow),
            *self._value(r.value),
            *self._data_quality(r.data_quality),
            *self._experiment(r.experiment),
            self.t("report.footer"),
        ]
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _head(self, head: Head) -> str:
        title = self.t("report.title", name=code_span(head.name), team=code_span(head.team_name))
        lines = [f"# {title}", "", head.period, "", head.stamp, "", *(f"- {line}" for line in head.summary)]
        return "\n".join(lines)

    def _section(self, name: str) -> str:
        return f"## {self.t(f'report.section.{name}')}"

    def _goal(self, goal: Goal) -> list[str]:
        t = self.t
        lines = [] if goal.text or goal.objective else [t("report.goal.none")]
        if goal.text:
            lines.append("- " + t("report.colon", label=t("report.goal.label"), text=code_span(goal.text)))
        if goal.objective:
            named = t("report.goal.objective", id=code_span(goal.objective))
            lines.append("- " + _joined(named, goal.objective_title))
        if goal.text or goal.objective:
            lines.append("- " + _joined(f"**{goal.verdict_text}**", goal.reason))
        return [self._section("goal"), "\n".join(lines)]

    def _key_results(self, krs: KeyResults) -> list[str]:
        objectives = "\n".join(f"- {code_span(o.id)} {code_span(o.title)}: {_flat(o.text)}" for o in krs.objectives)
        blocks = [krs.headline, objectives]
        for movement in krs.movements:
            blocks += self._movement(movement)
        return blocks

    def _movement(self, m: Movement) -> list[str]:
        t = self.t
        status = " · ".join(word for word in (f"**{m.status_text}**", m.verdict_text) if word)
        series = [f"- {t('report.colon', label=label, text=_flat(text))}" for label, text in m.series_text]
        health = [f"- {code_span(h.title)}: {_flat(h.text)}" for h in m.health]
        lines = [f"- {status}", f"- {_flat(m.change_text)}", *([f"- {_flat(m.since_text)}"] if m.since_text else [])]
        lines += ["- " + " · ".join(text for text in (m.progress_text, m.reading_text) if text), *series, *health]
        lines += [f"- {_flat(note)}" for note in m.notes]
        blocks = [f"### {code_span(m.title)} ({code_span(m.kr)})", "\n".join(lines)]
        if m.chart:
            title = t("report.chart.pace", kr=code_span(m.chart.kr))
            blocks.append(self._chart(title, tables.pace(m.chart, t), m.chart))
        return blocks

    def _promise(self, p: Promise) -> list[str]:
        t = self.t
        parts = "\n".join(f"- {t('report.colon', label=label, text=text)}" for label, text in p.parts)
        blocks = [self._section("promise"), p.headline, self._figures(p.figures), parts]
        blocks += [self._group(group) for group in p.classes]
        blocks.append("\n".join(f"- {_flat(note)}" for note in p.notes))
        if p.chart:
            blocks.append(self._chart(t("report.chart.say_do"), tables.say_do(p.chart, t), p.chart))
        return blocks

    def _flow(self, f: Flow) -> list[str]:
        blocks = [self._section("flow"), f.headline, self._figures(f.figures)]
        blocks += [self._group(f.ageing)] if f.ageing else []
        blocks.append("\n".join(f"- {note}" for note in f.notes))
        if f.chart:
            blocks.append(self._chart(self.t("report.chart.scatter"), tables.scatter(f.chart, self.t), f.chart))
        if f.quality:
            blocks += [self._section("quality"), self._figures(f.quality)]
        for s in f.services:
            where = {"project": code_span(s.project), "environments": code_span(s.environments)}
            blocks += [f"### {self.t('report.services.head', **where)}", self._figures(s.figures)]
            blocks.append("\n".join(f"- {note}" for note in s.notes))
        return blocks

    def _value(self, v: Value) -> list[str]:
        t = self.t
        blocks = [self._section("value"), v.headline, self._figures(v.figures), self._requirements(v.rows)]
        blocks.append(f"### {t('report.value.open_label')}")
        blocks.append("\n".join(self._asked(o.key, o.kr, o.text, o.asked) for o in v.open) or t("report.value.no_open"))
        blocks.append(self._group(v.unmeasured) if v.unmeasured else "")
        blocks.append("\n".join(f"- {_flat(line)}" for line in (v.unlinked, *v.notes) if line))
        if v.chart:
            blocks.append(self._chart(t("report.chart.flow"), tables.flow(v.chart, t), v.chart))
        return blocks

    def _asked(self, key: str, kr: str, text: str, asked: str | None) -> str:
        who = f" · {self.t('report.value.asked', name=code_span(asked))}" if asked else ""
        return f"- {code_span(key)} → {code_span(kr)}: {_flat(text)}{who}"

    def _requirements(self, rows: Sequence[RequirementRow]) -> str:
        names = ("requirement", "kr", "expected", "state", "window", "realised", "conclusion")
        heads = [self.t(f"report.value.column.{name}") for name in names]
        return _grid(heads, [self._row(row) for row in rows]) if rows else ""

    def _row(self, r: RequirementRow) -> list[str]:
        item = self._named(WorkItem(r.key, r.title, r.url))
        reason = f" {code_span(r.reason)}" if r.reason else ""
        texts = [_flat(text) for text in (r.expected_text, r.state_text, r.window_text, r.realised_text)]
        return [item, code_span(r.kr), *texts, r.conclusion_text + reason]

    def _data_quality(self, d: DataQuality) -> list[str]:
        t = self.t
        lines = [f"- {_flat(gap)}" for gap in d.gaps] + [f"- {code_span(s.name)}: {s.text}" for s in d.sources]
        checks = [
            [f"{c.label} ({code_span(c.id)})", str(c.n), c.share_text, t.list(c.metrics), _spans(c.keys)]
            for c in d.checks
        ]
        heads = [t(f"report.quality.column.{name}") for name in ("check", "n", "share", "touches", "keys")]
        left_out = [t("report.excluded.item", reason=label, n=n) for _, n, label in d.excluded]
        blocks = [self._section("data_quality"), d.headline, "\n".join(lines), _grid(heads, checks) if checks else ""]
        if left_out:
            blocks.append(t("report.colon", label=t("report.quality.excluded"), text=_flat(t.list(left_out))))
        return blocks

    def _experiment(self, e: Experiment) -> list[str]:
        lines = [f"- {_flat(text)}" for text in (e.because, e.text, e.metric_text, self.t("report.experiment.auto"))]
        return [self._section("experiment"), "\n".join(lines)]

    def _figures(self, figures: Sequence[Figure]) -> str:
        return "\n".join(self._figure(figure) for figure in figures)

    def _figure(self, f: Figure) -> str:
        text = self.t("report.colon", label=f.label, text=f"**{_flat(f.text)}**")
        weak = "" if f.status == "ok" or f.value is None else f" ({self.t('terms.metric_status.' + f.status)})"
        meta = self.t("report.meta", n=f.n, definition=code_span(f.definition), as_of=f.as_of[:10])
        left_out = f" · {_flat(self.t('report.excluded', reasons=f.excluded_text))}" if f.excluded_text else ""
        return f"- {text}{weak} · {meta}{left_out}"

    def _group(self, group: ItemClass) -> str:
        head = f"**{self.t('report.colon', label=group.label, text=group.n)}**"
        lines = [f"- {self._named(item)}" for item in group.items]
        return "\n".join([head, "", *lines, *([f"- {group.more}"] if group.more else [])]).rstrip()

    def _named(self, item: WorkItem) -> str:
        """A key, linked only where the view says that its address is safe."""
        key = f"[{code_span(item.key)}](<{item.url}>)" if item.url else code_span(item.key)
        title = f" {code_span(item.title)}" if item.title else ""
        return key + title + (f" ({_flat(item.note)})" if item.note else "")

    def _chart(self, title: str, table: Table, chart: tables.AnyChart) -> str:
        """The numbers of a chart; text cells may come from a tracker."""
        rows = [[code_span(cell) for cell in row] for row in table.rows[:ROWS]]
        meta = self.t("report.meta", n=chart.n, definition=code_span(chart.definition), as_of=chart.as_of[:10])
        more = [self.t("report.more", n=len(table.rows) - ROWS)] if len(table.rows) > ROWS else []
        body = _grid([_flat(column) for column in table.columns], rows)
        return "\n\n".join([f"**{title}**", body, *more, meta]) if rows else ""


def _flat(text: str) -> str:
    """A sentence of ours on one line: what it quotes (a key, a unit, a reason) may hold no mark-up and call nobody."""
    return " ".join(text.replace("|", "¦").translate(_MARKUP).split())


def _joined(text: str, typed: str | None) -> str:
    return f"{text} · {code_span(typed)}" if typed else text


def _spans(texts: Iterable[str]) -> str:
    return " ".join(code_span(text) for text in texts)


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
