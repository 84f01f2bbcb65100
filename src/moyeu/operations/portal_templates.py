"""Templates: contents that new portals begin with. They are snapshots of no portal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations.portals import (
    PORTAL_ID_MAX,
    NewToken,
    has_portal,
    known_scopes,
    make_token,
    new_portal,
    new_token_text,
    next_portal_id,
)
from moyeu.operations.removals import is_named, portal_removal
from moyeu.operations.snapshots import (
    SEED,
    BadSnapshotName,
    end_copy,
    free_place,
    is_snapshot_name,
    keep_copy,
)
from moyeu.storage.contract import Portal, Snapshot, Store, WriteTransaction

EMPTY: Final = "empty"
"""The template that every database has: nothing."""

_NO_PORTAL: Final = 0


@dataclass(frozen=True, slots=True)
class TemplateNotFound(Problem):
    """There is no template of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class TemplateIsBuiltIn(Problem):
    """The template of that name is always there and cannot be another one."""

    name: str


@dataclass(frozen=True, slots=True)
class PortalIdInUse(Problem):
    """A portal has that id."""

    portal_id: int


@dataclass(frozen=True, slots=True)
class BadPortalId(Problem):
    """Ids of portals are from 1 to PORTAL_ID_MAX."""

    portal_id: int


@dataclass(frozen=True, slots=True)
class Template:
    """What portals can be made of; record_count: records in it, archived ones included."""

    name: str
    record_count: int


@dataclass(frozen=True, slots=True)
class NewPortal:
    """A portal that was made of a template.

    token: with every scope, told this once. expires_at_ms: when it is removed by itself.
    """

    portal: Portal
    token: NewToken
    expires_at_ms: int | None


async def make_template(store: Store, name: str, portal_id: int, now_ms: int) -> Template | Problem:
    """Makes a template of the contents of a portal, in place of what had the name.

    Portals that were made of it before stay as they are. now_ms: the real time.
    Refused: BadSnapshotName, TemplateIsBuiltIn, PortalNotFound, TooManySnapshots.
    """
    if name == EMPTY:
        return TemplateIsBuiltIn(name)
    if not is_snapshot_name(name):
        return BadSnapshotName(name)
    kept = await store.write(
        lambda transaction: keep_copy(transaction, portal_id, _NO_PORTAL, name, now_ms)
    )
    made = await end_copy(store, kept, now_ms)
    return made if isinstance(made, Problem) else Template(made.name, made.record_count)


async def list_templates(store: Store) -> list[Template]:
    """All templates by name."""
    kept = await store.read(lambda transaction: transaction.snapshots(_NO_PORTAL))
    made = [Template(each.name, each.record_count) for each in kept if is_named(each)]
    return sorted([Template(EMPTY, 0), *made], key=lambda each: each.name)


async def create_portal_from(
    store: Store,
    name: str,
    template: str | None,
    now_ms: int,
    random_bits: Callable[[int], int],
    portal_id: int | None = None,
    ttl_ms: int | None = None,
) -> NewPortal | Problem:
    """A new portal with a token, all in one turn; its beginning is its snapshot `seed`.

    template: None is the empty one. now_ms: the real time, which time to live counts from.
    random_bits: as of `create_token`. portal_id: the next free one by default.
    Refused: TemplateNotFound, BadPortalId, PortalIdInUse.
    """
    if portal_id is not None and not 1 <= portal_id <= PORTAL_ID_MAX:
        return BadPortalId(portal_id)
    text = new_token_text(random_bits)
    expires_at_ms = None if ttl_ms is None else now_ms + ttl_ms

    def work(transaction: WriteTransaction) -> NewPortal | Problem:
        contents = None
        if template not in (None, EMPTY):
            contents = _find(transaction, template)
            if contents is None:
                return TemplateNotFound(template)
        if portal_id is not None and has_portal(transaction, portal_id):
            return PortalIdInUse(portal_id)
        portal = new_portal(portal_id or next_portal_id(transaction), name, now_ms)
        transaction.add_portal(portal)
        token = make_token(text, portal, known_scopes(), now_ms)
        transaction.add_token(token)
        _begin(transaction, portal, contents)
        if expires_at_ms is not None:
            transaction.put_job(portal_removal(portal.id, expires_at_ms))
        return NewPortal(portal, NewToken(text, token), expires_at_ms)

    return await store.write(work)


def _begin(transaction: WriteTransaction, portal: Portal, contents: Snapshot | None) -> None:
    """Gives a new portal its contents, and the snapshot of them."""
    count = 0
    place = free_place(portal.id, [])
    assert place is not None, "a new portal has no snapshots"
    if contents is not None:
        transaction.copy_contents(contents.contents_id, portal.id)
        transaction.set_counters(portal.id, contents.counters)
        count = transaction.copy_contents(contents.contents_id, place)
    counters = transaction.counters(portal.id)
    transaction.put_snapshot(
        Snapshot(portal.id, SEED, place, portal.created_at_ms, count, counters)
    )


def _find(transaction: WriteTransaction, name: str) -> Snapshot | None:
    held = transaction.snapshots(_NO_PORTAL)
    return next((each for each in held if each.name == name and is_named(each)), None)
