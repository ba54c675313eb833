"""What may never be in a recording, whatever else is kept: tokens, passwords, cookies, and how they are spelt."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

GONE = "***"
SHORT, REPEATED = 200, 20_000  # most texts of an answer are short and come again and again
_NAMES = (
    r"(?:access|refresh|auth|id|api|private|job|bearer|session|csrf|xsrf|client)?[_-]?token|passw(?:or)?d|passphrase|"
    r"secret|client[_-]?secret|authori[sz]ation|cookie|set-cookie|jsessionid|session[_-]?id|api[_-]?key|private[_-]?key|"
    r"credentials?|jwt|signature|sig|os_username|os_password|x-ausername"
)
_KEY = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)
_STATED = re.compile(rf"(?i)(?<![\w-])((?:{_NAMES})[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&<>|}}]+")
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
_KNOWN_SHAPES = re.compile(
    r"ATATT[\w=+/.-]{10,}|ATCTT[\w=+/.-]{10,}|gl(?:pat|dt|ptt|cbt|soat)-[\w.-]{10,}|gh[pousr]_\w{20,}"
    r"|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?i:(?:bearer|basic)\s+[\w=+/.~-]{16,})"
)


class Secrets:
    """Takes secrets out of texts and of JSON values. `known` are this run's own, in whatever spelling they turn up."""

    def __init__(self, known: Iterable[str], logins: Iterable[str] = ()) -> None:
        forms = {form for secret in known for form in _spellings(secret)}
        forms |= {form for login in logins for form in _encoded(login)}
        longest = sorted((form for form in forms if len(form) > 3), key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None
        self._again = lru_cache(REPEATED)(self._clean)

    def text(self, text: str) -> str:
        """The text without the run's own secrets, without anything named a password, and without well-known tokens."""
        return self._again(text) if len(text) <= SHORT else self._clean(text)

    def _clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(GONE, text)
        text = _IN_ADDRESS.sub(GONE, _KNOWN_SHAPES.sub(GONE, text))
        return _STATED.sub(rf"\g<1>{GONE}", text)

    def value(self, raw: object) -> object:
        """A JSON value of which every part went through `text`; members that are named like a secret are blanked."""
        if isinstance(raw, Mapping):
            return {self.text(str(key)): self._member(str(key), part) for key, part in raw.items()}
        if isinstance(raw, list):
            return [self.value(part) for part in raw]
        return self.text(raw) if isinstance(raw, str) else raw

    def _member(self, key: str, part: object) -> object:
        return GONE if is_secret(key) and isinstance(part, str) and part else self.value(part)


@lru_cache(10_000)
def is_secret(key: str) -> bool:
    """Whether a member, a header or a query parameter of this name holds a secret."""
    return _KEY.fullmatch(key) is not None


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret)} | _encoded(secret) if secret else set()


def _encoded(text: str) -> set[str]:
    """Base64 as headers have it, without its padding."""
    raw = text.encode()
    return {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
