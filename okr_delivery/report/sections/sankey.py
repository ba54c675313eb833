"""The numbers of the flow picture: requirement → key result, as shares of the key result's span."""

from __future__ import annotations

from okr_delivery.model.text import one_line
from okr_delivery.report.chartdata import FlowChart, FlowLink
from okr_delivery.report.sections.context import Context
from okr_delivery.value.results import KrTrace, RequirementTrace

DEFINITION = "value_flow/share_of_span/expected-realised"
LINKS = 24  # ribbons drawn, the widest; the rest stands in the table


def flow_chart(c: Context, pairs: list[tuple[KrTrace, RequirementTrace]]) -> FlowChart | None:
    """None when no claim has an amount to draw."""
    stated = [(trace, row) for trace, row in pairs if row.expected is not None]
    links = [link for trace, row in stated if (link := _link(c, trace, row))]
    if not links:
        return None
    drawn = sorted(links, key=lambda link: -abs(link.expected))[:LINKS]
    krs = {link.kr for link in drawn}
    objectives = tuple((t.kr.id, t.kr.objective) for t in c.trace.key_results if t.kr.id in krs)
    kept = tuple(link for link in links if link in drawn)
    hidden, spanless = len(links) - len(kept), len(stated) - len(links)
    return FlowChart(kept, objectives, hidden, spanless, len(links), DEFINITION, c.as_of)


def _link(c: Context, trace: KrTrace, row: RequirementTrace) -> FlowLink | None:
    span = c.snapshot.book.span(trace.kr, c.today, c.readings)
    if row.expected is None or not span:
        return None
    realised = row.measured if row.measured is not None else row.allocated
    item = c.item(row.source, row.issue_id)
    hidden = bool(item and item.issue.confidential)
    return FlowLink(
        key=row.key,
        title=None if hidden else one_line(row.title),
        url=c.link(row.source, row.url),
        kr=trace.kr.id,
        expected=row.expected / span,
        realised=None if realised is None else realised / span,
        method=row.method if row.measured is not None else ("allocated" if realised is not None else None),
        delivered=row.delivered,
    )
