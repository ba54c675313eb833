"""Names on display of accounts, as far as issues that they created told them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.store import tables as t
from okr_delivery.store.picks import HAS_REF


class People:
    """The part of `Reads` that knows names."""

    _fetch: Callable[[SelectOf[Any]], Sequence[Row[Any]]]

    def name_on_display(self, source: str, marks: str) -> str | None:
        """How an account of a source is called, by its marks; None for one that created nothing here.

        Of several names the one that its newest issue was met with.
        """
        account = marks.partition(" ")[0]
        own = select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
        ref, name = t.value.c.ref, t.value.c.name
        mine = or_(ref == account, ref.between(f"{account} ", f"{account} g"))  # with the mark of any user name
        found = self._fetch(select(t.value.c.id, name).where(t.value.c.source == own, HAS_REF, mine, name != ""))
        names = {row.id: str(row.name) for row in found}
        if len(set(names.values())) < 2:
            return next(iter(names.values()), None)
        newest = select(t.issue.c.creator).where(t.issue.c.source == own, t.issue.c.creator.in_(names))
        rows = self._fetch(newest.order_by(t.issue.c.created.desc(), t.issue.c.id.desc()).limit(1))
        return names[rows[0].creator] if rows else None
