"""The figures of searches and associations as lines of tables."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.figures import Row, cost_cells, row_of, spread
from bench.measure_searches import READ
from bench.results import Cost, Results, Round, SearchRound, quantile
from bench.searches import SearchJob

SEARCH_COLUMNS: Final = (
    "searches",
    "found",
    "of",
    "first, s",
    "p50, ms",
    "time : read",
    "CPU : read",
    "time : smallest",
)
LINK_COLUMNS: Final = (
    "calls for associations",
    "records/s",
    "CPU, µs per record",
    "p50, ms",
    "p99, ms",
    "time : read",
    "CPU : read",
)
SEARCH_NOTE: Final = (
    "Searches, 1 connection, pages of 100 records with seven properties; `read` is a batch read of",
    "100 such records, `smallest` the same search in the smallest table, both in the same round.",
    "The first search of a property makes its column of the index; totals are exact.",
)
LINK_NOTE: Final = (
    "Associations of partner services and companies in 2025-09, 1 connection. A record is a pair,",
    "an input of a batch read, or a record of a page; `read` is a batch read of 100 records.",
)

_SEARCHES: Final[tuple[tuple[SearchJob, str, str], ...]] = (
    ("search_option", "`EQ` on an option of 50", "2 %"),
    ("search_text", "`EQ` on a text", "1"),
    ("search_number", "`BETWEEN` on a number", "100"),
    ("search_latest", "`GTE` on the time of the last change", "100"),
    ("search_token", "`CONTAINS_TOKEN` with a word", "0.1 %"),
    ("search_prefix", "`CONTAINS_TOKEN` with `word*`", "1 %"),
    ("search_query", "`query` of two words", "0.1 %"),
    ("search_other_options", "`NEQ` on an option", "98 %"),
    ("search_sorted", "sort by a number, no filter", "100 %"),
    ("search_two", "`EQ` on an option and `LT` on a number", "0.04 %"),
    ("search_linked", "`associations.company`", "1,000"),
)

_LINKS: Final = (
    ("read", "batch read of records, no associations, 100 inputs"),
    ("link_100", "batch create, 100 pairs"),
    ("link_2000", "batch create, 2,000 pairs"),
    ("link_default_100", "batch default, 100 pairs"),
    ("links_read_100", "batch read, 100 inputs"),
    ("links_read_1000", "batch read, 1,000 inputs"),
    ("page_few", "page of 500 of a record with 1,000"),
    ("page_many", "page of 500 of a record with 100,000"),
    ("list", "list of 100 records"),
    ("list_linked", "list of 100 records with associations"),
)


def search_rows(rounds: Sequence[Mapping[str, SearchRound]]) -> Iterator[tuple[str, ...]]:
    """A line for each search in each size of the table, the columns of `SEARCH_COLUMNS`."""
    if not rounds:
        return
    sizes = list(rounds[0])
    for job, what, found in _SEARCHES:
        for size in sizes:
            first_s = [each[size].first_s[job] for each in rounds if job in each[size].first_s]
            costs = [each[size].costs for each in rounds]
            growth = [
                _p50(each[size].costs[job]) / _p50(each[sizes[0]].costs[job]) for each in rounds
            ]
            yield (
                what,
                found,
                f"{int(size):,}",
                spread(first_s, "{:.2f}") if first_s else "",
                f"{statistics.median(_p50(each[job]) for each in costs):.1f}",
                spread([_times(each, job, READ) for each in costs], "{:.2f}"),
                spread([_cpu_times(each, job, READ) for each in costs], "{:.2f}"),
                "" if size == sizes[0] else spread(growth, "{:.2f}"),
            )


def link_rows(rounds: Sequence[Round]) -> Iterator[tuple[str, ...]]:
    """A line for each call, the columns of `LINK_COLUMNS`."""
    if not rounds:
        return
    for name, what in _LINKS:
        yield (
            what,
            *cost_cells([each[name] for each in rounds], "{:.1f}"),
            spread([_times(each, name, READ) for each in rounds], "{:.2f}"),
            spread([_cpu_times(each, name, READ) for each in rounds], "{:.2f}"),
        )


def related_rows(results: Results) -> Iterator[Row]:
    """What searches cost the updates, and what associations of their own cost a record."""
    if results.beside:
        for name, what, bound in (
            ("indexed", "5 columns that nobody searches", 0.95),
            ("searched", "5 columns and a search a second", 0.85),
        ):
            ratios = [
                each[name].records_per_s / each["plain"].records_per_s for each in results.beside
            ]
            yield row_of(f"records/s with {what} : without", ratios, "{:.2f}", at_least=bound)
            cpu = [
                each[name].cpu_us_per_record / each["plain"].cpu_us_per_record
                for each in results.beside
            ]
            yield row_of(f"CPU per record with {what} : without", cpu, "{:.2f}")
        p50, most = quantile(results.beside_ms, 0.50), max(results.beside_ms)
        yield Row(
            "search beside 8 writers",
            f"p50 {p50:.0f} ms, most {most:.0f} ms ({len(results.beside_ms):,})",
        )
    if results.links:
        what = "page of associations, record with 100,000 : with 1,000"
        pages = [_times(each, "page_many", "page_few") for each in results.links]
        yield row_of(f"time of a {what}", pages, "{:.2f}", below=1.5)
        pages = [_cpu_times(each, "page_many", "page_few") for each in results.links]
        yield row_of(f"CPU of a {what}", pages, "{:.2f}", below=1.5)
        lists = [_cpu_times(each, "list_linked", "list") for each in results.links]
        yield row_of("CPU of a list with associations : without", lists, "{:.2f}")


def log_rows(logged: Sequence[Round]) -> Iterator[Row]:
    """What the request log costs the updates."""
    if not logged:
        return
    what = "with the request log : without, 8 connections"
    wall = [each["logged"].records_per_s / each["plain"].records_per_s for each in logged]
    yield row_of(f"records/s {what}", wall, "{:.2f}", at_least=0.95)
    cpu = [each["logged"].cpu_us_per_record / each["plain"].cpu_us_per_record for each in logged]
    yield row_of(f"CPU per record {what}", cpu, "{:.2f}")


def _p50(cost: Cost) -> float:
    assert cost.answer_ms_p50 is not None
    return cost.answer_ms_p50


def _times(costs: Round, name: str, other: str) -> float:
    """How much longer one takes than the other, by their medians."""
    return _p50(costs[name]) / _p50(costs[other])


def _cpu_times(costs: Round, name: str, other: str) -> float:
    """How much more CPU a call takes than another."""
    return costs[name].cpu_ms_per_request / costs[other].cpu_ms_per_request
