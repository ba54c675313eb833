"""Reads user names and tokens from the environment, or from files named there; never from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from okr_delivery.config.sources import Source
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

WITH_USER = frozenset({"jira"})


def variables(source: Source) -> tuple[str | None, str]:
    """The names of the variables that hold a source's user and token.

    No user for types that know none, and for a source that says `user_env: null`: beside another one with a user, its
    token is a bearer token all the same.
    """
    stem = "OKR_DELIVERY_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in source.type).upper()
    usual = f"{stem}_USER" if source.type in WITH_USER and "user_env" not in source.model_fields_set else None
    user = source.user_env or usual
    return user, source.token_env or f"{stem}_TOKEN"


def credentials(source: Source, env: Mapping[str, str]) -> tuple[str | None, str]:
    """User (None: the token is sent as a bearer token) and token of a source.

    Raises UserError that names the variables to set, and never shows a value.
    """
    user_name, token_name = variables(source)
    token = _value(token_name, env, source.name)
    if token is None:
        raise user_error(
            msg("config.token_missing", source=source.name, variable=token_name),
            where=source.name,
            next_step=msg(
                "config.token_missing.user" if user_name else "config.token_missing.next",
                variable=token_name,
                user=user_name,
            ),
        )
    user = _value(user_name, env, source.name) if user_name else None
    if user is None and source.user_env is not None:
        raise user_error(msg("config.user_missing", source=source.name, variable=source.user_env), where=source.name)
    return user, token


def _value(name: str, env: Mapping[str, str], source: str) -> str | None:
    direct, file = env.get(name), env.get(f"{name}_FILE")
    if direct and file:
        raise user_error(msg("config.secret_twice", variable=name), where=source)
    value = _from_file(file, f"{name}_FILE", source) if file else direct
    if not value or not value.strip():
        return None
    value = value.strip()
    if not value.isascii() or any(c.isspace() or not c.isprintable() for c in value):
        raise user_error(msg("config.secret_characters", variable=name), where=source)
    return value


def _from_file(path: str, variable: str, source: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise user_error(msg("config.secret_file", variable=variable, path=path), where=source) from None
