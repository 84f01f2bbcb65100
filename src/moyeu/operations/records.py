"""The writes of records: read → plan → apply, one function each.

A write checks what needs no record before the writer's turn, and reads, plans and applies inside
it. Each answers an outcome or the problem that refused the whole call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.crm.association_values import fill_new, links_of
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import (
    NO_CONFLICTS,
    check_creates,
    conflicts_among,
    plan_creates,
    possible_conflicts,
)
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    NoPropertiesGiven,
    Problem,
    RecordNotFound,
    TooManyInputs,
    UnknownUniqueValues,
)
from moyeu.crm.records import (
    CheckedUpdates,
    RecordInput,
    StoredRecord,
    UniqueKey,
    WritePlan,
    WrittenRecord,
    claimed_unique_values,
    named_record_ids,
    named_unique_values,
    read_record_id,
)
from moyeu.crm.restoring import ValueTakenMeanwhile, plan_unarchiving, unarchived_values
from moyeu.crm.updates import check_updates, plan_updates
from moyeu.operations.association_values import refresh, write_and_refresh
from moyeu.operations.associations import read_links, write_links
from moyeu.operations.turns import type_gone, write_batch
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


async def update_records(
    store: Store,
    occasion: Occasion,
    type_id: str,
    inputs: Sequence[RecordInput],
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> WritePlan | Problem:
    """Updates a batch of records; the plan that was carried out, or the problem of the call.

    admin_rules: whether the rules of the portal's admins hold, as newer versions want it.
    Statements: one by ids, and as needed one by unique values, one for the holders of claimed
    values, one for merged ids, two for changes, two for unique values, whatever the number of
    inputs.
    """
    return await write_batch(
        store,
        occasion,
        type_id,
        lambda definitions, rules, now_ms: check_updates(inputs, definitions, rules, now_ms),
        _update_in_turn,
        dates_normalised=dates_normalised,
        admin_rules=admin_rules,
    )


def _update_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpdates,
) -> WritePlan | Problem:
    there = records_at_stake(transaction, definitions, batch)
    plan = plan_updates(batch, definitions, *there)
    return apply_plan(transaction, occasion, definitions, plan)


class RecordsAtStake(NamedTuple):
    """The records that a batch of writes may touch, as they are in its turn.

    by_id, by_value: active records that inputs name. owners: record id by claimed unique value.
    merged_away: named ids whose records live on in another.
    """

    by_id: Mapping[int, StoredRecord]
    by_value: Mapping[UniqueKey, StoredRecord]
    owners: Mapping[UniqueKey, int]
    merged_away: frozenset[int]


def records_at_stake(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    batch: CheckedUpdates,
) -> RecordsAtStake:
    """What a batch needs to know of the records.

    Statements: as needed one each by ids, by unique values, for holders and for merged ids.
    """
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    ids = named_record_ids(batch.inputs)
    found = transaction.records(portal_id, type_id, ids) if ids else {}
    keys = named_unique_values(batch.inputs)
    by_value = transaction.records_by_value(portal_id, type_id, keys) if keys else {}
    claims = claimed_unique_values(batch.inputs, definitions)
    owners = transaction.value_owners(portal_id, type_id, claims) if claims else {}
    gone = [key for key in ids if key not in found]
    merged = transaction.merged_into(portal_id, type_id, gone) if gone else {}
    by_id = {key: each for key, each in found.items() if each.archived_at_ms is None}
    return RecordsAtStake(by_id, by_value, owners, frozenset(merged))


def apply_plan(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    plan: WritePlan,
) -> WritePlan | Problem:
    """Carries out the plan of a batch, nothing of one that is refused.

    Statements: as needed two for changes, two for new records and two for unique values.
    """
    if plan.refusal is not None:
        return plan.refusal
    portal_id, object_type = definitions.portal_id, definitions.object_type
    if plan.changes:
        transaction.change_records(occasion, object_type.id, plan.changes)
    if plan.created:
        modified_property = object_type.modified_property
        transaction.insert_records(occasion, object_type.id, plan.created, modified_property)
    if plan.moves:
        transaction.move_unique_values(portal_id, object_type.id, plan.moves)
    return plan


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
    plan = await write_batch(
        store,
        occasion,
        type_id,
        lambda definitions, rules, now_ms: check_updates(
            [given], definitions, rules, now_ms, definitions.unique_names
        ),
        _update_in_turn,
        dates_normalised=dates_normalised,
        admin_rules=admin_rules,
    )
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
) -> WritePlan | Problem:
    """Creates a batch of records; the plan that was carried out, or the problem of the call."""
    return await write_batch(
        store,
        occasion,
        type_id,
        lambda definitions, rules, now_ms: check_creates(inputs, definitions, rules, now_ms),
        create_in_turn,
        dates_normalised=dates_normalised,
        admin_rules=admin_rules,
    )


def create_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpdates,
) -> WritePlan | Problem:
    """Carries out a checked batch of creates."""
    if not batch.inputs:
        return WritePlan()
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    claims = claimed_unique_values(batch.inputs, definitions)
    owners = transaction.value_owners(portal_id, type_id, claims) if claims else {}
    conflicts = conflicts_in(transaction, definitions, owners)
    links = read_links(transaction, portal_id, type_id, [each.given for each in batch.inputs])
    record_ids = transaction.new_record_ids(portal_id, len(batch.inputs))
    plan = plan_creates(batch, definitions, owners, record_ids, occasion, conflicts, links)
    if links is not None:
        fill_new(definitions, plan.created, links_of(links.added), occasion.now_ms)
    applied = apply_plan(transaction, occasion, definitions, plan)
    if links is not None and not isinstance(applied, Problem):
        write_links(transaction, portal_id, links)
        refresh(transaction, occasion, [*links.removed, *links.added], but=record_ids)
    return applied


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
    """Archives the records that are there; missing and archived ones are passed over.

    Turns of the writer: one, or more where a record is associated with thousands, see
    `write_and_refresh`.
    """
    if len(ids) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    numbers = [number for each in ids if (number := read_record_id(each)) is not None]
    outcome = await write_and_refresh(
        store,
        occasion,
        type_id,
        numbers,
        lambda transaction: transaction.archive_records(occasion, type_id, numbers),
    )
    return outcome if isinstance(outcome, Problem) else None


@dataclass(frozen=True, slots=True)
class RestoredRecords:
    """What became of archived records that were to be active again.

    restored: their ids. taken: those that stay archived. missing: ids, as given, that name no
    archived record.
    """

    restored: tuple[int, ...]
    taken: tuple[ValueTakenMeanwhile, ...]
    missing: tuple[str, ...]


async def restore_records(
    store: Store, occasion: Occasion, type_id: str, ids: Sequence[str]
) -> RestoredRecords | Problem:
    """Makes archived records active again, with their associations.

    A record whose unique value was taken meanwhile stays archived. Times and history stay as they
    are (a guess), but for the values that follow from associations. Statements: at most four, and
    those of `write_and_refresh`, whatever the number of ids.
    """
    portal_id = occasion.caller.portal_id
    numbers = {each: number for each in ids if (number := read_record_id(each)) is not None}

    def work(transaction: WriteTransaction) -> RestoredRecords | Problem:
        if gone := type_gone(transaction, portal_id, type_id):
            return gone
        definitions = transaction.definitions(portal_id, type_id)
        found = transaction.records(portal_id, type_id, list(dict.fromkeys(numbers.values())))
        archived = {key: each for key, each in found.items() if each.archived_at_ms is not None}
        missing = tuple(each for each in dict.fromkeys(ids) if numbers.get(each) not in archived)
        asked = [archived[each] for each in dict.fromkeys(numbers.values()) if each in archived]
        keys = [key for each in asked for key in unarchived_values(definitions, each.properties)]
        owners = transaction.value_owners(portal_id, type_id, keys) if keys else {}
        plan = plan_unarchiving(definitions, asked, owners)
        if plan.record_ids:
            transaction.unarchive_records(occasion, type_id, plan.record_ids)
        return RestoredRecords(plan.record_ids, plan.taken, missing)

    named = list(dict.fromkeys(numbers.values()))
    return await write_and_refresh(store, occasion, type_id, named, work, own=True)
