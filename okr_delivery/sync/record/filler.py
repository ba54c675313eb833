"""Filler for free text: other words, same shape.

Line breaks, punctuation, markup, capitals, scripts and lengths stay, so that what a text breaks it still breaks. Within
one recording a text has one filler, so that equal titles stay equal; between recordings nothing can be compared.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

LEXICON = {
    1: "aeo",
    2: "ad ea et ex id in ut",
    3: "est non qui sed sit vel",
    4: "amet anim aute cupa duis elit enim esse nisi quis sint",
    5: "culpa dolor fugia ipsum irure lorem magna minim velit",
    6: "aliqua cillum dolore labore mollit tempor veniam",
    7: "aliquip commodo eiusmod laboris nostrud officia proiden",
    8: "deserunt pariatur proident nullades voluptas",
    9: "consequat cupidatat excepteur occaecats voluptate",
    10: "adipiscing incididunt voluptates exercitati",
    11: "consectetur reprehender exercitatio",
    12: "exercitation reprehenderi consecteturi",
    13: "reprehenderit exercitations",
    14: "exercitationes reprehenderits",
}
WORDS = {length: tuple(row) if length == 1 else tuple(row.split()) for length, row in LEXICON.items()}
LONGEST = max(WORDS)
ACCENTED = "éöüñçàåøšž"
SCRIPTS = (
    (0x0370, 0x03FF, "αβγδεζηθλμνπρστφχψω"),
    (0x0400, 0x052F, "абвгдежзиклмнопрстуфхц"),
    (0x0590, 0x05FF, "אבגדהוזחטיכלמנסעפצקרשת"),
    (0x0600, 0x06FF, "ابتثجحدرزسشصضطعفقكلمنهوي"),
    (0x0900, 0x097F, "कखगघचछजटडतथदधनपफबम"),
    (0x0E00, 0x0E7F, "กขคงจฉชซญดตถทธนบปผพ"),
    (0x3040, 0x309F, "あいうえおかきくけこさしすせそたちつてと"),
    (0x30A0, 0x30FF, "アイウエオカキクケコサシスセソタチツテト"),
    (0x3400, 0x9FFF, "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏云腾致雨露结为霜"),
    (0xAC00, 0xD7AF, "가나다라마바사아자차카타파하"),
)
UNKNOWN_SCRIPT = "x"
LATIN_END = 0x0250

ISSUE_KEY = r"(?:\d{4}(?:Q[1-4]|H[12])?:)?[A-Z][A-Z0-9_]{1,19}-[A-Z]{0,3}\d{1,9}"
"""Issue keys, and ids of key results that look like them, with their cycle."""
MARKUP = (
    r"(?m:^\s*(?:h[1-6]|bq)\.(?=\s))",  # headings and quotes of wiki text
    r"\{(?:code|noformat|quote|panel|color|info|note|warning|tip)(?=[:}])",
    r"</?(?:p|br|b|i|em|strong|ul|ol|li|h[1-6]|pre|code|blockquote|div|span|table|tr|td|th|s|del|a|img)(?=[\s/>])",
    r"&(?:nbsp|amp|lt|gt|quot|apos|ensp|emsp|hellip|mdash|ndash);",
)
NUMBER_SIGN = r"(?<![\w#])#\d{1,7}(?!\w)"
MENTION = r"\[~(?:accountid:)?(?P<mention>[^\]\n|]{1,200})\]"
ADDRESS = r"(?P<address>(?:[A-Za-z][A-Za-z0-9+.-]{0,30}://|www\.|mailto:)[^\s<>\])}|\"'，。；）]+)"
EMAIL = r"(?P<email>[^\s@<>()\[\],;:\"'|]{1,64}@[^\W_][\w-]*(?:\.[\w-]+)+)"
WORD = r"(?P<word>[^\W\d_]+)"
DIGITS = r"(?P<digits>\d+)"

Replace = Callable[[str], str]


class Filler:
    """Replaces words. `keep` are words and ids that the tool looks for in free text, as they are written.

    `person`, `email` and `address` replace what they name; `salt` is secret and forgotten with this object.
    """

    def __init__(self, salt: bytes, *, keep: Iterable[str], person: Replace, email: Replace, address: Replace) -> None:
        self._salt = salt
        self._keep = sorted({word for word in keep if word}, key=lambda word: (-len(word), word))
        self._person, self._email, self._address = person, email, address
        self._compile = lru_cache(500)(self._pattern_with)  # a claim's words come again in other issues
        self._pattern = self._compile(())

    def text(self, text: str) -> str:
        """The filler of a text; issue keys, `#12`, mentions, markup and kept words stay."""
        return self._replace(self._pattern, text, text)

    def around(self, text: str, kept: Iterable[str]) -> str:
        """The same, with more patterns that stay."""
        return self._replace(self._compile(tuple(kept)), text, text)

    def digest(self, text: str) -> str:
        """Eight signs that stand for a text in this recording."""
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=4).hexdigest()

    def _pattern_with(self, kept: tuple[str, ...]) -> re.Pattern[str]:
        words = [rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in self._keep]
        stays = [*words, *kept, rf"(?<!\w){ISSUE_KEY}(?!\w)", NUMBER_SIGN, *MARKUP]
        return re.compile("|".join([MENTION, EMAIL, ADDRESS, *stays, WORD, DIGITS]))

    def _replace(self, pattern: re.Pattern[str], text: str, seed: str) -> str:
        dice = self._dice(seed)

        def one(match: re.Match[str]) -> str:
            found = match.groupdict()
            if found["word"]:
                return "".join(_word(run, dice) for run in _runs(found["word"]))
            if found["digits"]:
                return "".join(str(next(dice) % 10) for _ in found["digits"])
            if found["mention"]:
                return match[0].replace(found["mention"], self._person(found["mention"]))
            if found["email"]:
                return self._email(found["email"])
            return self._address(found["address"]) if found["address"] else match[0]

        return pattern.sub(one, text)

    def _dice(self, seed: str) -> Iterator[int]:
        """Numbers that depend on the text and the salt alone."""
        data = self._salt + seed.encode("utf-8", "surrogatepass")
        blocks = (hashlib.blake2b(data + bytes([n % 256, n // 256 % 256])).digest() for n in itertools.count())
        return itertools.chain.from_iterable(blocks)


def _runs(word: str) -> Iterator[str]:
    return ("".join(group) for _, group in itertools.groupby(word, key=lambda sign: ord(sign) < LATIN_END))


def _word(run: str, dice: Iterator[int]) -> str:
    if ord(run[0]) >= LATIN_END:
        return "".join(_foreign(sign, dice) for sign in run)
    plain = _latin(len(run), dice)
    return "".join(_like(sign, new, dice) for sign, new in zip(run, plain, strict=True))


def _latin(length: int, dice: Iterator[int]) -> str:
    made = ""
    while len(made) < length:
        row = WORDS[min(length - len(made), LONGEST)]
        made += row[next(dice) % len(row)]
    return made[:length]


def _like(sign: str, new: str, dice: Iterator[int]) -> str:
    """Accents where there were some, capitals where there were some."""
    found = ACCENTED[next(dice) % len(ACCENTED)] if ord(sign) > 127 else new
    return found.upper() if sign.isupper() else found


def _foreign(sign: str, dice: Iterator[int]) -> str:
    code = ord(sign)
    pool = next((pool for low, high, pool in SCRIPTS if low <= code <= high), UNKNOWN_SCRIPT)
    return pool[next(dice) % len(pool)]
