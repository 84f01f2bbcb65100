"""What clients see of faults that testers set: whole answers, and connections that are cut."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from moyeu.crm.controls.clocks import ClockSetting
from moyeu.crm.controls.faults import FaultAction, FaultKind, FaultRule
from moyeu.operations import controls
from tests.storage.engines import usual_engine
from tests.wire.controlled import (
    FIRST_ID,
    OBJECTS,
    OTHER_TOKEN,
    PORTAL,
    Controlled,
    controlled,
)

ONE: Final = {"properties": {"email": "one@example.com"}}
UPDATE: Final = f"{OBJECTS}/batch/update"


@pytest.fixture
def server(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Controlled]:
    """A running server with two portals."""
    with controlled(usual_engine(pytestconfig), tmp_path) as made:
        yield made


def add(server: Controlled, action: FaultAction, **rule: Any) -> None:
    """Adds a rule for every request, or those that `rule` says."""
    made = FaultRule(action, **rule)
    assert isinstance(server.run(controls.add_fault(server.store, PORTAL, made)), FaultRule)


def names(server: Controlled) -> list[str]:
    """The e-mail addresses that are there; asked by the other means."""
    server.run(controls.clear_controls(server.store, PORTAL))
    found = server.call("GET", f"{OBJECTS}?properties=email").json["results"]
    return [each["properties"]["email"] for each in found]


# --- answers in the place of the operation's --------------------------------------------------


def _limit(policy: str, **more: str) -> dict[str, str]:
    message = f"You have reached your {policy.lower()} limit."
    return {
        "status": "error",
        "message": message,
        "errorType": "RATE_LIMIT",
        "correlationId": "",
        "policyName": policy,
    } | more


def _error(message: str, category: str | None = None, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"status": "error", "message": message, "correlationId": ""}
    return body | ({} if category is None else {"category": category}) | more


@pytest.mark.parametrize(
    ("action", "status", "body"),
    [
        (FaultAction(FaultKind.RATE_LIMIT_SECONDLY), 429, _limit("SECONDLY")),
        (
            FaultAction(FaultKind.RATE_LIMIT_TEN_SECONDLY),
            429,
            _limit(
                "TEN_SECONDLY_ROLLING",
                groupName="publicapi:private_app-api-calls-ten-secondly:9:1001",
            ),
        ),
        (FaultAction(FaultKind.RATE_LIMIT_DAILY), 429, _limit("DAILY")),
        (
            FaultAction(FaultKind.LOCKED),
            423,
            _error("The records are locked by another request. Try again later.", "LOCKED"),
        ),
        (
            FaultAction(FaultKind.MIGRATION, retry_after_s=86_400),
            477,
            _error("Migration in progress.", "MIGRATION_IN_PROGRESS"),
        ),
        (FaultAction(FaultKind.INTERNAL_ERROR), 500, _error("internal error")),
    ],
    ids=lambda each: each.kind if isinstance(each, FaultAction) else "",
)
def test_a_fault_answers_and_nothing_is_done(
    server: Controlled, action: FaultAction, status: int, body: dict[str, Any]
) -> None:
    add(server, action)

    got = server.call("POST", OBJECTS, ONE)

    body = body | {"correlationId": got.headers["x-hubspot-correlation-id"]}
    assert got.status == status
    assert list(got.json.items()) == list(body.items())
    assert got.headers["content-type"] == "application/json;charset=utf-8"
    assert got.headers.get("retry-after") == ("86400" if status == 477 else None)
    assert server.call("POST", OBJECTS, ONE, token=OTHER_TOKEN).status == 201
    assert names(server) == []


def test_an_expired_token_is_told_when_it_expired(server: Controlled) -> None:
    clock = ClockSetting(frozen_at_ms=1_698_678_904_007)
    server.run(controls.put_clock(server.store, PORTAL, clock))
    add(server, FaultAction(FaultKind.EXPIRED))

    got = server.call("GET", OBJECTS)

    assert got.status == 401
    assert list(got.json.items()) == [
        ("status", "error"),
        ("message", "The OAuth token used to make this call expired 0 second(s) ago."),
        ("correlationId", got.headers["x-hubspot-correlation-id"]),
        ("category", "EXPIRED_AUTHENTICATION"),
        ("context", {"expire time": ["2023-10-30T15:15:04.007Z"]}),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        (FaultKind.BAD_GATEWAY, 502, "502 Bad Gateway"),
        (FaultKind.UNAVAILABLE, 503, "503 Service Unavailable"),
        (FaultKind.GATEWAY_TIMEOUT, 504, "504 Gateway Timeout"),
    ],
)
def test_an_edge_answers_with_a_page(
    server: Controlled, kind: FaultKind, status: int, title: str
) -> None:
    add(server, FaultAction(kind))

    got = server.call("POST", OBJECTS, ONE)

    assert (got.status, got.headers["content-type"]) == (status, "text/html")
    assert got.body.decode() == (
        f"<html>\n<head><title>{title}</title></head>\n"
        f'<body bgcolor="white">\n<center><h1>{title}</h1></center>\n</body>\n</html>'
    )
    assert names(server) == []


# --- which requests ---------------------------------------------------------------------------


def test_rules_are_for_operations_types_and_turns(server: Controlled) -> None:
    broken = FaultAction(FaultKind.INTERNAL_ERROR)
    add(server, broken, operation="list", object_type="0-1", nth=2, times=1)
    add(server, FaultAction(FaultKind.LOCKED), method="POST", path="/crm/v3/objects/{objectType}")

    statuses = [server.call("GET", OBJECTS).status for _ in range(3)]
    others = [
        server.call("GET", "/crm/v3/objects/companies").status,
        server.call("POST", OBJECTS, ONE).status,
        server.call("POST", f"{OBJECTS}/batch/create", {"inputs": [ONE]}).status,
        server.call("GET", "/crm/v3/objects/widgets").status,
        server.call("GET", OBJECTS, token="pat-na1-nobody").status,
    ]

    assert statuses == [200, 500, 200]
    assert others == [200, 423, 201, 400, 401]


def test_a_fault_waits_before_it_does_anything(server: Controlled) -> None:
    add(server, FaultAction(FaultKind.DELAY, delay_ms=300), times=1)
    add(server, FaultAction(FaultKind.LOCKED, delay_ms=300))

    waited = []
    for status in (201, 423):
        began = time.monotonic()
        assert server.call("POST", OBJECTS, ONE).status == status
        waited.append(time.monotonic() - began)

    assert min(waited) >= 0.3


# --- connections that are cut -----------------------------------------------------------------


def test_a_reset_before_leaves_nothing(server: Controlled) -> None:
    add(server, FaultAction(FaultKind.RESET_BEFORE), method="POST")

    with pytest.raises(ConnectionResetError):
        server.raw("POST", OBJECTS, ONE)

    assert server.call("GET", OBJECTS).status == 200
    assert names(server) == []


def test_a_reset_after_leaves_the_write(server: Controlled) -> None:
    add(server, FaultAction(FaultKind.RESET_AFTER), method="POST")

    with pytest.raises(ConnectionResetError):
        server.raw("POST", OBJECTS, ONE)

    assert server.call("GET", OBJECTS).status == 200
    assert names(server) == ["one@example.com"]


@pytest.mark.parametrize("after_bytes", [0, 20])
def test_a_truncated_answer_has_less_than_it_says(server: Controlled, after_bytes: int) -> None:
    add(server, FaultAction(FaultKind.TRUNCATED, after_bytes=after_bytes), method="POST")

    got = server.call("POST", OBJECTS, ONE)

    assert got.status == 201
    assert len(got.body) == after_bytes < int(got.headers["content-length"])
    assert got.body == b'{"id":"%d",' % FIRST_ID if after_bytes else not got.body
    assert names(server) == ["one@example.com"]


# --- some inputs of a batch -------------------------------------------------------------------


def inputs(*ids: int) -> dict[str, Any]:
    """A batch of updates of the records of that number; `trace-` and the number is their mark."""
    return {
        "inputs": [
            {
                "id": str(FIRST_ID + each),
                "objectWriteTraceId": f"trace-{each}",
                "properties": {"city": f"City {each}"},
            }
            for each in ids
        ]
    }


def locked(number: int) -> dict[str, Any]:
    """The error of an input that the fault refuses."""
    return {
        "status": "error",
        "category": "LOCKED",
        "message": "The records are locked by another request. Try again later.",
        "context": {
            "ids": [str(FIRST_ID + number)],
            "objectWriteTraceId": [f"trace-{number}"],
        },
    }


def test_chosen_inputs_fail_and_the_others_are_carried_out(server: Controlled) -> None:
    created = {"inputs": [{"properties": {"email": f"{each}@example.com"}} for each in range(3)]}
    server.call("POST", f"{OBJECTS}/batch/create", created)
    action = FaultAction(FaultKind.SOME_INPUTS, input_indexes=(0,), input_ids=(str(FIRST_ID + 2),))
    add(server, action, operation="batch_update")

    got = server.call("POST", UPDATE, inputs(0, 1, 2))
    missing = server.call("POST", UPDATE, inputs(1, 2, 9))
    all_of_them = server.call("POST", UPDATE, inputs(2))
    refused = server.call("POST", UPDATE, {"inputs": [{"id": 1}, {"id": []}]})

    assert got.status == 207
    assert list(got.json) == [
        "completedAt",
        "status",
        "startedAt",
        "results",
        "errors",
        "numErrors",
    ]
    assert [each["id"] for each in got.json["results"]] == [str(FIRST_ID + 1)]
    assert got.json["errors"] == [locked(0), locked(2)]
    assert got.json["numErrors"] == 2
    assert (missing.status, missing.json["results"]) == (207, [])
    assert [each["category"] for each in missing.json["errors"]] == [
        "OBJECT_NOT_FOUND",
        "LOCKED",
        "LOCKED",
    ]
    assert missing.json["numErrors"] == 3
    assert (all_of_them.status, all_of_them.json["results"]) == (207, [])
    assert all_of_them.json["errors"] == [locked(2)]
    assert refused.status == 400
    server.run(controls.clear_controls(server.store, PORTAL))
    listed = server.call("GET", f"{OBJECTS}?properties=city").json["results"]
    assert [each["properties"]["city"] for each in listed] == [None, "City 1", None]


def test_chosen_inputs_of_an_archive_stay(server: Controlled) -> None:
    created = {"inputs": [{"properties": {"email": f"{each}@example.com"}} for each in range(2)]}
    server.call("POST", f"{OBJECTS}/batch/create", created)
    add(server, FaultAction(FaultKind.SOME_INPUTS, input_indexes=(1,)), method="POST")

    got = server.call(
        "POST", f"{OBJECTS}/batch/archive", {"inputs": [{"id": str(FIRST_ID + x)} for x in (0, 1)]}
    )

    assert got.status == 207
    assert got.json["results"] == []
    assert [each["context"]["ids"] for each in got.json["errors"]] == [[str(FIRST_ID + 1)]]
    assert names(server) == ["1@example.com"]


def test_what_is_no_batch_is_as_ever(server: Controlled) -> None:
    add(server, FaultAction(FaultKind.SOME_INPUTS, input_indexes=(0,)))

    assert server.call("POST", OBJECTS, ONE).status == 201
    assert server.call("POST", f"{OBJECTS}/batch/create", {"inputs": 7}).status == 400
    assert server.call("GET", OBJECTS).status == 200
