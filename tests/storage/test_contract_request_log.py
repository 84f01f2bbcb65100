"""The promises of `storage/contract` about the request log, for every engine."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from moyeu.storage.contract import (
    BODY_BYTES_MAX,
    NO_PORTAL,
    LogBounds,
    LoggedRequest,
    RequestFilter,
    RuleNote,
)
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, Database

BOUNDS = LogBounds(entries_max=1_000, age_max_ms=7 * 24 * 3_600 * 1_000)
ALL = RequestFilter(with_bodies=True)

FULL = LoggedRequest(
    portal_id=PORTAL,
    correlation_id="01a22f33-c985-7413-8d58-3b3d3595b91e",
    at_ms=NOW_MS,
    method="POST",
    path="/crm/v3/objects/p_caf%C3%A9/batch/update",
    query="archived=false&x=%00",
    version="v3",
    route="/crm/v3/objects/{objectType}/batch/update",
    operation="batch_update",
    object_type_id="2-7",
    app_id=77,
    user_id=9,
    token_hint="pat-na1-1234",
    status=207,
    inputs_ok=1,
    inputs_failed=2,
    duration_us=1_234,
    stages={"auth": 10, "work": 900},
    statements=5,
    request_headers=(("host", "h"), ("x-a", "é"), ("x-a", "2")),
    response_headers=(("vary", "origin"),),
    request_body=b'{"inputs":[]}\x00\xff',
    request_bytes=15,
    response_body="{é}".encode(),
    response_bytes=4,
    notes=(
        RuleNote("missing-records", ("7", "8")),
        RuleNote("invalid-option", ("t",), (2,), "hs_pipeline"),
    ),
)


def entry(number: int, **changes: Any) -> LoggedRequest:
    """A small entry, told from others by its correlation id."""
    usual: dict[str, Any] = {
        "portal_id": PORTAL,
        "correlation_id": f"c{number}",
        "at_ms": NOW_MS + number,
        "method": "GET",
        "path": f"/crm/v3/objects/contacts/{number}",
        "status": 200,
    }
    return LoggedRequest(**usual | changes)


def log(database: Database, *entries: LoggedRequest, bounds: LogBounds = BOUNDS) -> None:
    """Hands entries over one by one, as requests come."""
    for each in entries:
        database.store.log_requests([each], bounds)


def found(
    database: Database, wanted: RequestFilter = ALL, portal_id: int = PORTAL
) -> list[LoggedRequest]:
    """What the log has."""
    return database.run(database.store.logged_requests(portal_id, wanted))


def ids(entries: list[LoggedRequest]) -> list[str]:
    """Their correlation ids."""
    return [each.correlation_id for each in entries]


def test_an_entry_is_kept_as_it_was_logged(database: Database) -> None:
    log(database, FULL)

    assert found(database) == [msgspec.structs.replace(FULL, number=1)]


def test_bodies_come_only_when_they_are_asked_for(database: Database) -> None:
    log(database, FULL)

    (one,) = found(database, RequestFilter())

    assert (one.request_body, one.response_body) == (b"", b"")
    assert (one.request_bytes, one.response_bytes) == (15, 4)
    assert one.notes == FULL.notes


def test_entries_come_newest_first_and_are_numbered_by_portal(database: Database) -> None:
    log(database, entry(1), entry(2, portal_id=OTHER_PORTAL), entry(3), entry(4, portal_id=0))

    assert [(each.number, each.correlation_id) for each in found(database)] == [
        (2, "c3"),
        (1, "c1"),
    ]
    assert ids(found(database, portal_id=OTHER_PORTAL)) == ["c2"]
    assert ids(found(database, portal_id=NO_PORTAL)) == ["c4"]
    assert found(database, portal_id=3) == []


def test_pages_go_on_before_a_number(database: Database) -> None:
    log(database, *map(entry, range(1, 8)))

    first = found(database, RequestFilter(limit=3))
    second = found(database, RequestFilter(limit=3, before=first[-1].number))

    assert ids(first) == ["c7", "c6", "c5"]
    assert ids(second) == ["c4", "c3", "c2"]
    assert found(database, RequestFilter(before=1)) == []


@pytest.mark.parametrize(
    "wanted",
    [
        RequestFilter(status=404),
        RequestFilter(status_class=4),
        RequestFilter(method="DELETE"),
        RequestFilter(path_part="deals/2"),
        RequestFilter(version="2026-09"),
        RequestFilter(object_type_id="0-3"),
        RequestFilter(correlation_id="c2"),
        RequestFilter(since_ms=NOW_MS + 2, until_ms=NOW_MS + 2),
        RequestFilter(text="idProperty=e"),
        RequestFilter(text="deals/2?id"),
        RequestFilter(text="x-mine"),
        RequestFilter(text="café asked"),
        RequestFilter(text="café answered"),
        RequestFilter(text="unique-value"),
        RequestFilter(status=404, method="DELETE", text="deals"),
    ],
    ids=str,
)
def test_a_filter_finds_what_it_says(database: Database, wanted: RequestFilter) -> None:
    other = entry(
        2,
        status=404,
        method="DELETE",
        path="/crm/v3/objects/deals/2",
        query="idProperty=e",
        version="2026-09",
        object_type_id="0-3",
        request_headers=(("x-mine", "1"),),
        request_body="café asked".encode(),
        response_body="café answered".encode(),
        notes=(RuleNote("unique-value-taken"),),
    )
    log(database, entry(1, version="v3"), other, entry(3, status=500))

    assert ids(found(database, wanted)) == ["c2"]
    assert found(database, replace(wanted, before=2)) == []


def test_wild_cards_are_taken_as_they_stand(database: Database) -> None:
    log(database, entry(1), entry(2, path="/a%b_c"))

    assert ids(found(database, RequestFilter(path_part="%"))) == ["c2"]
    assert ids(found(database, RequestFilter(text="b_c"))) == ["c2"]


def test_an_entry_is_found_by_its_correlation_id_alone(database: Database) -> None:
    log(database, FULL, entry(1), entry(1, portal_id=OTHER_PORTAL))

    assert database.run(database.store.requests_correlated(FULL.correlation_id)) == [
        msgspec.structs.replace(FULL, number=1)
    ]
    both = database.run(database.store.requests_correlated("c1"))
    assert sorted(each.portal_id for each in both) == [PORTAL, OTHER_PORTAL]
    assert database.run(database.store.requests_correlated("c9")) == []


def test_a_long_body_is_cut(database: Database) -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)
    log(database, entry(1, request_body=body, request_bytes=len(body), response_body=b"y"))

    (one,) = found(database)

    assert len(one.request_body) == BODY_BYTES_MAX
    assert (one.is_request_truncated, one.is_response_truncated) == (True, False)


def test_only_the_newest_entries_of_each_portal_are_kept(database: Database) -> None:
    few = replace(BOUNDS, entries_max=3)
    log(database, entry(9, portal_id=OTHER_PORTAL), bounds=few)
    log(database, *map(entry, range(1, 6)), bounds=few)

    assert ids(found(database)) == ["c5", "c4", "c3"]
    log(database, entry(6), bounds=few)
    assert ids(found(database)) == ["c6", "c5", "c4"]
    assert found(database)[0].number == 6
    assert ids(found(database, portal_id=OTHER_PORTAL)) == ["c9"]


def test_entries_that_are_too_old_go_also_of_portals_that_rest(
    open_database: OpenDatabase,
) -> None:
    first = open_database()
    log(first, entry(1), entry(2, portal_id=OTHER_PORTAL))
    first.store.close()
    time.sleep(0.01)

    second = open_database()
    log(second, entry(3), bounds=replace(BOUNDS, age_max_ms=0))

    assert ids(found(second)) == ["c3"]
    assert found(second, portal_id=OTHER_PORTAL) == []


def test_cleared_requests_are_gone_and_numbers_go_on_ascending(database: Database) -> None:
    log(database, entry(1), entry(2, portal_id=OTHER_PORTAL))
    assert ids(found(database)) == ["c1"]
    log(database, entry(3))

    database.run(database.store.clear_requests(PORTAL))

    assert found(database) == []
    assert ids(found(database, portal_id=OTHER_PORTAL)) == ["c2"]
    log(database, entry(4))
    assert ids(found(database)) == ["c4"]


def test_what_was_logged_is_there_when_the_database_is_opened_again(
    open_database: OpenDatabase,
) -> None:
    first = open_database()
    log(first, entry(1), entry(2))
    first.store.close()

    second = open_database()

    assert ids(found(second)) == ["c2", "c1"]
    log(second, entry(3))
    assert [each.number for each in found(second)] == [3, 2, 1]


def test_a_closed_store_takes_no_more_and_nobody_is_told(database: Database) -> None:
    database.store.close()

    log(database, entry(1))


def test_many_entries_are_kept_in_their_order(database: Database) -> None:
    count = 450
    log(database, *map(entry, range(count)))

    async def questions(ask: Callable[[], Any]) -> list[Any]:
        return await asyncio.gather(*(ask() for _ in range(5)))

    wanted = RequestFilter(limit=count + 1)
    answers = database.run(questions(lambda: database.store.logged_requests(PORTAL, wanted)))

    for each in answers:
        assert ids(each) == [f"c{number}" for number in reversed(range(count))]
