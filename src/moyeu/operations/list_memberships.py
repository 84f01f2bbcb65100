"""The operations on the members of lists: read → plan → apply, one function each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from moyeu.catalog.limits import (
    LIST_EMPTIED_MEMBERS_MAX,
    LIST_MEMBERS_LIMIT_DEFAULT,
    LIST_MEMBERS_LIMIT_MAX,
    LIST_MEMBERSHIP_INPUTS_MAX,
    LIST_RECORD_IDS_MAX,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.lists.definitions import (
    ListDefinition,
    ListMember,
    ListMembership,
    with_members_changed,
)
from moyeu.crm.lists.problems import (
    ListsOfOtherTypes,
    MembersFollowFilters,
    SameList,
    TooManyMembers,
    TooManyRecordIds,
)
from moyeu.crm.problems import InvalidParameter, Problem, TooManyInputs
from moyeu.crm.records import RECORD_ID_MAX, read_record_id
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.list_evaluation import bring_up_to_date
from moyeu.operations.lists import find_active_list
from moyeu.operations.paging import page_limit
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction

_PART_IDS: Final = 10_000
"""Records that one turn puts into a list or takes out."""

_BEGIN: Final = ListMember(-1, -(2**62))
_END: Final = ListMember(RECORD_ID_MAX, 2**62)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A part of the members of a list; place: where the next part begins, None at the end."""

    members: list[ListMember]
    total: int
    place: str | None
    descending: bool


async def read_members(
    store: Store,
    portal_id: int,
    list_id: str,
    after: str | None,
    before: str | None,
    limit: str | None,
    now_ms: int,
    *,
    by_time: bool,
) -> MemberPage | Problem:
    """A page of members, by record id or by the time of joining.

    after, before: a place that an earlier page told. `before` alone tells those before it,
    descending; `after` wins over it (SPEC).
    Refused: ListNotFound, InvalidParameter, TooManyPerPage.
    """
    count = page_limit(limit, LIST_MEMBERS_LIMIT_DEFAULT, LIST_MEMBERS_LIMIT_MAX)
    if isinstance(count, Problem):
        return count
    descending = bool(before) and not after
    place = _read_place(after or before, descending=descending, by_time=by_time)
    if place is None:
        name, text = ("before", before) if descending else ("after", after)
        return InvalidParameter(name, text or "")
    found = await _find_up_to_date(store, portal_id, list_id, now_ms)
    if isinstance(found, Problem):
        return found
    number = found.id

    def work(transaction: ReadTransaction) -> MemberPage:
        if by_time:
            members = transaction.members_by_time(
                portal_id, number, place, count + 1, descending=descending
            )
        else:
            members = transaction.members(
                portal_id, number, place.record_id, count + 1, descending=descending
            )
        total = transaction.list_sizes(portal_id, [number])[number]
        more = _render_place(members[count - 1], by_time) if len(members) > count else None
        return MemberPage(members[:count], total, more, descending)

    return await store.read(work)


def _read_place(text: str | None, *, descending: bool, by_time: bool) -> ListMember | None:
    """The member that a place is next to, None for no place."""
    if not text:
        return _END if descending else _BEGIN
    time, separator, digits = text.rpartition("-")
    record_id = read_record_id(digits)
    if record_id is None or bool(separator) is not by_time:
        return None
    if not by_time:
        return ListMember(record_id, 0)
    joined_at_ms = read_record_id(time)
    return None if joined_at_ms is None else ListMember(record_id, joined_at_ms)


def _render_place(member: ListMember, by_time: bool) -> str:
    """Where a page ends: the record id, behind the time of joining where that is the order."""
    return f"{member.joined_at_ms}-{member.record_id}" if by_time else str(member.record_id)


async def _find_up_to_date(
    store: Store, portal_id: int, list_id: str, now_ms: int
) -> ListDefinition | Problem:
    found = await store.read(
        lambda transaction: find_active_list(transaction, portal_id, list_id, now_ms)
    )
    if isinstance(found, ListDefinition):
        await bring_up_to_date(store, portal_id, [found.id], now_ms)
    return found


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """What a write of members did: record ids as sent, each once, in their order.

    missing: those that are of no active record of the list's type.
    """

    added: list[str]
    removed: list[str]
    missing: list[str]


async def change_members(
    store: Store,
    occasion: Occasion,
    list_id: str,
    to_add: Sequence[str],
    to_remove: Sequence[str],
) -> MembersChanged | Problem:
    """Puts records into a list and takes others out; who is in both is put in (a guess).

    Records that are in the list already, or not in it, are passed over (documented). Very many are
    written in parts, each in a turn of the writer, so that others come in between.
    Refused: ListNotFound, MembersFollowFilters, TooManyRecordIds; a part that is refused, as the
    list was deleted meanwhile, takes those before it not back.
    """
    if len(to_add) + len(to_remove) > LIST_RECORD_IDS_MAX:
        return TooManyRecordIds(LIST_RECORD_IDS_MAX)
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms
    numbers = {each: read_record_id(each) for each in dict.fromkeys([*to_add, *to_remove])}
    named = sorted({each for each in numbers.values() if each is not None})
    adding = {numbers[each] for each in to_add}

    def work(transaction: WriteTransaction, part: Sequence[int]) -> _PartChanged | Problem:
        found = _find_static(transaction, portal_id, list_id, now_ms)
        if isinstance(found, Problem):
            return found
        type_id = found.object_type_id
        active = transaction.active_ids(portal_id, type_id, part)
        joining = [each for each in part if each in active and each in adding]
        leaving = [each for each in part if each in active and each not in adding]
        joined = transaction.join_list(portal_id, found.id, type_id, joining, now_ms)
        left = transaction.leave_list(portal_id, found.id, leaving)
        _count(transaction, portal_id, found, now_ms, joined=len(joined), left=len(left))
        return _PartChanged(active, joined, left)

    active, joined, left = set[int](), set[int](), set[int]()
    # Without any id there is one part nevertheless: the list may be refused.
    for begin in range(0, max(len(named), 1), _PART_IDS):
        part = named[begin : begin + _PART_IDS]
        changed = await write_in_turn(store, partial(work, part=part))
        if isinstance(changed, Problem):
            return changed
        active.update(changed.active)
        joined.update(changed.joined)
        left.update(changed.left)
    return MembersChanged(
        [each for each, number in numbers.items() if number in joined],
        [each for each, number in numbers.items() if number in left],
        [each for each, number in numbers.items() if number not in active],
    )


@dataclass(frozen=True, slots=True)
class _PartChanged:
    """What a part of a write of members found and did: ids of the records."""

    active: Iterable[int]
    joined: Sequence[int]
    left: Sequence[int]


def _find_static(
    transaction: ReadTransaction, portal_id: int, list_id: str, now_ms: int
) -> ListDefinition | Problem:
    """A list whose members are put there."""
    found = find_active_list(transaction, portal_id, list_id, now_ms)
    if isinstance(found, ListDefinition) and found.processing_type == "DYNAMIC":
        return MembersFollowFilters(str(found.id))
    return found


def _count(
    transaction: WriteTransaction,
    portal_id: int,
    definition: ListDefinition,
    now_ms: int,
    *,
    joined: int,
    left: int,
) -> None:
    """Keeps with the list that so many joined and left."""
    if joined or left:
        size = transaction.list_sizes(portal_id, [definition.id])[definition.id]
        changed = with_members_changed(definition, size, now_ms, joined=joined, left=left)
        transaction.put_list(portal_id, changed)


async def add_members_from(
    store: Store, occasion: Occasion, list_id: str, source_id: str
) -> Problem | None:
    """Puts the members of another list of the same object type into a list.

    Refused: ListNotFound, SameList, ListsOfOtherTypes, MembersFollowFilters, TooManyMembers.
    """
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms
    source = await _find_up_to_date(store, portal_id, source_id, now_ms)

    def work(transaction: WriteTransaction) -> Problem | None:
        found = _find_static(transaction, portal_id, list_id, now_ms)
        if isinstance(found, Problem):
            return found
        if isinstance(source, Problem):
            return source
        if source.id == found.id:
            return SameList(list_id)
        if source.object_type_id != found.object_type_id:
            return ListsOfOtherTypes(list_id, source_id)
        if transaction.list_sizes(portal_id, [source.id])[source.id] > LIST_RECORD_IDS_MAX:
            return TooManyMembers(LIST_RECORD_IDS_MAX)
        joined = transaction.join_from_list(portal_id, found.id, source.id, now_ms)
        _count(transaction, portal_id, found, now_ms, joined=joined, left=0)
        return None

    return await write_in_turn(store, work)


async def remove_all_members(store: Store, occasion: Occasion, list_id: str) -> Problem | None:
    """Takes all members out of a list; the list stays.

    Refused: ListNotFound, MembersFollowFilters, TooManyMembers.
    """
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def work(transaction: WriteTransaction) -> Problem | None:
        found = _find_static(transaction, portal_id, list_id, now_ms)
        if isinstance(found, Problem):
            return found
        size = transaction.list_sizes(portal_id, [found.id])[found.id]
        if size >= LIST_EMPTIED_MEMBERS_MAX:
            return TooManyMembers(LIST_EMPTIED_MEMBERS_MAX)
        left = transaction.empty_list(portal_id, found.id)
        _count(transaction, portal_id, found, now_ms, joined=0, left=left)
        return None

    return await write_in_turn(store, work)


@dataclass(frozen=True, slots=True)
class RecordMemberships:
    """In which lists a record is: (the list's version, the membership), ascending by list."""

    object_type_id: str
    record_id: str
    memberships: list[tuple[int, ListMembership]]


async def read_memberships(
    store: Store, portal_id: int, records: Sequence[tuple[str, str]], now_ms: int
) -> list[RecordMemberships] | Problem:
    """In which lists records are, in the order of the records.

    records: (any name of the object type, record id) as sent. Records that there are not are in no
    list (a guess). Refused: UnknownObjectType, TooManyInputs.
    """
    if len(records) > LIST_MEMBERSHIP_INPUTS_MAX:
        return TooManyInputs(LIST_MEMBERSHIP_INPUTS_MAX)

    def prepare(transaction: ReadTransaction) -> tuple[dict[str, str], list[int]] | Problem:
        types = transaction.object_types(portal_id)
        type_ids: dict[str, str] = {}
        for name, _ in records:
            found = types.find(name)
            if found is None:
                return UnknownObjectType(name)
            type_ids[name] = found.id
        wanted = frozenset(type_ids.values())
        lists = transaction.active_lists(portal_id)
        return type_ids, [each.id for each in lists if each.object_type_id in wanted]

    prepared = await store.read(prepare)
    if isinstance(prepared, Problem):
        return prepared
    type_ids, list_ids = prepared
    await bring_up_to_date(store, portal_id, list_ids, now_ms)
    wanted = [(type_ids[name], record_id) for name, record_id in records]
    return await store.read(lambda transaction: _memberships(transaction, portal_id, wanted))


def _memberships(
    transaction: ReadTransaction, portal_id: int, records: Sequence[tuple[str, str]]
) -> list[RecordMemberships]:
    by_type: dict[str, dict[int, list[ListMembership]]] = {}
    for type_id in dict.fromkeys(type_id for type_id, _ in records):
        ids = [
            number
            for each, text in records
            if each == type_id and (number := read_record_id(text)) is not None
        ]
        by_type[type_id] = transaction.memberships_of(portal_id, type_id, ids)
    found = [by_type[type_id].get(read_record_id(text) or -1, []) for type_id, text in records]
    lists = transaction.lists(portal_id, [each.list_id for of in found for each in of])
    return [
        RecordMemberships(type_id, text, [(lists[each.list_id].version, each) for each in of])
        for (type_id, text), of in zip(records, found, strict=True)
    ]
