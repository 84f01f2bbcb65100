"""The figures of a run as a table for the terminal, as Markdown and as JSON."""

import dataclasses
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import apsw
from rich.console import Console
from rich.table import Table

from bench.figures import Row, cost_cells, row_of, spread
from bench.report_postgres import (
    POSTGRES_COLUMNS,
    POSTGRES_NOTE,
    postgres_rows,
    ratio_rows,
)
from bench.report_related import (
    LINK_COLUMNS,
    LINK_NOTE,
    SEARCH_COLUMNS,
    SEARCH_NOTE,
    link_rows,
    log_rows,
    related_rows,
    search_rows,
)
from bench.results import Cost, PostgresResults, Results, Round, quantile
from bench.stages import LOOP_STAGES, WAITS, WRITER_STAGES

COST_COLUMNS = ("batches of 100", "records/s", "CPU, µs per record", "p50, ms", "p99, ms")
CALL_COLUMNS = (
    "calls for 100 records",
    "records/s",
    "CPU, µs per record",
    "p50, ms",
    "p99, ms",
    "records/s : floor(8)",
)
STAGE_COLUMNS = ("stage", "CPU", "wall")

_COLOURS = {True: "green", False: "red", None: None}
_VERDICTS = {True: "met", False: "missed", None: ""}

_CONCURRENCIES = (("c1", 1), ("c8", 8), ("c32", 32))


def machine() -> dict[str, str]:
    """What the figures depend on and a reader should see beside them."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def rows(results: Results) -> list[Row]:
    """The ratios and all other figures, and whether the targets are met."""
    return [
        *_ratio_rows(results.rounds),
        *_small_rows(results),
        *_growth_rows(results.growth),
        *related_rows(results),
        *log_rows(results.logged),
        *_resource_rows(results),
        *_check_rows(results),
    ]


def cost_rows(rounds: Sequence[Round]) -> Iterator[tuple[str, ...]]:
    """A line for each variant with batches of 100, the columns of `COST_COLUMNS`."""
    for name, what in (
        ("floor1", "floor(1): 1 batch per commit"),
        ("floor8", "floor(8): 8 batches per commit"),
        ("c1", "server, 1 connection"),
        ("c8", "server, 8 connections"),
        ("c32", "server, 32 connections"),
        ("by_value", "server, 8 connections, `idProperty`"),
    ):
        yield what, *cost_cells([each[name] for each in rounds])


def call_rows(rounds: Sequence[Round]) -> Iterator[tuple[str, ...]]:
    """A line for each call other than the batch update, the columns of `CALL_COLUMNS`."""
    for name, what, floor in (
        ("create_floor", "floor(8) of creating", None),
        ("create_c1", "batch create, 1 connection", "create_floor"),
        ("create_c8", "batch create, 8 connections", "create_floor"),
        ("upsert_floor", "floor(8) of upserting", None),
        ("upsert_c1", "batch upsert, 1 connection", "upsert_floor"),
        ("upsert_c8", "batch upsert, 8 connections", "upsert_floor"),
        ("read_c1", "batch read, 1 connection", None),
        ("read_c8", "batch read, 8 connections", None),
        ("list_c1", "list, 1 connection", None),
        ("list_c8", "list, 8 connections", None),
    ):
        ratio = ""
        if floor is not None:
            wall = [each[name].records_per_s / each[floor].records_per_s for each in rounds]
            ratio = spread(wall, "{:.2f}")
        yield what, *cost_cells([each[name] for each in rounds]), ratio


def _ratio_rows(rounds: Sequence[Round]) -> Iterator[Row]:
    for name, connections in _CONCURRENCIES:
        wall = [each[name].records_per_s / each["floor8"].records_per_s for each in rounds]
        bound = 0.65 if connections == 8 else None
        what = f"records/s : floor(8), {_at(connections)}"
        yield row_of(what, wall, "{:.2f}", at_least=bound)
    for name, connections in _CONCURRENCIES:
        cpu = [each["floor1"].cpu_us_per_record / each[name].cpu_us_per_record for each in rounds]
        what = f"records per CPU second : floor(1), {_at(connections)}"
        yield row_of(what, cpu, "{:.2f}", at_least=0.60)
    by_value = [
        each["by_value"].cpu_us_per_record / each["c8"].cpu_us_per_record for each in rounds
    ]
    yield row_of("CPU per record, `idProperty` : id", by_value, "{:.2f}")


def _at(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _small_rows(results: Results) -> Iterator[Row]:
    for name, what, bound in (
        ("one_c1", "CPU of a batch of 1, 1 connection", None),
        ("one_c8", "CPU of a batch of 1, 8 connections", 0.25),
        ("ten_c8", "CPU of a batch of 10, 8 connections", None),
    ):
        cpu_ms = [each[name].cpu_ms_per_request for each in results.rounds]
        yield row_of(what, cpu_ms, "{:.3f} ms", below=bound)
    p50, p99 = quantile(results.reads_ms, 0.50), quantile(results.reads_ms, 0.99)
    yield Row(
        "read of one record beside 8 writers",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms ({len(results.reads_ms):,})",
        "p99 < 15 ms",
        p99 < 15,
    )


def _growth_rows(growth: Sequence[Round]) -> Iterator[Row]:
    if not growth:
        return
    smallest, *larger = growth[0]
    measures: tuple[tuple[str, Callable[[Cost], float]], ...] = (
        ("CPU", lambda cost: cost.cpu_us_per_record),
        ("wall", lambda cost: 1 / cost.records_per_s),
    )
    for size in larger:
        for what, figure in measures:
            ratios = [figure(each[size]) / figure(each[smallest]) for each in growth]
            yield row_of(
                f"{what} per record, {int(size):,} : {int(smallest):,} records",
                ratios,
                "{:.2f}",
                below=1.5,
            )


def _resource_rows(results: Results) -> Iterator[Row]:
    yield row_of("start to first answer", results.first_answers_s, "{:.2f} s", below=1.0)
    yield row_of("resident memory, idle", results.idle_mb, "{:.1f} MB", below=60.0)
    yield Row("resident memory, after the load", f"{results.loaded_mb:.1f} MB")
    yield Row(
        f"seeding {results.records:,} records",
        f"{results.seeding_s:.1f} s, {results.record_bytes / 1_000:.2f} kB each on disk",
    )


def _check_rows(results: Results) -> Iterator[Row]:
    shares = [
        cost.client_share
        for each in (
            *results.rounds,
            *results.calls,
            *results.beside,
            *results.logged,
            *results.links,
            *results.postgres.rounds,
        )
        for cost in each.values()
        if cost.client_share is not None
    ]
    yield Row("CPU of the client by wall time, most", f"{max(shares):.0%}")
    refused = ", ".join(f"{count} × {status}" for status, count in results.refused.items())
    yield Row(
        "answers other than 200, to a create 201",
        refused or "none",
        "none",
        met=not results.refused,
    )
    yield Row(
        "values and ids read back",
        f"{results.compared:,}, {len(results.wrong)} wrong",
        "0 wrong",
        met=not results.wrong,
    )


def stage_rows(stages: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, str, str]]:
    """Name, CPU and wall time in µs per batch of 100; a heading has no figures."""
    for heading, names in (
        ("event loop", LOOP_STAGES),
        ("writer", WRITER_STAGES),
        ("waiting", WAITS),
    ):
        yield heading, "", ""
        for name, what in names:
            wall = stages[name]["wall"]
            yield what, f"{stages[name]['cpu']:,.0f}", f"{wall:,.0f}" if wall else ""


def print_tables(results: Results, console: Console) -> None:
    """Everything on the terminal; a missed target in red."""
    costs = _table(COST_COLUMNS)
    for line in cost_rows(results.rounds):
        costs.add_row(*line)
    ratios = _table(("", "median [quartiles]", "target"))
    for row in rows(results):
        ratios.add_row(row.what, row.figure, row.target, style=_COLOURS[row.met])
    calls = _table(CALL_COLUMNS)
    for line in call_rows(results.calls):
        calls.add_row(*line)
    searches = _table(SEARCH_COLUMNS)
    for line in search_rows(results.searches):
        searches.add_row(*line)
    links = _table(LINK_COLUMNS)
    for line in link_rows(results.links):
        links.add_row(*line)
    console.print(costs, "", ratios, "", calls, "", searches, "", links, sep="\n")
    print_postgres(results.postgres, console)
    if results.stages:
        stages = _table(STAGE_COLUMNS)
        for line in stage_rows(results.stages):
            stages.add_row(*line)
        console.print("", stages, sep="\n")


def print_postgres(results: PostgresResults, console: Console) -> None:
    """What was measured over PostgreSQL, or why nothing was."""
    if results.missing:
        console.print("", f"nothing was measured over PostgreSQL: {results.missing}", sep="\n")
        return
    costs = _table(POSTGRES_COLUMNS)
    for line in postgres_rows(results.rounds):
        costs.add_row(*line)
    ratios = _table(("", "median [quartiles]", "target"))
    for row in ratio_rows(results):
        ratios.add_row(row.what, row.figure, row.target, style=_COLOURS[row.met])
    console.print("", costs, "", ratios, sep="\n")


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def render_markdown(results: Results, about: Mapping[str, str]) -> str:
    """The tables for a document, and where they come from."""
    lines = [
        *_markdown_table(("", ""), about.items()),
        "",
        *_markdown_table(COST_COLUMNS, cost_rows(results.rounds)),
        "",
        *_markdown_table(
            ("", "median [quartiles]", "target", ""),
            ((row.what, row.figure, row.target, _VERDICTS[row.met]) for row in rows(results)),
        ),
        "",
        "The other calls, of partner services in 2025-09: records of 16 properties are created, or",
        "upserted by a unique property, which half of the inputs find; seven properties are read.",
        "",
        *_markdown_table(CALL_COLUMNS, call_rows(results.calls)),
        "",
        *SEARCH_NOTE,
        "",
        *_markdown_table(SEARCH_COLUMNS, search_rows(results.searches)),
        "",
        *LINK_NOTE,
        "",
        *_markdown_table(LINK_COLUMNS, link_rows(results.links)),
    ]
    if results.stages:
        lines += [
            "",
            "Where the time of one batch goes, at 8 connections, in µs. A stage of the writer runs",
            "beside the event loop; waiting is no CPU.",
            "",
            *_markdown_table(STAGE_COLUMNS, stage_rows(results.stages)),
        ]
    return "\n".join(lines) + "\n"


def render_postgres_markdown(results: PostgresResults, about: Mapping[str, str]) -> str:
    """The tables of PostgreSQL for a document; the reason where there are none."""
    if results.missing:
        return f"Nothing was measured: {results.missing}\n"
    lines = [
        *_markdown_table(("", ""), [*about.items(), *results.about.items()]),
        "",
        *POSTGRES_NOTE,
        "",
        *_markdown_table(POSTGRES_COLUMNS, postgres_rows(results.rounds)),
        "",
        *_markdown_table(
            ("", "median [quartiles]", "target", ""),
            ((row.what, row.figure, row.target, _VERDICTS[row.met]) for row in ratio_rows(results)),
        ),
    ]
    return "\n".join(lines) + "\n"


def _markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]


def render_json(results: Results, about: Mapping[str, str]) -> str:
    """All figures of all rounds, unrounded."""
    return json.dumps({**about, **dataclasses.asdict(results)}, indent=1, ensure_ascii=False) + "\n"
