"""Work in the writer's turn: what is said when the turn does not come, or comes too late."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from moyeu.catalog.object_types import object_type_by_id
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem, RecordsLocked, UniqueValueLocked
from moyeu.crm.records import CheckedUpdates, WritePlan, claimed_unique_values
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.crm.validations import has_pattern
from moyeu.crm.values.outcome import ValueRule
from moyeu.storage.contract import Store, WriterBusyError, WriteTransaction

T = TypeVar("T")
Checked = TypeVar("Checked", bound=CheckedUpdates)

Check = Callable[[TypeDefinitions, Mapping[str, ValueRule], int], Checked | Problem]
"""Judges the values of a batch by definitions, value rules and the time, in ms since 1970."""

CarryOut = Callable[[WriteTransaction, Occasion, TypeDefinitions, Checked], WritePlan | Problem]
"""Reads what a checked batch needs, plans it and applies the plan."""


async def definitions_at_hand(store: Store, portal_id: int, type_id: str) -> TypeDefinitions:
    """The definitions of an object type, as `Store.cached_definitions` has them or newer."""
    found = store.cached_definitions(portal_id, type_id)
    if found is None:
        found = await store.read(
            lambda transaction: transaction.definitions(portal_id, type_id), few=True
        )
    return found


async def definitions_of(store: Store, portal_id: int, type_id: str) -> TypeDefinitions:
    """The newest committed definitions of an object type."""
    if store.is_shared:
        return await store.read(
            lambda transaction: transaction.definitions(portal_id, type_id), few=True
        )
    return await definitions_at_hand(store, portal_id, type_id)


async def write_in_turn(store: Store, work: Callable[[WriteTransaction], T]) -> T | RecordsLocked:
    """What the work answers; RecordsLocked when its turn does not come in time."""
    try:
        return await store.write(work)
    except WriterBusyError:
        return RecordsLocked()


async def write_batch(
    store: Store,
    occasion: Occasion,
    type_id: str,
    check: Check[Checked],
    carry_out: CarryOut[Checked],
    *,
    dates_normalised: bool,
    admin_rules: bool,
) -> WritePlan | Problem:
    """Checks a batch of writes beside the writer, and carries it out in the writer's turn.

    dates_normalised: which value rules hold. admin_rules: whether the rules of the portal's admins
    do. A batch whose turn does not come in time is told the first unique value at stake, if any.
    """
    portal_id = occasion.caller.portal_id

    def checked_by(definitions: TypeDefinitions) -> Checked | Problem:
        rules = definitions.rules_for(dates_normalised=dates_normalised)
        return check(definitions, rules, occasion.now_ms)

    async def checked_beside(definitions: TypeDefinitions) -> Checked | Problem:
        if any(map(has_pattern, definitions.validations.values())):
            # A hostile pattern may take seconds for a full batch, in which others must be served.
            return await asyncio.to_thread(checked_by, definitions)
        return checked_by(definitions)

    definitions = await definitions_at_hand(store, portal_id, type_id)
    checked = await checked_beside(definitions)
    if isinstance(checked, Problem) and store.is_shared:
        # Another process may have changed the definitions since they were read.
        newest = await definitions_of(store, portal_id, type_id)
        if newest is not definitions:
            definitions = newest
            checked = await checked_beside(definitions)
    if isinstance(checked, Problem):
        return checked

    def work(transaction: WriteTransaction) -> WritePlan | Problem:
        if gone := type_gone(transaction, portal_id, type_id):
            return gone
        current = transaction.definitions(portal_id, type_id)
        holding = current.for_call(admin_rules=admin_rules)
        if current is definitions:
            return carry_out(transaction, occasion, holding, checked)
        # The definitions changed while the batch waited for its turn.
        again = checked_by(current)
        if isinstance(again, Problem):
            return again
        return carry_out(transaction, occasion, holding, again)

    try:
        return await store.write(work)
    except WriterBusyError:
        return _locked(definitions, checked)


def type_gone(
    transaction: WriteTransaction, portal_id: int, type_id: str
) -> UnknownObjectType | None:
    """The problem of a write whose custom type was archived or purged before its turn came.

    HubSpot's own types stay, so their writes read nothing for it.
    """
    if object_type_by_id(type_id) is not None:
        return None
    found = transaction.object_types(portal_id).find(type_id)
    return UnknownObjectType(type_id) if found is None else None


def _locked(definitions: TypeDefinitions, batch: CheckedUpdates) -> Problem:
    """What a batch is told whose turn did not come: the first unique value at stake, if any."""
    claims = claimed_unique_values(batch.inputs, definitions)
    if not claims:
        return RecordsLocked()
    name, value = claims[0]
    return UniqueValueLocked(definitions.object_type.id, name, value)
