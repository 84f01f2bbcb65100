"""The operations on a portal's own limits for associations, and the report on high usage."""

import logging
from collections.abc import Callable, Sequence

from moyeu.catalog.limits import ASSOCIATION_LIMIT_INPUTS_MAX
from moyeu.crm.association_definition_problems import UserNotFound
from moyeu.crm.association_limits import (
    AssociationLimit,
    LimitInput,
    LimitOutcome,
    limits_set,
    plan_lifts,
    plan_limits,
)
from moyeu.crm.associations import AssociationSpec, AssociationTypes, association_types_of
from moyeu.crm.definitions import Owner
from moyeu.crm.problems import Problem, TooManyInputs
from moyeu.operations.owners import read_owner
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import Store, WriteTransaction

_log = logging.getLogger("moyeu.operations")


async def list_limits(
    store: Store, portal_id: int, pair: tuple[str, str] | None = None
) -> list[AssociationLimit]:
    """The limits that the portal set, all or those of (from-type, to-type)."""
    types = await store.read(lambda transaction: transaction.object_types(portal_id), few=True)
    return limits_set(association_types_of(types), pair)


async def set_limits(
    store: Store, portal_id: int, from_id: str, to_id: str, inputs: Sequence[LimitInput]
) -> list[LimitOutcome] | Problem:
    """Sets limits for types of one direction; what became of each input, in order."""
    if len(inputs) > ASSOCIATION_LIMIT_INPUTS_MAX:
        return TooManyInputs(ASSOCIATION_LIMIT_INPUTS_MAX)
    return await _put(store, portal_id, lambda types: plan_limits(types, from_id, to_id, inputs))


async def lift_limits(
    store: Store, portal_id: int, from_id: str, to_id: str, inputs: Sequence[AssociationSpec]
) -> list[LimitOutcome] | Problem:
    """Removes the limits of types of one direction; what became of each input, in order."""
    if len(inputs) > ASSOCIATION_LIMIT_INPUTS_MAX:
        return TooManyInputs(ASSOCIATION_LIMIT_INPUTS_MAX)
    return await _put(store, portal_id, lambda types: plan_lifts(types, from_id, to_id, inputs))


async def _put(
    store: Store, portal_id: int, plan: Callable[[AssociationTypes], list[LimitOutcome]]
) -> list[LimitOutcome] | Problem:
    def work(transaction: WriteTransaction) -> list[LimitOutcome]:
        outcomes = plan(association_types_of(transaction.object_types(portal_id)))
        for each in outcomes:
            if isinstance(each, AssociationLimit):
                transaction.put_association_limit(portal_id, each.kind, each.limit)
        return outcomes

    return await write_in_turn(store, work)


async def ask_for_report(store: Store, portal_id: int, user_id: str) -> Owner | UserNotFound:
    """The owner who is that user, and would get the report on high usage by e-mail.

    Nothing is mailed, and no record is counted: that would walk all associations for nobody. What
    the report says is told by the limits API. That an owner must be the user is a guess.
    """
    owner = await read_owner(store, portal_id, user_id, "userId", archived=False)
    if isinstance(owner, Problem):
        return UserNotFound(user_id)
    _log.info(
        "portal %d: user %s asked for the report on high usage of associations; this server mails"
        " none, ask the limits API",
        portal_id,
        user_id,
    )
    return owner
