"""Reads one claim, `GROW-KR1 +1.5pp 60%`, from text that `clean` has normalised.

The text is cut into tokens (pending mark, share, confidence, size, number with unit); the first number is the amount,
a percentage behind it the confidence. What is left over makes the claim unreadable; it then says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from okr_delivery.model.claims import pattern
from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.claims.reading import Fault, Read
from okr_delivery.model.claims.write import SIZES, claim_line, number_text, share_text, size_text
from okr_delivery.model.contribution import Claim, StatedAs
from okr_delivery.model.message import Message, msg

CUT = "⋯"
MAX_LENGTH = 500  # of what is read as one claim
"""Ends a line that was cut; not the `…` that people write."""
LARGEST = 1e15  # of an amount, and of a share: what is greater is a slip, and no arithmetic holds it
SCALES = {"k": 1e3, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}


def parse_part(text: str, keyword: Keyword = Keyword.CONTRIBUTES, *, kr: str | None = None) -> Claim:
    """Reads one claim. With `kr` the text holds only the amount (a number field beside a key-result field)."""
    return _claim(_read(text, keyword, kr), from_field=kr is not None)


def _read(text: str, keyword: Keyword, kr: str | None = None) -> Read:
    read = Read(kr, keyword, text)
    rest = text if kr is not None else _take_kr(read, text)
    if read.kr is None:
        read.fail(Fault.NO_KR, text)
    elif not _refused_whole(read, rest):
        for token in _tokens(read, rest):
            _take(read, token)
            read.end = token.end()
    return read


def parse_bare(text: str, kr: str | None = None) -> Claim:
    """Reads a claim without a keyword, as a contribution field holds it; with `kr` only its amount."""
    chinese = re.search("[\u4e00-\u9fff]", text) is not None
    return parse_part(cut(text.strip()), Keyword.CONTRIBUTES_ZH if chinese else Keyword.CONTRIBUTES, kr=kr)


def cut(line: str) -> str:
    """No more than a claim needs; one that was cut says so and is refused."""
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + CUT


def looks_like_part(cell: str) -> bool:
    """Whether a table cell continues the claim of the cell before it: nothing but amount, size, share or confidence."""
    rest, position = cell.strip(), 0
    if pattern.DATE.search(rest):
        return False
    while position < len(rest):
        match = pattern.BETWEEN.match(rest, position) or pattern.TOKEN.match(rest, position)
        if match is None or match.end() == position:
            return False
        position = match.end()
    return bool(rest)


def _take_kr(read: Read, text: str) -> str:
    """Takes the key result off the front and returns the rest; leaves `read.kr` None when there is none."""
    text = text.lstrip(" ,:=-|(.\"'")
    text = text[found.end() :] if (found := pattern.CALLED.match(text)) else text
    match = pattern.KR.match(text)
    if match is None or _is_token(match[0]) or pattern.RESERVED.fullmatch(match[0]) or "://" in text[: match.end() + 3]:
        return text
    if pattern.MISSPELT.match(text):
        return text
    kr = match[0]
    cycle, colon, name = kr.partition(":")
    if colon and _is_token(name):
        kr = cycle
    glued = pattern.GLUED.match(kr)
    kr = glued[1] if glued else kr
    name = kr.strip("'\"").rstrip(".。")
    if _is_token(name) or not any(ch.isalnum() for ch in name):
        return text
    read.kr = name
    return text[len(kr) :].lstrip("\"'")


def _is_token(text: str) -> bool:
    match = pattern.TOKEN.match(text)
    return match is not None and match.end() == len(text)


def _refused_whole(read: Read, rest: str) -> bool:
    """Forms that would be misread token by token."""
    if rest.endswith(CUT):
        read.fail(Fault.CUT, "")
    elif second := _second(rest):
        read.fail(Fault.SEVERAL, second[0])
        read.written = _both(read, rest[: second.start()], rest[second.start() :])
    elif exponent := pattern.EXPONENT.search(rest):
        read.fail(Fault.EXPONENT, exponent[0])
        read.written = _amount_text(rest.replace(exponent[0], number_text(float(exponent[0]))))
    elif found := pattern.RANGE.search(rest):
        read.fail(Fault.RANGE, found[0])
        read.written = _middle(rest, found)
    elif spaced := pattern.SPACED.search(rest):
        read.fail(Fault.SPACED, spaced[0])
        read.written = _amount_text(rest.replace(spaced[0], re.sub(r"\D", "", spaced[0])))
    elif swapped := pattern.SWAPPED.search(rest):
        read.fail(Fault.COMMA, swapped[0])
        read.written = _amount_text(rest.replace(swapped[0], swapped[0].replace(".", "").replace(",", ".")))
    elif comma := next((n for n in re.findall(pattern.NUM, rest) if not _grouped(n)), None):
        read.fail(Fault.COMMA, comma)
        read.written = _amount_text(rest.replace(comma, _point(comma)))
    else:
        _refuse_slips(read, rest)
    return read.fault is not None


def _refuse_slips(read: Read, rest: str) -> None:
    """What can only be meant in one way, but is written in none that counts."""
    if money := pattern.MONEY_FIRST.search(rest):
        read.fail(Fault.MONEY_FIRST, rest[money.start() :])
        read.written = _amount_text(rest.replace(money[0], f"{money[2]}{money[1]}"))
    elif size := pattern.NO_SIZE.search(rest):
        read.fail(Fault.NO_SIZE, size[0])
        near = size_text("XL" if size["great"] else "S", chinese=read.keyword.chinese)
        read.written = _amount_text(rest.replace(size[0], near))


def _second(rest: str) -> re.Match[str] | None:
    """Another key result behind the first, with nothing between them but an amount, a comma or an `and`."""
    found = None if "://" in rest else pattern.SECOND.search(rest)
    between = _between(rest[: found.start()]) if found else ""
    return found if not between or looks_like_part(between) else None


def _between(text: str) -> str:
    return re.sub(r"\band\s*$", "", text, flags=re.IGNORECASE).strip(" ,").rstrip(pattern.JOINED)


def _both(read: Read, head: str, tail: str) -> str:
    """The amount of the first key result and, behind a `;`, the claim of the second."""
    first = _amount_text(_between(head)) or "?"
    claim = parse_part(tail, read.keyword)
    line = claim.paste if claim.error is not None and claim.paste else claim.text
    second = line.partition(": ")[2]
    return f"{first}; {second}{' ?' if claim.error is None and claim.stated_as is StatedAs.NONE else ''}"


def _middle(rest: str, found: re.Match[str]) -> str | None:
    """Half-way between both ends of a range, with the sign and the unit written."""
    if not (_grouped(found[1]) and _grouped(found[3])):
        return None
    unit = re.compile(rf"\s?{pattern.WORD}").match(rest, found.end())
    sign = rest[: found.start()].rstrip()[-1:].strip("(,:=~")
    middle = number_text((_number(found[1]) + _number(found[3])) / 2)
    return _amount_text(f"{sign}{middle}{found[2] or (unit[0].strip() if unit else '')}")


def _amount_text(rest: str) -> str | None:
    """The rest of a corrected line, if it can be read now and says something."""
    corrected = parse_part(rest.strip(), kr="-")
    return " ".join(rest.split()) or None if corrected.error is None else None


def _grouped(number: str) -> bool:
    whole = number.partition(".")[0]
    return "," not in whole or re.fullmatch(r"\d{1,3}(?:,\d{3})+", whole) is not None


def _point(number: str) -> str:
    """`1,5` was meant as 1.5; more than one comma can only be grouping gone wrong."""
    return number.replace(",", ".") if number.count(",") == 1 and "." not in number else number.replace(",", "")


def _number(text: str) -> float:
    return float(text.replace(",", "").replace(" ", ""))


def _tokens(read: Read, rest: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(rest):
        if skip := pattern.BETWEEN.match(rest, position) or pattern.DASH.match(rest, position):
            position = skip.end()
        elif token := pattern.TOKEN.match(rest, position):
            yield token
            position = token.end()
        else:
            _leftover(read, rest[position:], glued=0 < read.end == position)
            return


def _leftover(read: Read, rest: str, *, glued: bool) -> None:
    """Words that are no token. An amount that they stand glued to was none; one behind them may have been meant."""
    read.fail(Fault.LEFTOVER, rest)
    if glued and read.confidence is None and not re.match(pattern.SURE, rest, re.IGNORECASE):
        read.written = None
    signed = re.search(r"(?<=\s)[+-]\s?[\d.]", rest)
    if read.written is None and signed:
        read.written = _amount_text(rest[signed.start() :])


def _take(read: Read, token: re.Match[str]) -> None:
    if token["pending"]:
        _state(read, StatedAs.PENDING, "?", token[0])
    elif token["blank"]:
        read.fail(Fault.BLANK, token[0])
        _state(read, StatedAs.PENDING, "?", token[0])
    elif token["share"] or token["post_share"]:
        _take_share(read, token)
    elif token["sure"]:
        _take_confidence(read, token["sure_n"], token["sure_u"], token[0])
    elif token["post_sure"]:
        _take_confidence(read, token["post_sure_n"], "%", token[0])
    elif token["size"]:
        read.size = SIZES.get(token["hanzi"] or "") or token["letter"].upper()
        _state(read, StatedAs.SIZE, size_text(read.size, chinese=token["hanzi"] is not None), token[0])
    else:
        _take_amount(read, token)


def _state(read: Read, stated: StatedAs, written: str, text: str) -> bool:
    """Notes how the amount is stated; a second statement in one claim is refused."""
    if read.stated is StatedAs.NONE:
        read.stated, read.written = stated, written
        return True
    if read.stated is StatedAs.AMOUNT and read.suffix == "%" and read.confidence is None:
        read.fail(Fault.PERCENT_FIRST, text)
        read.confidence, read.written = min(abs(read.number or 0), 100) / 100, written
    read.fail(Fault.TWICE, text)
    return False


def _take_share(read: Read, token: re.Match[str]) -> None:
    text = token["share_n"] or token["post_n"]
    percent = token["share_u"] == "%" or token["post_share"] is not None
    value = _number(text)
    fraction = value / 100 if percent or abs(value) > 1 else value
    if _state(read, StatedAs.SHARE, share_text(fraction, chinese=read.keyword.chinese), token[0]):
        read.number, read.signed = fraction, text[0] in "+-"
    _check_size(read, token[0])
    if not percent:
        read.fail(Fault.SHARE_FORM, token[0])


def _take_confidence(read: Read, number: str, percent: str, text: str) -> None:
    if read.confidence is not None:
        read.fail(Fault.TWICE, text)
        return
    value = _number(number)
    fraction = value / 100 if percent or value > 1 else value
    if not 0 <= fraction <= 1:
        read.fail(Fault.CONFIDENCE, text)
        return
    read.confidence = fraction
    if not percent and value > 1:
        read.fail(Fault.CONFIDENCE_FORM, text)


def _take_amount(read: Read, token: re.Match[str]) -> None:
    unit = (token["u"] or "").strip()
    if read.stated is not StatedAs.NONE:
        _take_second_number(read, token, unit)
        return
    scale, suffix = _scale(unit)
    read.scale, read.suffix = scale, suffix or token["money"]
    read.signed = token["sign"] is not None
    factor = SCALES[scale.lower()] if scale else 1.0
    read.number = _number(token["n"]) * factor * (-1 if token["sign"] == "-" else 1)
    _state(read, StatedAs.AMOUNT, f"{token['sign'] or ''}{token['n']}{unit}", token[0])
    _check_size(read, token[0])


def _check_size(read: Read, text: str) -> None:
    if abs(read.number or 0) > LARGEST:
        read.fail(Fault.TOO_GREAT, text)


def _take_second_number(read: Read, token: re.Match[str], unit: str) -> None:
    """Behind the amount only a percentage is read: the confidence."""
    value = _number(token["n"])
    if unit == "%" and token["sign"] is None:
        _take_confidence(read, token["n"], "%", token[0])
    elif not unit and token["sign"] is None and 0 < value <= 1 and read.confidence is None:
        read.confidence = value
        read.fail(Fault.CONFIDENCE_FORM, token[0])
    elif unit == "%":
        read.fail(Fault.CONFIDENCE, token[0])
    elif read.suffix == "%" and read.confidence is None and unit:
        _state(read, StatedAs.AMOUNT, token[0].strip(), token[0])
    else:
        read.fail(Fault.TWICE, token[0])
        read.written = None if token.start() == read.end else read.written


def _scale(unit: str) -> tuple[str | None, str | None]:
    """Splits `万元` into scale and unit. `kg`, `km`, `kWh` are units; `k`, `k元`, `kCNY` are scaled."""
    scaled = re.fullmatch(r"(百万|千万|万|亿|千|[kK](?=[\s/]|$))\s*(.*)", unit)
    if scaled:
        return scaled[1], scaled[2] or None
    if re.fullmatch(r"[kK](?:[A-Z]{3}|[^\x00-\x7f].*|[$€£])", unit):
        return unit[0], unit[1:]
    return None, unit or None


def has_blank(line: str) -> bool:
    """Whether a person still has to fill in an amount: `Contributes-to: GROW-KR1 +Npp`."""
    parts = line.partition(": ")[2].split(";")
    return any(_read(part.strip(), Keyword.CONTRIBUTES).fault is Fault.BLANK for part in parts)


def _claim(read: Read, *, from_field: bool) -> Claim:
    text = read.text if from_field else f"{read.keyword.value}: {read.text}"
    if read.fault is not None:
        paste = _paste(read)
        return Claim(read.kr, text, error=_message(read, text, paste), paste=paste)
    return Claim(
        kr=read.kr,
        text=text,
        stated_as=read.stated,
        number=read.number,
        signed=read.signed,
        suffix=read.suffix,
        scale=read.scale,
        size=read.size,
        confidence=read.confidence,
    )


def _message(read: Read, text: str, paste: str | None) -> Message:
    fault = read.fault or Fault.LEFTOVER
    return msg(fault.value, text=text, detail=read.detail.strip(), kr=read.kr or "", paste=paste or "")


def _paste(read: Read) -> str | None:
    """The nearest line that can be read: what was understood, or `?` when no amount was."""
    if read.kr is None:
        return _paste_reordered(read)
    for what in (read.written or "?", "?"):
        line = claim_line(read.kr, what, read.confidence, chinese=read.keyword.chinese)
        if all(_read(part, read.keyword).fault is None for part in line.partition(": ")[2].split(";")):
            return line
    return None


def _paste_reordered(read: Read) -> str | None:
    """`+1.5pp GROW-KR1`: the same with the key result first, if that can be read. `GROW KR1` gets its hyphen."""
    text = read.text.lstrip(" ,:=-|(.\"'")
    if odd := pattern.MISSPELT.match(text):
        name = f"{odd['group']}-{odd['kr']}" if odd["kr"] else f"{odd['cycle']}:{odd['id']}"
        return _again(name + text[odd.end() :], read.keyword)
    match = re.search(r"(?<![\w-])[A-Za-z]\w*(?:-\w+)*-\w*\d\w*", read.text)
    if match is None or "/" in read.text:
        return None
    rest = f"{read.text[: match.start()]} {read.text[match.end() :]}".strip()
    if not looks_like_part(rest):
        return None
    return _again(f"{match[0]} {rest}", read.keyword)


def _again(text: str, keyword: Keyword) -> str | None:
    """A corrected line, if it can be read now or corrected once more."""
    read = _read(text, keyword)
    if read.fault is None:
        return f"{keyword.value}: {text}"
    return _paste(read) if read.kr is not None else None
