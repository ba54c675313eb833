"""okr-delivery.yaml: found, read with positions, validated, with all defaults."""

from okr_delivery.config.calendar import CalendarSettings
from okr_delivery.config.hashes import deployments_hash, fetch_hash, settings_hash
from okr_delivery.config.loader import load
from okr_delivery.config.models import Config
from okr_delivery.config.sources import Source
from okr_delivery.config.teams import Selector, Team

__all__ = [
    "CalendarSettings",
    "Config",
    "Selector",
    "Source",
    "Team",
    "deployments_hash",
    "fetch_hash",
    "load",
    "settings_hash",
]
