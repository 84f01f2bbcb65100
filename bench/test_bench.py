"""The searches and associations of the bench: what they expect, what they check, what they tell."""

import dataclasses
import io
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args

import pytest
from rich.console import Console

from bench import processes, related, report, report_related, searches
from bench.calls import RecordJob
from bench.client import Driven, Load, drive
from bench.driver import Driver
from bench.jobs import Job, draw
from bench.links import LinkJob
from bench.measure import CALLS, VARIANTS
from bench.measure_links import LINKS, requests_of
from bench.measure_searches import BESIDE, MAKING, READ, SEARCHES
from bench.portal import Seeded
from bench.processes import Running
from bench.results import Cost, PostgresResults, Results, SearchRound, Variant
from bench.searches import OF_UPDATED, SearchJob
from bench.work import Ids

_COUNT = related.CYCLE
_JOBS: tuple[Job, ...] = (*get_args(RecordJob), *get_args(SearchJob), *get_args(LinkJob))
_KNOWN: tuple[SearchJob, ...] = tuple(
    each for each in get_args(SearchJob) if each not in OF_UPDATED
)
_WRITES: tuple[Job, ...] = (
    "update",
    "update_by_value",
    "create",
    "upsert",
    "link",
    "link_default",
)
_READS: tuple[Job, ...] = (*_KNOWN, "links_read", "links_page_few", "links_page_many")


@dataclasses.dataclass(frozen=True)
class _Portal:
    seeded: Seeded
    server: Running

    def drive(self, job: Job, **changes: Any) -> Driven:
        load = Load(
            port=self.server.port,
            pid=self.server.pid,
            token=self.seeded.token,
            ids=self.seeded.ids,
            concurrency=2,
            requests=4,
            rng_seed=random.getrandbits(64),
            job=job,
        )
        return drive(dataclasses.replace(load, **changes))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A portal of the smallest size that nobody serves."""
    path = tmp_path_factory.mktemp("bench") / "related.db"
    return related.seed_related(path, _COUNT, random.getrandbits(64))


@contextmanager
def _copy_served(seeded: Seeded, name: str) -> Iterator[_Portal]:
    copy = dataclasses.replace(seeded, path=seeded.path.with_name(name))
    shutil.copyfile(seeded.path, copy.path)
    with processes.server(copy.path, copy.token) as server:
        yield _Portal(copy, server)


@pytest.fixture(scope="module")
def portal(seeded: Seeded) -> Iterator[_Portal]:
    """The portal as it was seeded; nothing is written to it."""
    with _copy_served(seeded, "read.db") as served:
        yield served


@pytest.fixture(scope="module")
def written(seeded: Seeded) -> Iterator[_Portal]:
    """The same, to be written to."""
    with _copy_served(seeded, "written.db") as served:
        yield served


@pytest.mark.parametrize("job", [each for each in _JOBS if each not in _WRITES])
def test_a_server_answers_every_question_as_expected(portal: _Portal, job: Job) -> None:
    driven = portal.drive(job)

    assert driven.refused == {}
    assert driven.wrong == []
    assert len(driven.answers_ms) == 4
    assert driven.compared > 0 or job in OF_UPDATED


@pytest.mark.parametrize("job", _WRITES)
def test_a_server_keeps_every_write_as_expected(written: _Portal, job: Job) -> None:
    driven = written.drive(job)

    assert driven.refused == {}
    assert driven.wrong == []
    assert len(driven.answers_ms) == 4
    assert driven.compared > 0


@pytest.mark.parametrize("job", _READS)
def test_answers_with_other_records_than_expected_are_told(portal: _Portal, job: Job) -> None:
    ids = portal.seeded.ids
    # By different numbers, or the next hub would have the next records.
    shifted = Ids(_moved(ids.records, 1), _moved(ids.companies, 2))

    assert portal.drive(job, ids=shifted).wrong


def _moved(ids: range, number: int) -> range:
    return range(ids.start + number, ids.stop + number)


def test_pairs_that_are_not_associated_are_told(written: _Portal) -> None:
    ids = written.seeded.ids
    nowhere = Ids(ids.records, _moved(ids.companies, 90_000_000))

    driven = written.drive("link", ids=nowhere, inputs=10)

    assert len(driven.wrong) == 20


def test_updates_beside_searches_are_found_by_them(written: _Portal) -> None:
    driven = written.drive("update", beside="searches", inputs=10)

    assert driven.refused == {}
    assert driven.wrong == []
    # 20 records with 7 values each, then the record of each by a search: a total and an id.
    assert driven.compared == 20 * 7 + 20 * 2


# --- what is expected --------------------------------------------------------------------------


def _places_found(body: Mapping[str, Any]) -> list[int]:
    """What a search finds in a portal of `_COUNT`, found by looking at every place."""
    found = [place for place in range(_COUNT) if _meets(place, body)]
    for sort in body.get("sorts", ()):
        descending = sort["direction"] == "DESCENDING"
        found.sort(key=lambda place: related.rank_of(place, _COUNT), reverse=descending)
    return found


def _meets(place: int, body: Mapping[str, Any]) -> bool:
    filters = [each for group in body.get("filterGroups", ()) for each in group["filters"]]
    words = " ".join(related.name_words(place)).lower().split()
    return all(_passes(place, each) for each in filters) and all(
        any(word.startswith(asked) for word in words) for asked in body.get("query", "").split()
    )


def _passes(place: int, given: Mapping[str, Any]) -> bool:
    value = given["value"]
    rank = related.rank_of(place, _COUNT)
    case = related.case(place % related.CASES)
    is_latest = place >= _COUNT - related.LATEST
    checks: dict[tuple[str, str], Callable[[], object]] = {
        ("region", "EQ"): lambda: related.region(place % related.REGIONS) == value,
        ("region", "NEQ"): lambda: related.region(place % related.REGIONS) != value,
        ("note_01", "EQ"): lambda: related.note(place) == value,
        ("rank", "BETWEEN"): lambda: int(value) <= rank <= int(given["highValue"]),
        ("rank", "LT"): lambda: rank < int(value),
        ("hs_lastmodifieddate", "GTE"): lambda: is_latest,
        ("summary", "CONTAINS_TOKEN"): lambda: re.fullmatch(value.replace("*", ".*"), case),
        ("associations.company", "EQ"): lambda: int(value) in related.company_places(place, _COUNT),
    }
    return bool(checks[given["propertyName"], given["operator"]]())


@pytest.mark.parametrize("job", _KNOWN)
def test_what_a_search_has_to_find_is_what_all_records_say(job: SearchJob) -> None:
    ids = Ids(range(_COUNT), range(related.COMPANIES))
    for _ in range(2):
        call = draw(job, random.Random(random.getrandbits(64)), ids, 100)

        body = json.loads(call.body)
        found = _places_found(body)
        first = int(body.get("after", 0))
        page = [str(place) for place in found[first : first + 100]]
        assert call.shown == [f"total {len(found)}", *page]
        assert found


def test_no_two_places_have_one_rank_or_one_name_in_a_cycle() -> None:
    places = range(_COUNT)

    assert sorted(related.rank_of(each, _COUNT) for each in places) == list(places)
    assert len({related.name_words(each) for each in places}) == _COUNT


def test_calls_with_many_inputs_get_fewer_requests() -> None:
    assert requests_of(Variant("few", 1, inputs=100), 50) == 50
    assert requests_of(Variant("many", 1, inputs=2_000), 50) == 12
    assert requests_of(Variant("many", 1, inputs=2_000), 4) == 3


# --- what is told ------------------------------------------------------------------------------


def _cost(ms: float) -> Cost:
    return Cost(100_000 / ms, ms * 5, ms / 2, ms, ms * 2, 0.1)


def _results() -> Results:
    """Of two rounds in which nothing was wrong; a search takes 3 ms, in the larger table 6 ms."""
    names = [each.name for each in (*VARIANTS, *CALLS)]
    costs = {name: _cost(10) for name in names}
    rounds: list[Mapping[str, SearchRound]] = [
        {
            size: SearchRound(
                {READ: _cost(2), **dict.fromkeys(SEARCHES, _cost(ms))},
                dict.fromkeys(MAKING, ms / 10),
            )
            for size, ms in (("10000", 3), ("100000", 6))
        }
    ]
    links = {each.name: _cost(4) for each in LINKS} | {"page_many": _cost(5), READ: _cost(2)}
    return Results(
        rounds=[costs] * 2,
        calls=[costs] * 2,
        searches=rounds * 2,
        beside=[{"plain": _cost(10), "indexed": _cost(10), "searched": _cost(8)}] * 2,
        beside_ms=[20, 30, 90],
        logged=[{"plain": _cost(10), "logged": _cost(10)}] * 2,
        links=[links] * 2,
        reads_ms=[1, 2],
        first_answers_s=[0.3],
        idle_mb=[40],
        postgres=PostgresResults(missing="it is not here"),
    )


def test_every_search_has_a_line_for_each_size() -> None:
    lines = list(report_related.search_rows(_results().searches))

    assert len(lines) == 2 * len(SEARCHES)
    assert {len(line) for line in lines} == {len(report_related.SEARCH_COLUMNS)}
    assert lines[:2] == [
        (
            lines[0][0],
            "2 %",
            "10,000",
            "0.30 [0.30–0.30]",
            "3.0",
            "1.50 [1.50–1.50]",
            "1.50 [1.50–1.50]",
            "",
        ),
        (
            lines[0][0],
            "2 %",
            "100,000",
            "0.60 [0.60–0.60]",
            "6.0",
            "3.00 [3.00–3.00]",
            "3.00 [3.00–3.00]",
            "2.00 [2.00–2.00]",
        ),
    ]


def test_every_call_for_associations_has_a_line() -> None:
    lines = {line[0]: line[1:] for line in report_related.link_rows(_results().links)}

    assert len(lines) == len(LINKS)
    ratio = "2.00 [2.00–2.00]"
    assert lines["batch create, 100 pairs"][-4:] == ("4.0", "8.0", ratio, ratio)


def test_the_ratios_tell_what_searches_cost_updates_and_pages_of_many_associations() -> None:
    rows = {row.what: row for row in report.rows(_results())}

    searched = rows["records/s with 5 columns and a search a second : without"]
    assert (searched.figure, searched.target, searched.met) == ("1.25 [1.25–1.25]", "≥ 0.85", True)
    page = rows["time of a page of associations, record with 100,000 : with 1,000"]
    assert (page.figure, page.target, page.met) == ("1.25 [1.25–1.25]", "< 1.50", True)
    logged = rows["records/s with the request log : without, 8 connections"]
    assert (logged.figure, logged.target, logged.met) == ("1.00 [1.00–1.00]", "≥ 0.95", True)
    assert rows["search beside 8 writers"].figure == "p50 30 ms, most 90 ms (3)"


def test_the_tables_of_searches_and_associations_are_in_every_form() -> None:
    results = _results()
    terminal = io.StringIO()

    report.print_tables(results, Console(file=terminal, width=160))
    markdown = report.render_markdown(results, {"seed": "1"})
    figures = json.loads(report.render_json(results, {"seed": "1"}))

    for text in (terminal.getvalue(), markdown):
        assert text.count("`associations.company`") == 2
        assert "list of 100 records with associations" in text
    assert figures["searches"][0]["100000"]["costs"]["search_two"]["answer_ms_p50"] == 6
    assert figures["searches"][0]["100000"]["first_s"]["search_query"] == 0.6


def test_what_was_wrong_is_noted_by_the_run(portal: _Portal) -> None:
    driver = Driver(_InPlace(), Results(), random.Random(), lambda _: None)  # type: ignore[arg-type] # submits at once
    nowhere = dataclasses.replace(portal.seeded, record_ids=_moved(portal.seeded.record_ids, 1))

    driver.drive(nowhere, portal.server, 1, 1, job="search_option")
    driver.drive(dataclasses.replace(portal.seeded, token="pat-none"), portal.server, 1, 1)

    assert driver.results.refused == {401: 1}
    assert any("search" in each for each in driver.results.wrong)


class _InPlace:
    """Stands in for the client's process."""

    def submit(self, work: Any, *arguments: Any) -> "_InPlace":
        self._result = work(*arguments)
        return self

    def result(self) -> Any:
        return self._result


def test_the_searches_beside_updates_are_of_what_they_change() -> None:
    assert {each.name for each in BESIDE} == {"plain", "indexed", "searched"}
    ids = Ids(range(_COUNT), range(related.COMPANIES))
    names = {
        json.loads(draw(job, random.Random(1), ids, 10).body)["filterGroups"][0]["filters"][0][
            "propertyName"
        ]
        for job in OF_UPDATED
    }
    assert len(names) == 5
    assert names <= set(json.loads(searches.lead_call("x", "1").body)["properties"])
