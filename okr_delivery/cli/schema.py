"""`okr-delivery schema`."""

from __future__ import annotations

import json

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("schema")
def command(app: App, /) -> int:
    """Print the JSON Schema of okr-delivery.yaml, for editors.

    \b
    Examples:
      okr-delivery schema > .okr-delivery.schema.json
      okr-delivery schema | jq '.properties | keys'
    """
    from okr_delivery.config.schema import json_schema

    app.show(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
