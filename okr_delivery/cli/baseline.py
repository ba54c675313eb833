"""`okr-delivery baseline`: the name is kept for a later version."""

from __future__ import annotations

from okr_delivery.cli.options import reserved

command = reserved("baseline", "baseline write")
