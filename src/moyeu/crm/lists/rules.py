"""Who is in a dynamic list: a rule over records, made ready of the list's filters at one moment.

What can be said of a record's own values is a search condition; the rest looks at other lists and
at associated records, which whoever carries the rule out reads for many records at once.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from moyeu.catalog.associations import TypeKey
from moyeu.crm.search.conditions import AllOf, AnyOf, Condition


@dataclass(frozen=True, slots=True)
class Rule:
    """Base of all rules."""


@dataclass(frozen=True, slots=True)
class Meets(Rule):
    """The record's values meet a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Every(Rule):
    """All of the parts hold; without parts, it does."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Some(Rule):
    """At least one of the parts holds; without parts, it does not."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not(Rule):
    """The part does not hold."""

    part: Rule


@dataclass(frozen=True, slots=True)
class InList(Rule):
    """The record is in a list."""

    list_id: int


@dataclass(frozen=True, slots=True)
class Associated(Rule):
    """Some active record of a type, associated by that association type, meets the rule."""

    object_type_id: str
    key: TypeKey
    rule: Rule


def digest_of(rule: Rule) -> str:
    """A short text that tells rules apart; the moments in them count too."""
    return hashlib.sha256(repr(rule).encode()).hexdigest()[:32]


def condition_of(rule: Rule) -> Condition | None:
    """The same as one search condition, None where the rule looks beyond the record's values."""
    if isinstance(rule, Meets):
        return rule.condition
    if not isinstance(rule, Every | Some):
        return None
    parts = [condition_of(each) for each in rule.parts]
    known = tuple(each for each in parts if each is not None)
    if len(known) < len(parts):
        return None
    return AllOf(known) if isinstance(rule, Every) else AnyOf(known)


def looks_beyond(rule: Rule) -> bool:
    """Whether it follows from more than the record's own values."""
    return any(True for _ in _looks(rule))


def _looks(rule: Rule) -> Iterator[InList | Associated]:
    """What the rule looks at of the record beside its values."""
    if isinstance(rule, Every | Some):
        for each in rule.parts:
            yield from _looks(each)
    elif isinstance(rule, Not):
        yield from _looks(rule.part)
    elif isinstance(rule, InList | Associated):
        yield rule


def associations_in(rule: Rule) -> Iterator[Associated]:
    """The associated records that the rule looks at, but for those that they look at."""
    return (each for each in _looks(rule) if isinstance(each, Associated))


def lists_named(rule: Rule) -> frozenset[int]:
    """The lists that the rule looks at, those of associated records too."""
    return frozenset(each.list_id for each in _looks(rule) if isinstance(each, InList)).union(
        *(lists_named(each.rule) for each in associations_in(rule))
    )


def types_named(rule: Rule) -> frozenset[str]:
    """The object types of the associated records that the rule looks at."""
    return frozenset(each.object_type_id for each in associations_in(rule)).union(
        *(types_named(each.rule) for each in associations_in(rule))
    )
