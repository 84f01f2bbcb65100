"""Takes over the jobs that nobody carries out any more."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from moyeu.operations.association_values import refresh_next
from moyeu.operations.definitions import fill_next
from moyeu.operations.jobs import LEASE_MS, Fill, Refresh, carry_out, read_state
from moyeu.operations.removals import remove_next
from moyeu.storage.contract import Job, ObjectTypeGoneError, Store, StoreError, WriteTransaction

_log = logging.getLogger("moyeu.operations")

_PAUSE_S: Final = 10.0
_TOGETHER: Final = 20


async def run_due_jobs(store: Store, clock_ms: Callable[[], int]) -> int:
    """Takes over the jobs that are due, one after the other; how many it finished or left.

    One that fails is left until it is due again.
    """
    now_ms = clock_ms()
    due = await store.read(lambda transaction: transaction.due_jobs(now_ms, _TOGETHER))
    taken = 0
    for each in due:
        try:
            taken += await _take_over(store, each, clock_ms())
        except StoreError:
            # Logged by the store, or its turn did not come.
            continue
        except Exception:  # noqa: BLE001 — one job's trouble is not the next one's
            _log.exception("job %s of portal %s failed", each.id, each.portal_id)
    return taken


async def _take_over(store: Store, job: Job, now_ms: int) -> bool:
    def claim(transaction: WriteTransaction) -> Job | None:
        found = transaction.job(job.portal_id, job.id)
        if found is None or found.due_at_ms > now_ms:
            return None
        claimed = replace(found, due_at_ms=now_ms + LEASE_MS)
        transaction.put_job(claimed)
        return claimed

    claimed = await store.write(claim)
    if claimed is None:
        return False
    state = read_state(claimed.state)
    _log.info("job %s of portal %s goes on", claimed.id, claimed.portal_id)
    try:
        if isinstance(state, Fill):
            await carry_out(store, claimed, state, fill_next, now_ms)
        elif isinstance(state, Refresh):
            await carry_out(store, claimed, state, refresh_next, now_ms)
        else:
            if state.contents_id is None:
                await store.clear_requests(claimed.portal_id)
            await carry_out(store, claimed, state, remove_next, now_ms)
    except ObjectTypeGoneError:
        await store.write(lambda transaction: transaction.remove_job(job.portal_id, job.id))
    return True


class JobRunner:
    """Looks for due jobs from time to time, beside a server."""

    def __init__(
        self, store: Store, clock_ms: Callable[[], int], pause_s: float = _PAUSE_S
    ) -> None:
        self._store = store
        self._clock_ms = clock_ms
        self._pause_s = pause_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins; it needs a running loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends; a part at hand is finished by the store, and what is left is due later."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            # The database may be away or broken, of which the store tells.
            with suppress(StoreError):
                taken = _TOGETHER
                while taken == _TOGETHER:
                    taken = await run_due_jobs(self._store, self._clock_ms)
            # Many processes should not all look at the same moment.
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.5))  # noqa: S311
