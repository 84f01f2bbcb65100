"""Stores that are wrong on purpose: each breaks one promise, and must be caught for it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeVar

import msgspec

from moyeu.crm.associations import Association
from moyeu.crm.callers import Occasion
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove
from moyeu.storage.contract import (
    FoundRecords,
    OutcomeUnknownError,
    ReadTransaction,
    RecordSearch,
    Store,
    WriterBusyError,
    WriteTransaction,
)
from tests.simulation.passing import PassingStore

T = TypeVar("T")


class _Wrong:
    """A transaction that does most as it should; kept: what lasts from one to the next."""

    def __init__(self, inner: Any, kept: dict[str, Any]) -> None:
        self.inner = inner
        self.kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def is_due(self, every: int) -> bool:
        """Whether it is time to do wrong again."""
        number: int = next(self.kept.setdefault("numbers", count(1)))
        return number % every == 0


class DropsAnUpdate(_Wrong):
    """Forgets one of the changes of a batch."""

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        kept = changes[:-1] if self.is_due(5) else changes
        self.inner.change_records(occasion, object_type_id, kept)


class AppliesHalfABatch(_Wrong):
    """Applies the first half of a batch."""

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        half = changes[: (len(changes) + 1) // 2]
        self.inner.change_records(occasion, object_type_id, half)


class ReusesAnId(_Wrong):
    """Gives a new record the id of one that was removed."""

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """See the contract."""
        self.kept.setdefault(f"gone {portal_id}", []).extend(record_ids)
        removed: int = self.inner.erase_records(portal_id, object_type_id, record_ids)
        return removed

    def new_record_ids(self, portal_id: int, count: int) -> Sequence[int]:
        """See the contract."""
        ids: list[int] = list(self.inner.new_record_ids(portal_id, count))
        gone = self.kept.get(f"gone {portal_id}", [])
        return [gone.pop() if gone else each for each in ids]


class PlansOnOldRecords(_Wrong):
    """Shows work a record as it once was: updates of others are lost."""

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract."""
        found: dict[int, StoredRecord] = self.inner.records(portal_id, object_type_id, record_ids)
        if not self.is_due(4):
            self.kept.setdefault("records", {}).update(found)
            return found
        old = self.kept.get("records", {})
        return {key: old.get(key, each) for key, each in found.items()}


class ForgetsInHistory(_Wrong):
    """Keeps a value in the record that its history does not tell of."""

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        less = [
            msgspec.structs.replace(each, changed=dict(list(each.changed.items())[1:]))
            for each in changes
        ]
        self.inner.change_records(occasion, object_type_id, less)


class SetsTimesBack(_Wrong):
    """Lets the time of a record go back when the clock does."""

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        back = [
            msgspec.structs.replace(each, updated_at_ms=min(each.updated_at_ms, occasion.now_ms))
            for each in changes
        ]
        self.inner.change_records(occasion, object_type_id, back)


class LeavesUniqueValuesFree(_Wrong):
    """Does not take unique values."""

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """See the contract."""
        left = [msgspec.structs.replace(each, taken=None) for each in moves]
        self.inner.move_unique_values(portal_id, object_type_id, left)


class SeesOtherPortals(_Wrong):
    """Takes the unique values of other portals for the portal's own."""

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """See the contract."""
        owners: dict[UniqueKey, int] = {}
        for each in self.inner.portals():
            owners |= self.inner.value_owners(each.id, object_type_id, keys)
        return owners


class ForgetsAnInverse(_Wrong):
    """Stores one direction of an association."""

    def put_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """See the contract."""
        self.inner.put_associations(portal_id, associations[:-1])


class ForgetsMembers(_Wrong):
    """Answers that records joined a list, which they did not."""

    def join_list(
        self,
        portal_id: int,
        list_id: int,
        object_type_id: str,
        record_ids: Sequence[int],
        now_ms: int,
    ) -> list[int]:
        """See the contract."""
        return list(record_ids)


class WrongStore(PassingStore):
    """A store whose transactions are wrong."""

    wrong: type[_Wrong] = _Wrong

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.kept: dict[str, Any] = {}
        self.numbers = count(1)

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""

        def wrong(transaction: WriteTransaction) -> T:
            return work(self.wrong(transaction, self.kept))

        return await self.inner.write(wrong)


class _NeverCommittedError(Exception):
    """Ends work that is to be rolled back."""


class _Unstored(WrongStore):
    """Acknowledges what it does not commit."""

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        if next(self.numbers) % 5:
            return await self.inner.write(work)
        results: list[T] = []

        def undone(transaction: WriteTransaction) -> None:
            results.append(work(transaction))
            raise _NeverCommittedError

        try:
            await self.inner.write(undone)
        except _NeverCommittedError:
            return results[-1]
        raise AssertionError("it was committed")


class _Twice(WrongStore):
    """Commits work, and commits it once more."""

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        await self.inner.write(work)
        return await self.inner.write(work)


class _Part(_Wrong):
    """Changes the first half of the records of a batch."""

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        self.kept["is_part"] = len(changes) > 1
        self.inner.change_records(occasion, object_type_id, changes[: len(changes) // 2])


class _InTwoCommits(WrongStore):
    """Commits one half of an update, and then what is missing."""

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""

        def half(transaction: WriteTransaction) -> None:
            kept: dict[str, Any] = {}
            work(_Part(transaction, kept))
            if not kept.get("is_part"):
                raise _NeverCommittedError

        with contextlib.suppress(_NeverCommittedError):
            await self.inner.write(half)
        return await self.inner.write(work)


class _HalfUnknown(WrongStore):
    """Does half of some batches, and says that their outcome is not known."""

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        if next(self.numbers) % 4:
            return await self.inner.write(work)

        def half(transaction: WriteTransaction) -> T:
            return work(AppliesHalfABatch(transaction, {}))

        await self.inner.write(half)
        raise OutcomeUnknownError("half of it is there")


class _BusyAndDone(WrongStore):
    """Refuses what it did."""

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        result = await self.inner.write(work)
        if next(self.numbers) % 4 == 0:
            raise WriterBusyError("it was done nevertheless")
        return result


class _ReadsTwice(WrongStore):
    """Reads the records of one call from two snapshots, with a commit of others between them."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self._writing: set[asyncio.Event] = set()

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        ended = asyncio.Event()
        self._writing.add(ended)
        try:
            return await self.inner.write(work)
        finally:
            self._writing.remove(ended)
            ended.set()

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        kept: dict[str, Any] = {}
        await self.inner.read(lambda transaction: work(_Remembers(transaction, kept)))
        for each in [*self._writing]:
            await each.wait()
        kept["again"] = True
        return await self.inner.read(lambda transaction: work(_Remembers(transaction, kept)))


class _Remembers(_Wrong):
    """Shows every second record as it was the first time."""

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract."""
        found: dict[int, StoredRecord] = self.inner.records(portal_id, object_type_id, record_ids)
        if "again" not in self.kept:
            self.kept["records"] = found
            return found
        earlier = self.kept["records"]
        return {key: earlier.get(key, each) if key % 2 else each for key, each in found.items()}


class _ReadsThePast(WrongStore):
    """Answers some reads from an old snapshot."""

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        return await self.inner.read(lambda transaction: work(_Old(transaction, self.kept)))


class _Old(PlansOnOldRecords):
    """As it, for reads."""


class _MissesOne(WrongStore):
    """Leaves a record out of what is found."""

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        found = await self.inner.search(search)
        return FoundRecords(max(found.total - 1, 0), found.records[:-1])


def _store_of(wrong_transaction: type[_Wrong]) -> type[WrongStore]:
    return type(f"Store{wrong_transaction.__name__}", (WrongStore,), {"wrong": wrong_transaction})


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One way to be wrong."""

    name: str
    store: type[WrongStore]

    def __call__(self, inner: Store) -> Store:
        """The store, made wrong."""
        return self.store(inner).as_store()


IN_SIMULATIONS: Final = (
    *(
        Sabotage(each.__name__, _store_of(each))
        for each in (
            DropsAnUpdate,
            AppliesHalfABatch,
            ReusesAnId,
            PlansOnOldRecords,
            ForgetsInHistory,
            SetsTimesBack,
            LeavesUniqueValuesFree,
            SeesOtherPortals,
            ForgetsAnInverse,
            ForgetsMembers,
        )
    ),
    Sabotage("AcknowledgesWithoutCommit", _Unstored),
    Sabotage("CommitsTwice", _Twice),
    Sabotage("ReadsThePast", _ReadsThePast),
    Sabotage("MissesOneInSearches", _MissesOne),
)
"""What a simulation catches."""

IN_HISTORIES: Final = (
    *(
        Sabotage(each.__name__, _store_of(each))
        for each in (DropsAnUpdate, AppliesHalfABatch, PlansOnOldRecords)
    ),
    Sabotage("AcknowledgesWithoutCommit", _Unstored),
    Sabotage("CommitsTwice", _Twice),
    Sabotage("CommitsInTwoParts", _InTwoCommits),
    Sabotage("DoesHalfOfWhatIsUnknown", _HalfUnknown),
    Sabotage("RefusesWhatItDid", _BusyAndDone),
    Sabotage("ReadsFromTwoSnapshots", _ReadsTwice),
    Sabotage("ReadsThePast", _ReadsThePast),
)
"""What the history of clients that write at the same time catches."""
