"""Values as search sees them: keys that are compared, and tokens that are looked for.

A key is an integer, a float or a text; those of one field are comparable with each other, and
integers compare with floats exactly. Marks of the facts: COMPATIBILITY.md, section search.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.values.moment import read_day, read_iso, read_ms

FieldKind = Literal["text", "choice", "choices", "number", "moment"]
"""How the values of a property are compared: texts whatever their case, one option of a list,
several options (each by itself), numbers, and moments in milliseconds since 1970, UTC."""

Key = int | float | str

_INTEGER_MAX: Final = 2**63 - 1
_INTEGER: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
# Letters and digits of any script; whatever is between them parts tokens.
_TOKEN: Final = re.compile(r"[^\W_]+")
_PATTERN: Final = re.compile(r"(?:[^\W_]|\*)+")
_WILDCARD: Final = "*"


@dataclass(frozen=True, slots=True)
class Field:
    """A property as search compares it."""

    name: str
    kind: FieldKind

    @property
    def folds_case(self) -> bool:
        """Whether values are compared whatever their case (documented: not those of options)."""
        return self.kind == "text"


def field_of(definition: PropertyDefinition) -> Field:
    """How the values of a property are compared."""
    return Field(definition.name, _kind_of(definition))


def _kind_of(definition: PropertyDefinition) -> FieldKind:
    if definition.type == "number":
        return "number"
    if definition.type in ("date", "datetime"):
        return "moment"
    if definition.type in ("bool", "enumeration"):
        return "choices" if definition.field_type == "checkbox" else "choice"
    return "text"


def sort_field(field: Field) -> Field:
    """The field that records are sorted by: several options count as one text."""
    return Field(field.name, "choice") if field.kind == "choices" else field


def keys_of(field: Field, value: str) -> tuple[Key, ...]:
    """What of a kept value is compared: one key, or one for each option, or none.

    There is none where the value is not of the property's type, which can have changed since.
    """
    if field.kind == "text":
        return (value.lower(),)
    if field.kind == "choice":
        return (value,)
    if field.kind == "choices":
        return tuple(dict.fromkeys(part for part in value.split(";") if part))
    key = number_key(value) if field.kind == "number" else moment_key(value)
    return () if key is None else (key,)


def given_key(field: Field, text: str) -> Key | None:
    """The key that a text of a request is compared by, None where it is not of the field's type."""
    if field.kind == "number":
        return number_key(text)
    if field.kind == "moment":
        return moment_key(text)
    return text.lower() if field.folds_case else text


def number_key(text: str) -> Key | None:
    """A decimal as an integer where it is a whole number of 64 bits, else as a float."""
    if _INTEGER.fullmatch(text):
        whole = int(text)
        return whole if abs(whole) <= _INTEGER_MAX else float(whole)
    if not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    # Beyond 2^53 a float cannot tell neighbours apart, and whole floats would pretend to.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def moment_key(text: str) -> int | None:
    """A date (its midnight in UTC), an ISO 8601 date-time or milliseconds since 1970."""
    for read in (read_day, read_iso, read_ms):
        if (moment := read(text)) is not None:
            return moment
    return None


def tokens_of(field: Field, value: str) -> tuple[str, ...]:
    """The words of a kept value, in order, each once: runs of letters and digits."""
    return words_of(value.lower() if field.folds_case else value)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as it is, in order, each once."""
    return tuple(dict.fromkeys(_TOKEN.findall(text)))


@dataclass(frozen=True, slots=True)
class Glob:
    """A text in which each wildcard stands for any characters; without one it is that text.

    parts: what the wildcards part; only the first and the last may be empty. length_min: how long
    they are together. Both are kept since a pattern is compared with each word of each value.
    """

    text: str
    wildcard: str = _WILDCARD
    parts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    length_min: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first, *more = self.text.split(self.wildcard)
        parts = (first, *filter(None, more[:-1]), *more[-1:])
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "length_min", sum(map(len, parts)))

    @property
    def is_exact(self) -> bool:
        """Whether it has no wildcard."""
        return len(self.parts) == 1

    @property
    def prefix(self) -> str:
        """What stands before the first wildcard."""
        return self.parts[0]

    @property
    def is_prefix(self) -> bool:
        """Whether its only wildcards end it."""
        return len(self.parts) == 2 and not self.parts[1]

    def matches(self, text: str) -> bool:
        """Whether the whole text is one that the pattern stands for; takes no second looks."""
        if self.is_exact:
            return text == self.text
        if len(text) < self.length_min:
            return False
        first, last = self.parts[0], self.parts[-1]
        if not (text.startswith(first) and text.endswith(last)):
            return False
        place, end = len(first), len(text) - len(last)
        for part in self.parts[1:-1]:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True


@dataclass(frozen=True, slots=True)
class TokenPattern:
    """What a `CONTAINS_TOKEN` looks for.

    words: each must match some token of the value, in any order. whole: the pattern that the whole
    value may match instead, where the filter has wildcards.
    """

    words: tuple[Glob, ...]
    whole: Glob | None

    def matches(self, field: Field, value: str) -> bool:
        """Whether a kept value contains it."""
        text = value.lower() if field.folds_case else value
        if self.whole is not None and self.whole.matches(text):
            return True
        # A dictionary, so that words without wildcards cost a look-up each however many there are.
        tokens = dict.fromkeys(words_of(text))
        return bool(self.words) and all(_matches_some(word, tokens) for word in self.words)


def _matches_some(word: Glob, tokens: Collection[str]) -> bool:
    return word.text in tokens if word.is_exact else any(map(word.matches, tokens))


def token_pattern(field: Field, text: str) -> TokenPattern:
    """The pattern that a filter's text is.

    It is cut like values are, wildcards count as letters; a text without any word finds nothing.
    """
    folded = text.lower() if field.folds_case else text
    words = tuple(Glob(each) for each in dict.fromkeys(_PATTERN.findall(folded)))
    return TokenPattern(words, Glob(folded) if _WILDCARD in folded else None)


def mentions(texts: Sequence[str], words: Sequence[str]) -> bool:
    """Whether each word begins a token of one of the texts; words are in lower case."""
    tokens = sorted(token for text in texts for token in words_of(text.lower()))
    return bool(words) and all(_begins_some(word, tokens) for word in words)


def _begins_some(word: str, tokens: Sequence[str]) -> bool:
    """Whether the word begins one of the tokens, which are sorted: if so, the next one after it."""
    place = bisect_left(tokens, word)
    return place < len(tokens) and tokens[place].startswith(word)
