from __future__ import annotations

import pytest

from okr_delivery.model.okr import Location
from okr_delivery.output.places import Places


@pytest.mark.parametrize(
    ("folder", "path", "shown"),
    [
        (".", "okrs/q4.yaml", "okrs/q4.yaml"),
        ("planning", "okrs/q4.yaml", "planning/okrs/q4.yaml"),
        ("planning", "../okrs/q4.yaml", "okrs/q4.yaml"),
        ("planning", "../../q4.yaml", "planning/okr-delivery.yaml"),
        (".", "/srv/okrs/q4.yaml", "okr-delivery.yaml"),
        (".", "C:\\okrs\\q4.yaml", "okr-delivery.yaml"),
        (".", "okrs\\q4.yaml", "okrs/q4.yaml"),
    ],
)
def test_a_place_is_a_file_of_the_repository(folder: str, path: str, shown: str) -> None:
    line = 8 if path.rpartition("/")[2] == shown.rpartition("/")[2] or "okrs" in shown else 1
    assert Places(folder).of(Location(path, 8)) == Location(shown, line)


def test_what_is_declared_nowhere_stands_at_the_configuration() -> None:
    assert Places("a/b", "okr.yaml").of(None) == Location("a/b/okr.yaml", 1)
