"""OKR files, readings and effects as the model; progress, pace and verdict of key results."""

from okr_delivery.okrs.append import append_reading
from okr_delivery.okrs.book import KrAmbiguous, KrFound, KrUnknown, OkrBook
from okr_delivery.okrs.effects import load_effects
from okr_delivery.okrs.load import load_okrs
from okr_delivery.okrs.readings import Readings, load_readings

__all__ = [
    "KrAmbiguous",
    "KrFound",
    "KrUnknown",
    "OkrBook",
    "Readings",
    "append_reading",
    "load_effects",
    "load_okrs",
    "load_readings",
]
