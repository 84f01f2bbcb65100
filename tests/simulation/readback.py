"""After a run everything is read, and must be what the worlds say and agree with itself.

Agreement: the history of each record folds into its document, in one chain whose times never go
back; no two records hold a unique value; no id was given out twice or will be; associations have
their inverses, values that follow from them are counted; members are active records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moyeu.catalog.object_types import object_type_by_id
from moyeu.crm.associations import Association
from moyeu.crm.history import RecordWrite, fold_history
from moyeu.crm.lists.definitions import ListMembership
from moyeu.crm.records import StoredRecord
from moyeu.storage.contract import Counters, ReadTransaction
from tests.operations.association_scene import COMPANIES
from tests.simulation.drawing import ADDRESSES, CODES
from tests.simulation.world import (
    CODE,
    EMAIL,
    TYPES,
    UNIQUE,
    Thing,
    World,
    known,
)
from tests.storage.scene import CONTACTS

_ALL = 1_000_000

FORTH, BACK, PRIMARY_FORTH, PRIMARY_BACK = 279, 280, 1, 2
"""HubSpot's association types between contacts and companies."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that one portal holds, as one read transaction shows it.

    owners: by object type, who holds which unique value. merged: id → id of the survivor.
    """

    records: dict[int, tuple[str, StoredRecord]]
    histories: dict[int, list[RecordWrite]]
    writes: list[RecordWrite]
    owners: dict[str, dict[tuple[str, str], int]]
    merged: dict[int, int]
    associations: list[Association]
    memberships: list[ListMembership]
    counters: Counters


def read_all(transaction: ReadTransaction, portal_id: int) -> Found:
    """Everything of a portal."""
    records = transaction.records_after(portal_id, "", -1, _ALL)
    histories: dict[int, list[RecordWrite]] = {}
    owners = {}
    for type_id in TYPES:
        of_type = [each for kind, each in records if kind == type_id]
        histories |= transaction.history(portal_id, type_id, of_type)
        keys = {(CODE, each) for each in CODES}
        keys |= {(EMAIL, each) for each in ADDRESSES if EMAIL in UNIQUE[type_id]}
        for each in of_type:
            keys |= set(Thing(type_id, each.properties, 0, 0).held())
        owners[type_id] = transaction.value_owners(portal_id, type_id, sorted(keys))
    merged = transaction.merged_after(portal_id, "", -1, _ALL)
    return Found(
        {each.record_id: (kind, each) for kind, each in records},
        histories,
        transaction.writes_after(portal_id, 0, _ALL),
        owners,
        {old: new for _, old, new in merged},
        transaction.associations_after(portal_id, None, _ALL),
        transaction.memberships_after(portal_id, -1, -1, _ALL),
        transaction.counters(portal_id),
    )


def disagreements(found: Found) -> Iterator[str]:
    """All that does not fit together, whatever the clients know, in words."""
    yield from _histories_that_disagree(found)
    yield from _values_that_disagree(found)
    used = {*found.records, *found.merged, *(each.record_id for each in found.writes)}
    if used and max(used) >= found.counters.next_record_id:
        yield f"{found.counters.next_record_id} will be given out, {max(used)} was"
    for old, new in found.merged.items():
        if new not in found.records or old in found.records:
            yield f"{old} was merged into {new}: one is there, or the other is not"


def _histories_that_disagree(found: Found) -> Iterator[str]:
    by_record: dict[int, list[RecordWrite]] = {}
    for write in found.writes:
        by_record.setdefault(write.record_id, []).append(write)
    numbers = [each.number for each in found.writes]
    if len(set(numbers)) < len(numbers) or numbers != sorted(numbers):
        yield "numbers of writes stand twice, or not in order"
    for record_id, (type_id, record) in found.records.items():
        chain = found.histories[record_id][::-1]
        if chain != by_record.pop(record_id, []):
            yield f"the chain of {record_id} is not its part of all writes"
        object_type = object_type_by_id(type_id)
        assert object_type is not None
        if fold_history(chain, object_type.modified_property) != record.properties:
            yield f"the properties of {record_id} are not the fold of its history"
        if not chain or chain[-1].number != record.last_write:
            yield f"{record_id} does not name its last write"
        times = [each.written_at_ms for each in chain]
        if times != sorted(times) or times[-1:] != [record.updated_at_ms]:
            yield f"the times of {record_id} go back: {times}, updated {record.updated_at_ms}"
    for record_id in by_record.keys() - found.merged.keys():
        yield f"there are writes of {record_id}, but no record"
    last: dict[int, int] = {}
    for write in found.writes:
        if write.previous != last.get(write.record_id, 0):
            yield f"write {write.number} of {write.record_id} follows {write.previous}"
        last[write.record_id] = write.number


def _values_that_disagree(found: Found) -> Iterator[str]:
    for type_id in TYPES:
        held: dict[tuple[str, str], int] = {}
        for record_id, (kind, record) in found.records.items():
            if kind != type_id or record.archived_at_ms is not None:
                continue
            for key in Thing(kind, record.properties, 0, 0).held():
                if key in held:
                    yield f"{key} is held by {held[key]} and {record_id}"
                held[key] = record_id
        if held != found.owners[type_id]:
            differing = sorted(held.items() ^ found.owners[type_id].items())
            yield f"the unique index of {type_id} differs in {differing}"


def differences(found: Found, world: World) -> Iterator[str]:
    """All in which the portal is not this world, in words; binds ids that it tells."""
    handles = {each: world.handles.get(each) for each in found.records}
    marks = {each.values.get("mark", ""): key for key, each in world.things.items()}
    for record_id, (_, record) in found.records.items():
        if handles[record_id] is None:
            handle = marks.get(record.properties.get("mark", ""))
            if handle is None or not world.bind(handle, record_id):
                yield f"nobody made {record_id}: {record}"
            handles[record_id] = handle
    for handle in world.things.keys() - set(handles.values()):
        yield f"{handle} {world.ids.get(handle)} is not there: {world.things[handle]}"
    for record_id, (type_id, record) in found.records.items():
        thing = world.things.get(handles[record_id] or "")
        if thing is None:
            yield f"{record_id} should be gone: {record}"
        else:
            yield from _record_differences(world, thing, type_id, record, found)
    yield from _link_differences(found, world)
    merged = {world.ids[old]: world.ids[new] for old, new in world.merged.items()}
    if merged != found.merged:
        yield f"merged are {found.merged}, expected {merged}"
    members = {(each.list_id, each.record_id) for each in found.memberships}
    expected = {
        (list_id, world.ids[each]) for list_id, of_list in world.lists.items() for each in of_list
    }
    if {each for each in members if each[0] in world.lists} != expected:
        yield f"members are {members}, expected {expected}"


def _record_differences(
    world: World, thing: Thing, type_id: str, record: StoredRecord, found: Found
) -> Iterator[str]:
    who = f"{record.record_id} of {type_id}"
    times = (record.created_at_ms, record.updated_at_ms, record.archived_at_ms is not None)
    if (thing.type_id, thing.created_at_ms, thing.updated_at_ms, thing.is_archived) != (
        type_id,
        *times,
    ):
        yield f"{who} is {times}, expected {thing}"
    told = known(type_id, record.properties)
    if not _same(world, thing.values, told):
        yield f"{who} has {told}, expected {thing.values}"
    writes = found.histories[record.record_id][::-1]
    told_writes = [(each.written_at_ms, known(type_id, each.changed)) for each in writes]
    same = len(writes) == len(thing.writes) and all(
        entry.at_ms == at_ms and _same(world, entry.changed, changed)
        for entry, (at_ms, changed) in zip(thing.writes, told_writes, strict=True)
    )
    if not same:
        yield f"the history of {who} is {told_writes}, expected {thing.writes}"


def _same(world: World, expected: dict[str, str], told: dict[str, str]) -> bool:
    return expected.keys() == told.keys() and all(
        world.bind_text(text, told[name]) for name, text in expected.items()
    )


def _link_differences(found: Found, world: World) -> Iterator[str]:
    expected = set()
    for contact, company in world.links:
        ids = world.ids[contact], world.ids[company]
        forth, back = (CONTACTS, ids[0], COMPANIES, ids[1]), (COMPANIES, ids[1], CONTACTS, ids[0])
        expected |= {(*forth, FORTH), (*back, BACK)}
        if world.primary.get(contact) == company:
            expected |= {(*forth, PRIMARY_FORTH), (*back, PRIMARY_BACK)}
    told = {
        (
            each.from_object_type_id,
            each.from_record_id,
            each.to_object_type_id,
            each.to_record_id,
            each.type_id,
        )
        for each in found.associations
    }
    if told != expected:
        yield f"associations are {sorted(told - expected)} too many"
        yield f"and {sorted(expected - told)} are missing"


def broken(found: Found, worlds: Sequence[World]) -> list[str]:
    """What is wrong with a portal: nothing, if it is one of the worlds and agrees with itself."""
    problems = list(disagreements(found))
    found_in = [list(differences(found, world.copy())) for world in worlds]
    if all(found_in):
        nearest = min(found_in, key=len)
        problems += [f"of {len(worlds)} worlds the nearest differs:", *nearest]
    return problems
