"""Portals of one database in another one, each whole or not at all.

The lines of a portal's archive go from a reading thread to a writing one, a few pages at a time,
and with them what an archive leaves out: tokens, search lag, how far the portal was pulled, jobs.
Snapshots and templates stay behind.
The reader sees one moment of the portal; the writer holds the turn of the new one until it is
committed, so that an interrupted copy leaves nothing of it. The request log stays behind.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations.archive_reading import RefusedError
from moyeu.operations.archives import Told, write_archive
from moyeu.operations.long_writes import AbandonedError
from moyeu.operations.restoring import Restored, import_portal
from moyeu.storage.contract import (
    Job,
    Portal,
    ReadTransaction,
    Store,
    StoreError,
    Token,
    WriteTransaction,
)

_CHUNKS_MAX: Final = 4
"""Pages that wait for the writer."""

_ANY_TIME_MS: Final = 2**62
_ALL: Final = 2**62


class SourceLostError(StoreError):
    """The portal could not be read to its end."""


@dataclass(frozen=True, slots=True)
class TokenTaken(Problem):
    """A portal of the target has a token of the source's portal. hint: how the token begins."""

    portal_id: int
    hint: str


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a portal has beside its archive."""

    tokens: Sequence[Token]
    search_lag_ms: int
    pull_state: str | None
    controls: str | None
    jobs: Sequence[Job]


class _Passage:
    """Bytes on their way from a reading thread to a writing one."""

    def __init__(self, portal_id: int) -> None:
        self._portal_id = portal_id
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._begun = False
        self._ended = False
        self._stopped = False
        self._error: BaseException | None = None
        self.rest: _Rest | None = None

    def send(self, transaction: ReadTransaction) -> None:
        """The work of the reader: sends the portal as `transaction` sees it.

        Raises SourceLostError when it is run a second time, AbandonedError when nobody waits.
        """
        if self._begun:
            raise SourceLostError("the connection to the source was lost")
        self._begun = True
        (portal,) = [each for each in transaction.portals() if each.id == self._portal_id]
        self.rest = _Rest(
            transaction.tokens(portal.id),
            transaction.search_lag_ms(portal.id),
            transaction.pull_state(portal.id),
            transaction.controls(portal.id),
            jobs_of(transaction, portal.id),
        )
        write_archive(transaction, portal, self._put, lambda _: None)

    def _put(self, chunk: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._chunks) < _CHUNKS_MAX)
            if self._stopped:
                raise AbandonedError
            self._chunks.append(chunk)
            self._changed.notify_all()

    def end(self, reading: "Future[None]") -> None:
        """Tells the writer that nothing more comes, and why."""
        with self._changed:
            self._ended = True
            self._error = AbandonedError() if reading.cancelled() else reading.exception()
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits until there is something to read."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._ended or self._chunks)

    def stop(self) -> None:
        """Ends the reader, and who waits for it."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def lines(self) -> Iterator[bytes]:
        """What was sent, a line at a time. Raises SourceLostError, AbandonedError."""
        while True:
            self.wait()
            with self._changed:
                if not self._chunks:
                    break
                chunk = self._chunks.popleft()
                self._changed.notify_all()
            yield from chunk.splitlines(keepends=True)
        if isinstance(self._error, Exception) and not isinstance(self._error, AbandonedError):
            raise SourceLostError(f"the source cannot be read: {self._error}") from self._error
        if self._error is not None or self._stopped:
            raise AbandonedError


def jobs_of(transaction: ReadTransaction, portal_id: int) -> list[Job]:
    """The unfinished jobs of a portal by id."""
    of_all = transaction.due_jobs(_ANY_TIME_MS, _ALL)
    return sorted((each for each in of_all if each.portal_id == portal_id), key=lambda x: x.id)


async def copy_portal(
    source: Store, target: Store, portal_id: int, on_progress: Told
) -> Restored | Problem:
    """Makes the portal in the target, with its id and all that the source has of it.

    on_progress: told how many lines of its archive are done.
    Refused, with nothing kept: PortalIdTaken, TokenTaken, an ArchiveProblem for what the target
    would not take in. Raises SourceLostError, with nothing kept.
    """
    loop = asyncio.get_running_loop()
    passage = _begin(source, portal_id, loop)
    prepared: _Passage | None = passage

    def lines() -> Iterator[bytes]:
        nonlocal passage, prepared
        # The writer may begin again, and then the portal has to be read again.
        passage = prepared or _begin(source, portal_id, loop)
        prepared = None
        try:
            yield from passage.lines()
        finally:
            passage.stop()

    def add_rest(transaction: WriteTransaction, portal: Portal) -> None:
        rest = passage.rest
        assert rest is not None, "it was there before the first line"
        for token in rest.tokens:
            if transaction.caller_of(token.hash) is not None:
                raise RefusedError(TokenTaken(portal.id, token.hint))
            transaction.add_token(token)
        if rest.search_lag_ms:
            transaction.put_search_lag(portal.id, rest.search_lag_ms)
        if rest.pull_state is not None:
            transaction.put_pull_state(portal.id, rest.pull_state)
        if rest.controls is not None:
            transaction.put_controls(portal.id, rest.controls)
        for job in rest.jobs:
            transaction.put_job(job)

    try:
        # The source counts its portal first: no turn of the target shall wait for that.
        await asyncio.to_thread(passage.wait)
        return await import_portal(target, lines, None, None, on_progress, add_rest)
    finally:
        passage.stop()


def _begin(source: Store, portal_id: int, loop: asyncio.AbstractEventLoop) -> _Passage:
    """Begins to read the portal; may be called from any thread."""
    passage = _Passage(portal_id)
    reading = asyncio.run_coroutine_threadsafe(source.read(passage.send), loop)
    reading.add_done_callback(passage.end)
    return passage
