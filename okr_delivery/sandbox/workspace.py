"""What a user of the synthetic organisation would keep in git: configuration, OKRs, readings, effects, conclusions.

Nothing that exists is ever overwritten: what a reader edited stays.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from okr_delivery.locale import Translator, translator
from okr_delivery.sandbox import sources
from okr_delivery.sandbox.addresses import on_gitlab
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.sources import Company
from okr_delivery.sandbox.world import World
from okr_delivery.sandbox.world.calendar import ZONE, Quarter, local_day
from okr_delivery.sandbox.world.words import words

TEMPLATES = Path(__file__).parent / "templates"
READING_COLUMNS = ("kr", "date", "value", "source", "author", "independent", "note")
EFFECT_COLUMNS = ("source", "issue", "kr", "date", "value", "low", "high", "method", "author", "independent", "note")
FLOW = frozenset({"cycle", "metric", "plan", "reading"})  # keys whose mapping is written on one line
FLOW_ITEMS = frozenset({"health", "amendments", "iterations", "items", "aligns_to", "key_results_named"})
USER_ENV, TOKEN_ENV = "OKR_DELIVERY_JIRA_USER", "OKR_DELIVERY_JIRA_TOKEN"
GITLAB_TOKEN_ENV = "OKR_DELIVERY_GITLAB_TOKEN"  # noqa: S105  # the name of a variable


def write(
    folder: Path, world: World, url: str, lang: str, user_env: str = USER_ENV, token_env: str = TOKEN_ENV
) -> list[Path]:
    """Writes the workspace of a company on Jira into `folder`; returns the files that are new, in order of writing.

    `lang` is the language of comments and reports; the content speaks the world's own. Raises OSError.
    """
    jira = sources.jira(url, user_env, token_env, tuple(sources.TEAMS))
    return _write(folder, world, lang, sources.Company("head", (jira,)))


def write_gitlab(
    folder: Path, world: World, url: str, lang: str, tier: Tier = Tier.ULTIMATE, token_env: str = GITLAB_TOKEN_ENV
) -> list[Path]:
    """The same for a company on GitLab, as `translate.of_world` tells it for this tier. Raises OSError."""
    found = on_gitlab(world, tier, tuple(sources.TEAMS), sources.objectives(tuple(sources.TEAMS)))
    gitlab = sources.gitlab(url, token_env, tier)
    return _write(folder, world, lang, sources.Company("gitlab_head", (gitlab,), found, tier.paid))


def write_mixed(
    folder: Path, world: World, jira_url: str, gitlab_url: str, lang: str, tier: Tier = Tier.ULTIMATE
) -> list[Path]:
    """The same for a company whose mobile team is on GitLab and whose other teams are on Jira. Raises OSError."""
    found = on_gitlab(world, tier, sources.ON_GITLAB, sources.objectives(sources.ON_GITLAB))
    rest = tuple(key for key in sources.TEAMS if key not in sources.ON_GITLAB)
    jira = sources.jira(jira_url, USER_ENV, TOKEN_ENV, rest)
    gitlab = sources.gitlab(gitlab_url, GITLAB_TOKEN_ENV, tier)
    return _write(folder, world, lang, sources.Company("mixed_head", (jira, gitlab), found, tier.paid))


def _write(folder: Path, world: World, lang: str, company: Company) -> list[Path]:
    t, found = translator(lang), company.addresses
    contents = {"okr-delivery.yaml": _config(world, company, lang, t)}
    contents |= {f"okrs/{plan.name}": _okrs(found.document(plan.document()), t) for plan in world.cycles}
    contents |= {f"readings/{cycle.lower()}.csv": _csv(READING_COLUMNS, rows) for cycle, rows in world.readings.items()}
    cycle = Quarter.of(local_day(world.now * 1000)).id
    contents[f"effects/{cycle}.csv"] = _csv(EFFECT_COLUMNS, map(found.row, world.effects))
    contents["conclusions.yaml"] = _conclusions([found.row(row) for row in world.conclusions], t)
    return [path for name, text in contents.items() if (path := _new(folder / name, text))]


def _new(path: Path, text: str) -> Path | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path


def _config(world: World, company: Company, lang: str, t: Translator) -> str:
    text = words(world.lang)
    environment = Environment(  # noqa: S701  # YAML; every value is written as a JSON string
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tojson_plain"] = _quoted
    return environment.get_template("okr-delivery.yaml.j2").render(
        t=t,
        q=_quoted,
        lang=lang,
        head=t(company.head),
        zone=ZONE,
        sources=company.sources,
        statuses=text["statuses"],
        bug=text["types"]["Bug"],
        teams=list(company.teams(text)),
        since=Quarter.of(local_day(world.now * 1000)).start.isoformat(),
    )


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _okrs(document: Mapping[str, Any], t: Translator) -> str:
    return _yaml(_shaped(document), t("sandbox.workspace.okrs_head", cycle=document["cycle"]["id"]))


def _shaped(value: Any, flow: bool = False) -> Any:
    """The value as ruamel's types: small mappings on one line, the rest as blocks."""
    if isinstance(value, Mapping):
        made = CommentedMap({key: _shaped(inner, flow or key in FLOW) for key, inner in value.items()})
        for key, inner in made.items():
            _set_flow(key, inner)
        if flow:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        rows = CommentedSeq(_shaped(inner, flow) for inner in value)
        if flow or all(not isinstance(inner, Mapping) for inner in rows):
            rows.fa.set_flow_style()
        return rows
    return value


def _set_flow(key: str, inner: Any) -> None:
    if key in FLOW_ITEMS and isinstance(inner, CommentedSeq):
        for row in inner:
            if isinstance(row, CommentedMap):
                row.fa.set_flow_style()


def _yaml(data: Any, head: str) -> str:
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=2, sequence=4, offset=2)
    buffer = io.StringIO()
    writer.dump(data, buffer)
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    return comment + buffer.getvalue()


def _conclusions(rows: Sequence[Mapping[str, Any]], t: Translator) -> str:
    shaped = CommentedSeq(_shaped(row, flow=True) for row in rows)
    return _yaml(shaped, t("sandbox.workspace.conclusions_head"))


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
