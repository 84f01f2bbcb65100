"""Token patterns as plans for an index of terms: they find what the pattern matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.search.keys import Field, Glob, TokenPattern, token_pattern, words_of
from moyeu.crm.search.token_plans import (
    ANY_TEXT,
    Term,
    TokenPlan,
    plan_mentions,
    plan_pattern,
    term_text,
    terms_text,
)

TEXT = Field("title", "text")
ALPHABET = "abAB1 _-@.*é\0日"


def plan(text: str) -> TokenPlan | None:
    """The plan for a filter's text on a text property."""
    return plan_pattern(token_pattern(TEXT, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme", TokenPlan((Term("acme", False),), "acme", True)),
        ("acme corp", TokenPlan((Term("acme", False), Term("corp", False)), "acme", True)),
        ("acme*", TokenPlan((Term("acme", True),), "acme", True)),
        ("*@example.com", TokenPlan((Term("example", False), Term("com", False)), "example", True)),
        ("*example.com", TokenPlan((Term("com", False),), "example", False)),
        ("*acme*", TokenPlan((), "acme", False)),
        ("a*mile", TokenPlan((), "mile", False)),
        ("café", TokenPlan((Term("caf_e9_", False),), "café", True)),
        ("***", ANY_TEXT),
        ("* *", TokenPlan((), "", False)),
        ("-", None),
        ("x" * 1_000, TokenPlan((), "x" * 1_000, False)),
    ],
)
def test_a_pattern_has_a_plan(text: str, expected: TokenPlan | None) -> None:
    assert plan(text) == expected


def test_of_many_words_a_plan_names_some_and_texts_are_looked_at() -> None:
    words = [f"w{number}" for number in range(21)]
    terms = tuple(Term(each, False) for each in words[:20])

    assert plan(" ".join(words[:20])) == TokenPlan(terms, "w10", True)
    assert plan(" ".join(words)) == TokenPlan(terms, "w10", False)


def has_terms(plan: TokenPlan, value: str) -> bool:
    """Whether an index of the value's terms finds it."""
    terms = terms_text(value, folds_case=False).split()
    return all(
        any(each.startswith(wanted.text) if wanted.is_prefix else each == wanted.text
            for each in terms)
        for wanted in plan.terms
    )  # fmt: skip


@given(st.text(ALPHABET, max_size=12), st.text(ALPHABET, max_size=8))
def test_a_plan_finds_every_text_that_matches_and_a_complete_one_no_other(
    value: str, text: str
) -> None:
    as_it_is = Field("title", "choice")
    pattern = token_pattern(as_it_is, text)
    made = plan_pattern(pattern)

    matches = pattern.matches(as_it_is, value)

    if made is None:
        assert not matches
        return
    can_match = has_terms(made, value) and made.piece in value
    assert can_match or not matches
    if made.is_complete and value:
        assert matches == has_terms(made, value)


def test_a_pattern_whose_words_are_not_those_of_its_whole_is_looked_at() -> None:
    pattern = TokenPattern((Glob("one"),), Glob("*two"))

    made = plan_pattern(pattern)

    assert made is not None
    assert (made.terms, made.is_complete) == ((), False)
    assert made.piece in "two"


@given(st.text(ALPHABET, min_size=1), st.text(ALPHABET))
def test_terms_keep_tokens_apart_and_what_they_begin_with(token: str, more: str) -> None:
    assert set(term_text(token)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert term_text(token + more).startswith(term_text(token))
    if more:
        assert term_text(token + more) != term_text(token)


def test_one_term_begins_with_another_only_where_its_token_does() -> None:
    tokens = words_of("e é eé ée e9 9e E a1 1a ü üb")
    for one in tokens:
        for other in tokens:
            assert term_text(one).startswith(term_text(other)) == one.startswith(other)


def test_mentions_of_nothing_or_of_very_long_words_are_not_for_the_index() -> None:
    assert plan_mentions(["ada", "é"]) == (Term("ada", True), Term("_e9_", True))
    assert plan_mentions(["ada", ""]) is None
    assert plan_mentions(["x" * 1_000]) is None
