"""Rich text documents in a recording: texts are filler, mentions are people, links and media are digests."""

from __future__ import annotations

import re
from collections.abc import Mapping

from okr_delivery.sync.record.tables import SAFE
from okr_delivery.sync.record.texts import Texts

_SPOKEN = re.compile(r"contribut|okr|贡献", re.IGNORECASE)
_PLAIN = frozenset({"language", "layout", "panelType", "color", "type", "timestamp", "width", "version", "order"})
_WORD = re.compile(r"[a-z]{1,12}(?:[A-Z][a-z]{1,12}){0,3}(?:-[a-z]{1,8}){0,2}|#[0-9a-fA-F]{3,8}|\d{1,19}")
_BLOCKS = frozenset({"paragraph", "heading", "tableRow", "codeBlock"})


def is_document(raw: Mapping[str, object]) -> bool:
    return raw.get("type") == "doc" and isinstance(raw.get("content"), list)


class Documents:
    """Scrubs documents with the words and people of one recording."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def scrub(self, node: Mapping[str, object], *, claims: bool = False) -> dict[str, object]:
        """A node and what is in it; `claims`: its block holds a contribution line."""
        kind = node.get("type")
        if kind in _BLOCKS:
            claims = bool(_SPOKEN.search(_inner(node)))
        if kind == "mention" and isinstance(node.get("attrs"), Mapping):
            return {"type": kind, "attrs": self._mention(_mapping(node["attrs"]))}
        return {name: self._member(name, part, claims=claims) for name, part in node.items()}

    def _member(self, name: str, part: object, *, claims: bool) -> object:
        if isinstance(part, list):
            return [self.scrub(one, claims=claims) if isinstance(one, Mapping) else self._loose(one) for one in part]
        if isinstance(part, Mapping):
            return self._attributes(part)
        if name == "text" and isinstance(part, str):
            return self._texts.claims.field(part) if claims else self._texts.filler.text(part)
        return part if name == "type" and isinstance(part, str) and _WORD.fullmatch(part) else self._loose(part)

    def _attributes(self, part: Mapping[str, object]) -> dict[str, object]:
        return {
            key if _WORD.fullmatch(key) else f"key-{self._texts.filler.digest(key)}": self._attribute(key, value)
            for key, value in part.items()
        }

    def _attribute(self, name: str, part: object) -> object:
        if name in _PLAIN and isinstance(part, str) and _WORD.fullmatch(part):
            return part
        if name in ("href", "url") and isinstance(part, str):
            return self._texts.address(part)
        if name in ("id", "localId", "collection") and isinstance(part, str):
            return self._texts.filler.digest(part)
        if isinstance(part, Mapping):
            return self._attributes(part)
        return [self._attribute(name, one) for one in part] if isinstance(part, list) else self._loose(part)

    def _mention(self, attrs: Mapping[str, object]) -> dict[str, object]:
        account, shown = _text(attrs.get("id")), _text(attrs.get("text")).removeprefix("@")
        made = {name: self._attribute(name, part) for name, part in attrs.items() if name not in ("id", "text")}
        made |= {"id": self._texts.people.ref(account, shown or None)} if account else {}
        return made | ({"text": f"@{self._texts.people.shown(shown)}"} if shown else {})

    def _loose(self, part: object) -> object:
        return part if not isinstance(part, str) or SAFE.fullmatch(part) else self._texts.unknown(part)


def _inner(node: object) -> str:
    """All text of a document."""
    if isinstance(node, list):
        return " ".join(map(_inner, node))
    return f"{node.get('text') or ''} {_inner(node.get('content'))}" if isinstance(node, Mapping) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
