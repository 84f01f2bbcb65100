"""The operations on records: read → plan → apply, one function each.

A write checks what needs no record before the writer's turn, and reads, plans and applies inside
it. Each answers an outcome or the problem that refused the whole call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from moyeu.catalog.limits import (
    BATCH_INPUTS_MAX,
    BATCH_READ_HISTORY_INPUTS_MAX,
    LIST_LIMIT_DEFAULT,
    LIST_LIMIT_HISTORY_MAX,
    LIST_LIMIT_MAX,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import (
    NO_CONFLICTS,
    CreatePlan,
    check_creates,
    conflicts_among,
    plan_creates,
    possible_conflicts,
)
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidCursor,
    MissingRecords,
    NoPropertiesGiven,
    NotAUniqueProperty,
    Problem,
    RecordNotFound,
    RecordsLocked,
    TooManyInputs,
    TooManyInputsWithHistory,
    TooManyPerPage,
    UniqueValueLocked,
    UnknownUniqueValues,
)
from moyeu.crm.records import (
    RECORD_ID_MAX,
    CheckedUpdates,
    RecordInput,
    StoredRecord,
    UniqueKey,
    UpdatePlan,
    WrittenRecord,
    check_updates,
    claimed_unique_values,
    kept_id,
    named_record_ids,
    named_unique_values,
    plan_updates,
    read_record_id,
    repeated_ids,
)
from moyeu.crm.validations import has_pattern
from moyeu.operations.associations import (
    Associated,
    read_associated,
    read_links,
    write_links,
)
from moyeu.storage.contract import ReadTransaction, Store, WriterBusyError, WriteTransaction

Checked = TypeVar("Checked", bound=CheckedUpdates)
Plan = TypeVar("Plan")


@dataclass(slots=True)
class ReadRecord:
    """A record of an answer to a read; writes, newest first, where history was asked for.

    associated: by object type, where associations were asked for and the record has some.
    """

    record: StoredRecord
    writes: list[RecordWrite] | None = None
    associated: tuple[Associated, ...] = ()


@dataclass(slots=True)
class RecordPage:
    """One page of a list; `next_id` is where the next one begins, None on the last."""

    records: list[ReadRecord]
    next_id: int | None


@dataclass(slots=True)
class ReadBatch:
    """What a batch read found, in input order, and the ids that name nothing."""

    records: list[ReadRecord]
    missing: MissingRecords | None


async def definitions_of(store: Store, portal_id: int, type_id: str) -> TypeDefinitions:
    """The newest committed definitions of an object type."""
    found = store.cached_definitions(portal_id, type_id)
    if found is None:
        found = await store.read(lambda transaction: transaction.definitions(portal_id, type_id))
    return found


# --- writes ----------------------------------------------------------------------------------


async def update_records(
    store: Store,
    occasion: Occasion,
    type_id: str,
    inputs: Sequence[RecordInput],
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> UpdatePlan | Problem:
    """Updates a batch of records; the plan that was carried out, or the problem of the call.

    admin_rules: whether the rules of the portal's admins hold, as newer versions want it.
    Statements: one by ids, and as needed one by unique values, one for the holders of claimed
    values, one for merged ids, two for changes, two for unique values, whatever the number of
    inputs.
    """

    def check(definitions: TypeDefinitions) -> CheckedUpdates | Problem:
        rules = definitions.rules_for(dates_normalised=dates_normalised)
        return check_updates(inputs, definitions, rules, occasion.now_ms)

    def carry_out(
        transaction: WriteTransaction, definitions: TypeDefinitions, batch: CheckedUpdates
    ) -> UpdatePlan | Problem:
        return _update_in_turn(transaction, occasion, definitions, batch)

    portal_id = occasion.caller.portal_id
    return await in_turn(store, portal_id, type_id, check, carry_out, admin_rules=admin_rules)


async def in_turn(
    store: Store,
    portal_id: int,
    type_id: str,
    check: Callable[[TypeDefinitions], Checked | Problem],
    carry_out: Callable[[WriteTransaction, TypeDefinitions, Checked], Plan | Problem],
    *,
    admin_rules: bool,
) -> Plan | Problem:
    """Checks a batch of writes beside the writer, and carries it out in the writer's turn.

    admin_rules: whether the rules of the portal's admins hold for it. A batch whose turn does not
    come in time is told the first unique value at stake, if any.
    """
    definitions = await definitions_of(store, portal_id, type_id)
    if any(map(has_pattern, definitions.validations.values())):
        # A hostile pattern may take seconds for a full batch, in which others must be served.
        checked = await asyncio.to_thread(check, definitions)
    else:
        checked = check(definitions)
    if isinstance(checked, Problem):
        return checked

    def work(transaction: WriteTransaction) -> Plan | Problem:
        current = transaction.definitions(portal_id, type_id)
        holding = current.for_call(admin_rules=admin_rules)
        if current is definitions:
            return carry_out(transaction, holding, checked)
        # The definitions changed while the batch waited for its turn.
        again = check(current)
        if isinstance(again, Problem):
            return again
        return carry_out(transaction, holding, again)

    try:
        return await store.write(work)
    except WriterBusyError:
        return _locked(definitions, checked)


def _update_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpdates,
) -> UpdatePlan | Problem:
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    ids = named_record_ids(batch.inputs)
    found = transaction.records(portal_id, type_id, ids) if ids else {}
    by_id = {key: each for key, each in found.items() if each.archived_at_ms is None}
    keys = named_unique_values(batch.inputs)
    by_value = transaction.records_by_value(portal_id, type_id, keys) if keys else {}
    claims = claimed_unique_values(batch.inputs, definitions)
    owners = transaction.value_owners(portal_id, type_id, claims) if claims else {}
    gone = [key for key in ids if key not in found]
    merged = transaction.merged_into(portal_id, type_id, gone) if gone else {}
    plan = plan_updates(batch, definitions, by_id, by_value, owners, frozenset(merged))
    if plan.refusal is not None:
        return plan.refusal
    if plan.changes:
        transaction.change_records(occasion, type_id, plan.changes)
    if plan.moves:
        transaction.move_unique_values(portal_id, type_id, plan.moves)
    return plan


def _locked(definitions: TypeDefinitions, batch: CheckedUpdates) -> Problem:
    """What a batch is told whose turn did not come: the first unique value at stake, if any."""
    claims = claimed_unique_values(batch.inputs, definitions)
    if not claims:
        return RecordsLocked()
    name, value = claims[0]
    return UniqueValueLocked(definitions.object_type.id, name, value)


async def update_record(
    store: Store,
    occasion: Occasion,
    type_id: str,
    given: RecordInput,
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> WrittenRecord | Problem:
    """Updates one record: a batch of one, with the refusals of a single-record route.

    It takes the id properties that a read takes, so a contact's e-mail too, which a batch update
    does not: a guess.
    """
    if not given.properties:
        return NoPropertiesGiven()

    def check(definitions: TypeDefinitions) -> CheckedUpdates | Problem:
        rules = definitions.rules_for(dates_normalised=dates_normalised)
        own = given
        if own.id_property is not None:
            kept = kept_id(rules, own.id_property, own.id)
            own = msgspec.structs.replace(own, id=kept)
        return check_updates([own], definitions, rules, occasion.now_ms, definitions.unique_names)

    def carry_out(
        transaction: WriteTransaction, definitions: TypeDefinitions, batch: CheckedUpdates
    ) -> UpdatePlan | Problem:
        return _update_in_turn(transaction, occasion, definitions, batch)

    portal_id = occasion.caller.portal_id
    plan = await in_turn(store, portal_id, type_id, check, carry_out, admin_rules=admin_rules)
    if isinstance(plan, UnknownUniqueValues):
        return RecordNotFound()
    if isinstance(plan, Problem):
        return plan
    return plan.results[0] if plan.results else RecordNotFound()


async def create_records(
    store: Store,
    occasion: Occasion,
    type_id: str,
    inputs: Sequence[RecordInput],
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> CreatePlan | Problem:
    """Creates a batch of records; the plan that was carried out, or the problem of the call."""

    def check(definitions: TypeDefinitions) -> CheckedUpdates | Problem:
        rules = definitions.rules_for(dates_normalised=dates_normalised)
        return check_creates(inputs, definitions, rules, occasion.now_ms)

    def carry_out(
        transaction: WriteTransaction, definitions: TypeDefinitions, batch: CheckedUpdates
    ) -> CreatePlan | Problem:
        return _create_in_turn(transaction, occasion, definitions, batch)

    portal_id = occasion.caller.portal_id
    return await in_turn(store, portal_id, type_id, check, carry_out, admin_rules=admin_rules)


def _create_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpdates,
) -> CreatePlan | Problem:
    if not batch.inputs:
        return CreatePlan()
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    claims = claimed_unique_values(batch.inputs, definitions)
    owners = transaction.value_owners(portal_id, type_id, claims) if claims else {}
    conflicts = conflicts_in(transaction, definitions, owners)
    links = read_links(transaction, portal_id, type_id, [each.given for each in batch.inputs])
    record_ids = transaction.new_record_ids(portal_id, len(batch.inputs))
    plan = plan_creates(batch, definitions, owners, record_ids, occasion, conflicts, links)
    if plan.refusal is not None:
        return plan.refusal
    records = [each.record for each in plan.results]
    if records:
        transaction.insert_records(
            occasion, type_id, records, definitions.object_type.modified_property
        )
    if plan.moves:
        transaction.move_unique_values(portal_id, type_id, plan.moves)
    if links is not None:
        write_links(transaction, portal_id, links)
    return plan


def conflicts_in(
    transaction: ReadTransaction, definitions: TypeDefinitions, owners: Mapping[UniqueKey, int]
) -> frozenset[UniqueKey]:
    """The taken values that make a create a conflict. One statement where there may be any."""
    keys = possible_conflicts(definitions, owners)
    if not keys:
        return NO_CONFLICTS
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    records = transaction.records(portal_id, type_id, [owners[key] for key in keys])
    return conflicts_among(keys, owners, records)


async def archive_records(
    store: Store, occasion: Occasion, type_id: str, ids: Sequence[str]
) -> Problem | None:
    """Archives the records that are there; missing and archived ones are passed over."""
    if len(ids) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    numbers = [number for each in ids if (number := read_record_id(each)) is not None]
    try:
        await store.write(
            lambda transaction: transaction.archive_records(occasion, type_id, numbers)
        )
    except WriterBusyError:
        return RecordsLocked()
    return None


# --- reads -----------------------------------------------------------------------------------


async def read_record(
    store: Store,
    portal_id: int,
    type_id: str,
    record_id: str,
    id_property: str | None,
    *,
    archived: bool,
    with_history: bool,
    associations: Sequence[str] = (),
) -> ReadRecord | Problem:
    """One record by id or unique value, only archived or only active; a merged id reads forward.

    associations: names of object types whose associated records are answered too.
    """
    definitions = await definitions_of(store, portal_id, type_id)

    def work(transaction: ReadTransaction) -> ReadRecord | None:
        found = find_records(transaction, definitions, [record_id], id_property)
        record = found.get(record_id)
        if record is None or (record.archived_at_ms is not None) != archived:
            return None
        read = _with_history(transaction, definitions, [record], wanted=with_history)
        _associate(transaction, portal_id, read, associations)
        return read[0]

    if id_property is not None and id_property not in readable_names(definitions):
        return RecordNotFound()
    return await store.read(work, few=not (with_history or associations)) or RecordNotFound()


async def read_records(
    store: Store,
    portal_id: int,
    type_id: str,
    ids: Sequence[str],
    id_property: str | None,
    *,
    archived: bool,
    with_history: bool,
) -> ReadBatch | Problem:
    """The records that the ids name, in input order."""
    if len(ids) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    if with_history and len(ids) > BATCH_READ_HISTORY_INPUTS_MAX:
        return TooManyInputsWithHistory(BATCH_READ_HISTORY_INPUTS_MAX)
    if repeated := repeated_ids([RecordInput(each, {}) for each in ids]):
        return DuplicateIds(repeated)
    definitions = await definitions_of(store, portal_id, type_id)
    if id_property is not None and id_property not in readable_names(definitions):
        return NotAUniqueProperty(type_id, id_property)

    def work(transaction: ReadTransaction) -> ReadBatch:
        found = find_records(transaction, definitions, ids, id_property)
        there: dict[int, StoredRecord] = {}
        missing = []
        for each in ids:
            record = found.get(each)
            if record is None or (record.archived_at_ms is not None) != archived:
                missing.append(each)
            else:
                there[record.record_id] = record
        return ReadBatch(
            _with_history(transaction, definitions, list(there.values()), wanted=with_history),
            MissingRecords(tuple(missing)) if missing else None,
        )

    return await store.read(work)


def readable_names(definitions: TypeDefinitions) -> frozenset[str]:
    """The properties by whose values a record can be read."""
    # Batch read takes hs_object_id too (observed August 2026).
    return definitions.unique_names | {"hs_object_id"}


def find_records(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    ids: Sequence[str],
    id_property: str | None,
) -> dict[str, StoredRecord]:
    """Records by the text that names them, archived ones included, merged ids read forward.

    A value of an id property finds the record in any spelling that is kept as the same value.
    """
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    if id_property not in (None, "hs_object_id"):
        assert id_property is not None
        kept = {each: (id_property, kept_id(definitions.rules, id_property, each)) for each in ids}
        by_value = transaction.records_by_value(portal_id, type_id, [*set(kept.values())])
        return {text: by_value[key] for text, key in kept.items() if key in by_value}
    numbers = {each: number for each in ids if (number := read_record_id(each)) is not None}
    found = transaction.records(portal_id, type_id, list(numbers.values()))
    gone = [number for number in numbers.values() if number not in found]
    if gone and (merged := transaction.merged_into(portal_id, type_id, gone)):
        survivors = transaction.records(portal_id, type_id, list(merged.values()))
        found |= {key: survivors[value] for key, value in merged.items() if value in survivors}
    return {text: found[number] for text, number in numbers.items() if number in found}


def _with_history(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    records: list[StoredRecord],
    *,
    wanted: bool,
) -> list[ReadRecord]:
    if not wanted:
        return [ReadRecord(each) for each in records]
    writes = transaction.history(definitions.portal_id, definitions.object_type.id, records)
    return [ReadRecord(each, writes[each.record_id]) for each in records]


def _associate(
    transaction: ReadTransaction, portal_id: int, read: list[ReadRecord], names: Sequence[str]
) -> None:
    if not names:
        return
    found = read_associated(transaction, portal_id, [each.record for each in read], names)
    for each in read:
        each.associated = found[each.record.record_id]


async def list_records(
    store: Store,
    portal_id: int,
    type_id: str,
    limit: str | None,
    after: str | None,
    *,
    archived: bool,
    with_history: bool,
    associations: Sequence[str] = (),
) -> RecordPage | Problem:
    """A page of records in ascending id order; `after` is the lowest id of the page.

    associations: names of object types whose associated records are answered too.
    """
    limit_max = LIST_LIMIT_HISTORY_MAX if with_history else LIST_LIMIT_MAX
    count = _count(limit, limit_max, with_history=with_history)
    if isinstance(count, Problem):
        return count
    from_id = 0
    if after:
        if not _is_digits(after):
            return InvalidCursor("after", after)
        from_id = _number(after)
    definitions = await definitions_of(store, portal_id, type_id)

    def work(transaction: ReadTransaction) -> RecordPage:
        records = transaction.page(portal_id, type_id, from_id, count + 1, archived=archived)
        more = len(records) > count
        page = records[:count]
        read = _with_history(transaction, definitions, page, wanted=with_history)
        _associate(transaction, portal_id, read, associations)
        return RecordPage(
            read,
            # Observed: the last id of the page plus one, an inclusive lower bound.
            page[-1].record_id + 1 if more else None,
        )

    return await store.read(work)


def _count(limit: str | None, limit_max: int, *, with_history: bool) -> int | Problem:
    if not limit:
        return LIST_LIMIT_DEFAULT
    if not _is_digits(limit) or _number(limit) == 0:
        return InvalidCursor("limit", limit)
    count = _number(limit)
    return TooManyPerPage(limit, limit_max, with_history) if count > limit_max else count


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _number(digits: str) -> int:
    """Their value, cut to the highest record id; Python refuses to read thousands of digits."""
    significant = digits.lstrip("0") or "0"
    return RECORD_ID_MAX if len(significant) > 19 else min(int(significant), RECORD_ID_MAX)
