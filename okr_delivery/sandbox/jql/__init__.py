"""The part of the tracker's query language that a connector sends: parsed strictly, evaluated over a site's state."""

from okr_delivery.sandbox.jql.evaluate import Scope, search
from okr_delivery.sandbox.jql.parser import JqlError, parse

__all__ = ["JqlError", "Scope", "parse", "search"]
