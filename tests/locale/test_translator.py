"""The translator: plain numbers, nested messages, what happens without a catalogue entry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from okr_delivery.locale import LANGS, Translator, hundredths, plain, translator
from okr_delivery.locale.catalogue import DuplicateIdError, catalogue
from okr_delivery.model.message import msg


@pytest.fixture
def english(tmp_path: Path) -> Translator:
    write(tmp_path / "en" / "a.po", **{"a.hello": "{name} has {count}", "a.box": "[{content}]", "a.pad": "{x:.1f}"})
    write(tmp_path / "en" / "b.po", **{"terms.list.separator": ", "})
    return Translator("en", tmp_path)


def write(path: Path, **texts: str) -> None:
    path.parent.mkdir(exist_ok=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(head + "".join(f'\nmsgid "{i}"\nmsgstr "{t}"\n' for i, t in texts.items()), "utf-8")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (44.0, "44"),
        (44, "44"),
        (0.1 + 0.2, "0.3"),
        (1.23456, "1.2346"),
        (-38.12, "-38.12"),
        (0.0000123456, "0.00001235"),
        (0.02, "0.02"),
        (-0.0, "0"),
        (-0.0 * 3, "0"),
        (120000.0, "120000"),
        (1e22, "10000000000000000000000"),
        (99999.99999, "100000"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_read_as_a_person_writes_them(number: float, text: str) -> None:
    assert plain(number) == text


def test_parameters_are_written_plainly(english: Translator) -> None:
    assert english("a.hello", name="PAY-1", count=44.0) == "PAY-1 has 44"
    assert english("a.hello", name=None, count=("x", "y")) == "– has x, y"
    assert english("a.pad", x=2.25) == "2.2"


def test_nested_messages_are_rendered_one_a_line(english: Translator) -> None:
    inner = msg("a.hello", name="a", count=1)
    assert english.render(msg("a.box", content=inner)) == "[a has 1]"
    assert english.render(msg("a.box", content=(inner, msg("a.box", content=2.0)))) == "[a has 1\n[2]]"


def test_text_of_a_parameter_is_never_a_template(english: Translator) -> None:
    assert english("a.box", content="{count} {0.__class__}") == "[{count} {0.__class__}]"


def test_unknown_id_and_missing_parameter_are_errors_under_test(english: Translator) -> None:
    with pytest.raises(KeyError, match=r"no\.such"):
        english("no.such")
    with pytest.raises(KeyError, match=r"a\.hello \[en\]: count"):
        english("a.hello", name="x")


def test_unknown_id_still_says_something_to_a_person(english: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_VERSION")
    assert english("no.such", key="PAY-1", n=2.0) == "no.such (key=PAY-1, n=2)"
    assert english.render(msg("no.such")) == "no.such"


def test_an_id_in_two_domains_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "en" / "a.po", **{"x.y": "1"})
    write(tmp_path / "en" / "b.po", **{"x.y": "1"})
    with pytest.raises(DuplicateIdError, match=r"x\.y.*b\.po"):
        catalogue("en", tmp_path)


def test_one_translator_per_language() -> None:
    assert translator("zh") is translator("zh")
    assert translator("zh").lang == "zh"
    assert translator("zh").list(["甲", "乙"]) == "甲、乙"
    with pytest.raises(ValueError, match="'de'"):
        translator("de")


def test_importing_the_package_does_not_import_babel() -> None:
    script = "import sys, okr_delivery.locale; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert set(LANGS) == {"en", "zh"}


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.834, "83"),
        (1, "100"),
        (0.9993, "99.9"),
        (0.9999999, "99.9"),
        (0.99, "99"),
        (1.006, "101"),
        (0, "0"),
        (0.004, "0.4"),
        (0.0004, "0"),
        (-0.004, "-0.4"),
        (-0.5, "-50"),
        (-0.0, "0"),
        (1e30, "1" + "0" * 32),
    ],
)
def test_no_share_looks_whole_before_it_is(share: float, text: str) -> None:
    assert hundredths(share) == text


@pytest.mark.parametrize(
    ("what", "step", "text"),
    [
        ("No issue has it.", "Did you mean PAY-9?", "No issue has it. Did you mean PAY-9?"),
        ("nothing was selected", "write a key, or two", "nothing was selected. Write a key, or two"),
        ("没有。", "okr-delivery sync reads it", "没有. okr-delivery sync reads it"),
        ("and so on...", "--as-of names it", "and so on.... --as-of names it"),
        ("x", "statuses.order lists it", "x. statuses.order lists it"),
    ],
)
def test_parts_of_a_text_join_into_sentences(tmp_path: Path, what: str, step: str, text: str) -> None:
    write(tmp_path / "en" / "a.po", **{"a.what": what, "a.next": step, "a.both": "{what:clause}. {next:sentence}"})
    assert Translator("en", tmp_path)("a.both", what=msg("a.what"), next=msg("a.next")) == text
