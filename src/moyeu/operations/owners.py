"""The operations on owners: read by the API, added and archived by whoever runs the server."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from moyeu.catalog.limits import OWNERS_LIMIT_DEFAULT, OWNERS_LIMIT_MAX
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.problems import InvalidParameter, Problem, RecordNotFound
from moyeu.operations.paging import is_digits, page_limit
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.storage.contract import Store, WriteTransaction

OWNER_ID_MIN: Final = 70_000_001
"""The id of the first owner that nobody gave one; real ones have eight to ten digits."""

_DIGITS_MAX: Final = 18

IdProperty = Literal["id", "userId"]


@dataclass(frozen=True, slots=True)
class OwnerPage:
    """One page of owners, ascending by id; `after` is where the next one begins, None on the last.

    A page holds the owners with a higher id than its own `after`.
    """

    owners: list[Owner]
    after: str | None


@dataclass(frozen=True, slots=True)
class OwnerTaken(Problem):
    """An owner of the portal has that id or, if it is active, that e-mail address."""

    name: Literal["id", "e-mail"]
    value: str


@dataclass(frozen=True, slots=True)
class OwnerNotFound(Problem):
    """The portal has no active owner with that id."""

    id: str


@dataclass(frozen=True, slots=True)
class InvalidOwnerValue(Problem):
    """An id that is not made of digits, or an e-mail address without an @."""

    name: Literal["id", "e-mail"]
    value: str


async def list_owners(
    store: Store,
    portal_id: int,
    limit: str | None,
    after: str | None,
    *,
    email: str | None,
    archived: bool,
) -> OwnerPage | Problem:
    """A page of owners, only archived or only active, of everybody or of one e-mail address.

    The address is compared without regard to case: a guess.
    """
    count = page_limit(limit, OWNERS_LIMIT_DEFAULT, OWNERS_LIMIT_MAX)
    if isinstance(count, Problem):
        return count
    from_id = _number(after) if after else -1
    if from_id is None:
        return InvalidParameter("after", after or "")
    owners = await store.read(lambda transaction: transaction.owners(portal_id), few=True)
    wanted = sorted(
        (
            each
            for each in owners
            if each.archived == archived
            and (email is None or each.email.lower() == email.lower())
            and int(each.id) > from_id
        ),
        key=lambda each: int(each.id),
    )
    page = wanted[:count]
    return OwnerPage(page, page[-1].id if len(wanted) > count else None)


def _number(text: str) -> int | None:
    return int(text) if is_digits(text) and len(text) <= _DIGITS_MAX else None


async def read_owner(
    store: Store, portal_id: int, text: str, id_property: IdProperty, *, archived: bool
) -> Owner | RecordNotFound:
    """The owner with that id or user id, only if it is as archived as asked for."""
    owners = await store.read(lambda transaction: transaction.owners(portal_id), few=True)
    for each in owners:
        named = each.id if id_property == "id" else str(each.user_id)
        if named == text and each.archived == archived:
            return each
    return RecordNotFound()


async def add_owner(
    store: Store,
    portal_id: int,
    *,
    email: str,
    first_name: str,
    last_name: str,
    owner_id: str | None,
    user_id: int | None,
    teams: tuple[str, ...],
    is_queue: bool,
    now_ms: int,
) -> Owner | Problem:
    """A new owner; without an id it gets the next one, which is its user id too.

    That both are equal is observed on portals of 2026. teams: names, the first is the main one.
    Refused: PortalNotFound, InvalidOwnerValue, OwnerTaken.
    """
    if "@" not in email.strip("@") or email != email.strip():
        return InvalidOwnerValue("e-mail", email)
    if owner_id is not None and (_number(owner_id) is None or owner_id.startswith("0")):
        return InvalidOwnerValue("id", owner_id)
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal

    def work(transaction: WriteTransaction) -> Owner | Problem:
        owners = transaction.owners(portal_id)
        if any(each.id == owner_id for each in owners):
            return OwnerTaken("id", owner_id or "")
        if any(each.email.lower() == email.lower() and not each.archived for each in owners):
            return OwnerTaken("e-mail", email)
        number = owner_id or str(max([OWNER_ID_MIN - 1, *(int(each.id) for each in owners)]) + 1)
        owner = Owner(
            number,
            email,
            first_name,
            last_name,
            None if is_queue else user_id or int(number),
            type="QUEUE" if is_queue else "PERSON",
            teams=_teams(owners, teams),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        transaction.add_owner(portal_id, owner)
        return owner

    return await store.write(work)


def _teams(owners: list[Owner], names: tuple[str, ...]) -> tuple[Team, ...]:
    """The teams of a new owner: those that others belong to by that name, or new ones."""
    ids = {team.name: team.id for owner in owners for team in owner.teams}
    for name in names:
        ids.setdefault(name, str(max([0, *map(int, ids.values())]) + 1))
    return tuple(Team(ids[name], name, number == 0) for number, name in enumerate(names))


async def archive_owner(
    store: Store, portal_id: int, owner_id: str, now_ms: int
) -> Owner | Problem:
    """Archives an owner; records keep it, and none may be given to it any more.

    Refused: PortalNotFound, OwnerNotFound.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        return portal

    def work(transaction: WriteTransaction) -> Owner | Problem:
        for each in transaction.owners(portal_id):
            if each.id == owner_id and not each.archived:
                archived = replace(each, archived=True, updated_at_ms=now_ms)
                transaction.add_owner(portal_id, archived)
                return archived
        return OwnerNotFound(owner_id)

    return await store.write(work)
