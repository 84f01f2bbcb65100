"""Snapshots of portals: copies of their contents under names, made and restored at once.

A portal that was made of a template has a snapshot `seed`: to restore it is to begin anew.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations.jobs import Removal
from moyeu.operations.portals import PortalNotFound, enter_portal, has_portal
from moyeu.operations.removals import finish, is_named, retire
from moyeu.storage.contract import Job, Snapshot, Store, WriteTransaction

SEED: Final = "seed"
"""The name of the snapshot of a portal's beginning."""

SNAPSHOTS_MAX: Final = 100
"""So many snapshots a portal has at most."""

_NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")
_PLACES: Final = 512
"""So many copies of one portal there may be, those that are being removed included."""


@dataclass(frozen=True, slots=True)
class SnapshotNotFound(Problem):
    """The portal has no snapshot of that name."""

    portal_id: int
    name: str


@dataclass(frozen=True, slots=True)
class BadSnapshotName(Problem):
    """Names have 1 to 64 of the characters a–z, 0–9, _ and -."""

    name: str


@dataclass(frozen=True, slots=True)
class TooManySnapshots(Problem):
    """The portal has SNAPSHOTS_MAX snapshots, none of that name."""

    portal_id: int


async def create_snapshot(
    store: Store, portal_id: int, name: str, now_ms: int
) -> Snapshot | Problem:
    """Copies the contents of a portal under a name, in place of what had the name.

    now_ms: the real time. Refused: BadSnapshotName, PortalNotFound, TooManySnapshots.
    """
    if not is_snapshot_name(name):
        return BadSnapshotName(name)
    kept = await store.write(
        lambda transaction: keep_copy(transaction, portal_id, portal_id, name, now_ms)
    )
    return await end_copy(store, kept, now_ms)


async def restore_snapshot(
    store: Store,
    portal_id: int,
    name: str,
    now_ms: int,  # noqa: ARG001 — every operation is told the time
) -> Snapshot | Problem:
    """Gives a portal the contents and the next ids of a snapshot, in place of its own.

    Tokens, controls and snapshots stay, and the numbers of writes go on.
    Refused: PortalNotFound, SnapshotNotFound.
    """

    def work(transaction: WriteTransaction) -> Snapshot | Problem:
        found = _find(transaction, portal_id, name)
        if isinstance(found, Snapshot):
            transaction.clear_portal(portal_id)
            transaction.copy_contents(found.contents_id, portal_id)
            transaction.set_counters(portal_id, found.counters)
        return found

    return await store.write(work)


async def delete_snapshot(store: Store, portal_id: int, name: str, now_ms: int) -> Problem | None:
    """Removes a snapshot; now_ms: the real time. Refused: PortalNotFound, SnapshotNotFound."""

    def work(transaction: WriteTransaction) -> Problem | tuple[Job, Removal] | None:
        found = _find(transaction, portal_id, name)
        return retire(transaction, found, now_ms) if isinstance(found, Snapshot) else found

    begun = await store.write(work)
    if isinstance(begun, Problem):
        return begun
    await finish(store, begun, now_ms)
    return None


async def list_snapshots(store: Store, portal_id: int) -> list[Snapshot] | PortalNotFound:
    """The snapshots of a portal by name."""
    there, kept = await store.read(
        lambda transaction: (has_portal(transaction, portal_id), transaction.snapshots(portal_id))
    )
    return [each for each in kept if is_named(each)] if there else PortalNotFound(portal_id)


def is_snapshot_name(name: str) -> bool:
    """Whether a snapshot may have that name."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy that was made, and what is left to remove of the one that had its name."""

    snapshot: Snapshot
    replaced: tuple[Job, Removal] | None


def keep_copy(
    transaction: WriteTransaction, portal_id: int, owner_id: int, name: str, now_ms: int
) -> Kept | Problem:
    """Copies the contents of a portal into a snapshot of a portal, or of none for owner_id 0.

    Refused: PortalNotFound, TooManySnapshots.
    """
    if not enter_portal(transaction, portal_id):
        return PortalNotFound(portal_id)
    held = transaction.snapshots(owner_id)
    old = next((each for each in held if each.name == name), None)
    place = free_place(owner_id, held)
    if place is None or (old is None and sum(map(is_named, held)) >= SNAPSHOTS_MAX):
        return TooManySnapshots(owner_id)
    replaced = None if old is None else retire(transaction, old, now_ms)
    made = Snapshot(owner_id, name, place, now_ms, 0, transaction.counters(portal_id))
    # Before its contents: who takes the same place at the same time meets the row.
    transaction.put_snapshot(made)
    made = replace(made, record_count=transaction.copy_contents(portal_id, place))
    transaction.put_snapshot(made)
    return Kept(made, replaced)


async def end_copy(store: Store, kept: Kept | Problem, now_ms: int) -> Snapshot | Problem:
    """The snapshot of a copy that was committed, after what it replaced is gone."""
    if not isinstance(kept, Kept):
        return kept
    await finish(store, kept.replaced, now_ms)
    return kept.snapshot


def free_place(owner_id: int, held: list[Snapshot]) -> int | None:
    """A negative id for the contents of one more snapshot; None where all are taken.

    Those of each portal are a range of their own, so two portals never choose the same.
    """
    taken = {each.contents_id for each in held}
    first = -1 - owner_id * _PLACES
    return next((place for place in range(first, first - _PLACES, -1) if place not in taken), None)


def _find(
    transaction: WriteTransaction, portal_id: int, name: str
) -> Snapshot | PortalNotFound | SnapshotNotFound:
    if not enter_portal(transaction, portal_id):
        return PortalNotFound(portal_id)
    held = transaction.snapshots(portal_id)
    found = next((each for each in held if each.name == name and is_named(each)), None)
    return found or SnapshotNotFound(portal_id, name)
