"""The figures over PostgreSQL as lines of tables."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from bench.figures import Row, row_of, spread
from bench.measure_postgres import FEW, FLOOR, MANY, SQLITE
from bench.results import Cost, PostgresResults, Round, quantile

POSTGRES_COLUMNS = (
    "over PostgreSQL, batches of 100",
    "records/s",
    "CPU of the API, µs per record",
    "of the database",
    "p50, ms",
    "p99, ms",
    "records/s : floor",
    "records/s : SQLite",
)
POSTGRES_NOTE = (
    "In one run with SQLite; the floor is BEGIN, the read that locks, the update, the history and",
    "COMMIT, pipelined over 8 connections in 4 processes. API and database share the cores.",
)
_JOBS = {"by_value": "`idProperty`", "create": "batch create", "upsert": "batch upsert"}


def postgres_rows(rounds: Sequence[Round]) -> Iterator[tuple[str, ...]]:
    """A line for each variant, the columns of `POSTGRES_COLUMNS`."""
    for name in rounds[0] if rounds else ():
        costs = [each[name] for each in rounds]
        yield (
            _title(name),
            spread([cost.records_per_s for cost in costs], "{:,.0f}"),
            spread([cost.cpu_us_per_record for cost in costs], "{:.1f}"),
            _middle([cost.database_us_per_record for cost in costs], "{:.1f}"),
            _middle([cost.answer_ms_p50 for cost in costs], "{:.0f}"),
            _middle([cost.answer_ms_p99 for cost in costs], "{:.0f}"),
            spread(_ratios(rounds, name, FLOOR, _speed), "{:.2f}"),
            spread(_ratios(rounds, name, SQLITE, _speed), "{:.2f}"),
        )


def ratio_rows(results: PostgresResults) -> Iterator[Row]:
    """The ratios that have targets, and what else is to be known."""
    for name in results.rounds[0]:
        if name.startswith("w") and name.endswith("_c8"):
            yield row_of(
                f"records/s : floor, {_title(name)}",
                _ratios(results.rounds, name, FLOOR, _speed),
                "{:.2f}",
                at_least=0.65,
            )
    reads, on_sqlite = results.reads_ms["postgresql"], results.reads_ms["sqlite"]
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        here, there = quantile(reads, share), quantile(on_sqlite, share)
        yield Row(
            f"read of one record beside 8 writers, {name}",
            f"{here:.1f} ms, {here / there:.2f} of SQLite's ({len(reads):,})",
        )
    for what, figure in (
        ("records/s", _speed),
        ("CPU of the API per record", _api),
        ("CPU of the database per record", _database),
    ):
        ratios = _ratios(results.neighbours, MANY, FEW, figure)
        yield row_of(f"{what}, many portals beside : 1", ratios, "{:.2f}")
    for what, each_bytes in results.bytes_each.items():
        yield Row(f"{what} on disk", f"{each_bytes:,.0f} bytes")
    yield Row("updates that touch no index", f"{results.hot_share:.1%}")
    for what, megabytes in results.resident_mb.items():
        yield Row(f"memory of a {what}, after the load", f"{megabytes:.1f} MB")


def _title(name: str) -> str:
    if name == FLOOR:
        return "floor, 8 connections"
    if name == SQLITE:
        return "SQLite, 8 connections"
    if name in _JOBS:
        return f"1 process, 8 connections, {_JOBS[name]}"
    workers, connections = name[1:].split("_c")
    return f"{_count(workers, 'process', 'es')}, {_count(connections, 'connection', 's')}"


def _count(number: str, one: str, more: str) -> str:
    return f"{number} {one}{'' if number == '1' else more}"


def _ratios(
    rounds: Sequence[Round], name: str, to: str, figure: Callable[[Cost], float]
) -> list[float]:
    return [figure(each[name]) / figure(each[to]) for each in rounds]


def _speed(cost: Cost) -> float:
    return cost.records_per_s


def _api(cost: Cost) -> float:
    return cost.cpu_us_per_record


def _database(cost: Cost) -> float:
    assert cost.database_us_per_record is not None
    return cost.database_us_per_record


def _middle(figures: Sequence[float | None], form: str) -> str:
    known = [each for each in figures if each is not None]
    return form.format(statistics.median(known)) if known else ""
