"""Readings and effects: three encodings, and every mistake with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.config import Config
from okr_delivery.model.errors import UserError
from okr_delivery.model.okr import Reading
from okr_delivery.okrs import Readings, append_reading, load_effects, load_okrs, load_readings
from okr_delivery.okrs.tables import number, number_meant
from tests.okrs.workspace import day, objective, refused, words, workspace

KRS = (
    "id: GROW-KR1, metric: {direction: increase, baseline: 38, target: 50}, "
    "health: [{id: refund-rate, title: r, at_most: 2}]",
    "id: GROW-KR2, metric: {direction: yes_no}",
)
HEAD = "kr,date,value,source,author,independent,note\n"


def config_with(folder: Path, readings: str | bytes = "", name: str = "readings/a.csv", **more: str) -> Config:
    files: dict[str, str | bytes] = {"okrs/a.yaml": objective(*KRS)}
    files |= {name: readings} if readings else {}
    return workspace(folder, files | more)


def readings_of(folder: Path, text: str | bytes) -> Readings:
    config = config_with(folder, text)
    return load_readings(config, load_okrs(config))


def mistakes(folder: Path, text: str | bytes, lang: str = "en") -> list[str]:
    config = config_with(folder, text)
    return refused(lambda: load_readings(config, load_okrs(config)), lang)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    text = HEAD + "GROW-KR1,2026-11-16,44,数据平台,李雷,是,“环比”\n\ngrow-kr1/Refund-Rate,2026-11-16,1.5,,,,\n"
    found = readings_of(tmp_path, text.replace("\n", newline).encode(encoding))
    assert found.all == (
        Reading("2026Q4:GROW-KR1", day("2026-11-16"), 44, "数据平台", "李雷", True, "“环比”"),
        Reading("2026Q4:GROW-KR1/refund-rate", day("2026-11-16"), 1.5),
    )


def test_short_lines_comments_and_any_order_of_columns(tmp_path: Path) -> None:
    text = '# from BI\nDate, VALUE ,kr\n2026-11-16,-1.5e1,"2026Q4:GROW-KR1"\n'
    assert readings_of(tmp_path, text).all == (Reading("2026Q4:GROW-KR1", day("2026-11-16"), -15),)


MISTAKES = {
    "38%": "value: '38%' is no plain number; write 38",
    "1，234.5": "value: '1，234.5' is no plain number; write 1234.5",
    '"1,234"': "value: '1,234' is no plain number; write 1234",
    "３８": "value: '３８' is no plain number; write 38",
    "12万": "value: '12万' is no plain number; write 120000",
    "1.5亿": "value: '1.5亿' is no plain number; write 150000000",
    "−3": "value: '−3' is no plain number; write -3",
    "120k": "value: '120k' is no plain number; write 120000",
    "2.5pp": "value: '2.5pp' is no plain number; write 2.5",
    "about forty": "value: 'about forty' is no number; write digits only, such as 38 or 38.5",
    "nan": "value: 'nan' is no number; write digits only, such as 38 or 38.5",
    "1e999": "value: '1e999' is no number; write digits only, such as 38 or 38.5",
    "": "value is empty",
}


@pytest.mark.parametrize(("cell", "sentence"), MISTAKES.items())
def test_text_for_a_number_says_what_to_write(tmp_path: Path, cell: str, sentence: str) -> None:
    text = HEAD + f"GROW-KR1,2026-11-09,43\nGROW-KR1,2026-11-16,{cell}\n"
    assert mistakes(tmp_path, text) == [f"readings/a.csv:3: {sentence}"]


NO_NUMBER = "GROW-KR2 is a yes_no key result and has no number to read"
LINES = {
    "GROW-KR9,2026-11-16,44": "there is no key result 'GROW-KR9' on 2026-11-16; did you mean 'GROW-KR1'?",
    "zzz,2026-11-16,44": "there is no key result 'zzz' on 2026-11-16",
    "GROW-KR1,2027-01-03,44": "there is no key result 'GROW-KR1' on 2027-01-03; did you mean '2026Q4:GROW-KR1'?",
    "GROW-KR1/refunds,2026-11-16,1": "GROW-KR1 has no health metric 'refunds'; did you mean 'GROW-KR1/refund-rate'?",
    "GROW-KR2/x,2026-11-16,1": "GROW-KR2 has no health metrics, so there is no 'x'",
    "GROW-KR2,2026-11-16,1": f"{NO_NUMBER}; mark what is done in its OKR file",
    "GROW-KR1,2026/11/6,44": "date: '2026/11/6' is no date; write 2026-11-06",
    "GROW-KR1,2026年11月6日,44": "date: '2026年11月6日' is no date; write 2026-11-06",
    "GROW-KR1,11/6/2026,44": "date: '11/6/2026' is no date; write YYYY-MM-DD, such as 2026-10-31",
    "GROW-KR1,2026-02-30,44": "date: '2026-02-30' is no date; write YYYY-MM-DD, such as 2026-10-31",
    "GROW-KR1,,44": "date is empty",
    ",2026-11-16,44": "kr is empty",
    "GROW-KR1,2026-11-16,44,,,maybe,": "independent: 'maybe' is neither true nor false",
    "GROW-KR1,2026-11-16,44,a,b,true,c,d": "the line has 8 cells for 7 columns; put a text with a comma in quotes",
    'GROW-KR1,2026-11-16,44,"a': "the line is no CSV; a quotation mark is not closed or stands inside a cell",
}


@pytest.mark.parametrize(("line", "sentence"), LINES.items())
def test_a_line_that_is_no_reading(tmp_path: Path, line: str, sentence: str) -> None:
    assert mistakes(tmp_path, HEAD + line + "\n") == [f"readings/a.csv:2: {sentence}"]


HEADS = {
    "kr,date,valu\n": [
        "1: there is no column 'valu'; did you mean 'value'?",
        "1: the column 'value' is missing",
    ],
    "kr,date,value,colour\n": [f"1: there is no column 'colour'; possible are: {HEAD.strip()}"],
    "kr,kr,date,value\n": ["1: the column 'kr' is there twice"],
    "kr;date;value\n": ["1: columns are separated by commas; write kr,date,value"],
    "# nothing\n": ["1: the file has no header line; begin it with kr,date,value"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentences"), HEADS.items())
def test_heads(tmp_path: Path, text: str, sentences: list[str]) -> None:
    assert mistakes(tmp_path, text) == [f"readings/a.csv:{sentence}" for sentence in sentences]


def test_lines_after_a_cell_of_two_lines_keep_their_number(tmp_path: Path) -> None:
    text = HEAD + 'GROW-KR1,2026-11-09,43,,,,"two\nlines"\nGROW-KR1,2026-11-16,x\n'
    assert mistakes(tmp_path, text)[0].startswith("readings/a.csv:4: ")


def test_the_same_day_twice_even_over_files(tmp_path: Path) -> None:
    write_more = {"readings/b.csv": "kr,date,value\n2026Q4:grow-kr1,2026-11-16,45\n"}
    config = config_with(tmp_path, HEAD + "GROW-KR1,2026-11-16,44\n", **write_more)
    assert refused(lambda: load_readings(config, load_okrs(config))) == [
        "readings/b.csv:2: 2026Q4:grow-kr1 already has a reading of 2026-11-16, at readings/a.csv:2"
    ]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = HEAD + "GROW-KR9,2026/1/1,x\nGROW-KR1,2026-11-16,44\nGROW-KR1,2026-11-16,44\n"
    assert [line.split(": ")[0] for line in mistakes(tmp_path, text)] == [
        "readings/a.csv:2", "readings/a.csv:2", "readings/a.csv:4",
    ]  # fmt: skip


def test_in_chinese(tmp_path: Path) -> None:
    text = HEAD + "GROW-KR9,2026-11-16,44\nGROW-KR1,2026-11-16,约四十\nGROW-KR1,2026-11-17,12万\n"
    assert mistakes(tmp_path, text, "zh") == [
        "readings/a.csv:2: 2026-11-16 没有关键结果 'GROW-KR9'；您是否想写 'GROW-KR1'？",
        "readings/a.csv:3: value：'约四十' 不是数字；请只写数字，例如 38 或 38.5",
        "readings/a.csv:4: value：'12万' 不是纯数字；请写 120000",
    ]


@pytest.mark.parametrize("raw", [b"\xff\xfe" + "kr,date,value\n".encode("utf-16-le"), b"\x80\x81\xff\xff"])
def test_other_encodings(tmp_path: Path, raw: bytes) -> None:
    assert mistakes(tmp_path, raw) == ["readings/a.csv: the file is neither UTF-8 nor GB18030 text"]
    with pytest.raises(UserError) as caught:
        readings_of(tmp_path, raw)
    step = caught.value.problems[0].next_step
    assert step is not None
    assert words(step) == ["save it as “CSV UTF-8”"]


def test_a_short_id_of_two_cycles(tmp_path: Path) -> None:
    year = objective(KRS[0], name="YEAR", cycle="cycle: {id: 2026, start: 2026-01-01, end: 2026-12-31}\n")
    config = config_with(tmp_path, HEAD + "GROW-KR1,2026-11-16,44\n", **{"okrs/year.yaml": year})
    assert refused(lambda: load_readings(config, load_okrs(config))) == [
        "readings/a.csv:2: 'GROW-KR1' can be any of: 2026:GROW-KR1, 2026Q4:GROW-KR1; write the one you mean in full"
    ]


def test_a_huge_table_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_delivery.okrs.tables.MAX_BYTES", 1_000_000)
    assert mistakes(tmp_path, b"#" * 1_000_001) == ["readings/a.csv: the file is larger than 1 MB"]


def test_a_folder_that_git_did_not_keep_is_no_mistake(tmp_path: Path) -> None:
    config = config_with(tmp_path)
    assert load_readings(config, load_okrs(config)).all == ()


def test_latest_and_how_old_it_may_be(tmp_path: Path) -> None:
    found = readings_of(tmp_path, HEAD + "GROW-KR1,2026-11-16,44\nGROW-KR1,2026-11-02,41\n")
    series = "2026Q4:GROW-KR1"
    assert [r.value for r in found.series(series)] == [41, 44]
    assert found.latest(series, day("2026-11-01")) is None
    latest = [found.latest(series, day(on)) for on in ("2026-11-02", "2026-11-15", "2026-11-16")]
    assert [r.value for r in latest if r] == [41, 41, 44]
    assert found.at(series, day("2026-11-23"), 7) is not None
    assert found.at(series, day("2026-11-24"), 7) is None


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read(value: float) -> None:
    assert number(repr(value)) == value


@settings(deadline=None)
@given(st.text(max_size=12))
def test_what_is_meant_is_a_number(text: str) -> None:
    meant = number_meant(text)
    assert meant is None or number(meant) is not None


# effects

EFFECTS = "source,issue,kr,date,value,low,high,method,author,independent,note\n"


def effect_mistakes(folder: Path, lines: str, head: str = EFFECTS) -> list[str]:
    config = config_with(folder, **{"effects/a.csv": head + lines})
    return refused(lambda: load_effects(config, load_okrs(config)))


def test_effects(tmp_path: Path) -> None:
    lines = (
        "jira,PAY-2,GROW-KR1,2026-11-16,0.4,0.1,0.7,Experiment,bi,true,\njira,PAY-1,GROW-KR1,2026-11-16,0.4,,,did,,,\n"
    )
    config = config_with(tmp_path, **{"effects/a.csv": EFFECTS + lines})
    first, second = load_effects(config, load_okrs(config))
    assert (first.issue, first.low, first.method, first.independent) == ("PAY-1", None, "did", False)
    assert (second.kr, second.low, second.high, second.method) == ("2026Q4:GROW-KR1", 0.1, 0.7, "experiment")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("jirra,PAY-1,GROW-KR1,2026-11-16,1,,,did,,,", "there is no source 'jirra'; did you mean 'jira'?"),
        (
            "jira,PAY-1,GROW-KR1,2026-11-16,1,,,guess,,,",
            "method: 'guess' is not possible; possible are: experiment, holdout, did, before_after",
        ),
        (
            "jira,PAY-1,GROW-KR1,2026-11-16,1,2,3,did,,,",
            "the value 1 does not lie between low (2) and high (3)",
        ),
        ("jira,,GROW-KR1,2026-11-16,1,,,did,,,", "issue is empty"),
        (
            "jira,PAY-1,GROW-KR3,2026-11-16,1,,,did,,,",
            "there is no key result 'GROW-KR3' on 2026-11-16; did you mean 'GROW-KR1'?",
        ),
        ("jira,PAY-1,GROW-KR1,2026-11-16,1,a,,did,,,", "low: 'a' is no number; write digits only, such as 38 or 38.5"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_effect(tmp_path: Path, line: str, sentence: str) -> None:
    assert effect_mistakes(tmp_path, line + "\n") == [f"effects/a.csv:2: {sentence}"]


def test_the_same_effect_twice(tmp_path: Path) -> None:
    line = "jira,PAY-1,GROW-KR1,2026-11-16,1,,,did,,,\n"
    assert effect_mistakes(tmp_path, line + line.replace("PAY", "pay")) == [
        "effects/a.csv:3: pay-1 already has an effect on 2026Q4:GROW-KR1 of 2026-11-16, at effects/a.csv:2"
    ]


# writing one


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    config = config_with(tmp_path, "in the way", name="readings/x/y.txt")
    (tmp_path / "readings" / "2026q4.csv").mkdir()
    sentences = refused(lambda: append(config, "GROW-KR1", 44, "2026-11-16"))
    assert len(sentences) == 1
    assert "readings/2026q4.csv: the file can't be read: " in sentences[0]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    from tests.config.files import loaded, write
    from tests.okrs.workspace import CONFIG

    write(tmp_path, {"okrs/a.yaml": objective(*KRS), "data": "a file"})
    config = loaded(tmp_path, CONFIG + "readings: [data/new/]\n")
    assert (
        "the reading can't be written: Not a directory"
        in refused(lambda: append(config, "GROW-KR1", 1, "2026-11-16"))[0]
    )


def append(config: Config, kr: str, value: float, on: str, note: str | None = None) -> Path:
    return append_reading(config, load_okrs(config), kr, value, day(on), author="lin", note=note)


def test_a_reading_is_appended_where_a_person_would_look(tmp_path: Path) -> None:
    config = config_with(tmp_path)
    path = append(config, "grow-kr1", 44.5, "2026-11-16", note="a, b")
    assert path == tmp_path / "readings" / "2026q4.csv"
    append(config, "GROW-KR1/refund-rate", -0.0001, "2026-11-16")
    append(config, "2026Q4:GROW-KR1", 45, "2027-01-02")
    assert path.read_text("utf-8") == (
        HEAD
        + 'GROW-KR1,2026-11-16,44.5,,lin,,"a, b"\n'
        + "GROW-KR1/refund-rate,2026-11-16,-0.0001,,lin,,\n"
        + "2026Q4:GROW-KR1,2027-01-02,45,,lin,,\n"
    )
    assert len(load_readings(config, load_okrs(config)).all) == 3


def test_appending_keeps_encoding_line_ends_and_columns(tmp_path: Path) -> None:
    before = "date,kr,value,note\r\n2026-11-09,GROW-KR1,43,读数"
    config = config_with(tmp_path, before.encode("gb18030"), name="readings/2026q4.csv")
    path = append(config, "GROW-KR1", 44, "2026-11-16", note="新")
    assert path.read_bytes().decode("gb18030") == before + "\r\n2026-11-16,GROW-KR1,44,新\r\n"


@pytest.mark.parametrize(
    ("kr", "on", "sentence"),
    [
        ("GROW-KR1", "2026-11-09", "GROW-KR1 already has a reading of 2026-11-09"),
        ("GROW-KR9", "2026-11-16", "there is no key result 'GROW-KR9' on 2026-11-16; did you mean 'GROW-KR1'?"),
        ("GROW-KR2", "2026-11-16", "GROW-KR2 is a yes_no key result and has no number to read"),
    ],
)
def test_what_can_not_be_appended(tmp_path: Path, kr: str, on: str, sentence: str) -> None:
    text = HEAD + "GROW-KR1,2026-11-09,43\n"
    config = config_with(tmp_path, text)
    assert sentence in refused(lambda: append(config, kr, 44, on))[0]
    assert (tmp_path / "readings" / "a.csv").read_text("utf-8") == text
