"""One request with its answer, as a recording keeps it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from okr_delivery.sync.record.places import Pairs, Places
from okr_delivery.sync.record.secret import Secrets, is_secret

HEADERS = re.compile(
    r"date|retry-after|content-type|link|location|x-seraph-loginreason|x-authentication-denied-reason|x-aaccountid"
    r"|x-ausername|x-(?:next|prev)?-?page|x-per-page|x-total(?:-pages)?|(?:x-|beta-)?ratelimit(?:-[a-z-]+)?",
    re.IGNORECASE,
)
"""The headers of an answer that a connector or the transport may read."""
_TARGET = re.compile(r"<([^<>]*)>([^,<]*)")
_ADDRESSES = re.compile(r"https?://[^\s<>\"',;]+")
_LOGIN_PAGE = re.compile(r";?\s*login-url=.*", re.IGNORECASE | re.DOTALL)
_REST = re.compile(r"/(?:rest|api)/")
_NUMBER = re.compile(r"\d+")


class Cleaner(Protocol):
    """What is taken out of an exchange before it is kept."""

    def path(self, url: str) -> str: ...

    def query(self, pairs: Pairs) -> Pairs: ...

    def asked(self, body: object) -> object: ...

    def answer(self, path: str, body: object, *, refused: bool) -> object: ...

    def text(self, text: str, *, refused: bool = False) -> str: ...

    def account(self, text: str) -> str: ...

    def address(self, url: str) -> str: ...

    def header(self, text: str) -> str: ...


class Plain:
    """Keeps people and free text, never a secret; the tracker's own address is replaced, so that it can be served."""

    def __init__(self, url: str, secrets: Secrets) -> None:
        self._places = Places(url, lambda text: text)
        self._secrets = secrets

    def path(self, url: str) -> str:
        return self._places.path_of(url)

    def query(self, pairs: Pairs) -> Pairs:
        return [(name, self._secrets.text(value)) for name, value in pairs if not is_secret(name)]

    def asked(self, body: object) -> object:
        return self._secrets.value(body)

    def answer(self, path: str, body: object, *, refused: bool) -> object:
        if path.endswith("/serverInfo") and isinstance(body, Mapping):
            self._places.learn(value for key, value in body.items() if str(key).endswith("Url"))
        return self._re_rooted(self._secrets.value(body))

    def text(self, text: str, *, refused: bool = False) -> str:
        return self._places.re_rooted(self._secrets.text(text))

    def account(self, text: str) -> str:
        return self._secrets.text(text)

    def address(self, url: str) -> str:
        """Behind other addresses than those of the API may be anything that lets somebody in."""
        made = self.text(url)
        return made if _REST.match(self._places.path_of(url)) else re.split("[?#]", made, maxsplit=1)[0]

    def header(self, text: str) -> str:
        return self._secrets.text(text)

    def _re_rooted(self, raw: object) -> object:
        if isinstance(raw, dict):
            return {key: self._re_rooted(part) for key, part in raw.items()}
        if isinstance(raw, list):
            return [self._re_rooted(part) for part in raw]
        return self._places.re_rooted(raw) if isinstance(raw, str) else raw


def exchange(request: requests.PreparedRequest, response: requests.Response | None, clean: Cleaner) -> dict[str, Any]:
    """What is kept; `response` None: the connection broke before there was a whole answer."""
    url = str(request.url)
    path = clean.path(url)
    asked: dict[str, Any] = {"method": request.method, "path": path}
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if pairs:
        asked["query"] = [list(pair) for pair in clean.query(pairs)]
    if request.body:
        asked |= _body(request.body, clean.asked, clean.text)
    return {"request": asked, "response": None if response is None else _answer(response, path, clean)}


def _answer(response: requests.Response, path: str, clean: Cleaner) -> dict[str, Any]:
    said = [(name, value) for name, value in response.headers.items() if HEADERS.fullmatch(name)]
    headers = {name: _header(name, value, str(response.url), clean) for name, value in said}
    made: dict[str, Any] = {"status": response.status_code, "headers": headers}
    refused = response.status_code >= 400
    return made | _body(
        response.content,
        lambda body: clean.answer(path, body, refused=refused),
        lambda text: clean.text(text, refused=refused),
    )


def _body(raw: bytes | str, part: Callable[[object], object], said: Callable[[str], str]) -> dict[str, Any]:
    """`json` for what is JSON, `text` for anything else, nothing for no body."""
    if not raw:
        return {}
    try:
        return {"json": part(json.loads(raw))}
    except (ValueError, RecursionError):
        return {"text": said(raw if isinstance(raw, str) else raw.decode("utf-8", "replace"))}


def _header(name: str, value: str, asked: str, clean: Cleaner) -> str:
    """`asked` is the address that relative ones start from."""
    match name.lower():
        case "x-aaccountid" | "x-ausername":
            return clean.account(value)
        case "location":
            return clean.address(_joined(asked, value))
        case "link":
            links = (
                f"<{clean.address(_joined(asked, url))}>{clean.header(rel)}" for url, rel in _TARGET.findall(value)
            )
            return ",".join(links)
        case "x-authentication-denied-reason":
            value = _LOGIN_PAGE.sub("", value)
        case _:
            pass
    return clean.header(_ADDRESSES.sub(lambda match: clean.address(match[0]), value))


def _joined(asked: str, url: str) -> str:
    try:
        return urljoin(asked, url)
    except ValueError:
        return asked


def label(request: Mapping[str, Any]) -> str:
    """The endpoint without what varies: `GET project/{key}`."""
    parts = [part for part in str(request["path"]).split("/") if part]
    if parts[:1] == ["rest"]:
        parts = parts[3:]
    elif parts[:1] == ["api"]:
        parts = parts[2:] if parts[1:2] != ["graphql"] else parts[1:]
    return f"{request['method']} {'/'.join(_varying(parts))}"


def _varying(parts: Sequence[str]) -> list[str]:
    keyed = {"project": "{key}", "issue": "{id}", "projects": "{id}", "groups": "{id}"}
    fixed = {"search", "bulkfetch"}
    return [
        "{id}"
        if _NUMBER.fullmatch(part)
        else keyed[parts[place - 1]]
        if place and parts[place - 1] in keyed and part not in fixed
        else part
        for place, part in enumerate(parts)
    ]
