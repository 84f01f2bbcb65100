"""What the columns of a search index hold, and which of them a condition is answered from.

A column belongs to one object type of one portal. How it is kept is each engine's own matter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.crm.search.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    Linked,
    Mentions,
    NoneOf,
    OneOf,
    SortBy,
    Within,
)
from moyeu.crm.search.keys import Field, FieldKind, sort_field
from moyeu.crm.search.token_plans import Term, are_tokens, plan_mentions, plan_pattern

AS_IT_IS: Final = Field("", "choice")
"""The field of texts that are folded already."""

_MODIFIED_PROPERTIES: Final = frozenset(each.modified_property for each in OBJECT_TYPES)


class NotIndexedError(Exception):
    """The columns cannot answer the condition; a look at every record can."""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a column holds of each active record.

    shape: `all` the record id alone; `keys` one key; `options` each of several keys; `terms` the
    terms of the values of some properties. folds_case: of `terms`.
    """

    shape: Literal["all", "keys", "options", "terms"]
    names: tuple[str, ...] = ()
    kind: FieldKind = "text"
    folds_case: bool = True

    @property
    def field(self) -> Field:
        """Whose keys they are."""
        return Field(self.names[0], self.kind)


ALL: Final = ColumnSpec("all")


def keys_spec(field: Field) -> ColumnSpec:
    """The column of a field's keys."""
    shape = "options" if field.kind == "choices" else "keys"
    return ColumnSpec(shape, (field.name,), field.kind)  # type: ignore[arg-type] # one of the two


def text_spec(field: Field) -> ColumnSpec:
    """The column of a field's whole texts, folded as its tokens are."""
    return ColumnSpec("keys", (field.name,), "text" if field.folds_case else "choice")


def terms_spec(field: Field) -> ColumnSpec:
    """The column of a field's terms."""
    return ColumnSpec("terms", (field.name,), folds_case=field.folds_case)


def mentions_spec(condition: Mentions) -> ColumnSpec:
    """The column of the terms of all properties that a condition looks at."""
    return ColumnSpec("terms", condition.names)


def sort_spec(order: SortBy) -> ColumnSpec:
    """The column that records are sorted by."""
    return keys_spec(sort_field(order.field))


def specs_of(condition: Condition) -> Iterator[ColumnSpec]:
    """The columns that a condition is answered from, some of them more than once."""
    yield ALL
    if isinstance(condition, AllOf | AnyOf):
        for each in condition.parts:
            yield from specs_of(each)
    elif isinstance(condition, Mentions):
        if condition.names:
            yield mentions_spec(condition)
    elif isinstance(condition, HasTokens | LacksTokens):
        plan = plan_pattern(condition.pattern)
        yield text_spec(condition.field)
        if plan is not None and plan.terms:
            yield terms_spec(condition.field)
    elif not isinstance(condition, Linked):
        assert isinstance(condition, Holds | Lacks | OneOf | NoneOf | Within)
        yield keys_spec(condition.field)


def mentioned_terms(condition: Mentions) -> tuple[Term, ...] | None:
    """The terms of the words, each of which begins one; None where no record can have them."""
    if not condition.words or not condition.names or not are_tokens(condition.words):
        return None
    terms = plan_mentions(condition.words)
    if terms is None:
        raise NotIndexedError
    return terms


def complement(condition: Condition) -> tuple[Condition, Condition] | None:
    """Conditions whose difference it is, each counted along an index."""
    if isinstance(condition, Holds):
        return EVERYTHING, Lacks(condition.field)
    if isinstance(condition, NoneOf):
        return Holds(condition.field), OneOf(condition.field, condition.keys)
    if isinstance(condition, LacksTokens):
        # The column of the texts is there and tells who has a value.
        texts = Field(condition.field.name, text_spec(condition.field).kind)
        return Holds(texts), HasTokens(condition.field, condition.pattern)
    return None


def has_links(condition: Condition) -> bool:
    """Whether it asks for associations, which change without a column that changes."""
    if isinstance(condition, AllOf | AnyOf):
        return any(has_links(each) for each in condition.parts)
    return isinstance(condition, Linked)


def change_with_each_write(names: Iterable[str]) -> bool:
    """Whether one of the properties changes with each write, though no history names it."""
    return not _MODIFIED_PROPERTIES.isdisjoint(names)
