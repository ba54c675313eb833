"""The catalogues are complete in both languages, and code and catalogues know the same ids."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from okr_delivery.locale import LANGS
from okr_delivery.locale.catalogue import FOLDER, catalogue

ROOT = Path(__file__).parents[2]
SAME_IN_BOTH = re.compile((Path(__file__).parent / "same_in_both.txt").read_text("utf-8").strip().replace("\n", "|"))
CJK = re.compile(r"[\u3400-\u9fff]")
FUNCTIONS = {"msg", "t"}
DOMAINS = sorted({path.stem for lang in LANGS for path in (FOLDER / lang).glob("*.po")})


def texts(lang: str, domain: str) -> dict[str, str]:
    with (FOLDER / lang / f"{domain}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, abort_invalid=True) if m.id}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@cache
def sources() -> tuple[tuple[str, str], ...]:
    files = [p for folder in ("okr_delivery", "connectors") for p in sorted((ROOT / folder).rglob("*"))]
    return tuple((str(p.relative_to(ROOT)), p.read_text("utf-8")) for p in files if p.suffix in {".py", ".j2"})


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple((name, ast.parse(text)) for name, text in sources() if name.endswith(".py"))


def pattern(node: ast.AST) -> str | None:
    """A regular expression of the ids a string constant or an f-string may stand for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join((pattern(part) or "") if isinstance(part, ast.Constant) else ".+" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = pattern(node.left)
        return None if left is None else left + (pattern(node.right) or ".+")
    return None


@cache
def mentioned() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Patterns of all that may be a message id in code and templates; and what is put behind ids: `f"{id}.next"`."""
    found = {p for _, tree in trees() for node in ast.walk(tree) if (p := pattern(node)) and "\\." in p}
    for name, text in sources():
        if name.endswith(".j2"):
            for literal, joined in re.findall(r"""["']([a-z_]+\.[\w.-]*)["']\s*(~)?""", text):
                found.add(re.escape(literal) + (".+" if joined else ""))
    endings = {p.removeprefix(".+").replace("\\", "") for p in found if re.fullmatch(r"\.\+(\\\.[a-z_]+)+", p)}
    return tuple(sorted(p for p in found if not p.startswith(".+"))), tuple(sorted(endings))


def called() -> list[tuple[str, int, str]]:
    """(file, line, pattern) of the first argument of every call that names a message."""
    calls = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and _function(node.func) in FUNCTIONS:
                wanted = pattern(node.args[0])
                if wanted and "\\." in wanted and not wanted.startswith(".+"):
                    calls.append((name, node.lineno, wanted))
    return calls


def _function(node: ast.expr) -> str:
    return node.attr.lstrip("_") if isinstance(node, ast.Attribute) else getattr(node, "id", "")


@pytest.mark.parametrize("domain", DOMAINS)
def test_both_languages_have_the_same_ids_and_placeholders(domain: str) -> None:
    english, chinese = texts("en", domain), texts("zh", domain)
    assert sorted(english) == sorted(chinese)
    assert {i: fields(t) for i, t in english.items()} == {i: fields(t) for i, t in chinese.items()}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_message_has_text_and_plain_placeholders(domain: str, lang: str) -> None:
    for message_id, text in texts(lang, domain).items():
        assert text.strip() or message_id.endswith(".separator"), message_id
        assert re.fullmatch(r"[a-z0-9_]+(\.[A-Za-z0-9_-]+)+", message_id), message_id
        assert all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in fields(text)), (message_id, text)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_no_id_stands_twice_in_a_file_and_none_is_fuzzy(domain: str, lang: str) -> None:
    text = (FOLDER / lang / f"{domain}.po").read_text("utf-8")
    ids = Counter(re.findall(r'^msgid "(.+)"$', text, re.MULTILINE))
    assert [i for i, n in ids.items() if n > 1] == []
    assert "fuzzy" not in text


@pytest.mark.parametrize("lang", LANGS)
def test_all_domains_load_together(lang: str) -> None:
    assert len(catalogue(lang)) == sum(len(texts(lang, domain)) for domain in DOMAINS)


@pytest.mark.parametrize("domain", DOMAINS)
def test_chinese_is_chinese_and_english_is_english(domain: str) -> None:
    english, chinese = texts("en", domain), texts("zh", domain)
    assert [i for i, text in chinese.items() if words(text) and not CJK.search(text) and not allowed(i)] == []
    assert [i for i, text in english.items() if CJK.search(text) and not allowed(i)] == []


def words(text: str) -> bool:
    """Whether there is anything to translate: letters outside placeholders, code and URLs."""
    bare = re.sub(r"\{[^{}]*\}|`[^`]*`|https?://\S+", "", text)
    return bool(re.search(r"[A-Za-z]{2}", bare))


def allowed(message_id: str) -> bool:
    return bool(SAME_IN_BOTH.fullmatch(message_id))


def test_every_id_that_code_names_exists() -> None:
    known = catalogue("en")
    spelled = {re.escape(i) for i in known}
    missing = [
        (f"{file}:{line}", p)
        for file, line, p in called()
        if p not in spelled and not any(re.fullmatch(p, i) for i in known)
    ]
    assert missing == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_id_is_used(domain: str) -> None:
    _, endings = mentioned()
    unused = [i for i in texts("en", domain) if not used(i)]
    assert [i for i in unused if not any(i.endswith(e) and used(i.removesuffix(e)) for e in endings)] == []


def used(message_id: str) -> bool:
    spelled, made = usages()
    return re.escape(message_id) in spelled or made.fullmatch(message_id) is not None


@cache
def usages() -> tuple[frozenset[str], re.Pattern[str]]:
    """Of all patterns those that are one id, and the others as one."""
    whole, _ = mentioned()
    made = [p for p in whole if ".+" in p]
    return frozenset(whole) - frozenset(made), re.compile("|".join(f"(?:{p})" for p in made))


BINDING = {
    "report.value.column.requirement": "需求",
    "report.value.column.kr": "关键结果",
    "report.value.column.expected": "预期贡献",
    "terms.promised": "承诺",
    "terms.delivered": "交付",
    "terms.observed": "实际变化",
    "terms.allocated": "分摊",
    "report.section.value": "价值回溯",
    "report.value.column.conclusion": "结论",
    "terms.conclusion.double-down": "加码",
    "terms.conclusion.leave": "放着",
    "terms.conclusion.fix": "修正",
    "terms.conclusion.stop-loss": "止损",
    "terms.conclusion.downgrade": "降级",
    "terms.conclusion.retire": "下线",
    "terms.conclusion.observe": "继续观察",
    "terms.verdict.hollow": "虚高达成",
    "terms.metric.lead_time": "需求交付周期",
    "terms.metric.cycle_time": "研发周期",
    "terms.metric.throughput": "吞吐量",
    "terms.metric.wip": "在制品",
    "terms.metric.work_item_age": "停留时长",
    "terms.metric.flow_efficiency": "流动效率",
    "terms.metric.say_do": "承诺达成率",
    "terms.set.carried_over": "顺延",
    "terms.set.added": "中途加入",
    "terms.set.removed": "移出",
}


def test_the_binding_words() -> None:
    assert {i: catalogue("zh").get(i) for i in BINDING} == BINDING
