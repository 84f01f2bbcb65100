"""The operations on what testers set for a portal, and its word on each request.

A portal without controls pays nothing: its callers are not controlled, and nobody asks here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from moyeu.crm.controls.clocks import ClockSetting
from moyeu.crm.controls.faults import FaultRule, RequestFacts
from moyeu.crm.controls.portal import (
    RULES_MAX,
    Decision,
    PortalControls,
    TooManyRulesError,
    controls_document,
    decide,
    read_controls,
    with_clock,
    with_fault,
    with_seed,
    without_fault,
    without_faults,
)
from moyeu.crm.problems import Problem
from moyeu.operations.portals import PortalNotFound, enter_portal, has_portal
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


@dataclass(frozen=True, slots=True)
class FaultNotFound(Problem):
    """The portal has no rule with that id; it may have expired."""

    portal_id: int
    fault_id: int


@dataclass(frozen=True, slots=True)
class TooManyFaults(Problem):
    """The portal has as many rules as it may."""

    portal_id: int
    count_max: int


async def controls_of(store: Store, portal_id: int) -> PortalControls | PortalNotFound:
    """What is set for the portal, with its counters; nothing is a `PortalControls()`."""

    def work(transaction: ReadTransaction) -> PortalControls | PortalNotFound:
        if not has_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        return read_controls(transaction.controls(portal_id))

    return await store.read(work)


async def put_clock(store: Store, portal_id: int, clock: ClockSetting) -> PortalNotFound | None:
    """Sets what time the portal has, from its next request on; `REAL_CLOCK` is the usual time."""
    return await _change(store, portal_id, lambda controls: with_clock(controls, clock))


async def put_seed(store: Store, portal_id: int, seed: int | None) -> PortalNotFound | None:
    """Sets what correlation ids follow from, beginning anew; None makes them random again."""
    return await _change(store, portal_id, lambda controls: with_seed(controls, seed))


async def add_fault(
    store: Store, portal_id: int, rule: FaultRule
) -> FaultRule | PortalNotFound | TooManyFaults:
    """Adds a rule behind the others; the rule with its id, whatever id it came with.

    Refused: PortalNotFound, TooManyFaults.
    """

    def work(transaction: WriteTransaction) -> FaultRule | PortalNotFound | TooManyFaults:
        if not enter_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        controls = read_controls(transaction.controls(portal_id))
        try:
            changed, added = with_fault(controls, rule)
        except TooManyRulesError:
            return TooManyFaults(portal_id, RULES_MAX)
        transaction.put_controls(portal_id, controls_document(changed))
        return added

    return await store.write(work)


async def remove_fault(
    store: Store, portal_id: int, fault_id: int
) -> PortalNotFound | FaultNotFound | None:
    """Removes a rule. Refused: PortalNotFound, FaultNotFound."""

    def work(transaction: WriteTransaction) -> PortalNotFound | FaultNotFound | None:
        if not enter_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        controls = read_controls(transaction.controls(portal_id))
        if all(each.id != fault_id for each in controls.faults):
            return FaultNotFound(portal_id, fault_id)
        changed = without_fault(controls, fault_id)
        transaction.put_controls(portal_id, controls_document(changed))
        return None

    return await store.write(work)


async def clear_faults(store: Store, portal_id: int) -> PortalNotFound | None:
    """Removes all rules; clock and seed stay."""
    return await _change(store, portal_id, without_faults)


async def clear_controls(store: Store, portal_id: int) -> PortalNotFound | None:
    """Removes all that is set for the portal: from then on its requests are as any other's."""

    def work(transaction: WriteTransaction) -> PortalNotFound | None:
        if not enter_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        transaction.put_controls(portal_id, None)
        return None

    return await store.write(work)


async def _change(
    store: Store, portal_id: int, change: Callable[[PortalControls], PortalControls]
) -> PortalNotFound | None:
    def work(transaction: WriteTransaction) -> PortalNotFound | None:
        if not enter_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        controls = read_controls(transaction.controls(portal_id))
        transaction.put_controls(portal_id, controls_document(change(controls)))
        return None

    return await store.write(work)


async def begin_request(
    store: Store, portal_id: int, facts: RequestFacts, real_now_ms: int
) -> Decision | None:
    """What the controls of a portal say about its next request; None when it has none any more.

    A write turn where that request changes what the next one sees, else a read.
    """
    document = await store.read(lambda transaction: transaction.controls(portal_id), few=True)
    if document is None:
        return None
    controls = read_controls(document)
    if not controls.moves:
        return decide(controls, facts, real_now_ms)

    def work(transaction: WriteTransaction) -> Decision | None:
        kept = transaction.controls(portal_id)
        if kept is None:
            return None
        now_kept = read_controls(kept)
        decision = decide(now_kept, facts, real_now_ms)
        # Others may have been the last that a rule was for.
        if now_kept.moves:
            transaction.put_controls(portal_id, controls_document(decision.controls))
        return decision

    return await store.write(work)
