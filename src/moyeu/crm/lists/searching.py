"""Which lists a search finds, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moyeu.crm.lists.definitions import ListDefinition


@dataclass(frozen=True, slots=True)
class ListSearch:
    """A search of lists as sent; object_type: any name of the type. count: None for the default.

    query: what a name contains. additional_properties: what is told of each list beside the usual.
    """

    query: str = ""
    list_ids: tuple[str, ...] = ()
    processing_types: tuple[str, ...] = ()
    object_type: str | None = None
    offset: int = 0
    count: int | None = None
    additional_properties: tuple[str, ...] = ()
    sort: str = ""


_SORT_KEYS: Final[Mapping[str, Callable[[ListDefinition], Any]]] = {
    "listId": lambda each: each.id,
    "name": lambda each: each.name.lower(),
    "createdAt": lambda each: each.created_at_ms,
    "updatedAt": lambda each: each.updated_at_ms,
    "hs_list_id": lambda each: each.id,
    "hs_list_name": lambda each: each.name.lower(),
    "hs_createdate": lambda each: each.created_at_ms,
    "hs_lastmodifieddate": lambda each: each.updated_at_ms,
    "hs_last_record_added_at": lambda each: each.last_joined_at_ms or 0,
    "hs_list_size": lambda each: each.sizes[-1][1] if each.sizes else 0,
}
"""What `sort` may name, with `-` before it for descending; what it names is a guess."""


def found_by(
    search: ListSearch, lists: Sequence[ListDefinition], object_type_id: str | None
) -> list[ListDefinition]:
    """The lists that meet a search, by id where it names no known order; lists: by id.

    The query is part of the name, whatever the case (a guess: its manner is not published).
    """
    wanted = search.query.lower()
    ids = frozenset(search.list_ids)
    found = [
        each
        for each in lists
        if wanted in each.name.lower()
        and (not ids or str(each.id) in ids)
        and (not search.processing_types or each.processing_type in search.processing_types)
        and object_type_id in (None, each.object_type_id)
    ]
    key = _SORT_KEYS.get(search.sort.removeprefix("-"))
    if key is not None:
        found.sort(key=key, reverse=search.sort.startswith("-"))
    return found
