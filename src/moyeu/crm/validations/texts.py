"""Rule types for text: which characters, which case, how long, which pattern.

Names and arguments: property validations guide (2026-03-31). What exactly each of them counts as a
letter, a special character or a capitalised text is a guess.
"""

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from moyeu.catalog.limits import (
    PATTERN_VALUE_CHARACTERS_MAX,
    RULE_LENGTH_MAX,
    RULE_MESSAGE_CHARACTERS_MAX,
)
from moyeu.crm.validations.arguments import Arguments, Normaliser, RuleTest, chosen, whole_number

PATTERN_BYTES_MAX: Final = 1 << 20
"""Memory of one compiled pattern. RE2 takes time in proportion to the pattern times the text; at
this size the worst pattern found needs 50 ms for a text of the longest length, in which other
threads run."""


# --- which characters ------------------------------------------------------------------------


def _is_letter(character: str) -> bool:
    # Marks belong to the letters that they stand on.
    return unicodedata.category(character)[0] in "LM"


def _is_special(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


_CHARACTERS: Final[Mapping[str, Callable[[str], bool]]] = {
    "ALPHANUMERIC": lambda character: _is_letter(character) or character.isdecimal(),
    "ALPHA_ONLY": _is_letter,
    "NUMERIC_ONLY": str.isdecimal,
}


def alphanumeric(arguments: Arguments) -> RuleTest | None:
    """Letters, digits or both and nothing else, blanks included."""
    kind = chosen(arguments, *_CHARACTERS)
    if kind is None:
        return None
    allowed = _CHARACTERS[kind]
    return lambda text, _now_ms: all(map(allowed, text))


def keep_alphanumeric(arguments: Arguments) -> Normaliser:
    """Drops the other characters: `070078ABC` gives `070078` (documented, May 2025)."""
    allowed = _CHARACTERS[arguments[0]]
    return lambda text: "".join(filter(allowed, text))


def no_special_characters(arguments: Arguments) -> RuleTest | None:
    """No punctuation and no symbols (`$`, `%`)."""
    if chosen(arguments, "NOT_ALLOWED") is None:
        return None
    return lambda text, _now_ms: not any(map(_is_special, text))


def drop_special_characters(_arguments: Arguments) -> Normaliser:
    """Drops punctuation and symbols."""
    return lambda text: "".join(each for each in text if not _is_special(each))


def _whitespace_kind(arguments: Arguments) -> str | None:
    return chosen(arguments or ("ALL",), "ALL", "TRIM")


def whitespace(arguments: Arguments) -> RuleTest | None:
    """No white space anywhere (`ALL`, or no argument), or none at the ends (`TRIM`)."""
    kind = _whitespace_kind(arguments)
    if kind is None:
        return None
    normalise = drop_whitespace(arguments)
    return lambda text, _now_ms: normalise(text) == text


def drop_whitespace(arguments: Arguments) -> Normaliser:
    """Drops the white space that the rule does not allow."""
    if _whitespace_kind(arguments) == "TRIM":
        return str.strip
    return lambda text: "".join(text.split())


# --- which case ------------------------------------------------------------------------------


def _capitalised(text: str) -> str:
    """The first letter of each word in upper case, the rest as it is (`McDonald` stays)."""
    formed = []
    before = " "
    for character in text:
        formed.append(character.upper() if before.isspace() else character)
        before = character
    return "".join(formed)


_CASES: Final[Mapping[str, Normaliser]] = {
    "CAPITALIZATION": _capitalised,
    "LOWER": str.lower,
    "UPPER": str.upper,
}


def letter_case(arguments: Arguments) -> RuleTest | None:
    """All upper case, all lower case, or a capital at the beginning of each word."""
    kind = chosen(arguments, *_CASES)
    if kind is None:
        return None
    formed = _CASES[kind]
    return lambda text, _now_ms: formed(text) == text


def change_case(arguments: Arguments) -> Normaliser:
    """Writes the text in the case that the rule asks for."""
    return _CASES[arguments[0]]


# --- how long --------------------------------------------------------------------------------


def min_length(arguments: Arguments) -> RuleTest | None:
    """At least that many characters; an example of the guide has 1, its text more than 1."""
    length = whole_number(arguments, 1, RULE_LENGTH_MAX)
    return None if length is None else lambda text, _now_ms: len(text) >= length


def max_length(arguments: Arguments) -> RuleTest | None:
    """At most that many characters."""
    length = whole_number(arguments, 1, RULE_LENGTH_MAX)
    return None if length is None else lambda text, _now_ms: len(text) <= length


# --- which pattern ---------------------------------------------------------------------------


def pattern(arguments: Arguments) -> RuleTest | None:
    """A pattern of RE2 that is found in the text, with what to say where it is not.

    Refused: a pattern that RE2 cannot read or that is too large; no message, or one that is too
    long. A text longer than what such a rule allows breaks it. That the pattern may match a part of
    the text is a guess: the guide's example has both anchors.
    """
    if len(arguments) != 2 or not 1 <= len(arguments[1]) <= RULE_MESSAGE_CHARACTERS_MAX:
        return None
    compiled = _compiled(arguments[0])
    if compiled is None:
        return None

    def is_found(text: str, _now_ms: int) -> bool:
        return len(text) <= PATTERN_VALUE_CHARACTERS_MAX and compiled.search(text) is not None

    return is_found


@lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    """The compiled pattern, None if it cannot be used.

    RE2 has no backtracking: a hostile pattern costs time in proportion to the text. Capture groups
    are switched off, as HubSpot has none (documented, December 2025).
    """
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415 — most portals have no such rule

    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_BYTES_MAX
    options.never_capture = True
    try:
        return re2.compile(text, options)
    except re2.error:
        return None
