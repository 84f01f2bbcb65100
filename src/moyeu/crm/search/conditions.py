"""Conditions over records, and whether a record meets one: the meaning of every search."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from moyeu.crm.search.keys import Field, Key, TokenPattern, keys_of, mentions, sort_field


@dataclass(frozen=True, slots=True)
class Condition:
    """Base of all conditions."""


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """Meets every one of the parts; without parts, every record does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """Meets at least one of the parts; without parts, no record does."""

    parts: tuple[Condition, ...]


EVERYTHING: Final = AllOf(())
NOTHING: Final = AnyOf(())


@dataclass(frozen=True, slots=True)
class Holds(Condition):
    """Has a value in the field; the empty text is none."""

    field: Field


@dataclass(frozen=True, slots=True)
class Lacks(Condition):
    """Has no value in the field."""

    field: Field


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """Some key of the value is among these."""

    field: Field
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class NoneOf(Condition):
    """Has a value, and no key of it is among these."""

    field: Field
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Within(Condition):
    """Some key of the value lies between the bounds; None is no bound."""

    field: Field
    low: Key | None = None
    high: Key | None = None
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class HasTokens(Condition):
    """The value contains the pattern."""

    field: Field
    pattern: TokenPattern


@dataclass(frozen=True, slots=True)
class LacksTokens(Condition):
    """Has a value, which does not contain the pattern."""

    field: Field
    pattern: TokenPattern


@dataclass(frozen=True, slots=True)
class Linked(Condition):
    """Is associated, by whatever type, with at least one of these records of an object type."""

    object_type_id: str
    record_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Mentions(Condition):
    """Each of the words, in lower case, begins a word of the values of these properties."""

    names: tuple[str, ...]
    words: tuple[str, ...]


LinkedTo = Callable[[Linked], bool]
"""Whether the record at hand meets the condition."""


def meets(condition: Condition, properties: Mapping[str, str], linked_to: LinkedTo) -> bool:
    """Whether a record with these kept values meets the condition."""
    if isinstance(condition, AllOf):
        return all(meets(each, properties, linked_to) for each in condition.parts)
    if isinstance(condition, AnyOf):
        return any(meets(each, properties, linked_to) for each in condition.parts)
    if isinstance(condition, Linked):
        return linked_to(condition)
    if isinstance(condition, Mentions):
        texts = [properties.get(name, "") for name in condition.names]
        return mentions(texts, condition.words)
    assert isinstance(condition, (Holds, Lacks, OneOf, NoneOf, Within, HasTokens, LacksTokens))
    value = properties.get(condition.field.name, "")
    if not value:
        return isinstance(condition, Lacks)
    return not isinstance(condition, Lacks) and _value_meets(condition, value)


def _value_meets(
    condition: Holds | OneOf | NoneOf | Within | HasTokens | LacksTokens, value: str
) -> bool:
    """Whether a value, which is not empty, meets the condition."""
    field = condition.field
    if isinstance(condition, Holds):
        return True
    if isinstance(condition, HasTokens):
        return condition.pattern.matches(field, value)
    if isinstance(condition, LacksTokens):
        return not condition.pattern.matches(field, value)
    keys = keys_of(field, value)
    if isinstance(condition, Within):
        return any(_lies_within(condition, key) for key in keys)
    return condition.keys.isdisjoint(keys) == isinstance(condition, NoneOf)


def _lies_within(condition: Within, key: Key) -> bool:
    low, high = condition.low, condition.high
    # The keys of one field are all numbers or all texts.
    above = low is None or key > low or (condition.low_included and key == low)  # type: ignore[operator]
    below = high is None or key < high or (condition.high_included and key == high)  # type: ignore[operator]
    return above and below


@dataclass(frozen=True, slots=True)
class SortBy:
    """The order of the records found.

    Ascending by key and record id, or descending by both; those without a key come last,
    ascending by record id.
    """

    field: Field
    descending: bool = False


def sort_by(field: Field, *, descending: bool = False) -> SortBy:
    """The order by a field; several options are sorted as one text."""
    return SortBy(sort_field(field), descending)


Found = tuple[int, Mapping[str, str]]
"""Record id and kept values."""


def in_order(found: Sequence[Found], order: SortBy | None) -> list[Found]:
    """Records in the order of a search; without one ascending by record id."""
    if order is None:
        return sorted(found, key=lambda each: each[0])
    with_key: list[tuple[Key, int, Found]] = []
    without: list[Found] = []
    for each in found:
        record_id, properties = each
        value = properties.get(order.field.name)
        keys = keys_of(order.field, value) if value else ()
        if keys:
            with_key.append((keys[0], record_id, each))
        else:
            without.append(each)
    with_key.sort(key=lambda entry: entry[:2], reverse=order.descending)
    without.sort(key=lambda each: each[0])
    return [each for _, _, each in with_key] + without
