"""Text that a person reads, as an id and its parameters; the catalogues of `okr_delivery.locale` hold the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Param = "str | int | float | None | Message | tuple[Message, ...]"


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence or block of text. `id` names a catalogue entry such as `gate.kr101.message`.

    Parameters are numbers, strings, other messages, or tuples of messages (rendered one a line).
    """

    id: str
    params: Mapping[str, object] = field(default_factory=dict)


def msg(message_id: str, /, **params: object) -> Message:
    """Builds a message: `msg("gate.kr101.message", key="PAY-112")`."""
    return Message(message_id, params)
