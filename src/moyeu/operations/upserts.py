"""Batch upsert: read → plan → apply in one turn of the writer."""

from collections.abc import Sequence

from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, claimed_unique_values, named_record_ids
from moyeu.crm.upserts import CheckedUpserts, UpsertPlan, check_upserts, plan_upserts
from moyeu.operations.records import conflicts_in, in_turn
from moyeu.storage.contract import Store, WriteTransaction


async def upsert_records(
    store: Store,
    occasion: Occasion,
    type_id: str,
    inputs: Sequence[RecordInput],
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> UpsertPlan | Problem:
    """Updates the records that the inputs name and creates the others.

    Statements as for update, and two for the new records, one for their ids and one for taken
    values that make a conflict, whatever the number of inputs.
    """

    def check(definitions: TypeDefinitions) -> CheckedUpserts | Problem:
        rules = definitions.rules_for(dates_normalised=dates_normalised)
        return check_upserts(inputs, definitions, rules, occasion.now_ms)

    def carry_out(
        transaction: WriteTransaction, definitions: TypeDefinitions, batch: CheckedUpserts
    ) -> UpsertPlan | Problem:
        return _upsert_in_turn(transaction, occasion, definitions, batch)

    portal_id = occasion.caller.portal_id
    return await in_turn(store, portal_id, type_id, check, carry_out, admin_rules=admin_rules)


def _upsert_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpserts,
) -> UpsertPlan | Problem:
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    ids = named_record_ids(batch.inputs)
    found = transaction.records(portal_id, type_id, ids) if ids else {}
    by_id = {key: each for key, each in found.items() if each.archived_at_ms is None}
    gone = [key for key in ids if key not in found]
    merged = transaction.merged_into(portal_id, type_id, gone) if gone else {}
    keys = [key for key in batch.keys if key is not None]
    by_value = transaction.records_by_value(portal_id, type_id, keys) if keys else {}
    claims = claimed_unique_values(batch.inputs, definitions)
    owners = transaction.value_owners(portal_id, type_id, claims) if claims else {}
    new_count = sum(key not in by_value for key in keys)
    conflicts = conflicts_in(transaction, definitions, owners) if new_count else frozenset()
    record_ids = transaction.new_record_ids(portal_id, new_count) if new_count else ()
    plan = plan_upserts(
        batch,
        definitions,
        by_id,
        by_value,
        owners,
        frozenset(merged),
        record_ids,
        occasion,
        conflicts,
    )
    if plan.refusal is not None:
        return plan.refusal
    if plan.changes:
        transaction.change_records(occasion, type_id, plan.changes)
    if plan.created:
        transaction.insert_records(
            occasion, type_id, plan.created, definitions.object_type.modified_property
        )
    if plan.moves:
        transaction.move_unique_values(portal_id, type_id, plan.moves)
    return plan
