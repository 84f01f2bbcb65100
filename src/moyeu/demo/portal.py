"""The demo portal in a store: made once, found again, finished when making it was interrupted.

The tokens follow from the seed, so that they work again after `--fresh` and on another machine.
Everybody who reads this file knows them: they guard nothing.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.values.moment import DAY_MS
from moyeu.demo.kinds import KINDS, made_counts
from moyeu.demo.making import make_records, read_world
from moyeu.demo.properties import GROUP, OBJECT_TYPE_ID, demo_properties
from moyeu.demo.words import OWNERS, TEAMS
from moyeu.demo.world import HISTORY_DAYS, World
from moyeu.operations.portals import (
    hash_token,
    known_scopes,
    list_portals,
    make_token,
    reading_scopes,
    render_token,
)
from moyeu.storage.contract import Portal, ReadTransaction, Store, WriteTransaction

PORTAL_ID: Final = 8_080_808
APP_ID: Final = 808_080
RECORDS_DEFAULT: Final = 1_000
SEED_DEFAULT: Final = 1

_OWNER_IDS_FROM: Final = 71_000_001
_USER_IDS_FROM: Final = 9_000_001
_TEAM_IDS_FROM: Final = 3_000_001
_CORRELATION_ID: Final = "00000000-0000-7000-8000-000000000000"
_NAME: Final = re.compile(r"Demo portal \(seed (\d+), records (\d+)\)")


class DemoRefusedError(Exception):
    """The database is no place for a demo portal; the text says why."""


@dataclass(frozen=True, slots=True)
class DemoContents:
    """What a demo portal was made from; the portal's name remembers it."""

    seed: int
    records: int

    @property
    def name(self) -> str:
        """The portal's name."""
        return f"Demo portal (seed {self.seed}, records {self.records})"

    @classmethod
    def of(cls, portal: Portal) -> "DemoContents":
        """What the portal's name says."""
        found = _NAME.fullmatch(portal.name)
        if found is None:
            raise DemoRefusedError(f"portal {portal.id} has the demo's id and another name")
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class DemoPortal:
    """A demo portal that is ready.

    token: has every scope. limited_token: reads everything, writes nothing. is_new: whether it was
    made or finished now. sample_ids: a few active records for an example, ascending.
    """

    contents: DemoContents
    token: str
    limited_token: str
    is_new: bool
    sample_ids: tuple[str, ...]
    portal_id: int = PORTAL_ID


def demo_token(seed: int, *, limited: bool = False) -> str:
    """The token of a seed; public knowledge."""
    kind = "limited" if limited else "full"
    digest = hashlib.sha256(f"moyeu demo {kind} {seed}".encode()).digest()
    return render_token(int.from_bytes(digest[:16]))


def demo_control_token(seed: int) -> str:
    """The control plane's token of a seed; public knowledge as well."""
    return f"moyeu-control-{hashlib.sha256(f'moyeu demo control {seed}'.encode()).hexdigest()[:32]}"


async def existing_demo(store: Store) -> DemoContents | None:
    """What the demo portal of the store was made from; None when the store is empty.

    Portals that were made beside the demo, as the control plane does, are part of it.
    Refused: DemoRefusedError for a store that has portals and no demo, which known tokens must not
    be put beside.
    """
    portals = await list_portals(store)
    if not portals:
        return None
    demo = next((each for each in portals if each.id == PORTAL_ID), None)
    if demo is None:
        raise DemoRefusedError(
            f"the database has a portal that is no demo ({portals[0].name}, id {portals[0].id});"
            " give the demo a database of its own"
        )
    return DemoContents.of(demo)


async def open_demo(
    store: Store,
    wanted: DemoContents,
    now_ms: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> DemoPortal:
    """The demo portal of the store, made as wanted if there is none.

    One that exists is kept as it is; one whose making was interrupted is finished as it was
    begun. on_progress: told how many records there are so far.
    Refused: DemoRefusedError as by `existing_demo`.
    """
    contents = await existing_demo(store)
    if contents is None:
        contents = wanted
        await store.write(lambda transaction: _add_portal(transaction, wanted, now_ms))
    token = demo_token(contents.seed)
    is_new = await store.read(lambda transaction: transaction.caller_of(hash_token(token))) is None
    if is_new:
        await _fill(store, contents, on_progress)
    sample_ids = await store.read(_sample_ids)
    limited_token = demo_token(contents.seed, limited=True)
    return DemoPortal(contents, token, limited_token, is_new, sample_ids)


def _add_portal(transaction: WriteTransaction, contents: DemoContents, now_ms: int) -> None:
    """The portal with owners, definitions and the ids of its records, and without the rest."""
    transaction.add_portal(Portal(PORTAL_ID, contents.name, APP_ID, now_ms))
    for owner in demo_owners(now_ms):
        transaction.add_owner(PORTAL_ID, owner)
    transaction.put_group(PORTAL_ID, OBJECT_TYPE_ID, GROUP)
    for definition in demo_properties(now_ms):
        transaction.put_property(PORTAL_ID, OBJECT_TYPE_ID, definition)
    transaction.new_record_ids(PORTAL_ID, contents.records)


def _portal(transaction: ReadTransaction) -> Portal:
    return next(each for each in transaction.portals() if each.id == PORTAL_ID)


def demo_owners(now_ms: int) -> list[Owner]:
    """The people of the agency; hired before the first record was made, each in a team."""
    hired_ms = now_ms - now_ms % DAY_MS - HISTORY_DAYS * DAY_MS
    owners = []
    for number, (first_name, last_name) in enumerate(OWNERS):
        team = number % len(TEAMS)
        owners.append(
            Owner(
                id=str(_OWNER_IDS_FROM + number),
                email=f"owner{number + 1}@agency.example",
                first_name=first_name,
                last_name=last_name,
                user_id=_USER_IDS_FROM + number,
                teams=(Team(str(_TEAM_IDS_FROM + team), TEAMS[team], primary=True),),
                created_at_ms=hired_ms - (len(OWNERS) - number) * 30 * DAY_MS,
                updated_at_ms=hired_ms,
            )
        )
    return owners


async def _fill(store: Store, contents: DemoContents, on_progress: Callable[[int], None]) -> None:
    """All records, part by part, and then the tokens: they tell that the portal is whole."""
    world, done = await store.read(lambda transaction: _state(transaction, contents))
    portal = await store.read(_portal)
    caller = Caller(PORTAL_ID, APP_ID, None, frozenset())
    occasion = Occasion(caller, portal.created_at_ms, _CORRELATION_ID)
    await make_records(store, occasion, world, done, on_progress)
    await store.write(lambda transaction: _add_tokens(transaction, contents))


def _state(transaction: ReadTransaction, contents: DemoContents) -> tuple[World, dict[str, int]]:
    """The world of the portal, and how many records there are by object type id."""
    portal = _portal(transaction)
    # Nobody has a token yet, so the ids that were given out are those of the demo's records.
    first_id = transaction.counters(PORTAL_ID).next_record_id - contents.records
    counts = made_counts(KINDS, contents.records)
    world = read_world(
        transaction, PORTAL_ID, contents.seed, counts, first_id, portal.created_at_ms
    )
    return world, {name: transaction.count_records(PORTAL_ID, name) for name in counts}


def _add_tokens(transaction: WriteTransaction, contents: DemoContents) -> None:
    portal = _portal(transaction)
    for limited, scopes in ((False, known_scopes()), (True, reading_scopes())):
        text = demo_token(contents.seed, limited=limited)
        transaction.add_token(make_token(text, portal, scopes, portal.created_at_ms))


def _sample_ids(transaction: ReadTransaction) -> tuple[str, ...]:
    page = transaction.page(PORTAL_ID, OBJECT_TYPE_ID, 0, 2, archived=False)
    return tuple(str(each.record_id) for each in page)
