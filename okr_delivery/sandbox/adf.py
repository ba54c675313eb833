"""Atlassian document format: what `/rest/api/3` speaks where `/rest/api/2` speaks plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from okr_delivery.sandbox.site import Wire

BLOCKS = frozenset({"paragraph", "heading", "listItem", "tableRow", "codeBlock", "blockquote", "rule", "mediaSingle"})


def document(text: str) -> Wire:
    """The text as a document: one paragraph a block, hard breaks inside."""
    paragraphs: list[Wire] = [{"type": "paragraph", "content": _lines(block)} for block in text.split("\n\n") if block]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _lines(block: str) -> list[Wire]:
    nodes: list[Wire] = []
    for number, line in enumerate(block.split("\n")):
        if number:
            nodes.append({"type": "hardBreak"})
        if line:
            nodes.append({"type": "text", "text": line})
    return nodes


def is_document(value: object) -> bool:
    """Whether the value is a document, as version 3 demands of every text field."""
    return isinstance(value, Mapping) and value.get("type") == "doc" and isinstance(value.get("content"), list)


def text(node: object) -> str:
    """The plain text of a document; blocks end with a line break."""
    return _text(node).strip("\n")


def _text(node: object) -> str:
    if not isinstance(node, Mapping):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    content = node.get("content")
    inner = "".join(_text(child) for child in content) if isinstance(content, Sequence) else ""
    return inner + "\n" if node.get("type") in BLOCKS else inner
