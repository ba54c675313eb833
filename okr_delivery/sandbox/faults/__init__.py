"""The ways in which a served tracker is made difficult, from a mapping or a YAML file."""

from okr_delivery.sandbox.faults.reading import Source, load
from okr_delivery.sandbox.faults.switches import Event, Failure, Faults

__all__ = ["Event", "Failure", "Faults", "Source", "load"]
