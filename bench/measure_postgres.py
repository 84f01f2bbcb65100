"""The batch update over PostgreSQL, beside its floor and beside SQLite in the same round."""

import asyncio
import multiprocessing
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from bench import portal, processes
from bench.driver import Driver
from bench.portal import Filled, Seeded
from bench.postgres_floor import PostgresFloor
from bench.processes import Running
from bench.results import Cost, Extent, PostgresResults, Variant, cost_of
from moyeu.app import system_clock_ms
from moyeu.storage.contract import WriteTransaction
from moyeu.storage.postgresql import open_store
from tools.postgres_server import PostgresMissingError, PostgresServer

FLOOR: Final = "floor"
SQLITE: Final = "sqlite"
FEW: Final = "1"
MANY: Final = "many"

_SPAWN: Final = multiprocessing.get_context("spawn")
_WARM_UP_BATCHES: Final = 30
_NEIGHBOUR_RECORDS: Final = 10
_TOLD_SETTINGS: Final = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "wal_compression",
)


@dataclass(frozen=True)
class ServerVariant:
    """A load for a server with so many processes."""

    variant: Variant
    workers: int = 1


def variants(workers: Sequence[int]) -> list[ServerVariant]:
    """All loads over PostgreSQL, for these numbers of processes."""
    return [
        *(
            ServerVariant(Variant(f"w{processes}_c{connections}", connections), processes)
            for processes in workers
            for connections in (1, 8, 32)
        ),
        ServerVariant(Variant("by_value", 8, job="update_by_value")),
        ServerVariant(Variant("create", 8, job="create")),
        ServerVariant(Variant("upsert", 8, job="upsert")),
    ]


def measure_postgres(driver: Driver, extent: Extent, on_sqlite: Seeded) -> None:
    """Everything over PostgreSQL; on_sqlite: the same portal over SQLite."""
    results = driver.results.postgres
    try:
        server = PostgresServer()
    except PostgresMissingError as missing:
        results.missing = str(missing)
        return
    with server:
        server.start()
        _Measuring(driver, extent, server, results).run(on_sqlite)


class _Measuring:
    """A run over one database server."""

    def __init__(
        self, driver: Driver, extent: Extent, server: PostgresServer, results: PostgresResults
    ) -> None:
        self._driver = driver
        self._extent = extent
        self._server = server
        self._results = results

    def run(self, on_sqlite: Seeded) -> None:
        """Measures everything."""
        self._driver.tell(f"seeding {self._extent.records:,} records over PostgreSQL")
        for setting in _TOLD_SETTINGS:
            self._results.about[setting] = str(self._ask(f"SHOW {setting}")[0][0])
        filled = self._fill("measured", self._extent.records)
        self._results.seeding_s = filled.seconds
        # A copy, because numbers of writes that the floor makes up are none for an engine.
        self._ask("CREATE DATABASE floor TEMPLATE measured STRATEGY file_copy")
        self._measure(filled, on_sqlite)
        self._note_sizes()
        self._measure_neighbours()

    def _measure(self, filled: Filled, on_sqlite: Seeded) -> None:
        extent, url = self._extent, self._server.url("measured")
        with ExitStack() as stack:
            floor = stack.enter_context(
                PostgresFloor(self._server.url("floor"), self._server.pid, _SPAWN)
            )
            servers = {
                workers: stack.enter_context(processes.command_server(url, filled.token, workers))
                for workers in extent.postgres_workers
            }
            sqlite = stack.enter_context(processes.server(on_sqlite.path, on_sqlite.token))
            self._drive(on_sqlite, sqlite, _WARM_UP_BATCHES)
            for each in servers.values():
                self._drive(filled, each, _WARM_UP_BATCHES)
            for number in range(extent.postgres_rounds):
                self._driver.tell(f"PostgreSQL, round {number + 1} of {extent.postgres_rounds}")
                self._round(floor, servers, filled, sqlite, on_sqlite)
            self._results.resident_mb = {
                "server": max(
                    processes.resident_mb(pid)
                    for pid in processes.children(servers[max(servers)].pid)
                ),
                "connection": self._private_mb(),
            }

    def _round(
        self,
        floor: PostgresFloor,
        servers: dict[int, Running],
        filled: Filled,
        sqlite: Running,
        on_sqlite: Seeded,
    ) -> None:
        batches, rng = self._extent.postgres_batches, self._driver.rng
        loads = {each.variant.name: each for each in variants(self._extent.postgres_workers)}
        costs: dict[str, Cost] = {}
        for name in rng.sample([FLOOR, SQLITE, *loads], len(loads) + 2):
            if name == FLOOR:
                costs[name] = floor.cost(filled.record_ids, batches, 100, rng)
            elif name == SQLITE:
                costs[name] = cost_of(self._drive(on_sqlite, sqlite, batches))
            else:
                load = loads[name]
                costs[name] = self._cost(load.variant, filled, servers[load.workers], batches)
        self._results.rounds.append({name: costs[name] for name in (FLOOR, SQLITE, *loads)})
        for engine, seeded, server in (
            ("postgresql", filled, servers[1]),
            ("sqlite", on_sqlite, sqlite),
        ):
            driven = self._driver.drive(seeded, server, 8, batches, beside="reads")
            self._results.reads_ms.setdefault(engine, []).extend(driven.beside_ms)

    def _cost(self, variant: Variant, filled: Filled, server: Running, batches: int) -> Cost:
        assert variant.concurrency is not None
        return cost_of(
            self._driver.drive(
                filled,
                server,
                variant.concurrency,
                batches,
                job=variant.job,
                database_pid=self._server.pid,
            )
        )

    def _drive(self, seeded: Filled, server: Running, batches: int) -> Any:
        return self._driver.drive(seeded, server, 8, batches)

    # --- neighbours --------------------------------------------------------------------------

    def _measure_neighbours(self) -> None:
        extent = self._extent
        self._driver.tell(f"seeding {extent.neighbours:,} portals beside one")
        few = self._fill("few", extent.neighbour_records)
        self._add_neighbours("few", range(2, 3))
        self._ask("CREATE DATABASE many TEMPLATE few STRATEGY file_copy")
        self._add_neighbours("many", range(3, extent.neighbours + 2))
        with ExitStack() as stack:
            servers = {
                name: stack.enter_context(
                    processes.command_server(self._server.url(database), few.token, 1)
                )
                for name, database in ((FEW, "few"), (MANY, "many"))
            }
            for each in servers.values():
                self._drive(few, each, _WARM_UP_BATCHES)
            load = Variant("neighbours", 8)
            for number in range(extent.neighbour_rounds):
                self._driver.tell(f"neighbours, round {number + 1} of {extent.neighbour_rounds}")
                costs = {
                    name: self._cost(load, few, servers[name], extent.neighbour_batches)
                    for name in self._driver.rng.sample((FEW, MANY), 2)
                }
                self._results.neighbours.append({name: costs[name] for name in (FEW, MANY)})

    def _add_neighbours(self, database: str, portal_ids: range) -> None:
        rng_seed = self._driver.draw()
        self._driver.client.submit(
            add_neighbours, self._server.url(database), portal_ids, rng_seed
        ).result()

    # --- the database ------------------------------------------------------------------------

    def _fill(self, database: str, records: int) -> Filled:
        self._ask(f"CREATE DATABASE {database} TEMPLATE template0")
        url = self._server.url(database)
        return self._driver.client.submit(fill, url, records, self._driver.draw()).result()

    def _ask(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with _connection(self._server.url(database)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _note_sizes(self) -> None:
        self._ask("VACUUM ANALYZE", "measured")
        [row] = self._ask(
            "SELECT pg_relation_size('record') / (SELECT count(*) FROM record),"
            " pg_indexes_size('record') / (SELECT count(*) FROM record),"
            " pg_relation_size('record_write') / (SELECT count(*) FROM record_write),"
            " pg_indexes_size('record_write') / (SELECT count(*) FROM record_write)",
            "measured",
        )
        names = ("record", "indexes of a record", "entry of the history", "its index")
        self._results.bytes_each = dict(zip(names, map(float, row), strict=True))
        [(hot,)] = self._ask(
            "SELECT n_tup_hot_upd / greatest(n_tup_upd, 1)::float FROM pg_stat_user_tables"
            " WHERE relname = 'record'",
            "measured",
        )
        self._results.hot_share = hot

    def _private_mb(self) -> float:
        """What a connection takes of memory that is not shared, at most."""
        pids = [pid for (pid,) in self._ask(_BACKENDS)]
        return max(_private_kb(pid) for pid in pids) * 1_024 / 1_000_000


_BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE application_name = 'moyeu'"


def _private_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(each for each in lines if each.startswith("RssAnon:")).split()[1])


@contextmanager
def _connection(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def fill(url: str, records: int, rng_seed: int) -> Filled:
    """The measured portal in an empty database, with statistics."""
    filled = portal.fill(lambda: open_store(url), records, rng_seed)
    store = open_store(url)
    try:
        asyncio.run(store.analyze())
    finally:
        store.close()
    return filled


def add_neighbours(url: str, portal_ids: range, rng_seed: int) -> None:
    """Portals with a few records each."""
    rng = random.Random(rng_seed)
    store = open_store(url)

    def add(transaction: WriteTransaction, portal_id: int) -> None:
        now = portal.occasion(system_clock_ms(), portal_id)
        portal.define(transaction, f"pat-bench-{secrets.token_hex(16)}", now.now_ms, portal_id)
        rows = [portal.random_row(rng, number) for number in range(1, _NEIGHBOUR_RECORDS + 1)]
        portal.insert(transaction, now, portal.object_type(), rows)

    async def add_all() -> None:
        for portal_id in portal_ids:
            await store.write(lambda transaction, each=portal_id: add(transaction, each))  # type: ignore[misc]
        await store.analyze()

    try:
        asyncio.run(add_all())
    finally:
        store.close()
