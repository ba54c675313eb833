"""`okr-delivery schema`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("schema")
@click.argument(
    "document", type=click.Choice(["config", "okrs", "gate", "plan", "report"]), default="config", required=False
)
def command(app: App, /, document: str) -> int:
    """Print a JSON Schema: of okr-delivery.yaml (the default), of OKR files, of gate/1, plan/1 or report/1.

    \b
    Examples:
      okr-delivery schema > .okr-delivery.schema.json
      okr-delivery schema gate | jq '.properties | keys'
    """
    app.show_document(json.dumps(_schema(document), indent=2, ensure_ascii=False))
    return 0


def _schema(document: str) -> Mapping[str, Any]:
    if document == "okrs":
        from okr_delivery.okrs.schema import json_schema as okrs

        return okrs()
    if document == "gate":
        from okr_delivery.output.gate_schema import SCHEMA

        return SCHEMA
    if document == "plan":
        from okr_delivery.output.plan_schema import SCHEMA as PLAN

        return PLAN
    if document == "report":
        from okr_delivery.report.schema import json_schema as report

        return report()
    from okr_delivery.config.schema import json_schema as config

    return config()
