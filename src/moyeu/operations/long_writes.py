"""Writes that take minutes, and end when nobody waits for them any more."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from moyeu.storage.contract import Store, WriteTransaction

T = TypeVar("T")

GoOn = Callable[[], None]
"""Is called by long work now and then; it raises when the work shall end, undone."""


class AbandonedError(Exception):
    """Ends work whose outcome nobody waits for."""


async def write_while_awaited(store: Store, work: Callable[[WriteTransaction, GoOn], T]) -> T:
    """Runs work in the writer's turn; when the waiting is cancelled, nothing of it is kept.

    That holds if it is cancelled before the last `GoOn`; afterwards the work may be committed.
    """
    abandoned = threading.Event()

    def go_on() -> None:
        if abandoned.is_set():
            raise AbandonedError

    try:
        return await store.write(lambda transaction: work(transaction, go_on))
    except asyncio.CancelledError:
        abandoned.set()
        raise
