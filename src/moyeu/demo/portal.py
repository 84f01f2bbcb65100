"""The demo portal in a store: made once, found again, finished when making it was interrupted.

The tokens follow from the seed, so that they work again after `--fresh` and on another machine.
Everybody who reads this file knows them: they guard nothing.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from moyeu.catalog.object_types import ObjectType, object_type_by_id
from moyeu.catalog.pipelines import standard_pipelines
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.creation import new_record
from moyeu.crm.definitions import Owner
from moyeu.crm.records import UniqueMove
from moyeu.crm.values.moment import DAY_MS
from moyeu.demo.properties import GROUP, OBJECT_TYPE_ID, UNIQUE, demo_properties
from moyeu.demo.records import DemoSetting, demo_record
from moyeu.demo.words import OWNERS
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
RECORDS_DEFAULT: Final = 200
SEED_DEFAULT: Final = 1

_OWNER_IDS_FROM: Final = 71_000_001
_USER_IDS_FROM: Final = 9_000_001
_RECORDS_PER_WRITE: Final = 1_000
"""Larger parts are no faster and leave the process with memory that it does not need again."""

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


async def existing_demo(store: Store) -> DemoContents | None:
    """What the demo portal of the store was made from; None when the store is empty.

    Refused: DemoRefusedError for a store with portals of its own, which known tokens must not
    stand beside.
    """
    portals = await list_portals(store)
    if others := [each for each in portals if each.id != PORTAL_ID]:
        raise DemoRefusedError(
            f"the database has a portal that is no demo ({others[0].name}, id {others[0].id});"
            " give the demo a database of its own"
        )
    return DemoContents.of(portals[0]) if portals else None


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
    """The portal with owners and definitions, and without records and tokens."""
    transaction.add_portal(Portal(PORTAL_ID, contents.name, APP_ID, now_ms))
    for number, (first_name, last_name) in enumerate(OWNERS):
        transaction.add_owner(
            PORTAL_ID,
            Owner(
                str(_OWNER_IDS_FROM + number),
                f"owner{number + 1}@agency.example",
                first_name,
                last_name,
                _USER_IDS_FROM + number,
            ),
        )
    transaction.put_group(PORTAL_ID, OBJECT_TYPE_ID, GROUP)
    for definition in demo_properties(now_ms):
        transaction.put_property(PORTAL_ID, OBJECT_TYPE_ID, definition)


async def _fill(store: Store, contents: DemoContents, on_progress: Callable[[int], None]) -> None:
    """All records, part by part, and then the tokens: they tell that the portal is whole."""
    done = await store.read(_count)
    while done < contents.records:
        on_progress(done)
        until = min(done + _RECORDS_PER_WRITE, contents.records)
        numbers = range(done + 1, until + 1)
        await store.write(lambda transaction, numbers=numbers: _add(transaction, contents, numbers))  # type: ignore[misc]  # the default binds this round's numbers
        done = until
    on_progress(done)
    await store.write(lambda transaction: _add_tokens(transaction, contents))


def _count(transaction: ReadTransaction) -> int:
    return transaction.count_records(PORTAL_ID, OBJECT_TYPE_ID)


def _add(transaction: WriteTransaction, contents: DemoContents, numbers: range) -> None:
    (portal,) = transaction.portals()
    definitions = transaction.definitions(PORTAL_ID, OBJECT_TYPE_ID)
    setting = demo_setting(contents, portal.created_at_ms)
    caller = Caller(PORTAL_ID, APP_ID, None, frozenset())
    occasion = Occasion(caller, portal.created_at_ms, _CORRELATION_ID)
    records = []
    record_ids = transaction.new_record_ids(PORTAL_ID, len(numbers))
    for number, record_id in zip(numbers, record_ids, strict=True):
        one = demo_record(setting, number)
        then = replace(occasion, now_ms=one.created_at_ms)
        records.append(new_record(definitions, then, record_id, one.values))
    modified_property = definitions.object_type.modified_property
    transaction.insert_records(occasion, OBJECT_TYPE_ID, records, modified_property)
    moves = [UniqueMove(UNIQUE, each.record_id, None, each.properties[UNIQUE]) for each in records]
    transaction.move_unique_values(PORTAL_ID, OBJECT_TYPE_ID, moves)


def demo_setting(contents: DemoContents, portal_created_at_ms: int) -> DemoSetting:
    """What the records of a portal have in common: the days up to the one it was made on."""
    return DemoSetting(
        seed=contents.seed,
        count=contents.records,
        until_ms=portal_created_at_ms - portal_created_at_ms % DAY_MS,
        owner_ids=tuple(str(_OWNER_IDS_FROM + number) for number in range(len(OWNERS))),
        pipelines=standard_pipelines(partner_services()),
    )


def partner_services() -> ObjectType:
    """The object type of the demo's records."""
    found = object_type_by_id(OBJECT_TYPE_ID)
    assert found is not None
    return found


def _add_tokens(transaction: WriteTransaction, contents: DemoContents) -> None:
    (portal,) = transaction.portals()
    for limited, scopes in ((False, known_scopes()), (True, reading_scopes())):
        text = demo_token(contents.seed, limited=limited)
        transaction.add_token(make_token(text, portal, scopes, portal.created_at_ms))


def _sample_ids(transaction: ReadTransaction) -> tuple[str, ...]:
    page = transaction.page(PORTAL_ID, OBJECT_TYPE_ID, 0, 2, archived=False)
    return tuple(str(each.record_id) for each in page)
