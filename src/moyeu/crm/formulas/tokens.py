"""The words that a formula is written in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

TokenKind = Literal["number", "word", "text", "symbol", "end", "stray"]

# A number ends where its digits do: `10a` is the number 10 and the property `a` (documented). A
# text ends with the quote that begins it and cannot hold that quote (a guess). What is in none of
# the groups, such as `[`, has no place in a formula (observed 2026-09: `[ ]` is refused).
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?|\.\d+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<symbol><=|>=|!=|[<>=+\-*/(),])
      | (?P<end>\Z)
      | (?P<stray>.)
    )""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `text` is as written, but for words, which are in lower case.

    column: 1-based, of its first character.
    """

    kind: TokenKind
    text: str
    column: int


def tokens_of(formula: str) -> Iterator[Token]:
    """The words of a formula in order; the last is its end or the first character out of place.

    White space separates words and means nothing else. The language knows no case but in texts
    (documented); that this holds for names of properties is a guess.
    """
    for match in _TOKEN.finditer(formula):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment] # one group always matches
        text = match[kind]
        yield Token(kind, text.lower() if kind == "word" else text, match.start(kind) + 1)
        if kind in ("end", "stray"):
            return
