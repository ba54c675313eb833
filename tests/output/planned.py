"""A plan that meets every part of the outputs; `python -m tests.output.planned` writes its golden files anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from okr_delivery.locale import LANGS, translator
from okr_delivery.output import plan, plan_json
from okr_delivery.value.plan import Plans
from okr_delivery.value.planner import Planner
from tests.output.company import HOSTILE
from tests.value.world import World, at

DATA = Path(__file__).parent / "data"
AS_OF = at(11, 5)
CAPACITY = "objectives: [GROW], capacity: {per_iteration: 12}}\ngate: {since: 2026-10-01}"


def fill(world: World) -> World:
    """A next iteration with everything in it, and an earlier one that still owes answers."""
    world.configure("objectives: [GROW]}", CAPACITY)
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="26", done=at(10, 10), estimate=3)
    world.issue(2, "Contributes-to: GROW-KR1 +1pp", sprint="27", done=at(10, 19), estimate=2)
    world.effect(1, "GROW-KR1", 1.0)
    for number, lines, estimate in (
        (11, "Contributes-to: GROW-KR1 +2pp 60%", 3),
        (12, "Contributes-to: GROW-KR1 +1pp; COST-KR2 -100k 80%", 2),
        (13, "Contributes-to: GROW-KR1 ?", 2),
        (14, "", 2),
        (15, "Contributes-to: GMV-KR3 L", None),
        (16, "Contributes-to: OPS-KR5", 1),
        (18, "Contributes-to: GMV-KR3 M", 8),
        (21, "Contributes-to: UP-KR9 +0.1", 1),
        (22, "Contributes-to: GROW-KR1 -1pp", 1),
        (23, "Contributes-to: GROW-KR9 M", 1),
        (24, "Contributes-to: SPEED-KR8 -2d", 0.5),
    ):
        world.issue(number, lines, sprint="29", estimate=estimate)
    world.issue(17, "Contributes-to: GMV-KR3 L", sprint="29", estimate=8, labels="disputed")
    world.issue(19, "Non-OKR: run certificates", sprint="29", estimate=1)
    world.issue(20, sprint="29", estimate=1, type_name="Bug")
    world.reading("GROW-KR1", 10, 20, 42)
    return world


def hostile(world: World) -> World:
    """The same with what people may type into titles and lines, and confidential requirements of every kind."""
    fill(world)
    for number, text in enumerate(HOSTILE, 100):
        labels = "disputed" if number % 3 == 0 else ""
        estimate = None if number % 3 == 1 else 1.0
        made = world.issue(number, f"Contributes-to: GROW-KR1 {text}", sprint="29", labels=labels, estimate=estimate)
        world.issues[-1] = replace(made, title=text, creator=text)
    for number, lines in ((200, "Contributes-to: GROW-KR1 +1pp"), (201, "Contributes-to: SECRET-KR1 M"), (202, "")):
        made = world.issue(number, lines, sprint="29", estimate=1)
        world.issues[-1] = replace(made, title="Secret merger", confidential=True)
    made = world.issue(203, "Contributes-to: GROW-KR1 +9pp", sprint="26", done=at(10, 10))
    world.issues[-1] = replace(made, title="Secret merger", confidential=True)
    return world


def plans(world: World, as_of: int = AS_OF, iterations: tuple[int, ...] = (3,)) -> Plans:
    snapshot = world.snapshot(as_of)
    planner = Planner(snapshot, world.all_readings(), world.effects, world.conclusions())
    found = tuple(world.sprints[n] for n in iterations)
    return Plans(as_of, "UTC", (planner.plan("pay", found),))


def golden(world: World) -> dict[str, str]:
    """Every output by the name of its file."""
    made = plans(world)
    texts = {f"plan.{lang}.txt": plan.write(made, translator(lang)) for lang in LANGS}
    return texts | {f"plan.{lang}.json": plan_json.write(made, translator(lang)) for lang in LANGS}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = fill(World(Path(folder) / "work"))
        DATA.mkdir(exist_ok=True)
        for name, text in golden(world).items():
            (DATA / name).write_text(text, "utf-8")
        world.close()


if __name__ == "__main__":
    main()
