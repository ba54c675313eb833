"""Standard output and error as a run needs them: any encoding, a reader that left, a stream that was closed."""

from __future__ import annotations

import codecs
import io
import os
from typing import TextIO

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

_SIGNS = {
    "…": "...",
    "–": "-",
    "—": "-",
    "→": "->",
    "÷": "/",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "·": "-",
    "−": "-",
}
_SIGNS |= {"“": '"', "”": '"', "✗": "x", "✓": "+"}
_NEAREST = "okr_delivery.nearest"


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Our own signs in ASCII, any other character that the encoding lacks as `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_SIGNS.get(char, "?") for char in error.object[error.start : error.end]), error.end


codecs.register_error(_NEAREST, _nearest)


class Stream(io.TextIOBase):
    """A standard stream that never ends a run by itself.

    Characters that its encoding lacks are replaced. A reader that went away (`| head`) ends the writing, not the run:
    the exit code stays that of the verdict. With `needed` any other failure is a UserError, else it is passed over.
    """

    def __init__(self, inner: TextIO | None, *, needed: bool) -> None:
        self._inner = inner
        self._needed = needed
        self._left = False

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        return getattr(self._inner, "encoding", None) or "ascii"

    def isatty(self) -> bool:
        return self._inner is not None and not self._left and self._inner.isatty()

    def write(self, text: str) -> int:
        return self._put(text.encode(self.encoding, _NEAREST).decode(self.encoding), as_utf8=False)

    def write_document(self, text: str) -> int:
        """A machine format: UTF-8, whatever the terminal speaks."""
        return self._put(text, as_utf8=True)

    def flush(self) -> None:
        self._put("", as_utf8=False)

    def _put(self, text: str, *, as_utf8: bool) -> int:
        if self._left:
            return len(text)
        try:
            self._write(text, as_utf8=as_utf8)
        except BrokenPipeError:
            self._leave()
        except (OSError, ValueError) as error:
            self._leave()
            if self._needed:
                reason = getattr(error, "strerror", None) or str(error)
                raise user_error(msg("cli.no_output", reason=reason), next_step=msg("cli.no_output.next")) from error
        return len(text)

    def _write(self, text: str, *, as_utf8: bool) -> None:
        if self._inner is None:
            raise OSError(9, os.strerror(9))
        if as_utf8 and hasattr(self._inner, "buffer"):
            self._inner.flush()
            self._inner.buffer.write(text.encode("utf-8", _NEAREST))
        else:
            self._inner.write(text)
        self._inner.flush()

    def _leave(self) -> None:
        """What Python still holds for the reader must not fail at the end of the process."""
        self._left = True
        try:
            number = self._inner.fileno() if self._inner is not None else None
        except (OSError, ValueError):
            return
        if number is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
