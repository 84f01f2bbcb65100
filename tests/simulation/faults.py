"""A store that fails when it is told to.

What is to happen is told for one step, and strikes in the task in which the step is taken.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from moyeu.storage.contract import (
    FoundRecords,
    OutcomeUnknownError,
    ReadTransaction,
    RecordSearch,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
    WriteTransaction,
)
from tests.simulation.passing import PassingStore, Work

T = TypeVar("T")

Kind = Literal["busy", "full", "away", "undone", "lost", "again", "unread"]
"""How a call fails.

busy: its turn does not come. full: there is no space. away: there is no database. undone: the work
was done, and is not committed; the outcome is unknown to the caller. lost: it was committed, and
the caller is not told. again: the work is undone and done once more, which nobody must see. unread:
a read fails.
"""

KINDS: tuple[Kind, ...] = ("busy", "full", "away", "undone", "lost", "lost", "again", "unread")


@dataclass(slots=True)
class Trouble:
    """What is to happen to one call of a step. number: to which of its writes, or reads, from 0.

    happened: whether it did, so that the caller may have noticed.
    """

    kind: Kind
    number: int = 0
    happened: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    def strikes(self, call: Literal["read", "write"]) -> bool:
        """Whether this very call is the one."""
        count = self._counts.get(call, 0)
        self._counts[call] = count + 1
        is_read = self.kind == "unread"
        if self.happened or count != self.number or is_read != (call == "read"):
            return False
        self.happened = True
        return True


_trouble: ContextVar[Trouble | None] = ContextVar("trouble", default=None)


@contextmanager
def troubled_by(trouble: Trouble | None) -> Iterator[None]:
    """Lets it happen to the calls of this task."""
    before = _trouble.set(trouble)
    try:
        yield
    finally:
        _trouble.reset(before)


class _UndoneError(Exception):
    """Ends work that is to be rolled back."""


class TroubledStore(PassingStore):
    """A store that fails as the trouble of the task says."""

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        self._look()
        return await super().read(work, few=few)

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        self._look()
        return await super().search(search)

    def _look(self) -> None:
        trouble = _trouble.get()
        if trouble is not None and trouble.strikes("read"):
            raise StoreUnavailableError("the read failed, as the seed wants it")

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        trouble = _trouble.get()
        if trouble is None or not trouble.strikes("write"):
            return await super().write(work)
        match trouble.kind:
            case "busy":
                raise WriterBusyError("the turn did not come, as the seed wants it")
            case "full":
                raise StoreFullError("no space, as the seed wants it")
            case "away":
                raise StoreUnavailableError("nobody is there, as the seed wants it")
            case "undone":
                await self.undo(work)
                raise OutcomeUnknownError("nothing was committed, and nobody knows")
            case "lost":
                await super().write(work)
                raise OutcomeUnknownError("the answer was lost, as the seed wants it")
            case "again":
                await self.undo(work)
                return await super().write(work)
            case _:
                raise AssertionError(trouble.kind)

    async def undo(self, work: Work) -> None:
        """Does the work and rolls it back; its own error goes to the caller."""

        def undone(transaction: WriteTransaction) -> None:
            work(transaction)
            raise _UndoneError

        try:
            await self.inner.write(undone)
        except _UndoneError:
            return
