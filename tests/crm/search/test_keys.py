"""Values as search compares them, and the patterns of `CONTAINS_TOKEN`."""

import re
from fractions import Fraction
from typing import SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.properties import FieldType, PropertyDefinition, PropertyType
from moyeu.crm.search.keys import (
    Field,
    FieldKind,
    Glob,
    TokenPattern,
    field_of,
    given_key,
    keys_of,
    mentions,
    moment_key,
    number_key,
    token_pattern,
    tokens_of,
    words_of,
)

TEXT = Field("note", "text")
CHOICE = Field("tier", "choice")
CHOICES = Field("tags", "choices")
MIDNIGHT_MS = 1_780_185_600_000
"""2026-05-31T00:00:00Z."""

numbers = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1).map(str),
    st.decimals(-(10**9), 10**9, places=3).map(lambda each: f"{each:f}"),
)
patterns = st.text("ab*", max_size=8)
texts = st.text("ab", max_size=12)


@pytest.mark.parametrize(
    ("property_type", "field_type", "kind"),
    [
        ("string", "text", "text"),
        ("phone_number", "phonenumber", "text"),
        ("string", "html", "text"),
        ("enumeration", "select", "choice"),
        ("enumeration", "radio", "choice"),
        ("enumeration", "checkbox", "choices"),
        ("bool", "booleancheckbox", "choice"),
        ("number", "number", "number"),
        ("date", "date", "moment"),
        ("datetime", "date", "moment"),
    ],
)
def test_each_type_is_compared_in_one_way(
    property_type: PropertyType, field_type: FieldType, kind: FieldKind
) -> None:
    definition = PropertyDefinition(
        name="p", label="P", type=property_type, field_type=field_type, group_name="g"
    )

    assert field_of(definition) == Field("p", kind)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("10", 10),
        ("10.0", 10),
        ("9.5e3", 9_500),
        ("-0.25", -0.25),
        (".5", 0.5),
        ("+7", 7),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", float(2**63)),
        ("", None),
        (" 1", None),
        ("1,5", None),
        ("0x10", None),
        ("nan", None),
        ("inf", None),
        ("١", None),
        ("1_000", None),
    ],
)
def test_numbers_are_read_as_decimals(text: str, key: int | float | None) -> None:
    assert number_key(text) == key


@given(numbers, numbers)
def test_keys_of_numbers_compare_as_the_numbers_do(one: str, other: str) -> None:
    first, second = number_key(one), number_key(other)

    assert isinstance(first, int | float)
    assert isinstance(second, int | float)
    assert (first < second) == (Fraction(one) < Fraction(other))
    assert (first == second) == (Fraction(one) == Fraction(other))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2026-05-31", MIDNIGHT_MS),
        ("1780185600000", MIDNIGHT_MS),
        ("2026-05-31T00:00:00Z", MIDNIGHT_MS),
        ("2026-05-31T02:00:00.001+02:00", MIDNIGHT_MS + 1),
        ("-1", -1),
        ("2026-02-30", None),
        ("31.5.2026", None),
        ("2026-05-31T00:00:00", None),
        ("", None),
    ],
)
def test_moments_are_read_in_all_their_forms(text: str, key: int | None) -> None:
    assert moment_key(text) == key


def test_several_options_are_keys_by_themselves_each_once() -> None:
    assert keys_of(CHOICES, "a;b;a;;c") == ("a", "b", "c")
    assert keys_of(CHOICE, "a;b") == ("a;b",)


def test_a_value_that_is_not_of_its_type_has_no_key() -> None:
    assert keys_of(Field("size", "number"), "large") == ()
    assert keys_of(Field("begins", "moment"), "soon") == ()


def test_case_counts_for_options_and_not_for_texts() -> None:
    assert given_key(TEXT, "ALICE@X.COM") == "alice@x.com"
    assert keys_of(TEXT, "Alice@X.com") == ("alice@x.com",)
    assert given_key(CHOICE, "Gold") == "Gold"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LinkedIn Free OP InMail —", ("LinkedIn", "Free", "OP", "InMail")),
        ("a.b@example.com", ("a", "b", "example", "com")),
        ("snake_case", ("snake", "case")),
        ("a a b a", ("a", "b")),
        ("Übung Ελλάδα 東京 ١٢", ("Übung", "Ελλάδα", "東京", "١٢")),
        ("—!", ()),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_tokens_of_texts_are_in_lower_case_and_those_of_options_are_not() -> None:
    assert tokens_of(TEXT, "Free OP") == ("free", "op")
    assert tokens_of(CHOICES, "A;b") == ("A", "b")


# --- globs ------------------------------------------------------------------------------------


@given(patterns, texts)
def test_a_glob_matches_what_the_regular_expression_of_it_does(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))

    assert Glob(pattern).matches(text) == bool(re.fullmatch(expression, text, re.DOTALL))


@given(st.text(max_size=12))
def test_without_a_wildcard_it_is_the_text_itself(text: str) -> None:
    plain = text.replace("*", "")

    assert Glob(plain).is_exact
    assert Glob(plain).matches(plain)
    assert not Glob(plain).matches(plain + "x")


@given(patterns, texts)
def test_a_prefix_glob_is_a_test_of_the_beginning(pattern: str, text: str) -> None:
    glob = Glob(pattern)

    if glob.is_prefix:
        assert glob.matches(text) == text.startswith(glob.prefix)
    elif glob.is_exact:
        assert glob.prefix == pattern


class _CountedText(str):
    """A text that counts the characters that `find` may have looked at."""

    looked_at = 0

    def find(self, *given: str | SupportsIndex | None) -> int:
        """As of every text."""
        part, start, end = given
        assert isinstance(part, str)
        assert isinstance(start, int)
        assert isinstance(end, int)
        found = super().find(part, start, end)
        self.looked_at += (found + len(part) if found >= 0 else end) - start
        return found


@given(st.lists(st.text("ab", max_size=3), max_size=40), st.text("ab", max_size=200))
def test_a_glob_looks_at_no_character_twice(parts: list[str], text: str) -> None:
    counted = _CountedText(text)

    Glob(f"*{'*'.join(parts)}*").matches(counted)

    assert counted.looked_at <= len(text)


class _CountedLength(_CountedText):
    """A text whose length alone may be asked for."""

    def startswith(self, *_: object) -> bool:
        """Never asked."""
        raise AssertionError


def test_a_text_that_is_shorter_than_a_glob_is_not_looked_at() -> None:
    assert not Glob("a*" * 1_500).matches(_CountedLength("a" * 1_499))


def test_a_glob_is_taken_apart_once() -> None:
    glob = Glob("a**b***")

    assert (glob.parts, glob.length_min) == (("a", "b", ""), 2)
    assert glob == Glob("a**b***")
    assert glob != Glob("a*b*")


# --- token patterns ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("InMail OP Free LinkedIn", "LinkedIn Free OP InMail —", True),
        ("LinkedIn Free OP InMail —", "LinkedIn Free OP InMail", True),
        ("director", "Directorate", False),
        ("director", "The DIRECTOR, Sales", True),
        ("acme*", "Acmeland Ltd", True),
        ("acme*", "The Acme", True),
        ("acme*", "Lacme", False),
        ("*land", "Acmeland Ltd", True),
        ("*@example.com", "ada@example.com", True),
        ("*@example.com", "ada@example.org", False),
        ("*example.com", "www.example.com", True),
        ("example.com", "ada@example.com", True),
        ("com example", "ada@example.com", True),
        ("*", "anything", True),
        ("*", "—", True),
        ("—", "—", False),
        ("a_b", "b a", True),
        ("100%", "100", True),
        ("[a-z]+", "abc", False),
        ("a.c", "abc", False),
    ],
)
def test_a_value_contains_a_pattern_by_its_tokens(pattern: str, value: str, matches: bool) -> None:
    assert token_pattern(TEXT, pattern).matches(TEXT, value) is matches


def test_options_are_tokens_whose_case_counts() -> None:
    assert token_pattern(CHOICES, "a").matches(CHOICES, "a;b")
    assert not token_pattern(CHOICES, "A").matches(CHOICES, "a;b")


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_the_order_of_words_does_not_matter(words: list[str], data: st.DataObject) -> None:
    value = " ".join(data.draw(st.lists(st.text("abc", min_size=1, max_size=3), max_size=5)))
    shuffled = data.draw(st.permutations(words))

    one = token_pattern(TEXT, " ".join(words)).matches(TEXT, value)
    other = token_pattern(TEXT, "—".join(shuffled)).matches(TEXT, value)

    assert one == other == ({*words} <= {*value.split()})


@given(st.lists(patterns, max_size=4), st.lists(texts, max_size=4))
def test_each_word_of_a_pattern_matches_some_token(words: list[str], tokens: list[str]) -> None:
    globs = [Glob(each) for each in words if each]
    present = [each for each in tokens if each]

    found = TokenPattern(tuple(globs), None).matches(TEXT, " ".join(present))

    expected = all(any(glob.matches(token) for token in present) for glob in globs)
    assert found == (bool(globs) and expected)


@given(
    st.lists(st.text("ab", min_size=1, max_size=3), max_size=4),
    st.lists(st.text("ab ", max_size=6), max_size=3),
)
def test_a_query_is_found_as_its_definition_says(words: list[str], found_in: list[str]) -> None:
    tokens = " ".join(found_in).split()

    expected = all(any(each.startswith(word) for each in tokens) for word in words)
    assert mentions(found_in, words) == (bool(words) and expected)


class _CountedGlob(Glob):
    """A pattern that counts how often it is compared."""

    compared = 0

    def matches(self, text: str) -> bool:
        """As of every pattern."""
        _CountedGlob.compared += 1
        return super().matches(text)


def test_words_without_wildcards_are_looked_up_and_not_compared() -> None:
    words = [f"w{number}" for number in range(1_000)]
    pattern = TokenPattern(tuple(map(_CountedGlob, words)), None)

    assert pattern.matches(TEXT, " ".join(reversed(words)))
    assert _CountedGlob.compared == 0


@pytest.mark.parametrize(
    ("found_in", "words", "found"),
    [
        (["Ada Lovelace", "ada@example.com"], ["love", "exam"], True),
        (["Ada Lovelace"], ["lace"], False),
        (["Ada", "Lovelace"], ["ada", "love"], True),
        (["Ada"], ["ada", "love"], False),
        (["Ada"], [], False),
        ([], ["ada"], False),
    ],
)
def test_each_word_of_a_query_begins_a_word_somewhere(
    found_in: list[str], words: list[str], found: bool
) -> None:
    assert mentions(found_in, words) is found
