"""Our schema agrees with GitLab's own where both define something, and is whole at every version and edition."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    validate_schema,
)

from okr_delivery.sandbox.gitlab.graphql_endpoint import RESOLVERS
from okr_delivery.sandbox.gitlab.graphql_schema import schema_of
from okr_delivery.sandbox.gitlab.state import Tier
from okr_delivery.sandbox.gitlab.tiers import Features, version_of

FIELDED = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
OLDEST, NEWEST = "16.3.0", "19.0.0"


def _schema(version: str, *, enterprise: bool = True) -> GraphQLSchema:
    return schema_of(Features(version_of(version), Tier.ULTIMATE, enterprise, okr=False))


@pytest.fixture(scope="module")
def official(shared: Path) -> GraphQLSchema:
    return build_schema((shared / "specs" / "gitlab-graphql-2023-08.graphql").read_text(encoding="utf-8"))


def _own(schema: GraphQLSchema) -> dict[str, object]:
    return {name: kind for name, kind in schema.type_map.items() if not name.startswith("__")}


def test_every_type_and_field_agrees_with_the_official_schema(official: GraphQLSchema) -> None:
    told: list[str] = []
    for name, kind in _own(_schema(OLDEST)).items():
        theirs = official.type_map.get(name)
        if theirs is None or type(theirs) is not type(kind):
            told.append(f"{name}: not there")
        elif isinstance(kind, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            told += [f"{name}.{value}: not there" for value in kind.values.keys() - theirs.values.keys()]
        elif isinstance(kind, FIELDED) and isinstance(theirs, FIELDED):
            told += _fields(name, kind, theirs)
    assert not told, "\n".join(told)


def _fields(name: str, ours: FIELDED, theirs: FIELDED) -> list[str]:
    told = []
    for member, field in ours.fields.items():
        official = theirs.fields.get(member)
        if official is None:
            told.append(f"{name}.{member}: not there")
            continue
        if str(field.type) != str(official.type):
            told.append(f"{name}.{member}: {field.type} for {official.type}")
        mine = {key: str(each.type) for key, each in getattr(field, "args", {}).items()}
        known = {key: str(each.type) for key, each in getattr(official, "args", {}).items()}
        told += [f"{name}.{member}({key}: {kind})" for key, kind in mine.items() if known.get(key) != kind]
        told += [
            f"{name}.{member}({key}) is needed" for key, kind in known.items() if kind[-1] == "!" and key not in mine
        ]
    return told


@pytest.mark.parametrize("enterprise", [True, False])
@pytest.mark.parametrize("version", [OLDEST, "16.9.0", "17.4.0", "17.9.0", "18.0.0", "18.5.0", NEWEST])
def test_the_schema_is_whole_at_every_version(version: str, *, enterprise: bool) -> None:
    schema = _schema(version, enterprise=enterprise)
    assert validate_schema(schema) == []
    assert ("WorkItemWidgetWeight" in schema.type_map) is enterprise


def test_newer_versions_have_more() -> None:
    assert "WorkItemWidgetNotes" not in _schema("15.0.0").type_map
    assert validate_schema(_schema("15.0.0")) == []
    assert "WorkItemStatus" not in _schema("17.10.0").type_map
    assert "WorkItemStatus" in _schema("17.11.0").type_map
    assert str(_schema("17.10.0").type_map["WorkItemWidgetStatus"].fields["status"].type) == "String"  # type: ignore[attr-defined]  # an object type


def test_every_resolver_belongs_to_a_member() -> None:
    members = {
        f"{name}.{member}"
        for version in (OLDEST, NEWEST)
        for name, kind in _own(_schema(version)).items()
        if isinstance(kind, GraphQLObjectType)
        for member in kind.fields
    }
    assert {name for name in RESOLVERS if not name.startswith(("Project.", "Group.", "Namespace."))} <= members
