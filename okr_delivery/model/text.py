"""Tracker text is hostile: the few ways in which any output may show it. Encoders (HTML, XML) come on top."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

REPLACEMENT = "\ufffd"
_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
# Everything XML 1.0 forbids, C1 controls, and the marks that re-order what a reader sees.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_PORTS = {"http": 80, "https": 443}


def one_line(text: str) -> str:
    """`text` on one line: breaks and tabs become one blank, control and re-ordering characters U+FFFD."""
    return _UNPRINTABLE.sub(REPLACEMENT, _BREAKS.sub(" ", text)).strip()


def code_span(text: str) -> str:
    """`text` as a Markdown code span that nothing in it can end, also inside a table cell.

    Back-ticks and control characters are removed, `|` reads `¦` (table cells split on it even inside code). Safe first
    on a line, because the line then begins with a back-tick; empty text reads `-`.
    """
    inner = one_line(text).replace(REPLACEMENT, "").replace("`", "").replace("|", "¦").strip()
    return f"`{inner or '-'}`"


def own_link(url: str | None, origin: str | None, site: str | None = None) -> str | None:
    """`url` if it is http(s) on the host and port of `origin` (the source's address), else None: show plain text.

    `site` is where the tracker says that people open it, when that is elsewhere (behind a gateway): https only.
    """
    if not url or re.search(r"[\s\\\"'<>`^{|}\x00-\x20\x7f-\x9f]", url):
        return None
    ours = _place(url)
    if ours is None:
        return None
    return url if ours == _place(origin) or (_secure(url) and _secure(site) and ours == _place(site)) else None


def _secure(url: str | None) -> bool:
    return url is not None and url[:8].lower() == "https://"


def _place(url: str | None) -> tuple[str, int] | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.hostname.lower(), port or _PORTS[parts.scheme]
