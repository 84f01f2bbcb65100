"""Lets the calls of steps that are taken at once go in the order that a seed decides.

Each call waits until it is let go, alone or, writes, together with others: then SQLite commits them
as one group, in the order in which they were let go, and PostgreSQL side by side, in an order of
its own.
"""

import asyncio
import contextlib
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    ReadTransaction,
    RecordSearch,
    Store,
    StoreError,
    WriteTransaction,
)
from tests.simulation.passing import PassingStore
from tests.storage.scene import WAIT_MAX_S

T = TypeVar("T")

_TOGETHER_CHANCE = 0.7
"""How often writes that wait together are let go together."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A call that waits to be let go; store: of a write."""

    call: Callable[[], Awaitable[Any]]
    future: asyncio.Future[Any]
    store: Store | None


class Gate:
    """Where the calls wait.

    settle: what is waited for before the next is let go. commits_in_groups: whether the engine
    makes one commit of writes that wait together.
    """

    def __init__(
        self,
        chance: random.Random,
        settle: Callable[[], Awaitable[None]],
        *,
        commits_in_groups: bool,
    ) -> None:
        self._chance = chance
        self._settle = settle
        self._commits_in_groups = commits_in_groups
        self._waiting: list[_Waiting] = []
        self._moving = 0
        self._still = asyncio.Event()

    async def take(self, steps: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """The outcomes of steps that are taken at once."""
        self._moving = len(steps)
        self._still.clear()
        tasks = [asyncio.create_task(self._run(each)) for each in steps]
        while True:
            await self._still.wait()
            if not self._waiting:
                return [each.result() for each in tasks]
            self._still.clear()
            await self._let_go(self._choose())

    async def _run(self, step: Coroutine[Any, Any, T]) -> T:
        try:
            return await step
        finally:
            self._stop()

    def _stop(self) -> None:
        self._moving -= 1
        if not self._moving:
            self._still.set()

    async def wait(self, call: Callable[[], Awaitable[T]], store: Store | None = None) -> T:
        """Waits until it is let go, and for the outcome of the call."""
        waiting = _Waiting(call, asyncio.get_running_loop().create_future(), store)
        self._waiting.append(waiting)
        self._stop()
        outcome: T = await waiting.future
        return outcome

    def _choose(self) -> list[_Waiting]:
        writes = [each for each in self._waiting if each.store is not None]
        if len(writes) > 1 and self._chance.random() < _TOGETHER_CHANCE:
            chosen = self._chance.sample(writes, self._chance.randint(2, len(writes)))
        else:
            chosen = [self._chance.choice(self._waiting)]
        self._waiting = [each for each in self._waiting if each not in chosen]
        return chosen

    async def _let_go(self, chosen: list[_Waiting]) -> None:
        turn = _Turn()
        store = chosen[0].store
        if len(chosen) > 1 and store is not None and self._commits_in_groups:
            await turn.take(store)
        calls = [asyncio.ensure_future(each.call()) for each in chosen]
        # Each call begins, which puts its work into the queue.
        await asyncio.sleep(0)
        await turn.end()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        await self._settle()
        self._moving += len(chosen)
        for each, outcome in zip(chosen, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                each.future.set_exception(outcome)
            else:
                each.future.set_result(outcome)


class _Turn:
    """The writer's turn, held so that the writes that come meanwhile become one group."""

    def __init__(self) -> None:
        self._may_end = threading.Event()
        self._holding: asyncio.Task[None] | None = None

    async def take(self, store: Store) -> None:
        """Answers when it is held, or cannot be because the store takes no writes any more."""
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()

        def hold(_transaction: ReadTransaction) -> None:
            loop.call_soon_threadsafe(begun.set)
            assert self._may_end.wait(WAIT_MAX_S), "nobody ended the turn"

        self._holding = asyncio.create_task(store.write(hold))
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait({self._holding, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def end(self) -> None:
        """Lets the others have it."""
        self._may_end.set()
        if self._holding is not None:
            with contextlib.suppress(StoreError):
                await self._holding


class GatedStore(PassingStore):
    """A store whose calls wait at a gate."""

    def __init__(self, inner: Store, gate: Gate) -> None:
        super().__init__(inner)
        self._gate = gate

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        return await self._gate.wait(lambda: self.inner.read(work, few=few))

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        return await self._gate.wait(lambda: self.inner.write(work), self.inner)

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        return await self._gate.wait(lambda: self.inner.search(search))

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""
        return await self._gate.wait(
            lambda: self.inner.matching_ids(
                portal_id, object_type_id, condition, from_id, count_max
            )
        )
