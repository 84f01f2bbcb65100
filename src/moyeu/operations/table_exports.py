"""Active records of one object type as a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.records import StoredRecord
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.tables import PropertyUnknown, TableRefused, guard_cell, guard_value
from moyeu.storage.contract import ReadTransaction, Store

_PAGE: Final = 500
"""Records of one statement: what is in memory at a time."""


async def export_table(
    store: Store,
    portal_id: int,
    object_type: str,
    columns: Mapping[str, str] | None,
    write_row: Callable[[Sequence[str]], object],
    on_progress: Callable[[int], None],
) -> int | Problem:
    """Writes a row of titles and a row for each record, ascending by id; how many records.

    columns: titles and their property names, in order; None for the record's id and every property
    that somebody can set and some record has. All rows are of one moment; cells are guarded.
    write_row: is called from another thread; what it raises ends the export.
    Refused: UnknownObjectType, TableRefused.
    """

    def work(transaction: ReadTransaction) -> int | Problem:
        found = transaction.object_types(portal_id).find(object_type)
        if found is None:
            return UnknownObjectType(object_type)
        definitions = transaction.definitions(portal_id, found.id)
        chosen = columns if columns is not None else _columns_in_use(transaction, definitions)
        if unknown := [each for each in chosen.values() if each not in definitions.properties]:
            return TableRefused(tuple(map(PropertyUnknown, unknown)))
        numbers = [definitions.properties[each].type == "number" for each in chosen.values()]
        names = list(chosen.values())
        write_row([guard_cell(title) for title in chosen])
        count = 0
        for page in _pages(transaction, definitions):
            for record in page:
                values = (record.properties.get(name, "") for name in names)
                cells = zip(values, numbers, strict=True)
                write_row([guard_value(value, is_number=number) for value, number in cells])
            count += len(page)
            on_progress(count)
        return count

    return await store.read(work)


def _pages(
    transaction: ReadTransaction, definitions: TypeDefinitions
) -> Iterator[list[StoredRecord]]:
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    from_id = 0
    while page := transaction.page(portal_id, type_id, from_id, _PAGE, archived=False):
        yield page
        from_id = page[-1].record_id + 1


def _columns_in_use(transaction: ReadTransaction, definitions: TypeDefinitions) -> dict[str, str]:
    used: set[str] = set()
    for page in _pages(transaction, definitions):
        for record in page:
            used.update(name for name, value in record.properties.items() if value)
    used &= definitions.properties.keys() - definitions.refused_names
    return {name: name for name in (RECORD_ID, *sorted(used - {RECORD_ID}))}
