"""The operations on lists themselves: read → plan → apply, one function each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from moyeu.catalog.limits import LISTS_FOUND_DEFAULT, LISTS_FOUND_MAX, LISTS_MAX
from moyeu.crm.callers import Occasion
from moyeu.crm.lists.changes import (
    GivenList,
    check_given,
    check_name,
    deleted,
    new_list,
    renamed,
    restored,
    with_filters,
)
from moyeu.crm.lists.conversions import plan_conversion
from moyeu.crm.lists.definitions import (
    PROCESSING_TYPES,
    ROOT_FOLDER,
    DateConversion,
    InactivityConversion,
    ListDefinition,
)
from moyeu.crm.lists.filters import read_filters, read_list_id
from moyeu.crm.lists.problems import (
    FolderNotFound,
    ListIdsMissing,
    ListNameNotFound,
    ListNameTaken,
    ListNotFound,
    TooManyLists,
    UnknownWord,
)
from moyeu.crm.lists.searching import ListSearch, found_by
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.list_evaluation import bring_up_to_date, properties_by_type
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list with how many members it has; folder: the name of its folder, "" for the root."""

    definition: ListDefinition
    size: int
    folder: str = ""


def find_list(
    transaction: ReadTransaction, portal_id: int, list_id: str, now_ms: int
) -> ListDefinition | ListNotFound:
    """The list with an id as sent; one that was deleted too, while it can be restored."""
    number = read_list_id(list_id)
    found = None if number is None else transaction.lists(portal_id, [number]).get(number)
    if found is None or found.is_gone(now_ms):
        return ListNotFound(list_id)
    return found


def find_active_list(
    transaction: ReadTransaction, portal_id: int, list_id: str, now_ms: int
) -> ListDefinition | ListNotFound:
    """The list with an id as sent, unless it was deleted: nothing can be done with it (a guess)."""
    found = find_list(transaction, portal_id, list_id, now_ms)
    if isinstance(found, ListDefinition) and found.is_deleted:
        return ListNotFound(list_id)
    return found


async def read_list(
    store: Store, portal_id: int, list_id: str, now_ms: int
) -> ReadList | ListNotFound:
    """A list by its id, up to date; a deleted one too (observed: it stays readable by its id)."""
    number = read_list_id(list_id)
    if number is None:
        return ListNotFound(list_id)
    found = await _read_all(store, portal_id, [number], now_ms)
    return found[0] if found else ListNotFound(list_id)


async def read_lists(
    store: Store, portal_id: int, list_ids: Sequence[str], now_ms: int
) -> list[ReadList] | ListIdsMissing:
    """Lists by their ids, in that order, each once; unknown ids are left out (a guess)."""
    if not list_ids:
        return ListIdsMissing()
    numbers = [number for each in list_ids if (number := read_list_id(each)) is not None]
    return await _read_all(store, portal_id, numbers, now_ms)


async def _read_all(
    store: Store, portal_id: int, list_ids: Sequence[int], now_ms: int
) -> list[ReadList]:
    await bring_up_to_date(store, portal_id, list_ids, now_ms)

    def work(transaction: ReadTransaction) -> list[ReadList]:
        found = transaction.lists(portal_id, list_ids)
        kept = [
            found[each]
            for each in dict.fromkeys(list_ids)
            if each in found and not found[each].is_gone(now_ms)
        ]
        return _with_sizes(transaction, portal_id, kept)

    return await store.read(work)


def _with_sizes(
    transaction: ReadTransaction, portal_id: int, definitions: Sequence[ListDefinition]
) -> list[ReadList]:
    sizes = transaction.list_sizes(portal_id, [each.id for each in definitions])
    return [ReadList(each, sizes[each.id]) for each in definitions]


async def read_list_named(
    store: Store, portal_id: int, object_type: str, name: str, now_ms: int
) -> ReadList | Problem:
    """The list of an object type with exactly that name; object_type: any name of the type."""

    def work(transaction: ReadTransaction) -> ListDefinition | Problem:
        found = transaction.object_types(portal_id).find(object_type)
        if found is None:
            return UnknownObjectType(object_type)
        named = transaction.list_named(portal_id, found.id, name)
        return named or ListNameNotFound(found.id, name)

    named = await store.read(work)
    if isinstance(named, Problem):
        return named
    return await read_list(store, portal_id, str(named.id), now_ms)


async def create_list(store: Store, occasion: Occasion, given: GivenList) -> ReadList | Problem:
    """A new list; the filters of one that has some are carried out before it is answered.

    Refused: UnknownObjectType, what `check_given` and `read_filters` refuse, FolderNotFound,
    ListNameTaken, TooManyLists.
    """
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> ListDefinition | Problem:
        kind = check_given(given)
        object_type = transaction.object_types(portal_id).find(given.object_type)
        if isinstance(kind, Problem):
            return kind
        if object_type is None:
            return UnknownObjectType(given.object_type)
        refused = (
            _check_filters(transaction, portal_id, object_type.id, given.filter_branch)
            or _check_folder(transaction, portal_id, given.folder_id)
            or _check_free(transaction, portal_id, object_type.id, given.name)
            or _check_count(transaction, portal_id)
        )
        if refused is not None:
            return refused
        list_id = transaction.new_list_id(portal_id)
        made = new_list(given, kind, list_id, object_type.id, occasion)
        transaction.put_list(portal_id, made)
        return made

    made = await write_in_turn(store, work)
    if isinstance(made, Problem):
        return made
    return await read_list(store, portal_id, str(made.id), occasion.now_ms)


def _check_filters(
    transaction: ReadTransaction, portal_id: int, type_id: str, filter_branch: str | None
) -> Problem | None:
    if filter_branch is None:
        return None
    value = msgspec.json.decode(filter_branch)
    branch = read_filters(value, type_id, properties_by_type(transaction, portal_id))
    return branch if isinstance(branch, Problem) else None


def _check_folder(
    transaction: ReadTransaction, portal_id: int, folder_id: int | None
) -> FolderNotFound | None:
    if not folder_id or any(each.id == folder_id for each in transaction.list_folders(portal_id)):
        return None
    return FolderNotFound(str(folder_id))


def _check_free(
    transaction: ReadTransaction, portal_id: int, type_id: str, name: str
) -> ListNameTaken | None:
    named = transaction.list_named(portal_id, type_id, name)
    return None if named is None else ListNameTaken(name)


def _check_count(transaction: ReadTransaction, portal_id: int) -> TooManyLists | None:
    is_full = transaction.count_active_lists(portal_id) >= LISTS_MAX
    return TooManyLists(LISTS_MAX) if is_full else None


async def delete_list(store: Store, occasion: Occasion, list_id: str) -> Problem | None:
    """Deletes a list; a deleted one stays as it is (a guess)."""
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_list(transaction, portal_id, list_id, now_ms)
        if isinstance(found, Problem):
            return found
        transaction.put_list(portal_id, deleted(found, now_ms))
        return None

    return await write_in_turn(store, work)


async def restore_list(store: Store, occasion: Occasion, list_id: str) -> Problem | None:
    """Brings a deleted list back with its members; to the root if its folder has gone.

    One that was not deleted stays as it is. Refused: ListNotFound when the time for it is over,
    ListNameTaken when another list has its name by now, TooManyLists (guesses).
    """
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_list(transaction, portal_id, list_id, occasion.now_ms)
        if isinstance(found, Problem):
            return found
        if not found.is_deleted:
            return None
        refused = _check_free(
            transaction, portal_id, found.object_type_id, found.name
        ) or _check_count(transaction, portal_id)
        if refused is not None:
            return refused
        back = restored(found)
        if _check_folder(transaction, portal_id, back.folder_id):
            back = replace(back, folder_id=ROOT_FOLDER)
        transaction.put_list(portal_id, back)
        return None

    return await write_in_turn(store, work)


async def rename_list(
    store: Store, occasion: Occasion, list_id: str, name: str | None
) -> ReadList | Problem:
    """A list under another name; without one it keeps its own (a guess: the name is optional).

    Refused: ListNotFound, ListNameInvalid, ListNameTaken.
    """
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_active_list(transaction, portal_id, list_id, occasion.now_ms)
        if isinstance(found, Problem):
            return found
        if name is None or name == found.name:
            return None
        refused = check_name(name) or _check_free(
            transaction, portal_id, found.object_type_id, name
        )
        if refused is None:
            transaction.put_list(portal_id, renamed(found, name, occasion))
        return refused

    problem = await write_in_turn(store, work)
    return problem or await read_list(store, portal_id, list_id, occasion.now_ms)


async def update_filters(
    store: Store, occasion: Occasion, list_id: str, filter_branch: str
) -> ReadList | Problem:
    """A dynamic list with other filters, which are carried out before it is answered.

    Refused: ListNotFound, FiltersNotAllowed, what `read_filters` refuses.
    """
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_active_list(transaction, portal_id, list_id, occasion.now_ms)
        if isinstance(found, Problem):
            return found
        changed = with_filters(found, filter_branch, occasion)
        if isinstance(changed, Problem):
            return changed
        refused = _check_filters(transaction, portal_id, found.object_type_id, filter_branch)
        if refused is None:
            transaction.put_list(portal_id, changed)
        return refused

    problem = await write_in_turn(store, work)
    return problem or await read_list(store, portal_id, list_id, occasion.now_ms)


# --- searching --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundLists:
    """A part of the lists that a search found; offset: where the next part begins."""

    lists: list[ReadList]
    total: int
    offset: int

    @property
    def has_more(self) -> bool:
        """Whether there are lists after this part."""
        return self.offset < self.total


async def search_lists(
    store: Store, portal_id: int, search: ListSearch, now_ms: int
) -> FoundLists | Problem:
    """The lists that meet a search, those that were deleted left out.

    Refused: UnknownWord (a processing type), UnknownObjectType, InvalidParameter (the place).
    """
    if problem := _check_place(search):
        return problem

    def work(transaction: ReadTransaction) -> list[ListDefinition] | Problem:
        type_id = None
        if search.object_type is not None:
            found = transaction.object_types(portal_id).find(search.object_type)
            if found is None:
                return UnknownObjectType(search.object_type)
            type_id = found.id
        return found_by(search, transaction.active_lists(portal_id), type_id)

    every = await store.read(work)
    if isinstance(every, Problem):
        return every
    count = LISTS_FOUND_DEFAULT if search.count is None else search.count
    part = every[search.offset : search.offset + count]
    lists = await _read_all(store, portal_id, [each.id for each in part], now_ms)
    named = await store.read(lambda transaction: _folder_names(transaction, portal_id))
    shown = [replace(each, folder=named.get(each.definition.folder_id, "")) for each in lists]
    return FoundLists(shown, len(every), min(search.offset + len(part), len(every)))


def _folder_names(transaction: ReadTransaction, portal_id: int) -> dict[int, str]:
    return {each.id: each.name for each in transaction.list_folders(portal_id)}


def _check_place(search: ListSearch) -> Problem | None:
    for word in search.processing_types:
        if word not in PROCESSING_TYPES:
            return UnknownWord("processingTypes", word, PROCESSING_TYPES)
    if search.offset < 0:
        return InvalidParameter("offset", str(search.offset))
    if search.count is not None and not 0 <= search.count <= LISTS_FOUND_MAX:
        return InvalidParameter("count", str(search.count))
    return None


# --- the past and the future of a list --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListHistory:
    """When a list was edited, and (moment, members) of the days on which it changed."""

    edits_ms: list[int]
    sizes: list[tuple[int, int]]


async def read_history(
    store: Store, portal_id: int, list_id: str, from_ms: int, until_ms: int, now_ms: int
) -> ListHistory | Problem:
    """What became of a list between two moments, both included."""
    found = await read_list(store, portal_id, list_id, now_ms)
    if isinstance(found, Problem):
        return found
    definition = found.definition
    return ListHistory(
        [each for each in definition.edits_ms if from_ms <= each <= until_ms],
        [each for each in definition.sizes if from_ms <= each[0] <= until_ms],
    )


async def read_conversion(
    store: Store, portal_id: int, list_id: str, now_ms: int
) -> ListDefinition | Problem:
    """The list whose conversion is asked for, up to date; without one there is nothing to tell."""
    found = await read_list(store, portal_id, list_id, now_ms)
    if isinstance(found, Problem) or found.definition.is_deleted:
        return ListNotFound(list_id)
    return found.definition


async def schedule_conversion(
    store: Store,
    occasion: Occasion,
    list_id: str,
    asked: DateConversion | InactivityConversion | None,
) -> ListDefinition | Problem:
    """The list with its conversion, None takes it back; one that is due is carried out at once.

    Refused: ListNotFound, NotConvertible, ConversionInvalid.
    """
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_active_list(transaction, portal_id, list_id, now_ms)
        if isinstance(found, Problem):
            return found
        if asked is None:
            if found.converted_at_ms is None:
                transaction.put_list(portal_id, replace(found, conversion=None))
            return None
        planned = plan_conversion(found, asked, now_ms)
        if isinstance(planned, Problem):
            return planned
        transaction.put_list(portal_id, planned)
        return None

    problem = await write_in_turn(store, work)
    return problem or await read_conversion(store, portal_id, list_id, now_ms)


async def known_list_ids(
    store: Store, portal_id: int, list_ids: Iterable[str], now_ms: int
) -> dict[str, bool]:
    """Whether each id, as sent, is that of a list that is not deleted; each once, in order."""
    texts = list(dict.fromkeys(list_ids))

    def work(transaction: ReadTransaction) -> dict[str, bool]:
        return {
            each: isinstance(find_active_list(transaction, portal_id, each, now_ms), ListDefinition)
            for each in texts
        }

    return await store.read(work)
