"""What storage tests work with: two portals, a few records, and a database to run work on."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import Owner, TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import Change, StoredRecord, UniqueMove
from moyeu.storage.contract import (
    IndexedPart,
    Portal,
    ReadTransaction,
    Store,
    Token,
    WriteTransaction,
)

T = TypeVar("T")

PORTAL: Final = 1001
OTHER_PORTAL: Final = 2002
APP: Final = 77
CONTACTS: Final = "0-1"
PRODUCTS: Final = "0-7"
SERVICES: Final = "0-164"
SERVICES_MODIFIED: Final = "hs_lastmodifieddate"
NOW_MS: Final = 1_790_000_000_000
WAIT_MAX_S: Final = 10.0
"""Nothing in a test waits longer for another thread."""


@dataclass(slots=True)
class Database:
    """A store with an event loop of its own, so that a test reads as plain calls."""

    store: Store
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return self.runner.run(coroutine)

    def read(self, work: Callable[[ReadTransaction], T]) -> T:
        """The result of work on a consistent view."""
        return self.run(self.store.read(work))

    def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """The result of work in the writer's turn, committed."""
        return self.run(self.store.write(work))

    def close(self) -> None:
        """Lets go of the store and the loop."""
        self.store.close()
        self.runner.close()


class HeldTurn:
    """Work that keeps its turn, where engines have one a portal that of `PORTAL`, until it ends.

    work: what it does at first.
    """

    def __init__(self, work: Callable[[WriteTransaction], object] = lambda _: None) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self._work = work

    def __call__(self, transaction: WriteTransaction) -> None:
        """Waits for its end; with an answer of the store it certainly has the turn."""
        self._work(transaction)
        transaction.counters(PORTAL)
        self.begun.set()
        assert self.may_end.wait(WAIT_MAX_S), "nobody ended the turn"

    async def take(self, store: Store) -> "asyncio.Task[None]":
        """Begins a write that holds the writer's turn; answers when it has it."""
        task = asyncio.create_task(store.write(self))
        await asyncio.to_thread(self.begun.wait, WAIT_MAX_S)
        assert self.begun.is_set()
        return task


def portal(portal_id: int = PORTAL) -> Portal:
    """A portal that has only its id to tell it from others."""
    return Portal(portal_id, f"Portal {portal_id}", APP, NOW_MS)


def caller(portal_id: int = PORTAL, scopes: frozenset[str] = frozenset({"oauth"})) -> Caller:
    """The app of a portal."""
    return Caller(portal_id, APP, None, scopes)


def occasion(
    portal_id: int = PORTAL, now_ms: int = NOW_MS, correlation_id: str = "a-correlation-id"
) -> Occasion:
    """The moment of a write."""
    return Occasion(caller(portal_id), now_ms, correlation_id)


def token(text: str = "pat-na1-one", portal_id: int = PORTAL, created_at_ms: int = NOW_MS) -> Token:
    """What is kept of a bearer token."""
    digest = hashlib.sha256(text.encode()).digest()
    return Token(digest, caller(portal_id), text[-4:], created_at_ms)


def owner(owner_id: str = "501", *, archived: bool = False) -> Owner:
    """An owner."""
    return Owner(owner_id, f"{owner_id}@example.com", "Ada", "Adams", None, archived)


def unique_property(name: str, archived_at_ms: int | None = None) -> PropertyDefinition:
    """A text property whose values are unique."""
    return PropertyDefinition(
        name=name,
        label=name.title(),
        type="string",
        field_type="text",
        group_name="partner_service_information",
        has_unique_value=True,
        archived_at_ms=archived_at_ms,
    )


def text_property(name: str) -> PropertyDefinition:
    """A plain text property."""
    return PropertyDefinition(
        name=name,
        label=name.title(),
        type="string",
        field_type="text",
        group_name="partner_service_information",
    )


def record(
    record_id: int, properties: Mapping[str, str] | None = None, at_ms: int = NOW_MS
) -> StoredRecord:
    """A new partner service, not stored yet."""
    document = {"hs_object_id": str(record_id), SERVICES_MODIFIED: "2026-09-21T13:33:20Z"}
    return StoredRecord(record_id, document | dict(properties or {}), at_ms, at_ms, None, 0)


def insert(
    database: Database,
    *records: StoredRecord,
    portal_id: int = PORTAL,
    type_id: str = SERVICES,
) -> None:
    """Stores records of a type whose modified property is `hs_lastmodifieddate`."""
    at = occasion(portal_id)
    database.write(lambda each: each.insert_records(at, type_id, records, SERVICES_MODIFIED))


def stored(
    database: Database, record_id: int, portal_id: int = PORTAL, type_id: str = SERVICES
) -> StoredRecord:
    """A record as it is now."""
    return database.read(lambda each: each.records(portal_id, type_id, [record_id]))[record_id]


def furnish(database: Database) -> None:
    """Two portals, each with the unique property `code` of partner services."""

    def work(transaction: WriteTransaction) -> None:
        for portal_id in (PORTAL, OTHER_PORTAL):
            transaction.add_portal(portal(portal_id))
            transaction.put_property(portal_id, SERVICES, unique_property("code"))

    database.write(work)


class DeliberateError(Exception):
    """Raised by the work of a test, on purpose."""


def change(of: StoredRecord, changed: dict[str, str], at_ms: int, trace_id: str | None) -> Change:
    """What a write of some values does to a stored record."""
    document = of.properties | changed
    return Change(of.record_id, document, changed, of.created_at_ms, at_ms, of.last_write, trace_id)


def write_values(
    database: Database,
    record_id: int,
    changed: dict[str, str],
    at_ms: int = NOW_MS,
    trace_id: str | None = None,
    portal_id: int = PORTAL,
    type_id: str = SERVICES,
) -> None:
    """Writes values of one stored record."""
    of = stored(database, record_id, portal_id, type_id)
    made = change(of, changed, at_ms, trace_id)
    at = occasion(portal_id, at_ms)
    database.write(lambda each: each.change_records(at, type_id, [made]))


def take_codes(database: Database, held: dict[str, int], portal_id: int = PORTAL) -> None:
    """Lets records hold values of the unique property `code`."""
    moves = [UniqueMove("code", record_id, None, value) for value, record_id in held.items()]
    database.write(lambda each: each.move_unique_values(portal_id, SERVICES, moves))


def code_owners(database: Database, *values: str, portal_id: int = PORTAL) -> dict[str, int]:
    """Who holds the values of `code`."""
    keys = [("code", value) for value in values]
    found = database.read(lambda each: each.value_owners(portal_id, SERVICES, keys))
    return {value: record_id for (_, value), record_id in found.items()}


def add_tokens(database: Database, *tokens: Token) -> None:
    """Adds tokens in the order given."""

    def work(transaction: WriteTransaction) -> None:
        for each in tokens:
            transaction.add_token(each)

    database.write(work)


def definitions(database: Database, type_id: str = SERVICES) -> TypeDefinitions:
    """The definitions of a type in the portal."""
    return database.read(lambda each: each.definitions(PORTAL, type_id))


def index_tags(database: Database, from_id: int, count_max: int) -> IndexedPart:
    """Enters a part of the values of `tag` into the unique index."""
    return database.write(
        lambda each: each.index_values(PORTAL, SERVICES, "tag", from_id, count_max)
    )


def writes_after(database: Database, number: int, count_max: int = 100) -> list[RecordWrite]:
    """A part of the history of the portal."""
    return database.read(lambda each: each.writes_after(PORTAL, number, count_max))


def new_record_ids(database: Database, count: int, portal_id: int = PORTAL) -> range:
    """Ids of a portal."""
    return database.write(lambda each: each.new_record_ids(portal_id, count))
