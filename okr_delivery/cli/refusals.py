"""Whose refusal it was: with several sources an error must name the one, and the variables that hold its login."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from okr_delivery.model.message import Message

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.model.errors import Problem, UserError


def of_source(error: UserError, source: Source) -> UserError:
    """The same error, each problem placed at its source; next steps may name `user` and `token`, its variables.

    What never reached the source (a variable that is not set, say) stays as it is: it names the source itself.
    """
    from okr_delivery.sync.errors import SyncError

    if isinstance(error, SyncError):
        error.problems = tuple(_placed(problem, source) for problem in error.problems)
    return error


def _placed(problem: Problem, source: Source) -> Problem:
    elsewhere = problem.where not in (None, source.name)
    where = f"{source.name}: {problem.where}" if elsewhere else source.name
    step = problem.next_step
    return replace(problem, where=where, next_step=None if step is None else _filled(step, source))


def _filled(step: Message, source: Source) -> Message:
    from okr_delivery.config.secrets import variables

    user, token = variables(source)
    return Message(step.id, {"user": user or "user_env", "token": token, **step.params})
