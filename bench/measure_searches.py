"""Searches in tables of several sizes, and what they cost the updates beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes
from bench.client import Beside
from bench.driver import Driver
from bench.jobs import Job
from bench.portal import Seeded
from bench.related import seed_related
from bench.results import Cost, Extent, SearchRound, cost_of
from bench.searches import OF_UPDATED, SearchJob

READ: Final = "read"
"""The batch read of 100 records whose time a search is compared with."""

MAKING: Final[tuple[SearchJob, ...]] = (
    "search_option",
    "search_text",
    "search_number",
    "search_latest",
    "search_token",
    "search_query",
)
"""The searches that make a column of the index when they are the first; the others need no more."""

SEARCHES: Final[tuple[SearchJob, ...]] = (
    *MAKING,
    "search_prefix",
    "search_other_options",
    "search_sorted",
    "search_two",
    "search_linked",
)

_WARM_UP: Final = 30


@dataclass(frozen=True)
class BesideVariant:
    """Updates at 8 connections; `indexed` when there are columns, which they change."""

    name: str
    indexed: bool
    beside: Beside | None = None


BESIDE: Final = (
    BesideVariant("plain", indexed=False),
    BesideVariant("indexed", indexed=True),
    BesideVariant("searched", indexed=True, beside="searches"),
)


def measure_searches(driver: Driver, extent: Extent, folder: Path) -> None:
    """All sizes, round by round. Each round begins with a server that has no index yet."""
    tables = {}
    for records in extent.search_records:
        driver.tell(f"seeding {records:,} records to search")
        tables[str(records)] = driver.seed(folder / f"search-{records}.db", records, seed_related)
    for number in range(extent.search_rounds):
        driver.tell(f"searches, round {number + 1} of {extent.search_rounds}")
        order = driver.rng.sample(list(tables), len(tables))
        found = {size: _round(driver, tables[size], extent.searches) for size in order}
        driver.results.searches.append({size: found[size] for size in tables})
    for seeded in tables.values():
        seeded.path.unlink()


def _round(driver: Driver, seeded: Seeded, requests: int) -> SearchRound:
    with processes.server(seeded.path, seeded.token) as server:
        driver.drive(seeded, server, 1, _WARM_UP, job="read")
        first_s = {
            job: driver.drive(seeded, server, 1, 1, job=job).answers_ms[0] / 1_000 for job in MAKING
        }
        jobs: tuple[Job, ...] = (READ, *SEARCHES)
        costs = {
            job: cost_of(driver.drive(seeded, server, 1, requests, job=job))
            for job in driver.rng.sample(jobs, len(jobs))
        }
    return SearchRound({job: costs[job] for job in jobs}, first_s)


def measure_beside(driver: Driver, extent: Extent, folder: Path) -> None:
    """Updates without an index, with one that nobody uses, and with searches."""
    records = extent.beside_records
    driver.tell(f"seeding {records:,} records to search and update")
    seeded = driver.seed(folder / "beside.db", records, seed_related)
    for number in range(extent.beside_rounds):
        driver.tell(f"updates beside searches, round {number + 1} of {extent.beside_rounds}")
        order = driver.rng.sample(BESIDE, len(BESIDE))
        costs = {each.name: _updates(driver, each, seeded, extent.beside_batches) for each in order}
        driver.results.beside.append({each.name: costs[each.name] for each in BESIDE})
    seeded.path.unlink()


def _updates(driver: Driver, variant: BesideVariant, seeded: Seeded, batches: int) -> Cost:
    with processes.server(seeded.path, seeded.token) as server:
        driver.drive(seeded, server, 8, _WARM_UP)
        for job in OF_UPDATED if variant.indexed else ():
            driver.drive(seeded, server, 1, 1, job=job)
        driven = driver.drive(seeded, server, 8, batches, beside=variant.beside)
    if variant.beside is not None:
        driver.results.beside_ms.extend(driven.beside_ms)
    return cost_of(driven)
