"""Searches as calls: which part is answered, and how late a portal sees what was written."""

import threading

import pytest

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.search.problems import NotSearchable
from moyeu.crm.search.requests import CheckedSearch, Filter, SearchRequest, Sort, check_search
from moyeu.operations import searches
from moyeu.operations.portals import PortalNotFound, set_search_lag
from moyeu.operations.searches import SearchPage, search_records
from tests.crm.scene import given
from tests.operations.scene import archive, created, updated
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, SERVICES, Database

LAG_MS = 10_000


def search(
    database: Database,
    request: SearchRequest,
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> SearchPage:
    """A search that is not refused."""
    page = database.run(search_records(database.store, portal_id, SERVICES, request, now_ms))
    assert isinstance(page, SearchPage), page
    return page


def ids(page: SearchPage) -> list[int]:
    """The ids of the records of a page."""
    return [each.record.record_id for each in page.records]


def noted(value: str) -> SearchRequest:
    """The search for records with this note."""
    return SearchRequest(groups=((Filter("note", "EQ", value),),))


def lag(database: Database, lag_ms: int) -> None:
    """Lets the searches of the portal lag."""
    assert database.run(set_search_lag(database.store, PORTAL, lag_ms)) is None


@pytest.mark.parametrize(
    ("limit", "after", "positions", "next_offset"),
    [
        (2, None, [0, 1], 2),
        (2, 2, [2, 3], 4),
        (2, 4, [4], None),
        (2, 5, [], None),
        (5, 0, [0, 1, 2, 3, 4], None),
        (4, 0, [0, 1, 2, 3], 4),
        (0, 0, [], None),
        (0, 3, [], None),
    ],
)
def test_a_page_is_a_part_of_what_is_found(
    database: Database,
    limit: int,
    after: int | None,
    positions: list[int],
    next_offset: int | None,
) -> None:
    made = created(database, *[{"note": "x"}] * 5)
    created(database, {"note": "y"})
    asked = SearchRequest(groups=noted("x").groups, limit=limit, after=after)

    page = search(database, asked)

    assert (page.total, page.next_offset) == (5, next_offset)
    assert ids(page) == [made[each] for each in positions]


@pytest.mark.parametrize(
    ("given_filter", "is_aside"),
    [
        (Filter("hs_object_id", "IN", values=("1",) * 1_999), False),
        (Filter("hs_object_id", "IN", values=("1",) * 2_000), True),
        (Filter("note", "CONTAINS_TOKEN", "word " * 400), True),
    ],
)
def test_a_large_search_is_checked_beside_the_event_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch, given_filter: Filter, is_aside: bool
) -> None:
    threads: list[int] = []

    def observed(definitions: TypeDefinitions, request: SearchRequest) -> CheckedSearch | Problem:
        threads.append(threading.get_ident())
        return check_search(definitions, request)

    async def loop_thread() -> int:
        return threading.get_ident()

    monkeypatch.setattr(searches, "check_search", observed)

    search(database, SearchRequest(groups=((given_filter,),)))

    assert [each != database.run(loop_thread()) for each in threads] == [is_aside]


def test_records_are_of_the_portal_that_asks(database: Database) -> None:
    created(database, {"note": "x"})
    (other,) = created(database, {"note": "x"}, portal_id=OTHER_PORTAL)

    assert ids(search(database, noted("x"), portal_id=OTHER_PORTAL)) == [other]


def test_a_sort_goes_over_all_pages(database: Database) -> None:
    made = created(database, {"size": "3"}, {"size": "20"}, {"note": "x"}, {"size": "1"})
    sorts = (Sort("size", descending=True),)

    first = search(database, SearchRequest(sorts=sorts, limit=2))
    second = search(database, SearchRequest(sorts=sorts, limit=2, after=2))

    assert ids(first) + ids(second) == [made[1], made[0], made[3], made[2]]


def test_a_problem_is_answered_as_it_is(database: Database) -> None:
    asked = SearchRequest(sorts=(Sort("nothing"),))

    problem = database.run(search_records(database.store, PORTAL, SERVICES, asked, NOW_MS))

    assert isinstance(problem, Problem)
    assert problem == NotSearchable("nothing")


def test_without_a_lag_what_was_written_is_found_at_once(database: Database) -> None:
    (made,) = created(database, {"note": "x"})
    assert ids(search(database, noted("x"))) == [made]

    updated(database, [given(made, {"note": "y"})], NOW_MS + 1)

    assert ids(search(database, noted("x"), NOW_MS + 1)) == []
    assert ids(search(database, noted("y"), NOW_MS + 1)) == [made]
    archive(database, [made], NOW_MS + 2)
    assert ids(search(database, noted("y"), NOW_MS + 2)) == []


def test_a_new_record_is_found_when_the_lag_is_over(database: Database) -> None:
    lag(database, LAG_MS)
    (made,) = created(database, {"note": "x"})

    assert ids(search(database, noted("x"), NOW_MS + LAG_MS - 1)) == []
    assert ids(search(database, noted("x"), NOW_MS + LAG_MS)) == [made]


def test_a_change_is_seen_when_the_lag_is_over(database: Database) -> None:
    lag(database, LAG_MS)
    (made,) = created(database, {"note": "x"})
    changed_ms = NOW_MS + 60_000
    updated(database, [given(made, {"note": "y"})], changed_ms)

    before = search(database, noted("x"), changed_ms + LAG_MS - 1)
    after = search(database, noted("y"), changed_ms + LAG_MS)

    assert ids(before) == ids(after) == [made]
    assert before.records[0].record.properties["note"] == "x"
    assert after.records[0].record.properties["note"] == "y"


def test_a_lag_is_that_of_one_portal_and_can_be_taken_away(database: Database) -> None:
    lag(database, LAG_MS)
    (made,) = created(database, {"note": "x"})
    (other,) = created(database, {"note": "x"}, portal_id=OTHER_PORTAL)

    assert ids(search(database, noted("x"), portal_id=OTHER_PORTAL)) == [other]
    assert ids(search(database, noted("x"))) == []
    lag(database, 0)
    assert ids(search(database, noted("x"))) == [made]


def test_writes_do_not_lag(database: Database) -> None:
    lag(database, LAG_MS)
    (made,) = created(database, {"note": "x", "code": "A"})

    updated(database, [given("A", {"note": "y"}, "code")], NOW_MS + 1)

    assert ids(search(database, noted("y"), NOW_MS + 1 + LAG_MS)) == [made]


def test_a_portal_that_is_not_there_has_no_lag_to_set(database: Database) -> None:
    assert database.run(set_search_lag(database.store, 5, LAG_MS)) == PortalNotFound(5)
