"""What is measured over PostgreSQL: that it works, what it tells, and what it says without."""

import io
import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest
from rich.console import Console

from bench import measure_postgres, processes, report, report_postgres
from bench.client import Load, drive
from bench.measure_postgres import FEW, FLOOR, MANY, SQLITE, variants
from bench.portal import Filled, fill
from bench.postgres_floor import PostgresFloor
from bench.results import Cost, PostgresResults, Results
from moyeu.storage.postgresql import open_store
from moyeu.storage.postgresql.connections import open_connection
from tests.postgres import databases
from tools.postgres_server import PostgresMissingError

_RECORDS: Final = 300
_ROUNDS: Final = ("w1_c1", "w1_c8", "w2_c1", "w2_c8", "by_value", "create", "upsert")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An empty database."""
    taken = databases().take()
    yield taken
    databases().drop(taken)


@pytest.fixture(scope="module")
def filled(url: str) -> Filled:
    """The measured portal in it."""
    return fill(lambda: open_store(url), _RECORDS, random.getrandbits(64))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_of_so_many_processes_keeps_what_it_is_sent(
    url: str, filled: Filled, workers: int
) -> None:
    with processes.command_server(url, filled.token, workers) as server:
        started = len(processes.children(server.pid))
        load = Load(server.port, server.pid, filled.token, filled.ids, 2, 4, random.getrandbits(64))
        driven = [drive(replace(load, job=job)) for job in ("update", "update_by_value", "upsert")]

    assert started == (workers if workers > 1 else 0)
    for each in driven:
        assert each.refused == {}
        assert each.wrong == []
        assert each.server_cpu_s > 0


def test_the_floor_does_what_a_batch_update_does(url: str, filled: Filled) -> None:
    with open_connection(url) as connection:
        before = _history(connection)
        with PostgresFloor(url, os.getpid(), multiprocessing.get_context("spawn")) as floor:
            cost = floor.cost(filled.record_ids, 8, 10, random.Random())
        after = _history(connection)

    assert after[0] - before[0] == 80
    assert after[1] == 0
    assert cost.records_per_s > 0


_UNCHAINED: Final = """
SELECT count(*) FROM record_write w
WHERE w.previous > 0
  AND NOT EXISTS (SELECT FROM record_write p WHERE p.portal_id = w.portal_id
                  AND p.number = w.previous AND p.record_id = w.record_id)
"""


def _history(connection: object) -> tuple[int, int]:
    """How many entries there are, and how many follow on one that is not of their record."""
    rows = [
        connection.execute(each).fetchone()  # type: ignore[attr-defined]
        for each in ("SELECT count(*) FROM record_write", _UNCHAINED)
    ]
    return rows[0][0], rows[1][0]


def test_neighbours_are_portals_of_their_own(url: str, filled: Filled) -> None:
    measure_postgres.add_neighbours(url, range(2, 5), random.getrandbits(64))

    with open_connection(url) as connection:
        counts = dict(
            connection.execute(
                "SELECT portal_id, count(*) FROM record WHERE portal_id > 1 GROUP BY portal_id"
            ).fetchall()
        )
    assert counts == {2: 10, 3: 10, 4: 10}
    assert len(filled.record_ids) == _RECORDS


def test_the_cpu_of_children_counts_while_they_run_and_afterwards() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    before = processes.family_cpu_s(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        running = processes.family_cpu_s(os.getpid()) - before
        child.communicate(b"\n")

    assert running >= 0.3
    assert processes.family_cpu_s(os.getpid()) - before >= 0.3


# --- what is told ------------------------------------------------------------------------------


def _cost(ms: float) -> Cost:
    return Cost(100_000 / ms, ms * 5, ms / 2, ms, ms * 2, 0.1, ms * 3)


def _results() -> PostgresResults:
    """Of two rounds; a batch takes 10 ms, that of the floor and of SQLite 5 ms."""
    costs = {FLOOR: _cost(5), SQLITE: _cost(5), **dict.fromkeys(_ROUNDS, _cost(10))}
    return PostgresResults(
        about={"server_version": "15.18"},
        rounds=[costs] * 2,
        reads_ms={"postgresql": [2, 4], "sqlite": [1, 1]},
        neighbours=[{FEW: _cost(10), MANY: _cost(20)}] * 2,
        resident_mb={"server": 70},
        bytes_each={"record": 1_900},
        hot_share=0.999,
    )


def test_every_load_has_a_line_with_its_ratios() -> None:
    lines = {line[0]: line[1:] for line in report_postgres.postgres_rows(_results().rounds)}

    assert len(lines) == len(_ROUNDS) + 2
    assert lines["2 processes, 8 connections"][-2:] == ("0.50 [0.50–0.50]", "0.50 [0.50–0.50]")
    assert lines["1 process, 8 connections, batch create"][2] == "30.0"


def test_what_has_a_target_tells_whether_it_is_met() -> None:
    rows = {row.what: row for row in report_postgres.ratio_rows(_results())}

    assert rows["records/s : floor, 1 process, 8 connections"].met is False
    assert rows["records/s, many portals beside : 1"].figure == "0.50 [0.50–0.50]"
    assert "4.00 of SQLite's" in rows["read of one record beside 8 writers, p50"].figure


def test_each_number_of_processes_is_driven_by_each_number_of_connections() -> None:
    names = [each.variant.name for each in variants((1, 2))]

    assert [each for each in names if each.startswith("w2")] == ["w2_c1", "w2_c8", "w2_c32"]
    assert len(set(names)) == len(names)


def test_without_postgresql_the_reason_is_all_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise PostgresMissingError("it is not here")

    monkeypatch.setattr(measure_postgres, "PostgresServer", missing)
    results = Results()
    measure_postgres.measure_postgres(_Told(results), None, None)  # type: ignore[arg-type] # unused
    terminal = io.StringIO()
    report.print_postgres(results.postgres, Console(file=terminal, width=160))

    assert "it is not here" in terminal.getvalue()
    assert "it is not here" in report.render_postgres_markdown(results.postgres, {})


class _Told:
    """Stands in for a driver that drives nothing."""

    def __init__(self, results: Results) -> None:
        self.results = results
