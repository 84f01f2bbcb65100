"""Removing what is too much for one turn: portals, and the contents of snapshots.

What is removed is out of reach at once: a portal loses its tokens, a snapshot its name. The rows go
in parts, so that others' writes come between them.
"""

from dataclasses import replace
from typing import Final

from moyeu.crm.callers import Occasion
from moyeu.operations.jobs import LEASE_MS, Removal, carry_out, read_state, state_text
from moyeu.storage.contract import PORTAL_JOBS, Job, Snapshot, Store, WriteTransaction

PART_ROWS: Final = 5_000
"""About so many rows of a table go in one turn."""

PORTAL_REMOVAL: Final = f"{PORTAL_JOBS}removal"
"""The id of the job that removes its portal, at once or when its time has come."""

_RETIRED: Final = "~"
"""How the names begin that snapshots have while they are removed; nobody can give such a name."""


def portal_removal(portal_id: int, due_at_ms: int) -> Job:
    """The job that removes a portal from a time on, by the clock of whoever runs jobs."""
    return Job(portal_id, PORTAL_REMOVAL, state_text(Removal()), due_at_ms)


def is_named(snapshot: Snapshot) -> bool:
    """Whether a snapshot is one that people know of; the others are being removed."""
    return not snapshot.name.startswith(_RETIRED)


def remove_next(
    transaction: WriteTransaction, occasion: Occasion, state: Removal
) -> Removal | None:
    """Removes the next rows of a portal, or of a retired snapshot; see `jobs.Part`."""
    portal_id = occasion.caller.portal_id
    if state.contents_id is None:
        return _remove_of_portal(transaction, portal_id, state)
    name = _retired_name(state.contents_id)
    # In a copied database there is no such snapshot, and its place may be another's.
    if any(each.name == name for each in transaction.snapshots(portal_id)):
        if transaction.clear_part(state.contents_id, PART_ROWS):
            return state
        transaction.remove_snapshot(portal_id, name)
    return None


def _remove_of_portal(
    transaction: WriteTransaction, portal_id: int, state: Removal
) -> Removal | None:
    for token in transaction.tokens(portal_id):
        transaction.remove_token(portal_id, token.hash)
    going_on = Removal(is_begun=True) if not state.is_begun else state
    left = PART_ROWS
    for each in transaction.snapshots(portal_id):
        if left <= 0 or transaction.clear_part(each.contents_id, left):
            return going_on
        transaction.remove_snapshot(portal_id, each.name)
        left -= each.record_count
    if left <= 0 or transaction.clear_part(portal_id, left):
        return going_on
    transaction.remove_portal(portal_id)
    return None


def begin_portal_removal(
    transaction: WriteTransaction, portal_id: int, now_ms: int
) -> tuple[Job, Removal] | None:
    """Does the first part of a portal's removal; the job that is left and its state."""
    kept = transaction.job(portal_id, PORTAL_REMOVAL)
    state = Removal() if kept is None else read_state(kept.state)
    assert isinstance(state, Removal)
    left = remove_next(transaction, state.origin.occasion(portal_id, now_ms), state)
    if left is None:
        return None
    job = Job(portal_id, PORTAL_REMOVAL, state_text(left), now_ms + LEASE_MS)
    transaction.put_job(job)
    return job, left


def retire(
    transaction: WriteTransaction, snapshot: Snapshot, now_ms: int
) -> tuple[Job, Removal] | None:
    """Removes a snapshot; where that is too much for one turn, the job that is left.

    Its name is free at once.
    """
    transaction.remove_snapshot(snapshot.portal_id, snapshot.name)
    if not transaction.clear_part(snapshot.contents_id, PART_ROWS):
        return None
    transaction.put_snapshot(replace(snapshot, name=_retired_name(snapshot.contents_id)))
    state = Removal(snapshot.contents_id)
    job_id = f"{PORTAL_JOBS}sweep/{snapshot.contents_id}"
    job = Job(snapshot.portal_id, job_id, state_text(state), now_ms + LEASE_MS)
    transaction.put_job(job)
    return job, state


async def finish(store: Store, begun: tuple[Job, Removal] | None, now_ms: int) -> None:
    """Carries out what is left of a removal, if anything is."""
    if begun is not None:
        job, state = begun
        await carry_out(store, job, state, remove_next, now_ms)


def _retired_name(contents_id: int) -> str:
    return f"{_RETIRED}{contents_id}"
