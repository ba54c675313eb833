"""Who is calling, at which server, and what time it is there."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from okr_delivery.sync.connector import Identity, SourceSpec
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.problems import broken, refused
from okr_delivery_gitlab.values import Row, mapping, string


def identify(spec: SourceSpec, client: GitLabClient, version: str | None = None) -> Identity:
    """`version`, unless it is given, and `user`. Raises ConfigError for an answer that names no account."""
    if version is None:
        version = string(mapping(client.get("version", what="version")).get("version"))
    me = mapping(client.get("user", what="user"))
    account = string(me.get("id"))
    if account is None:
        raise refused("anonymous", "user")
    return Identity(
        account=account,
        display_name=string(me.get("name")) or string(me.get("username")) or account,
        timezone=None,
        server_time=_server_time(client.server_date),
        deployment="gitlab",
        base_url=_base_url(me) or spec.url,
        version=version,
    )


def _server_time(date: str | None) -> int:
    """The `Date` header of the first answer; never our own clock."""
    try:
        return int(parsedate_to_datetime(date or "").timestamp())
    except ValueError as error:
        raise broken("no_server_time", "version") from error


def _base_url(me: Row) -> str | None:
    """Where people find GitLab: the account's own page without its name."""
    url, name = string(me.get("web_url")), string(me.get("username"))
    if url is None or name is None or not url.endswith(f"/{name}"):
        return None
    return url.removesuffix(f"/{name}") if urlsplit(url).scheme in ("http", "https") else None
