"""The one error that reaches a person: what happened, where, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okr_delivery.model.message import Message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `where` is a file:line:column, an issue key or a URL path, never a secret."""

    what: Message
    where: str | None = None
    next_step: Message | None = None


class UserError(Exception):
    """No verdict is possible until a person acts: exit code 2. Carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.where or '-'}: {p.what.id} {dict(p.what.params)}" for p in self.problems))

    def __reduce__(self) -> tuple[type[UserError], tuple[Sequence[Problem]], dict[str, object]]:
        """Pickled as it was made, with whatever was noted on it since."""
        return type(self), (self.problems,), self.__dict__


def user_error(what: Message, *, where: str | None = None, next_step: Message | None = None) -> UserError:
    """An error with a single problem."""
    return UserError([Problem(what, where, next_step)])
