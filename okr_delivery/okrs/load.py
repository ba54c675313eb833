"""Loads the OKR files that the configuration names. Everything that is wrong in them is reported at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from okr_delivery.config.document import Document, Place, read, shown
from okr_delivery.config.models import Config
from okr_delivery.config.problems import attempt, sort
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.okr import IterationGoal
from okr_delivery.okrs import build, check
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.files import OkrFile


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file that is sound in itself."""

    document: Document
    file: OkrFile


def load_okrs(config: Config) -> OkrBook:
    """All objectives and key results. Raises UserError with every problem, each at its file:line:column."""
    problems: list[Problem] = []
    loaded: list[Loaded] = []
    for index, entry in enumerate(config.okrs):
        paths, found = files(config, "okrs", index, entry, "*.y*ml", may_be_absent=False)
        problems += found
        for path in paths:
            _load_one(path, config, loaded, problems)
    problems += check.unique(loaded)
    book = _book(loaded)
    if not problems:
        problems += check.references(loaded, book, config)
    if problems:
        raise UserError(sort(problems))
    return book


def _load_one(path: Path, config: Config, loaded: list[Loaded], problems: list[Problem]) -> None:
    try:
        document = read(path, config.root)
    except UserError as error:
        problems += error.problems
        return
    file, found = attempt(OkrFile, document)
    problems += found
    if file is not None:
        problems += check.inside(document, file)
        loaded.append(Loaded(document, file))


def _book(loaded: Sequence[Loaded]) -> OkrBook:
    objectives = {o.full_id: o for part in loaded for o in build.objectives(part.file, part.document)}
    cycles = {part.file.cycle.id: build.cycle(part.file.cycle) for part in loaded}
    goals = tuple(goal for part in loaded for goal in _goals(part))
    return OkrBook(cycles, objectives, goals)


def _goals(part: Loaded) -> Iterator[IterationGoal]:
    for n, entry in enumerate(part.file.iterations):
        yield IterationGoal(
            team=entry.team,
            iteration=entry.iteration,
            objective=_full(entry.objective, part.file.cycle.id) if entry.objective else None,
            goal=entry.goal,
            key_results=tuple(_full(ref, part.file.cycle.id) for ref in entry.key_results),
            location=part.document.location(("iterations", n)),
        )


def _full(ref: str, cycle: str) -> str:
    return ref if ":" in ref else f"{cycle}:{ref}"


def files(
    config: Config, key: str, index: int, entry: str, pattern: str, *, may_be_absent: bool
) -> tuple[list[Path], list[Problem]]:
    """The files that one entry of `okrs:`, `readings:` or `effects:` names, sorted.

    A folder that is not there is no error where it may be absent (git keeps no empty folders) or was not written.
    """
    path = config.resolve(entry)
    if path.is_dir():
        found = sorted(file for file in path.rglob(pattern) if file.is_file() and not file.name.startswith("."))
        return found, []
    if path.exists():
        return [path], []
    place: Place = (key, index)
    if key not in config.model_fields_set or (may_be_absent and entry.endswith("/")):
        return [], []
    where = config.where(*place)
    return [], [Problem(msg("okrs.path_missing", path=shown(path, config.root)), where)]
