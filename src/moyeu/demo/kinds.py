"""The object types that are made, in which proportions, and what makes a record of each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.object_types import ObjectType, find_object_type, object_type_by_id
from moyeu.demo.activities import call, note, task
from moyeu.demo.companies import company
from moyeu.demo.people import contact
from moyeu.demo.sales import deal, line_item, product
from moyeu.demo.service import partner_client, partner_service, ticket
from moyeu.demo.world import (
    CALLS,
    COMPANIES,
    CONTACTS,
    DEALS,
    LINE_ITEMS,
    NOTES,
    PARTNER_CLIENTS,
    PARTNER_SERVICES,
    PRODUCTS,
    TASKS,
    TICKETS,
    Draft,
    World,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """An object type that records are made of.

    share: how many of a hundred records are of it. draft: the record with a number, from 0.
    is_last: written after all others, as its records hang on them; the others hang on earlier ones.
    """

    object_type_id: str
    share: int
    draft: Callable[[World, int], Draft]
    is_last: bool = False

    @property
    def object_type(self) -> ObjectType:
        """The object type."""
        found = object_type_by_id(self.object_type_id)
        assert found is not None
        return found


KINDS: Final = (
    Kind(PARTNER_SERVICES, 10, partner_service, is_last=True),
    Kind(COMPANIES, 8, company),
    Kind(PARTNER_CLIENTS, 4, partner_client),
    Kind(CONTACTS, 24, contact),
    Kind(DEALS, 9, deal),
    Kind(PRODUCTS, 1, product),
    Kind(LINE_ITEMS, 14, line_item),
    Kind(TICKETS, 7, ticket),
    Kind(NOTES, 9, note),
    Kind(TASKS, 7, task),
    Kind(CALLS, 7, call),
)
"""Who comes first has the lowest record ids, and one more record where a share is no whole number.

A company comes before its partner client, so that there are never more clients than companies.
"""

SHARES_TEXT: Final = ", ".join(
    f"{each.share} {each.object_type.name.replace('_', ' ')}"
    for each in sorted(KINDS, key=lambda each: -each.share)
)
"""The proportions for a help text: `24 contacts, 14 line items, …`."""


def kind_named(text: str) -> Kind | None:
    """The kind of an object type, named as in a path of the API; None for any other."""
    object_type = find_object_type(text)
    return next((each for each in KINDS if each.object_type == object_type), None)


def made_counts(kinds: Iterable[Kind], records: int) -> dict[str, int]:
    """How many records of each kind there are among that many, by object type id."""
    chosen = [each for each in KINDS if each in set(kinds)]
    shares = sum(each.share for each in chosen)
    counts = {each.object_type_id: records * each.share // shares for each in chosen}
    missing = records - sum(counts.values())
    for each in chosen[:missing]:
        counts[each.object_type_id] += 1
    return counts


def told_counts(made: Mapping[str, int]) -> dict[str, int]:
    """How many records of every kind the story of those has: what is not made, in proportion."""
    records = sum(made.values())
    shares = sum(each.share for each in KINDS if each.object_type_id in made)
    return {
        each.object_type_id: max(
            1, made.get(each.object_type_id, -(-records * each.share // shares))
        )
        for each in KINDS
    }


def kinds_as_written(kinds: Iterable[Kind]) -> list[Kind]:
    """The kinds in the order in which their records are written."""
    chosen = set(kinds)
    return sorted((each for each in KINDS if each in chosen), key=lambda each: each.is_last)
