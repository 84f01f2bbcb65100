"""Batch upsert: read → plan → apply in one turn of the writer."""

from collections.abc import Sequence

from moyeu.crm.callers import Occasion
from moyeu.crm.creation import NO_CONFLICTS
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, WritePlan, named_unique_values
from moyeu.crm.upserts import CheckedUpserts, check_upserts, plan_upserts
from moyeu.operations.records import apply_plan, conflicts_in, records_at_stake
from moyeu.operations.turns import write_batch
from moyeu.storage.contract import Store, WriteTransaction


async def upsert_records(
    store: Store,
    occasion: Occasion,
    type_id: str,
    inputs: Sequence[RecordInput],
    *,
    dates_normalised: bool,
    admin_rules: bool = False,
) -> WritePlan | Problem:
    """Updates the records that the inputs name and creates the others.

    Statements as for update, and two for the new records, one for their ids and one for taken
    values that make a conflict, whatever the number of inputs.
    """
    return await write_batch(
        store,
        occasion,
        type_id,
        lambda definitions, rules, now_ms: check_upserts(inputs, definitions, rules, now_ms),
        upsert_in_turn,
        dates_normalised=dates_normalised,
        admin_rules=admin_rules,
    )


def upsert_in_turn(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    batch: CheckedUpserts,
) -> WritePlan | Problem:
    """Carries out a checked batch of upserts."""
    there = records_at_stake(transaction, definitions, batch)
    new_count = sum(key not in there.by_value for key in named_unique_values(batch.inputs))
    record_ids: Sequence[int] = ()
    conflicts = NO_CONFLICTS
    if new_count:
        conflicts = conflicts_in(transaction, definitions, there.owners)
        record_ids = transaction.new_record_ids(definitions.portal_id, new_count)
    plan = plan_upserts(batch, definitions, *there, record_ids, occasion, conflicts)
    return apply_plan(transaction, occasion, definitions, plan)
