"""Turns messages into sentences of one language."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from okr_delivery.locale.catalogue import FOLDER, catalogue
from okr_delivery.locale.numbers import plain

NOTHING = "–"  # how a parameter of None reads


class Renderable(Protocol):
    """What `Translator.render` takes; `okr_delivery.model.message.Message` is one."""

    @property
    def id(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


class Translator:
    """Renders message ids in `lang`.

    An unknown id, or a parameter the text needs and does not get, is a KeyError under pytest (a bug to fix) and
    otherwise reads as the id with its parameters: a person who waits for an error message must get one.
    """

    def __init__(self, lang: str, folder: Path = FOLDER) -> None:
        self.lang = lang
        self._folder = folder
        self._formatter = _Formatter(self)

    def __call__(self, message_id: str, /, **params: object) -> str:
        return self._text(message_id, params)

    def render(self, message: Renderable) -> str:
        return self._text(message.id, message.params)

    def knows(self, message_id: str) -> bool:
        return message_id in catalogue(self.lang, self._folder)

    def list(self, texts: tuple[str, ...] | list[str]) -> str:
        """Names in a row, with this language's separator."""
        return self("terms.list.separator").join(texts)

    def _text(self, message_id: str, params: Mapping[str, object]) -> str:
        try:
            return self._formatter.fill(catalogue(self.lang, self._folder)[message_id], params)
        except KeyError as error:
            if "PYTEST_VERSION" in os.environ:
                raise KeyError(f"{message_id} [{self.lang}]: {error.args[0]}") from error
        shown = ", ".join(f"{name}={self._formatter.format_field(value, '')}" for name, value in params.items())
        return f"{message_id} ({shown})" if shown else message_id


class _Formatter(string.Formatter):
    """`str.format` whose bare fields write numbers plainly and render nested messages, a tuple of them one a line.

    `{what:clause}` leaves out the full stop that what stands around it will set, `{next:sentence}` begins like one.
    """

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def fill(self, text: str, params: Mapping[str, object]) -> str:
        """What `vformat` answers, several times as fast for texts whose fields are names alone."""
        pieces = _pieces(text)
        if pieces is None:
            return self.vformat(text, (), params)
        return "".join([literal + self._plain(params[name]) if name else literal for literal, name in pieces])

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in _JOINED:
            return _JOINED[format_spec](self._plain(value))
        if format_spec:
            return str(super().format_field(value, format_spec))
        return self._plain(value)

    def _plain(self, value: Any) -> str:
        if type(value) is str:
            return value
        if value is None:
            return NOTHING
        if isinstance(value, float):
            return plain(value)
        if isinstance(value, (tuple, list)):
            parts = [self._plain(part) for part in value]
            return "\n".join(parts) if any(map(_is_message, value)) else self._translator.list(parts)
        return self._translator.render(value) if _is_message(value) else str(value)


def _clause(text: str) -> str:
    return text if text.endswith("..") else text.removesuffix(".").removesuffix("。")


def _sentence(text: str) -> str:
    """A plain word in front begins with a capital; a command, a key or an option stays as it is written."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text


_WORD = re.compile(r"[a-z]+(?=[ ,:;])", re.ASCII)
_JOINED: Mapping[str, Callable[[str], str]] = {"clause": _clause, "sentence": _sentence}


@cache
def _pieces(text: str) -> tuple[tuple[str, str], ...] | None:
    """A text as (literal, name of the field behind it or ""); None when a field is more than a name."""
    found = list(string.Formatter().parse(text))
    if any(name is not None and (spec or how or not name.isidentifier()) for _, name, spec, how in found):
        return None
    return tuple((literal, name or "") for literal, name, _, _ in found)


def _is_message(value: Any) -> bool:
    return hasattr(value, "id") and hasattr(value, "params")
