"""What a value rule answers besides the kept text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from moyeu.crm.problems import ValueProblem


@dataclass(frozen=True, slots=True)
class Append:
    """Options to add to those that the record has (`;c` on `a;b` gives `a;b;c`)."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Normalised:
    """A value that was put into its canonical form, which the answer must warn about.

    kept: the stored text. normalized: the text named in the warning. raw: the text as sent.
    """

    name: str
    kept: str
    normalized: str
    raw: str


ValueOutcome = str | Append | Normalised | ValueProblem
"""A plain `str` is the text to keep, and by far the most frequent answer."""

ValueRule = Callable[[str, int], ValueOutcome]
"""(text as sent, now in ms since 1970) → outcome. Never raises."""

Derivation = Callable[[Mapping[str, str], dict[str, str], int], None]
"""(values before, changed values, now in ms since 1970): adds to the changed values in place what
follows from them. Before a create there are no values. What it adds is no longer subject to rules.
"""
