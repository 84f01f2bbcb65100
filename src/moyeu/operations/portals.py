"""The operations on portals and their tokens, for whoever runs the server.

A token is told once, when it is made; what is kept of it is its SHA-256.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Final

from moyeu.catalog.capabilities import OPERATIONS, capability
from moyeu.catalog.object_library import OBJECT_LIBRARY_SCOPES
from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.scopes import (
    CUSTOM_OBJECT_READ_SCOPES,
    CUSTOM_OBJECT_WRITE_SCOPES,
    GENERIC_PROPERTY_READ_SCOPES,
    GENERIC_PROPERTY_WRITE_SCOPES,
    LIST_READ_SCOPES,
    LIST_WRITE_SCOPES,
    OBJECT_READ_SCOPES,
    OWNER_READ_SCOPES,
    SCHEMA_READ_SCOPES,
    SCHEMA_WRITE_SCOPES,
)
from moyeu.catalog.versions import RECORD_VERSIONS
from moyeu.crm.callers import Caller
from moyeu.crm.problems import Problem
from moyeu.operations.jobs import Removal, read_state
from moyeu.operations.removals import (
    PORTAL_REMOVAL,
    begin_portal_removal,
    finish,
    portal_removal,
)
from moyeu.storage.contract import Job, Portal, ReadTransaction, Store, Token, WriteTransaction

PORTAL_ID_MIN: Final = 20_000_001
"""The id of the first portal; real ones have six to nine digits."""

PORTAL_ID_MAX: Final = 2**53 - 1
"""The highest id of a portal, which every reader of JSON takes exactly."""

TOKEN_HINT_CHARACTERS: Final = 12
"""How much of a token is shown in lists: `pat-na1-` and four digits."""

_TOKEN_PREFIX: Final = "pat-na1-"  # noqa: S105 — the beginning of every token, no secret
_TOKEN_BITS: Final = 128
_APP_IDS_FROM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PortalNotFound(Problem):
    """No portal has that id."""

    portal_id: int


@dataclass(frozen=True, slots=True)
class UnknownScopes(Problem):
    """Scopes that no route asks for, as given, ascending."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenNotFound(Problem):
    """The portal has no token that begins so."""

    hint: str


@dataclass(frozen=True, slots=True)
class AmbiguousToken(Problem):
    """Several tokens of the portal begin so."""

    hint: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as its owner is told of it, this once."""

    text: str
    token: Token


def render_token(bits: int) -> str:
    """The token of 128 bits: `pat-na1-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in hexadecimal.

    The form is that of a private app's token; all 128 bits are kept, none marks a version.
    """
    digits = f"{bits:032x}"
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return _TOKEN_PREFIX + "-".join(parts)


def new_token_text(random_bits: Callable[[int], int]) -> str:
    """A token that nobody can guess; random_bits as of `create_token`."""
    return render_token(random_bits(_TOKEN_BITS))


def hash_token(token: str) -> bytes:
    """The 32 bytes that are kept of a token."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class TokenUser:
    """The user that a token acts for; HubSpot has such tokens from OAuth (documented 2026-08)."""

    id: int
    may_edit_associations: bool = True


def make_token(
    text: str, portal: Portal, scopes: frozenset[str], now_ms: int, user: TokenUser | None = None
) -> Token:
    """What is stored of a token of the portal's own app, which acts for a user or for itself."""
    caller = Caller(portal.id, portal.app_id, None, scopes)
    if user is not None:
        caller = replace(caller, user_id=user.id, may_edit_associations=user.may_edit_associations)
    return Token(hash_token(text), caller, text[:TOKEN_HINT_CHARACTERS], now_ms)


@cache
def known_scopes() -> frozenset[str]:
    """Every scope that a route of any version asks for."""
    asked = {
        scope
        for version in RECORD_VERSIONS
        for object_type in OBJECT_TYPES
        for operation in OPERATIONS
        if (row := capability(version.name, object_type, operation)) is not None
        for scope in row.scopes
    }
    generic = GENERIC_PROPERTY_READ_SCOPES | GENERIC_PROPERTY_WRITE_SCOPES
    other = {*SCHEMA_READ_SCOPES, *SCHEMA_WRITE_SCOPES, *OWNER_READ_SCOPES}
    other |= {*CUSTOM_OBJECT_READ_SCOPES, *CUSTOM_OBJECT_WRITE_SCOPES, *OBJECT_LIBRARY_SCOPES}
    other |= {*LIST_READ_SCOPES, *LIST_WRITE_SCOPES}
    return frozenset(asked | generic | other)


@cache
def reading_scopes() -> frozenset[str]:
    """Scopes that open every read and no write.

    Tickets and deal splits stay closed: the one scope of each writes too.
    """
    reading = {*OBJECT_READ_SCOPES}
    reading |= {*SCHEMA_READ_SCOPES, *CUSTOM_OBJECT_READ_SCOPES, "crm.objects.owners.read"}
    reading |= {scope for scope in GENERIC_PROPERTY_READ_SCOPES if scope.endswith(".read")}
    reading |= {*LIST_READ_SCOPES}
    writing = {scope for each in OBJECT_TYPES for scope in each.write_scopes}
    return frozenset(reading - writing - GENERIC_PROPERTY_WRITE_SCOPES)


def meant_scopes(given: Iterable[str]) -> frozenset[str]:
    """Scopes in which `all` stands for every one and `read` for those that only read."""
    groups = {"all": known_scopes, "read": reading_scopes}
    meant: set[str] = set()
    for each in given:
        meant |= groups[each]() if each in groups else {each}
    return frozenset(meant)


async def create_portal(store: Store, name: str, now_ms: int) -> Portal:
    """A new, empty portal with an app of its own; ids count up from PORTAL_ID_MIN."""

    def work(transaction: WriteTransaction) -> Portal:
        portal = new_portal(next_portal_id(transaction), name, now_ms)
        transaction.add_portal(portal)
        return portal

    return await store.write(work)


def next_portal_id(transaction: ReadTransaction) -> int:
    """The id of the next portal that nobody chooses one for."""
    taken = {each.id for each in transaction.portals()}
    following = max([PORTAL_ID_MIN - 1, *taken]) + 1
    if following <= PORTAL_ID_MAX:
        return following
    return next(each for each in count(PORTAL_ID_MIN) if each not in taken)


def new_portal(portal_id: int, name: str, now_ms: int) -> Portal:
    """A portal with the app that belongs to its id."""
    return Portal(portal_id, name, _APP_IDS_FROM + portal_id, now_ms)


async def list_portals(store: Store) -> list[Portal]:
    """All portals by id."""
    return await store.read(lambda transaction: transaction.portals())


async def find_portal(store: Store, portal_id: int) -> Portal | PortalNotFound:
    """The portal with that id."""
    portals = await list_portals(store)
    return next((each for each in portals if each.id == portal_id), PortalNotFound(portal_id))


def has_portal(transaction: ReadTransaction, portal_id: int) -> bool:
    """Whether there is a portal with that id."""
    return any(each.id == portal_id for each in transaction.portals())


def enter_portal(transaction: WriteTransaction, portal_id: int) -> bool:
    """Waits for the turn of a portal, where engines have one each; whether the portal is there."""
    transaction.snapshots(portal_id)
    return has_portal(transaction, portal_id)


async def remove_portal(store: Store, portal_id: int, now_ms: int) -> PortalNotFound | None:
    """Removes a portal with all that it has, its snapshots included; its tokens go first.

    What was asked of it is forgotten before: afterwards another portal may have the id.
    A large one goes in parts. When the caller's process ends on the way, another goes on; until
    all is gone the portal is listed.
    """

    def work(transaction: WriteTransaction) -> PortalNotFound | tuple[Job, Removal] | None:
        if not enter_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        return begin_portal_removal(transaction, portal_id, now_ms)

    await store.clear_requests(portal_id)
    begun = await store.write(work)
    if isinstance(begun, PortalNotFound):
        return begun
    await finish(store, begun, now_ms)
    return None


async def expiry_of(store: Store, portal_id: int) -> int | None:
    """When the portal is removed by itself, in milliseconds since 1970; None for never."""
    job = await store.read(lambda transaction: transaction.job(portal_id, PORTAL_REMOVAL))
    return None if job is None else job.due_at_ms


async def set_expiry(
    store: Store, portal_id: int, expires_at_ms: int | None
) -> PortalNotFound | None:
    """Sets when the portal is removed by itself, by the real clock; None for never.

    Any process that serves the database removes it, some seconds later. Refused: PortalNotFound,
    also for one whose removal has begun.
    """

    def work(transaction: WriteTransaction) -> PortalNotFound | None:
        kept = transaction.job(portal_id, PORTAL_REMOVAL)
        state = Removal() if kept is None else read_state(kept.state)
        assert isinstance(state, Removal)
        if state.is_begun or not has_portal(transaction, portal_id):
            return PortalNotFound(portal_id)
        if expires_at_ms is None:
            transaction.remove_job(portal_id, PORTAL_REMOVAL)
        else:
            transaction.put_job(portal_removal(portal_id, expires_at_ms))
        return None

    return await store.write(work)


async def set_search_lag(store: Store, portal_id: int, lag_ms: int) -> PortalNotFound | None:
    """Sets how much later than it was written a change is seen by the portal's searches.

    lag_ms: milliseconds; 0, which every portal begins with, is at once.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal
    await store.write(lambda transaction: transaction.put_search_lag(portal_id, lag_ms))
    return None


async def create_token(
    store: Store,
    portal_id: int,
    scopes: Iterable[str],
    now_ms: int,
    random_bits: Callable[[int], int],
    user: TokenUser | None = None,
) -> NewToken | Problem:
    """A new token of the portal's own app with exactly these scopes.

    random_bits: that many bits from a source that nobody can guess. user: for whom it acts; the
    app acts for itself without one.
    Refused: PortalNotFound, UnknownScopes. No two tokens of a portal have the same hint, since a
    token is revoked by it.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal
    granted = frozenset(scopes)
    if unknown := granted - known_scopes():
        return UnknownScopes(tuple(sorted(unknown)))
    while True:
        text = new_token_text(random_bits)
        token = make_token(text, portal, granted, now_ms, user)
        if await store.write(lambda transaction, token=token: _add(transaction, token)):  # type: ignore[misc]  # the default binds this round's token
            return NewToken(text, token)


def _add(transaction: WriteTransaction, token: Token) -> bool:
    """Adds the token; False when the portal has one with its hint."""
    others = transaction.tokens(token.caller.portal_id)
    if any(each.hint == token.hint for each in others):
        return False
    transaction.add_token(token)
    return True


async def list_tokens(store: Store, portal_id: int) -> list[Token] | PortalNotFound:
    """The portal's tokens, oldest first."""
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal
    return await store.read(lambda transaction: transaction.tokens(portal_id))


async def revoke_token(store: Store, portal_id: int, text: str) -> Problem | None:
    """Revokes the token that begins so; its next request is refused.

    text: the hint or the whole token.
    Refused: PortalNotFound, TokenNotFound, AmbiguousToken.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal
    hint = text[:TOKEN_HINT_CHARACTERS]

    def revoke(transaction: WriteTransaction) -> Problem | None:
        tokens = transaction.tokens(portal_id)
        named = [each for each in tokens if each.hash == hash_token(text)]
        named = named or [each for each in tokens if each.hint == text]
        if not named:
            return TokenNotFound(hint)
        if len(named) > 1:
            return AmbiguousToken(hint)
        transaction.remove_token(portal_id, named[0].hash)
        return None

    return await store.write(revoke)
