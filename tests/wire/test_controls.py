"""What clients see of a portal's clock, seed and faults: whole answers over raw sockets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from moyeu.crm.controls.clocks import REAL_CLOCK, ClockSetting
from moyeu.crm.controls.faults import FaultAction, FaultKind, FaultRule
from moyeu.crm.controls.portal import PortalControls
from moyeu.operations import controls
from moyeu.operations.controls import FaultNotFound, TooManyFaults
from moyeu.operations.portals import PortalNotFound
from tests.storage.engines import Engine, on_each_engine
from tests.wire.controlled import (
    FIRST_ID,
    OBJECTS,
    OTHER_TOKEN,
    PORTAL,
    Controlled,
    controlled,
)

FROZEN_MS: Final = 1_700_000_000_123
FROZEN: Final = "2023-11-14T22:13:20.123Z"
FROZEN_DATE: Final = "Tue, 14 Nov 2023 22:13:20 GMT"

ONE: Final = {"properties": {"email": "one@example.com"}}
STEPS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", OBJECTS, ONE),
    ("POST", OBJECTS, ONE),
    (
        "POST",
        f"{OBJECTS}/batch/create",
        {"inputs": [{"properties": {"email": f"{each}@example.com"}} for each in range(3)]},
    ),
    ("PATCH", f"{OBJECTS}/{FIRST_ID}", {"properties": {"firstname": "Ada"}}),
    (
        "POST",
        f"{OBJECTS}/batch/update",
        {"inputs": [{"id": str(FIRST_ID), "properties": {"city": "Lyon"}}, {"id": "1"}]},
    ),
    (
        "POST",
        "/crm/objects/2026-03/contacts/batch/upsert",
        {
            "inputs": [
                {"id": name, "idProperty": "email", "properties": {"city": "Brest"}}
                for name in ("one@example.com", "new@example.com")
            ]
        },
    ),
    ("GET", f"{OBJECTS}?limit=2", None),
    ("GET", f"{OBJECTS}/{FIRST_ID}?propertiesWithHistory=city", None),
    ("GET", f"{OBJECTS}/404", None),
    ("POST", f"{OBJECTS}/search", {"query": "example", "limit": 2}),
    (
        "POST",
        "/crm/v3/properties/contacts",
        {
            "name": "size",
            "label": "Size",
            "type": "string",
            "fieldType": "text",
            "groupName": "contactinformation",
        },
    ),
    ("POST", "/crm/v3/objects/companies", {"properties": {"name": "Company"}}),
    (
        "POST",
        "/crm/v3/lists",
        {"name": "All", "objectTypeId": "0-1", "processingType": "MANUAL"},
    ),
    ("GET", "/crm/v3/objects/widgets", None),
    ("DELETE", f"{OBJECTS}/{FIRST_ID}", None),
)
"""Requests, with what is refused among them."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Has the tests run on each engine."""
    on_each_engine(metafunc, "engine")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of the test."""
    found: Engine = request.param
    return found


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[Controlled]:
    """A running server with two portals."""
    with controlled(engine, tmp_path) as made:
        yield made


def put_clock(server: Controlled, clock: ClockSetting) -> None:
    """Sets the portal's clock."""
    assert server.run(controls.put_clock(server.store, PORTAL, clock)) is None


def add(server: Controlled, kind: FaultKind, **rule: Any) -> FaultRule:
    """Adds a rule for each request, or those that `rule` says; `_` begins what the action says."""
    action = {name[1:]: value for name, value in rule.items() if name.startswith("_")}
    rest = {name: value for name, value in rule.items() if not name.startswith("_")}
    made = FaultRule(FaultAction(kind, **action), **rest)
    added = server.run(controls.add_fault(server.store, PORTAL, made))
    assert isinstance(added, FaultRule)
    return added


# --- clock and seed ---------------------------------------------------------------------------


def seen(engine: Engine, folder: Path, seed: int) -> list[bytes]:
    """All bytes that a new server answers to the steps."""
    folder.mkdir()
    with controlled(engine, folder) as server:
        put_clock(server, ClockSetting(frozen_at_ms=FROZEN_MS, tick_ms=1_000))
        assert server.run(controls.put_seed(server.store, PORTAL, seed)) is None
        return [server.raw(*step) for step in STEPS]


def test_two_runs_with_a_seed_and_a_clock_answer_the_same_bytes(
    engine: Engine, tmp_path: Path
) -> None:
    first, second, other = (
        seen(engine, tmp_path / name, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )

    for step, one, two in zip(STEPS, first, second, strict=True):
        assert one == two, step
    assert all(one != another for one, another in zip(first, other, strict=True))
    statuses = [int(each.split()[1]) for each in first]
    assert statuses == [201, 409, 201, 200, 207, 200, 200, 200, 404, 200, 201, 201, 200, 400, 204]
    ids = [each.split(b"x-hubspot-correlation-id: ")[1][:36] for each in first]
    assert len({*ids}) == len(STEPS)


def test_a_frozen_clock_is_in_bodies_headers_and_ids(server: Controlled) -> None:
    put_clock(server, ClockSetting(frozen_at_ms=FROZEN_MS))

    made = server.call("POST", f"{OBJECTS}/batch/create", {"inputs": [ONE]})

    assert made.status == 201
    assert made.json["startedAt"] == made.json["completedAt"] == FROZEN
    assert made.json["results"][0]["createdAt"] == FROZEN
    assert made.json["results"][0]["properties"]["createdate"] == FROZEN
    assert made.headers["date"] == FROZEN_DATE
    assert made.raw.count(b"date: ") == 1
    assert made.headers["x-hubspot-correlation-id"].replace("-", "")[:12] == f"{FROZEN_MS:012x}"


def test_a_clock_moves_with_each_request_and_begins_when_it_is_set(server: Controlled) -> None:
    for _ in range(2):
        put_clock(server, ClockSetting(frozen_at_ms=0, tick_ms=60_000))
        dates = [server.call("GET", OBJECTS).headers["date"][-12:] for _ in range(3)]

        assert dates == ["00:00:00 GMT", "00:01:00 GMT", "00:02:00 GMT"]


def test_a_clock_that_is_ahead_runs_on_and_other_portals_have_their_own(
    server: Controlled,
) -> None:
    before = server.call("GET", OBJECTS).headers["x-hubspot-correlation-id"]
    put_clock(server, ClockSetting(offset_ms=10**10))

    ahead = server.call("GET", OBJECTS)
    other = server.call("GET", OBJECTS, token=OTHER_TOKEN)

    moments = [
        int(each.replace("-", "")[:12], 16)
        for each in (before, *(x.headers["x-hubspot-correlation-id"] for x in (ahead, other)))
    ]
    assert 0 <= moments[1] - moments[0] - 10**10 < 60_000
    assert 0 <= moments[2] - moments[0] < 60_000
    put_clock(server, REAL_CLOCK)
    back = server.call("GET", OBJECTS).headers["x-hubspot-correlation-id"]
    assert int(back.replace("-", "")[:12], 16) - moments[0] < 60_000


def test_a_seed_begins_anew_when_it_is_set_again(server: Controlled) -> None:
    put_clock(server, ClockSetting(frozen_at_ms=FROZEN_MS))
    runs = []
    for _ in range(2):
        server.run(controls.put_seed(server.store, PORTAL, 5))
        runs.append([server.raw("GET", OBJECTS) for _ in range(2)])

    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]
    server.run(controls.clear_controls(server.store, PORTAL))
    assert server.run(controls.controls_of(server.store, PORTAL)) == PortalControls()
    assert server.call("GET", OBJECTS).headers["date"] != FROZEN_DATE


# --- operations -------------------------------------------------------------------------------


def test_rules_are_added_listed_and_removed(server: Controlled) -> None:
    first = add(server, FaultKind.LOCKED, id=99)
    second = add(server, FaultKind.EXPIRED, method="GET", times=2)

    found = server.run(controls.controls_of(server.store, PORTAL))

    assert (first.id, second.id) == (1, 2)
    assert found.faults == (first, second)
    assert server.run(controls.remove_fault(server.store, PORTAL, 1)) is None
    gone = server.run(controls.remove_fault(server.store, PORTAL, 1))
    assert gone == FaultNotFound(PORTAL, 1)
    assert server.run(controls.clear_faults(server.store, PORTAL)) is None
    assert server.run(controls.controls_of(server.store, PORTAL)).faults == ()
    assert server.call("GET", OBJECTS).status == 200


def test_a_portal_has_a_hundred_rules_at_most(server: Controlled) -> None:
    for _ in range(100):
        add(server, FaultKind.LOCKED, method="DELETE")

    rule = FaultRule(FaultAction(FaultKind.LOCKED))
    refused = server.run(controls.add_fault(server.store, PORTAL, rule))

    assert refused == TooManyFaults(PORTAL, 100)


def test_controls_of_no_portal_are_refused(server: Controlled) -> None:
    store, nobody, rule = server.store, 7, FaultRule(FaultAction(FaultKind.LOCKED))
    for work in (
        controls.controls_of(store, nobody),
        controls.put_clock(store, nobody, REAL_CLOCK),
        controls.put_seed(store, nobody, 1),
        controls.add_fault(store, nobody, rule),
        controls.remove_fault(store, nobody, 1),
        controls.clear_faults(store, nobody),
        controls.clear_controls(store, nobody),
    ):
        assert server.run(work) == PortalNotFound(nobody)


def test_a_rule_strikes_as_often_as_it_says_whoever_asks_at_once(server: Controlled) -> None:
    add(server, FaultKind.UNAVAILABLE, nth=3, times=4)

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(server.call, "GET", OBJECTS) for _ in range(24)]
        statuses = [each.result().status for each in asked]

    assert sorted(statuses) == [200] * 20 + [503] * 4
    found = server.run(controls.controls_of(server.store, PORTAL))
    assert (found.faults, found.requests) == ((), 6)
