"""All lint rules, by id: the rule class of every file `okrNNN.py` of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from okr_delivery.gate import lint
from okr_delivery.gate.lint.rule import OkrRule

_FILE = re.compile(r"okr\d{3}")


@cache
def ids() -> tuple[str, ...]:
    """The ids of all lint rules, in order, without loading them."""
    return tuple(sorted(found.name.upper() for found in iter_modules(lint.__path__) if _FILE.fullmatch(found.name)))


@cache
def rules() -> Mapping[str, type[OkrRule]]:
    """Every rule by its id, in the order of the ids."""
    return MappingProxyType({rule: load(rule) for rule in ids()})


@cache
def load(rule: str) -> type[OkrRule]:
    """The rule of one of the ids, without the others."""
    module = import_module(f"{lint.__name__}.{rule.lower()}")
    made = (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, OkrRule))
    return next(one for one in made if getattr(one, "id", None) == rule)
