"""What may never be in a recording, whatever else is kept: tokens, passwords, cookies, and how they are spelt."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from urllib.parse import quote, quote_plus

GONE = "***"
_SHORTEST = 8  # bytes of a secret that is looked for inside of longer base64
SHORT, REPEATED = 200, 20_000  # most texts of an answer are short and come again and again
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_WORDS = """
    token passwd password passphrase pwd secret authorization authorisation auth cookie jsessionid credential
    credentials jwt signature sig csrf xsrf samlrequest samlresponse relaystate apikey privatekey accesskey sessionid"""
_ALONE = frozenset(_WORDS.split())
_PAIRS = frozenset(
    ["api key", "private key", "access key", "client key", "session id", "saml request", "saml response",
     "relay state", "os username", "x ausername", "login ticket", "service ticket"]
)  # fmt: skip
_NOT = frozenset({"page", "type", "expires", "expiry", "scheme", "url", "uri", "endpoint", "count", "length"})
_HINT = (
    r"token|passw|passphrase|pwd|secret|auth|cookie|session|credential|jwt|sig|csrf|xsrf|saml|relay|key|ticket|os_user"
)
_STATED = re.compile(
    rf"(?i)(?<![\w.-])(?P<name>[\w.-]{{0,60}}?(?:{_HINT})[\w.-]{{0,60}})[\\\"']{{0,9}}\s{{0,9}}[:=]\s{{0,9}}\[?[\\\"']{{0,9}}"
)
_VALUE = re.compile(r"(?i)\{[^{}]*|(?:(?:bearer|basic|negotiate)\s+)?[^\s\\\"',;&<>|}]+")
_COOKIES = re.compile(r"(?i)\b((?:set-)?cookie\s*:\s*)[^\r\n]+")
_INPUT = re.compile(r"<(?:input|meta)\b[^<>]{0,4000}>", re.IGNORECASE)
_INPUT_NAME = re.compile(r"(?i)\b(?:name|id|type|property)\s*=\s*[\"']?([\w.:-]+)")
_INPUT_VALUE = re.compile(r"(?i)\b(value|content)(\s*=\s*)(?:\"[^\"]*\"|'[^']*'|[^\s>]+)")
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
_KNOWN_SHAPES = re.compile(
    r"ATATT[\w=+/.-]{10,}|ATCTT[\w=+/.-]{10,}|gl(?:pat|dt|ptt|cbt|soat)-[\w.-]{10,}|gh[pousr]_\w{20,}"
    r"|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:ST|TGT|PT)-\d+-[\w.-]{10,}|(?:(?<=[?&]code=)|(?<=ticket=)|(?<=nonce=)|(?<=ertion=))[\w.%~+/-]{12,}"
    r"|(?i:(?:bearer|basic)\s+[\w=+/.~-]{16,})"
)


class Secrets:
    """Takes secrets out of texts and of JSON values. `known` are this run's own, in whatever spelling they turn up."""

    def __init__(self, known: Iterable[str], logins: Iterable[str] = ()) -> None:
        forms = {form for secret in known for form in _spellings(secret)}
        forms |= {form for login in logins for form in _encoded(login)}
        longest = sorted((form for form in forms if len(form) > 3), key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest)), re.IGNORECASE) if longest else None
        self._again = lru_cache(REPEATED)(self._clean)

    def text(self, text: str) -> str:
        """The text without the run's own secrets, without anything named a password, and without well-known tokens."""
        return self._again(text) if len(text) <= SHORT else self._clean(text)

    def _clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(GONE, text)
        text = _IN_ADDRESS.sub(GONE, _KNOWN_SHAPES.sub(GONE, text))
        if "<" in text:
            text = _INPUT.sub(_without_value, text)
        return _without_stated(_COOKIES.sub(rf"\g<1>{GONE}", text)) if ":" in text or "=" in text else text

    def value(self, raw: object) -> object:
        """A JSON value of which every part went through `text`; members that are named like a secret are blanked."""
        if isinstance(raw, Mapping):
            return {self.text(str(key)): self._member(str(key), part) for key, part in raw.items()}
        if isinstance(raw, list):
            return [self.value(part) for part in raw]
        return self.text(raw) if isinstance(raw, str) else raw

    def _member(self, key: str, part: object) -> object:
        return _blank(part) if is_secret(key) else self.value(part)


@lru_cache(10_000)
def is_secret(key: str) -> bool:
    """Whether a member, a header or a query parameter of this name holds a secret; a place in a list is none."""
    words = [word.lower() for word in _WORD.findall(key)]
    if _NOT & set(words):
        return False
    pairs = {f"{one} {two}" for one, two in pairwise(words)}
    return bool(_ALONE & {*words, "".join(words)} or _PAIRS & pairs)


def _blank(part: object) -> object:
    """Every text of a value is gone; numbers, and what is not there, stay."""
    if isinstance(part, Mapping):
        return {key: _blank(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_blank(value) for value in part]
    return GONE if isinstance(part, str) and part else part


def _without_stated(text: str) -> str:
    """Without the values of `name=value` and `name: value`; the value of a name that is harmless may be such a pair."""
    made: list[str] = []
    done = at = 0
    while found := _STATED.search(text, at):
        at = found.end()
        value = _VALUE.match(text, at) if is_secret(found["name"]) else None
        if value is not None:
            made += (text[done:at], GONE)
            done = at = value.end()
    return "".join(made) + text[done:]


def _without_value(match: re.Match[str]) -> str:
    """A field of a form or a statement of a page, blanked if nobody sees it or its name says so."""
    names = _INPUT_NAME.findall(match[0])
    private = any(name.lower() in ("hidden", "password") or is_secret(name) for name in names)
    return _INPUT_VALUE.sub(rf'\g<1>\g<2>"{GONE}"', match[0]) if private else match[0]


def _spellings(secret: str) -> set[str]:
    """Of a secret, in any case: as it is, in addresses, in pages, in JSON and in base64 with anything around it."""
    if not secret:
        return set()
    inside = json.dumps(secret)[1:-1]
    written = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        html.escape(secret, quote=False),
    }
    return {*written, inside, inside.replace("/", "\\/"), secret.encode().hex()} | _encoded(secret)


def _encoded(text: str) -> set[str]:
    """Base64 as headers have it, without its padding and without the signs that its neighbours decide."""
    raw = text.encode()
    found = {base64.b64encode(raw).decode().rstrip("=")}
    if len(raw) > _SHORTEST:
        ends = len(raw) % 3
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            left = (0, 2, 3)[shift]
            right = len(whole) - (1 if (ends + shift) % 3 else 0)
            found.add(whole[left:right])
    return found | {form.replace("+", "-").replace("/", "_") for form in found}
