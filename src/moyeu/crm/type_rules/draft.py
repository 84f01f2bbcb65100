"""The values of one record while a write is worked out, and how steps derive more of them."""

from collections.abc import Callable, Mapping, Set

from moyeu.crm.values.moment import render_ms
from moyeu.crm.values.outcome import Derivation


class Draft:
    """What a record has before a write and what the write changes.

    before: empty for a record that is being made. changed: is added to in place. defined: the
    active properties of the type; nothing else is ever set.
    """

    __slots__ = ("before", "changed", "defined", "now_ms")

    def __init__(
        self, before: Mapping[str, str], changed: dict[str, str], now_ms: int, defined: Set[str]
    ) -> None:
        self.before = before
        self.changed = changed
        self.now_ms = now_ms
        self.defined = defined

    @property
    def is_new(self) -> bool:
        """Whether the record is being made."""
        return not self.before

    @property
    def now(self) -> str:
        """The moment of the write as a value."""
        return render_ms(self.now_ms)

    def text(self, name: str) -> str:
        """The value after the write so far; empty when there is none."""
        found = self.changed.get(name)
        return self.before.get(name, "") if found is None else found

    def changes(self, *names: str) -> bool:
        """Whether the write sets or clears one of these."""
        return not self.changed.keys().isdisjoint(names)

    def concerns(self, *names: str) -> bool:
        """Whether what follows from these has to be worked out: a new record, or one changes."""
        return self.is_new or self.changes(*names)

    def put(self, name: str, text: str) -> None:
        """Sets a value, "" clears; what the record has already is no change."""
        if name in self.defined and text != self.text(name):
            self.changed[name] = text

    def fill(self, name: str, text: str) -> None:
        """Sets a value where there is none."""
        if not self.text(name):
            self.put(name, text)

    def keep(self, name: str) -> None:
        """Takes a value out of the write: the record keeps what it has."""
        del self.changed[name]


Step = Callable[[Draft], None]
"""Adds to a draft what follows from some of its values."""


def derivation_of(defined: Set[str], *steps: Step) -> Derivation:
    """The steps in this order; a later one sees what an earlier one has set."""

    def derive(before: Mapping[str, str], changed: dict[str, str], now_ms: int) -> None:
        draft = Draft(before, changed, now_ms, defined)
        for step in steps:
            step(draft)

    return derive


def initial_values(values: Mapping[str, str]) -> Step:
    """What a new record has where nothing else was given: counters and flags mostly."""

    def fill(draft: Draft) -> None:
        if draft.is_new:
            for name, text in values.items():
                draft.fill(name, text)

    return fill


def flag(holds: bool) -> str:
    """A truth as a value."""
    return "true" if holds else "false"


def counters(*names: str) -> dict[str, str]:
    """Initial values of numbers that count from zero."""
    return dict.fromkeys(names, "0")
