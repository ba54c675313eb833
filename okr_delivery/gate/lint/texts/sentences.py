"""Whether English words that could begin with an order are a sentence: `design reviews take two days`."""

from __future__ import annotations

from itertools import pairwise

from okr_delivery.gate.lint.texts.clean import words
from okr_delivery.gate.lint.texts.english import DO, IMPERATIVE, ROUTINES, VAGUE

_MANY = words("""
    take bring get go come stay become keep reach find know see make give run need are have were do spend pay buy
    choose feel arrive leave trust use wait stop start want agree say fall rise drop hold meet solve close earn save
    last fit enter return pass read accept hear sit stand lose win sell ship cost grow happen work open recover
    renew recommend rate complete finish adopt join miss exceed hit deliver begin end prefer register subscribe log
    follow respond prescribe teach learn live play score vote file cross call
""")
_ONE = words("""
    takes brings gets goes comes stays becomes keeps reaches finds knows sees makes gives is has was does means
    requires remains spends pays buys chooses feels arrives leaves wants agrees says falls rises drops holds meets
    solves closes earns saves lasts fits loses wins sells costs grows happens fails succeeds
""")
_SEVERAL = words("people staff women men")
_EITHER = words("can will must should may never always cannot already")
_DETERMINER = words("a an the our all new every each its their more this these any my your")
_BREAK = words("that who which whose where when so to because while if until it them us we you they")
_ANYBODY = words("what everyone everybody anyone anybody someone somebody nobody something")
_BEFORE_NOUN = words("in of at on from with for across per within near")
REACH = 7  # words in which a subject ends


def told(found: list[str]) -> bool:
    """Whether the words begin a sentence rather than an order: `design reviews take`, `support staff in Asia get`.

    The verb has to agree in number with the noun before it, or before the preposition that describes the noun.
    """
    if found[1:2] == ["to"]:
        return _towards(found)
    head, described = found[0], False
    for n, word in enumerate(found[1:REACH], 1):
        if found[n + 1 : n + 2] == ["place"]:  # `the launch takes place`
            return False
        if word in _BREAK or (word in _DETERMINER and not described):
            return False
        if n > 1 and (_agrees(word, head) or (word.endswith("s") and set(found[n + 1 : n + 2]) & _DETERMINER)):
            return True
        described = described or word in _BEFORE_NOUN
        head = head if described else word
    return False


def _towards(found: list[str]) -> bool:
    """`Upgrade to premium becomes`; neither `upgrade to make sure` nor `upgrade to tools our team has`."""
    if set(found[2:3]) & (_MANY | _EITHER | DO | VAGUE | IMPERATIVE | _BREAK):
        return False
    for word in found[3:REACH]:
        if _agrees(word, found[0]):
            return True
        if word in _BREAK or word in _DETERMINER or word in _ANYBODY:
            return False
    return False


def goes_on(found: list[str]) -> bool:
    """Whether the words are a sentence with a subject of at most three words: `new merchants open a second shop`."""
    if found[0] in DO | VAGUE | IMPERATIVE | ROUTINES:
        return False
    return any(_agrees(verb, noun) for noun, verb in pairwise(found[:4]))


def _agrees(verb: str, noun: str) -> bool:
    several = noun in _SEVERAL or (noun.endswith("s") and not noun.endswith(("ss", "us", "is")))
    return verb in _EITHER or verb in (_MANY if several else _ONE)
