"""A merge request as the subject of a run: which one is meant, and which of the issues it speaks of can be judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from okr_delivery.gate.examples import advice
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.model.text import own_link

if TYPE_CHECKING:
    from okr_delivery.config import Config, Source
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.sync.connector import MergeRequest

_REF = re.compile(r"(?:(?P<project>[^\s!#&:/]+(?:/[^\s!#&:/]+)+)?!)?(?P<iid>[1-9]\d{0,18})", re.ASCII)
_PAGE = re.compile(r"/(?P<project>[^/]+(?:/[^/]+)+?)(?:/-)?/merge_requests/(?P<iid>[1-9]\d{0,18})(?:/.*)?", re.ASCII)
_KEY = re.compile(r"(?P<project>.+)[#&-]\d+")
_FOREIGN_KEY = re.compile(r"[A-Z][A-Z0-9_]+-\d+", re.ASCII)  # as a tracker beside the one of the merge request has it


# -- which one ---------------------------------------------------------------------------------------------------------


def placed(
    text: str, config: Config, sites: Mapping[str, str | None], able: Callable[[Source], bool]
) -> tuple[Source, str]:
    """The source and the `group/project!12` (`!12` in its only project) that a person means.

    `sites` are where people open each source; `able` says whether a source's tracker holds merge requests at all.
    Raises UserError when it names none, one of a tracker without any, or fits several sources.
    """
    asked = text.strip()
    named = _named(asked, config, sites)
    fits = _likeliest([(source, ref) for source, ref in named if able(source)])
    if not fits:
        types = ", ".join(f"{source.name} ({source.type})" for source, _ in named)
        raise _error("no_requests", text=asked, sources=types)
    if len(fits) > 1:
        raise _several(asked, fits)
    return _certain(*fits[0], asked)


def told(
    text: str, config: Config, sites: Mapping[str, str | None], able: Callable[[Source], bool]
) -> tuple[tuple[Source, ...], str]:
    """The sources whose tracker may hold a merge request that a text tells of, and its `group/project!12`.

    Nobody is going to ask for it, so that there may be no such source, or several where none names its project.
    Raises UserError when it names none, or leaves open whose issue a number alone in the text would be.
    """
    asked = text.strip()
    named = _named(asked, config, sites)
    fits = _likeliest([(source, ref) for source, ref in named if able(source)])
    if len(fits) == 1:
        source, ref = _certain(*fits[0], asked)
        return (source,), f"{source.projects[0]}{ref}" if ref.startswith("!") else ref
    if fits and fits[0][1].startswith("!"):
        raise _several(asked, fits)
    return tuple(source for source, _ in fits), (fits or named)[0][1]


def _named(asked: str, config: Config, sites: Mapping[str, str | None]) -> list[tuple[Source, str]]:
    """What `asked` means in each source that it may be of, whatever that holds. Raises UserError when it is none."""
    found = [(source, ref) for source in config.sources if (ref := _meant(asked, source, sites.get(source.name)))]
    if not found:
        raise _error("unreadable", text=asked, sources=", ".join(source.name for source in config.sources))
    return found


def _several(asked: str, fits: list[tuple[Source, str]]) -> UserError:
    candidates = ", ".join(f"{source.name}:{ref.removeprefix('!')}" for source, ref in fits)
    return _error("several", text=asked, candidates=candidates)


def _meant(asked: str, source: Source, site: str | None) -> str | None:
    """What `asked` means in a source; None when it speaks of another one, or of no merge request."""
    if "://" in asked:
        root = next((root for root in (source.url, site) if own_link(asked, root)), None)
        return None if root is None else _of_page(asked, root)
    prefix, colon, rest = asked.partition(":")
    if colon and prefix != source.name:
        return None
    found = _REF.fullmatch(rest.strip() if colon else asked)
    return None if found is None else f"{found['project'] or ''}!{found['iid']}"


def _of_page(url: str, root: str) -> str | None:
    path = unquote(urlsplit(url).path)
    context = urlsplit(root).path.rstrip("/")
    found = _PAGE.fullmatch(path.removeprefix(context))
    return None if found is None else f"{found['project']}!{found['iid']}"


def _likeliest(fits: list[tuple[Source, str]]) -> list[tuple[Source, str]]:
    """Those whose settings name the project, if any do."""
    certain = [(source, ref) for source, ref in fits if in_scope(source, ref.rpartition("!")[0])]
    return certain or fits


def _certain(source: Source, ref: str, asked: str) -> tuple[Source, str]:
    if ref.startswith("!") and (len(source.projects) != 1 or source.groups):
        raise _error("which_project", text=asked, source=source.name)
    return source, ref


def _error(name: str, **params: object) -> UserError:
    return user_error(msg(f"gate.request.{name}", **params), next_step=msg(f"gate.request.{name}.next", **params))


def in_scope(source: Source, project: str) -> bool:
    """Whether the source's settings name a project, by its path, or a group around it."""
    folded = project.casefold()
    groups = (group.casefold().strip("/") for group in source.groups)
    return folded in {name.casefold() for name in source.projects} or any(
        folded == group or folded.startswith(f"{group}/") for group in groups
    )


# -- what it speaks of -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requested:
    """A merge request with what is known here of its issues, each key as the tracker shows it.

    `source` is None for one that a text told of and that may be in several trackers, or in none that is read. `judged`
    are SOURCE:KEY of those that a team of the run owns. `outside` belong to projects that no source reads, or to no
    team of the run: they are named and change nothing. `unknown` should be in the store, in one of `homes`, and are
    not: no verdict.
    """

    source: str | None
    request: MergeRequest
    url: str | None
    judged: tuple[str, ...]
    outside: tuple[str, ...]
    unknown: tuple[str, ...]
    homes: tuple[str, ...] = ()


def requested(snapshot: Snapshot, own: Sequence[Source], request: MergeRequest) -> Requested:
    """`own` are the sources whose tracker may hold the merge request itself.

    Raises UserError when it speaks of no issue that could be judged or should be known, or of one that several hold.
    """
    keys = tuple(dict.fromkeys((*request.closes, *request.mentions)))
    found = {key: _located(snapshot, own, key) for key in keys}
    judged = tuple(dict.fromkeys(ref for ref in found.values() if isinstance(ref, str)))
    outside = tuple(key for key, ref in found.items() if ref == ())
    unknown = tuple(key for key, ref in found.items() if ref and not isinstance(ref, str))
    if not judged and not unknown:
        raise _nothing(snapshot, own, request, outside)
    expected = tuple(dict.fromkeys(name for key in unknown for name in found[key]))
    source = own[0].name if len(own) == 1 else None
    url = None if source is None else snapshot.link(source, request.url)
    return Requested(source, request, url, judged, outside, unknown, expected)


def _nothing(snapshot: Snapshot, own: Sequence[Source], request: MergeRequest, outside: tuple[str, ...]) -> UserError:
    what = msg("gate.request.outside_only" if outside else "gate.request.nothing", ref=request.ref, keys=outside)
    others = (source for source in snapshot.config.sources if source not in own)
    project = request.ref.rpartition("!")[0]
    step = advice("gate.request.nothing.next", snapshot, (*own, *others), project)
    return user_error(what, where=request.ref, next_step=step)


def _located(snapshot: Snapshot, own: Sequence[Source], key: str) -> str | tuple[str, ...]:
    """SOURCE:KEY of the issue as it is called now; else the sources that should know it, none for what is outside."""
    teams = {team.id for team in snapshot.teams}
    may = list(homes(snapshot.config, own, key))
    held = [source.name for source in may if snapshot.view(source.name).named(key) is not None]
    if len(held) > 1 and not _FOREIGN_KEY.fullmatch(key):
        raise _ambiguous(key, held)
    if held:
        item = snapshot.find(f"{held[0]}:{key}")
        return f"{held[0]}:{item.key}" if item.team in teams else ()
    return tuple(source.name for source in may if _expects(snapshot, source, key))


def _ambiguous(key: str, held: Sequence[str]) -> UserError:
    candidates = ", ".join(f"{name}:{key}" for name in held)
    return user_error(
        msg("delivery.issue.ambiguous", key=key, candidates=candidates), next_step=msg("gate.request.several.next")
    )


def homes(config: Config, own: Sequence[Source], key: str) -> Iterator[Source]:
    """The sources that a key may belong to: its own tracker's, or one of another type that has keys of that form."""
    if not _FOREIGN_KEY.fullmatch(key):
        yield from own
        return
    types = {source.type for source in own}
    yield from (source for source in config.sources if source.type not in types)


def _expects(snapshot: Snapshot, source: Source, key: str) -> bool:
    """Whether an issue of this key would have been read; projects may be named by numbers that only the store knows."""
    found = _KEY.fullmatch(key)
    if found is None:
        return True
    project, known = found["project"], snapshot.view(source.name).projects
    if in_scope(source, project) or project.casefold() in known:
        return True
    read = set(known.values())
    return not (source.projects or source.groups) or any(p.isdecimal() and p not in read for p in source.projects)
