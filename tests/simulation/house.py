"""The stores of a simulation: opened, closed and opened again, with trouble below them.

SQLite's disk fails, and PostgreSQL ends the connections of whoever is connected.
"""

import contextlib
import random
from itertools import count
from pathlib import Path
from typing import Final

import apsw

from moyeu.storage.contract import Store, StoreError
from moyeu.storage.sqlite import SqliteStore, open_store
from moyeu.storage.sqlite.search_index import SearchLimits
from tests.faults.vfs import Kind, Role, WatchedVFS
from tests.storage.engines import Engine
from tests.storage.scene import WAIT_MAX_S

_SMALL_INDEX: Final = SearchLimits(scan_max=8, columns_max=4, part_records=7, few_min=3)
"""So that few records are enough for all ways in which a search is answered."""

_CHECKPOINT_PAGES: Final = 60
"""Often, so that the disk fails while the log is moved too."""

_PROCESSES: Final = {"sqlite": 1, "postgresql": 2}
"""How many stores are open at a time, as so many processes would have them."""

_CUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_disk_numbers = count(1)


class FailingDisk:
    """SQLite's file system; a seed decides which write or sync of each opening fails."""

    def __init__(self, chance: random.Random) -> None:
        self.failures = 0
        self._chance = chance
        self._left: int | None = None
        self._vfs = WatchedVFS(f"simulated-disk-{next(_disk_numbers)}", self._look)

    @property
    def name(self) -> str:
        """The name of the file system."""
        return self._vfs.name

    def work(self) -> None:
        """Fails nothing."""
        self._left = None

    def fail_soon(self) -> None:
        """Fails one of the next operations."""
        self._left = self._chance.randint(1, 150)

    def _look(self, kind: Kind, role: Role) -> None:
        if kind == "read" or self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            self.failures += 1
            code = apsw.SQLITE_IOERR_FSYNC if kind == "sync" else apsw.SQLITE_IOERR_WRITE
            raise apsw.exception_for(code)


class House:
    """The open stores of one database; all reach the same portals.

    disk_chance: decides when SQLite's disk fails; None for a disk that works. commits_in_groups:
    whether the engine makes one commit of writes that wait together. has_connections: whether they
    can be cut.
    """

    def __init__(
        self, engine: Engine, folder: Path, *, disk_chance: random.Random | None = None
    ) -> None:
        is_sqlite = engine.name == "sqlite"
        self.commits_in_groups, self.has_connections = is_sqlite, not is_sqlite
        self.stores: list[Store] = []
        self._engine = engine
        self._folder = folder
        self._disk = FailingDisk(disk_chance) if disk_chance and is_sqlite else None
        self._is_trouble_due = False
        self.open()

    def open(self) -> None:
        """Opens all stores."""
        self.stores = [self._open_one() for _ in range(_PROCESSES[self._engine.name])]
        if self._disk is not None and self._is_trouble_due:
            self._disk.fail_soon()

    def _open_one(self) -> Store:
        if self._engine.name != "sqlite":
            return self._engine.open(self._folder, WAIT_MAX_S)
        return open_store(
            self._folder / "moyeu.db",
            write_wait_max_s=WAIT_MAX_S,
            search=_SMALL_INDEX,
            wal_checkpoint_pages=_CHECKPOINT_PAGES,
            vfs=None if self._disk is None else self._disk.name,
        )

    def begin_trouble(self) -> None:
        """From now on the disk fails sometimes."""
        self._is_trouble_due = True
        if self._disk is not None:
            self._disk.fail_soon()

    def end_trouble(self) -> None:
        """The disk does not fail any more."""
        self._is_trouble_due = False
        if self._disk is not None:
            self._disk.work()

    def close(self) -> None:
        """Closes all stores, as the ends of their processes would."""
        if self._disk is not None:
            self._disk.work()
        for each in self.stores:
            each.close()
            if isinstance(each, SqliteStore) and each.is_broken:
                # A process that ended let go of it too.
                with contextlib.suppress(apsw.Error):
                    each._connection.close()
        self.stores = []

    def reopen(self) -> None:
        """Closes and opens."""
        self.close()
        self.open()

    def forget(self) -> None:
        """Closes all for good."""
        self.close()
        self._engine.forget(self._folder)

    async def settle(self) -> None:
        """Waits for what a store does after its answers, on which the failures of a disk depend."""
        if self._disk is None:
            return
        for each in self.stores:
            with contextlib.suppress(StoreError):
                await each.write(lambda transaction: None)

    def recover(self) -> bool:
        """Opens the stores again if one of them takes no more writes; whether one did."""
        is_broken = any(isinstance(each, SqliteStore) and each.is_broken for each in self.stores)
        if is_broken:
            self.reopen()
        return is_broken

    def cut_connections(self) -> None:
        """Ends all connections of PostgreSQL's stores."""
        import psycopg

        from moyeu.storage.postgresql import PostgresqlStore

        store = self.stores[0]
        assert isinstance(store, PostgresqlStore)
        with psycopg.connect(store._url, autocommit=True) as connection:
            connection.execute(_CUT)
