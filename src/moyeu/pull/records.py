"""Copying the records of one type, a page and a commit at a time."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.merging import MERGED_IDS
from moyeu.crm.records import StoredRecord, UniqueMove
from moyeu.crm.restoring import restored_values
from moyeu.pull.addresses import Addresses
from moyeu.pull.client import Refused, Upstream
from moyeu.pull.reading import Page, RecordBody
from moyeu.pull.state import PullState, TypePlace, keep_state
from moyeu.storage.contract import WriteTransaction

_PAGE: Final = 100
"""The most that a page of a list and a batch take."""

_QUERY_BYTES_MAX: Final = 7_000
"""How long the names in an address may be; HubSpot refuses addresses of about 8 KiB (observed)."""


async def read_page(
    upstream: Upstream,
    addresses: Addresses,
    object_type: ObjectType,
    names: Sequence[str],
    place: TypePlace,
) -> tuple[list[RecordBody], str | None] | Refused:
    """One page of records with these properties, and where the next one begins.

    Where the names are too many for an address, the page tells the ids and a batch read the
    rest; a record that went away between the two is left out.
    """
    wanted = ",".join(names)
    fits = len(quote(wanted, safe=",")) <= _QUERY_BYTES_MAX
    archived = str(place.phase == "archived").lower()
    query = {"limit": str(_PAGE), "archived": archived}
    query["properties"] = wanted if fits else "hs_object_id"
    if place.after is not None:
        query["after"] = place.after
    path = addresses.objects(object_type)
    page = await upstream.get(Page[RecordBody], path, query)
    if isinstance(page, Refused):
        return page
    if fits or not page.results:
        return page.results, page.after
    whole = await upstream.post(
        Page[RecordBody],
        f"{path}/batch/read",
        f"archived={archived}",
        {
            "inputs": [{"id": str(each.id)} for each in page.results],
            "properties": names,
            "propertiesWithHistory": [],
        },
    )
    return whole if isinstance(whole, Refused) else (whole.results, page.after)


def put_page(
    transaction: WriteTransaction,
    portal_id: int,
    object_type: ObjectType,
    records: Sequence[StoredRecord],
    merged: Sequence[tuple[str, int, int]],
    state: PullState,
) -> None:
    """Puts records in the place of those with their ids, and keeps the state with them.

    The other side goes on living meanwhile: a record may be archived between the two lists and
    come twice, and a unique value may pass from one record to another; what came last holds.
    """
    if records:
        type_id = object_type.id
        there = transaction.records(portal_id, type_id, [each.record_id for each in records])
        if there:
            transaction.erase_records(portal_id, type_id, list(there))
        definitions = transaction.definitions(portal_id, type_id)
        keys = [key for each in records for key in restored_values(definitions, each)]
        holders = transaction.value_owners(portal_id, type_id, keys)
        left = [
            UniqueMove(name, record_id, value, None) for (name, value), record_id in holders.items()
        ]
        transaction.move_unique_values(portal_id, type_id, left)
        transaction.restore_records(portal_id, type_id, records)
        transaction.restore_merged(portal_id, merged)
        last = max(each.record_id for each in records)
        transaction.reserve_record_id(portal_id, last)
    keep_state(transaction, portal_id, state)


def merged_ids(object_type: ObjectType, record: StoredRecord) -> list[tuple[str, int, int]]:
    """(object type id, record id, survivor id) of what was merged into a record, as it says."""
    texts = record.properties.get(MERGED_IDS, "").split(";")
    return [
        (object_type.id, int(each), record.record_id)
        for each in texts
        if each.isascii() and each.isdigit() and int(each) != record.record_id
    ]


def next_place(place: TypePlace, count: int, after: str | None) -> TypePlace:
    """How far a type is after a page of that many records."""
    active = place.active + count * (place.phase == "active")
    archived = place.archived + count * (place.phase == "archived")
    if after is not None:
        return TypePlace(place.phase, after, active, archived)
    return TypePlace("archived" if place.phase == "active" else "done", None, active, archived)


def erase_part(transaction: WriteTransaction, portal_id: int, type_id: str, count_max: int) -> bool:
    """Removes some records of a type, archived ones too; whether there were any."""
    for archived in (False, True):
        page = transaction.page(portal_id, type_id, 0, count_max, archived=archived)
        if page:
            transaction.erase_records(portal_id, type_id, [each.record_id for each in page])
            return True
    return False
