"""Token patterns as an index of tokens can answer them: its terms, and what is left to look at.

A term is a token that is written with `a-z`, `0-9` and `_` alone, so that every index keeps it as
it is: any other character is its code between two `_`, which no token contains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moyeu.crm.search.keys import Field, Glob, TokenPattern, token_pattern, words_of

_TERM_MAX: Final = 1_000
"""Longer terms are cut there; what is longer cannot be looked for in the index."""
_TERMS_PER_PLAN_MAX: Final = 20
"""So many terms find few texts already, and an index may ask for all of them anew for each text."""
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_AS_IT_IS: Final = Field("", "choice")


@dataclass(frozen=True, slots=True)
class Term:
    """What the index looks for: a whole term, or what terms begin with."""

    text: str
    is_prefix: bool


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """How the texts that contain a pattern are found.

    terms: each must be among the terms of the text; none where any text may match. piece: stands in
    each text that matches ("" where nothing is known). is_complete: whether all texts with the
    terms match, else each must be looked at.
    """

    terms: tuple[Term, ...]
    piece: str
    is_complete: bool


ANY_TEXT: Final = TokenPlan((), "", is_complete=True)


def plan_pattern(pattern: TokenPattern) -> TokenPlan | None:
    """How to find the texts that contain a pattern, folded as it is; None where none can."""
    if pattern.whole is not None and not pattern.whole.is_exact and not any(pattern.whole.parts):
        return ANY_TEXT
    if pattern.whole is None and not pattern.words:
        return None
    literals = [each for word in pattern.words for each in word.text.split("*") if each]
    if not _words_decide(pattern) or not literals:
        piece = max(literals, key=len, default="") if pattern.whole is None else _piece(pattern)
        return TokenPlan((), piece, is_complete=False)
    # One of stars alone needs some token, and another word sees to that.
    wanted = [_term_of(word) for word in pattern.words if word.text.strip("*")]
    known = [term for term in wanted if term is not None]
    terms = tuple(known[:_TERMS_PER_PLAN_MAX])
    return TokenPlan(terms, max(literals, key=len), is_complete=len(terms) == len(wanted))


def _words_decide(pattern: TokenPattern) -> bool:
    """Whether a text that matches as a whole has all the words too.

    So it is where wildcards only begin and end words: what the whole text has in their place
    belongs to the same token or parts it.
    """
    if pattern.whole is None:
        return True
    if any("*" in word.text.strip("*") for word in pattern.words):
        return False
    return token_pattern(_AS_IT_IS, pattern.whole.text).words == pattern.words


def _piece(pattern: TokenPattern) -> str:
    """What stands in every text that matches; where there are words a run of letters and digits."""
    assert pattern.whole is not None
    if not pattern.words:
        return max(pattern.whole.parts, key=len)
    if token_pattern(_AS_IT_IS, pattern.whole.text).words != pattern.words:
        return ""
    return max(
        (part for word in pattern.words for part in word.text.split("*")), key=len, default=""
    )


def _term_of(word: Glob) -> Term | None:
    if not (word.is_exact or word.is_prefix) or not word.prefix:
        return None
    return _term(word.prefix, is_prefix=word.is_prefix)


def _term(text: str, *, is_prefix: bool) -> Term | None:
    encoded = term_text(text)
    return Term(encoded, is_prefix) if len(encoded) < _TERM_MAX else None


def plan_mentions(words: Iterable[str]) -> tuple[Term, ...] | None:
    """The terms of words that begin tokens; None where an index cannot tell."""
    terms = []
    for word in words:
        term = _term(word, is_prefix=True) if word else None
        if term is None:
            return None
        terms.append(term)
    return tuple(terms)


def are_tokens(words: Iterable[str]) -> bool:
    """Whether each word could begin a token at all."""
    return all(words_of(word) == (word,) for word in words if word)


def terms_text(value: str, *, folds_case: bool) -> str:
    """The terms of a value, parted by spaces."""
    words = words_of(value.lower() if folds_case else value)
    return " ".join(term_text(word)[:_TERM_MAX] for word in words)


@lru_cache(maxsize=4_096)
def term_text(token: str) -> str:
    """A token as a term."""
    if _PLAIN.issuperset(token):
        return token
    return "".join(each if each in _PLAIN else f"_{ord(each):x}_" for each in token)
