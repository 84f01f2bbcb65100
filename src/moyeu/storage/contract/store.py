"""An open database, and how it is searched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from moyeu.crm.callers import Caller
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import Condition, SortBy
from moyeu.storage.contract.request_log import RequestLogStore
from moyeu.storage.contract.transactions import ReadTransaction, WriteTransaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """Which records of a type are searched for, and which part of them.

    sort: None for ascending record ids. offset, count: of the part, from the first record found.
    seen_until_ms: what was written later is not seen yet; None sees everything.
    """

    portal_id: int
    object_type_id: str
    condition: Condition
    sort: SortBy | None
    offset: int
    count: int
    seen_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """What a search found; total: how many there are in all, records: the part asked for."""

    total: int
    records: list[StoredRecord]


class Store(RequestLogStore, Protocol):
    """An open database.

    A returned `write` is durable: it survives `kill -9` and a power cut. An exception of the work
    itself undoes that work alone and is raised to its caller; work of others in the same commit is
    not touched. Work may run more than once before it is committed, so it must only act through
    its transaction.

    is_shared: whether other processes may write to the database. What is `cached_…` is then what
    this process last saw of it, and whoever refuses by it has to read again; a revoked token is
    taken for a second at most. Otherwise it is the newest committed. on_broken: called once, from
    any thread, when writing has stopped for good.
    """

    is_shared: bool
    on_broken: Callable[[], None] | None

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """Runs work on a consistent view beside the writer.

        few: the work is a handful of look-ups by key. An engine may then run it at once, where
        handing it to another thread would take longer than the work; other work blocks nobody.
        """
        ...

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """Runs work in the writer's turn and answers after the commit is on disk.

        Raises: WriterBusyError, StoreFullError, StoreUnavailableError (nothing changed),
        OutcomeUnknownError, StoreBrokenError (outcome unknown; every later write raises it at
        once).
        """
        ...

    async def search(self, search: RecordSearch) -> FoundRecords:
        """The active records that meet a condition; sees every write answered before the call.

        `crm.search.conditions` says what is found and in which order.
        """
        ...

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """Ids of active records that meet a condition, of at least `from_id`, ascending."""
        ...

    async def admit_search(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """Whether the portal may search once more, which counts if so; all processes count as one.

        It may when fewer than per_second searches were admitted in the second before now_ms; those
        that were refused do not count (a guess). What is remembered may be lost with the process.
        """
        ...

    def cached_definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions | None:
        """A snapshot if one is at hand, without waiting; see `is_shared`."""
        ...

    def cached_object_types(self, portal_id: int) -> PortalTypes | None:
        """A snapshot of object types if one is at hand, without waiting; see `is_shared`."""
        ...

    def cached_caller(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for if that is at hand, without waiting; see `is_shared`."""
        ...

    async def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; None for an unknown or revoked one."""
        ...

    async def analyze(self) -> None:
        """Looks at what is kept, so that it is found fast; for after much was written at once."""
        ...

    def close(self) -> None:
        """Finishes the work at hand and lets go of the database."""
        ...
