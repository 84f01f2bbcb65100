"""Record ids and numbers of writes, taken from the database in blocks.

A block is taken by a short transaction of its own, so that nobody waits for the one that uses it.
Its commit need not wait for the disk: it stands in the log before those of all that use the block,
so that none of these is ever there without it. What a process has left when it ends is never used;
ids and numbers may have gaps.
"""

import threading
from typing import Any, Final

import psycopg

from moyeu.storage.contract import StoreError, StoreUnavailableError
from moyeu.storage.postgresql import hot_queries as queries
from moyeu.storage.postgresql.connections import Connection, is_away, open_connection

_IDS: Final = 200
_NUMBERS: Final = 2_000
_TRIES: Final = 3


class Blocks:
    """The blocks of one process; any thread may take of them."""

    def __init__(self, url: str, *, lock_wait_max_s: float, prepared: bool) -> None:
        self._url = url
        self._lock_wait_max_s = lock_wait_max_s
        self._prepared = prepared
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._blocks: dict[tuple[str, int], tuple[int, range]] = {}

    def record_ids(self, portal_id: int, count: int, *, epoch: int) -> range:
        """That many ids of an epoch that were never given out before in the portal."""
        return self._take(queries.TAKE_RECORD_IDS, _IDS, portal_id, count, epoch, 0)

    def write_numbers(self, portal_id: int, count: int, *, epoch: int, above: int) -> range:
        """That many numbers of an epoch, all above one."""
        return self._take(queries.TAKE_WRITE_NUMBERS, _NUMBERS, portal_id, count, epoch, above)

    def _take(
        self, statement: str, size: int, portal_id: int, count: int, epoch: int, above: int
    ) -> range:
        """What is asked for, from the block at hand or a new one.

        Whoever asks has the portal's turn, so the epoch stays while it asks.
        """
        with self._lock:
            taken_in, left = self._blocks.get((statement, portal_id), (0, range(0)))
            if taken_in != epoch or len(left) < count or left.start <= above:
                size = max(count, size)
                after, now = self._ask(statement, portal_id, size)
                # Next to what is left where nobody came between.
                joins = taken_in == now and left.stop == after - size and left.start > above
                taken_in, left = now, range(left.start if joins else after - size, after)
            self._blocks[statement, portal_id] = (taken_in, left[count:])
            return left[:count]

    def _ask(self, statement: str, portal_id: int, count: int) -> tuple[Any, ...]:
        """Carries out a statement that takes a block; again on a new connection if one is lost."""
        for left in reversed(range(_TRIES)):
            try:
                return self._try(statement, portal_id, count)
            except psycopg.Error as error:
                if self._connection is None or not is_away(self._connection, error):
                    raise
                self._close()
                if left == 0:
                    raise StoreUnavailableError(f"the database went away: {error}") from error
        raise AssertionError

    def _try(self, statement: str, portal_id: int, count: int) -> tuple[Any, ...]:
        if self._connection is None:
            self._connection = open_connection(
                self._url,
                lock_wait_max_s=self._lock_wait_max_s,
                prepared=self._prepared,
                waits_for_disk=False,
            )
        row = self._connection.execute(
            statement, {"portal_id": portal_id, "count": count}
        ).fetchone()
        if row is None:
            raise StoreError(f"no portal {portal_id}")
        return row

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Lets go of the connection."""
        with self._lock:
            self._close()
