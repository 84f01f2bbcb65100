"""Why a request was answered so: rules by input, and what it changed."""

import json
from typing import Any

from moyeu.crm.records import RecordInput
from moyeu.operations.explaining import ChangedValue, Explanation, RecordChange, explain_request
from moyeu.operations.portals import PortalNotFound
from moyeu.operations.request_log import (
    RequestNotFound,
    clear_requests,
    find_request,
    find_requests,
)
from moyeu.storage.contract import LogBounds, LoggedRequest, RequestFilter, RuleNote
from tests.operations.scene import created, updated
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, SERVICES, Database, occasion

BOUNDS = LogBounds(1_000, 10**12)
ROUTE = "/crm/v3/objects/{objectType}"


def entry(**changes: Any) -> LoggedRequest:
    """A logged batch update of the scene's occasion, but for what is given."""
    usual: dict[str, Any] = {
        "portal_id": PORTAL,
        "correlation_id": occasion(PORTAL, NOW_MS).correlation_id,
        "at_ms": NOW_MS,
        "method": "POST",
        "path": "/crm/v3/objects/0-164/batch/update",
        "route": f"{ROUTE}/batch/update",
        "object_type_id": SERVICES,
        "status": 207,
    }
    return LoggedRequest(**usual | changes)


def explained(database: Database, request: LoggedRequest) -> Explanation:
    """The explanation of a request."""
    return database.run(explain_request(database.store, request))


def body(*inputs: object) -> bytes:
    """The body of a batch."""
    return json.dumps({"inputs": inputs}).encode()


def test_notes_belong_to_the_inputs_that_they_name(database: Database) -> None:
    request = entry(
        request_body=body(
            {"id": "7", "objectWriteTraceId": "a"},
            {"id": "8"},
            {"name": "fee"},
            {"from": {"id": "9"}},
            "text",
            {"id": "10"},
        ),
        notes=(
            RuleNote("invalid-option", ("a",), (), "hs_pipeline"),
            RuleNote("read-only-property", ("a",), (), "hs_object_id"),
            RuleNote("missing-records", ("8", "99")),
            RuleNote("property-exists", ("fee",)),
            RuleNote("no-associations", ("9",)),
            RuleNote("unique-value-taken", (), (4,)),
            RuleNote("records-locked"),
        ),
    )

    found = explained(database, request)

    by_input = [[each.rule.rule for each in one.reasons] for one in found.inputs]
    assert by_input == [
        ["invalid-option", "read-only-property"],
        ["missing-records"],
        ["property-exists"],
        ["no-associations"],
        ["unique-value-taken"],
        [],
    ]
    assert [each.property for each in found.inputs[0].reasons] == ["hs_pipeline", "hs_object_id"]
    assert [each.rule.rule for each in found.reasons] == ["records-locked"]
    assert found.inputs[1].reasons[0].rule.evidence == "observed"


def test_reasons_of_a_body_that_is_not_kept_whole_are_of_the_call(database: Database) -> None:
    notes = (RuleNote("missing-records", ("8",)), RuleNote("from-a-later-version"))

    found = explained(database, entry(request_body=b'{"inputs":[{"id":"8"', notes=notes))

    assert found.inputs == ()
    assert [each.rule.rule for each in found.reasons] == ["missing-records", "from-a-later-version"]
    assert "does not know" in found.reasons[1].rule.sentence


def test_changes_tell_what_was_there_before(database: Database) -> None:
    (first, second) = created(database, {"p0": "a", "p1": "b"}, {"p0": "z"})
    database.run(clear_requests(database.store, PORTAL))
    updates = [
        RecordInput(str(first), {"p0": "A", "p2": "new"}),
        RecordInput(str(second), {"p0": None}),
    ]
    plan = updated(database, updates, NOW_MS + 5)
    results = {"results": [{"id": str(each.record.record_id)} for each in plan.results]}

    found = explained(database, entry(response_body=json.dumps(results).encode()))

    # The scene gives all its writes one correlation id, so the creates are told too.
    made = [each for each in found.changes if each.number <= 2]
    changed = [each for each in found.changes if each.number > 2]
    assert {each.record_id for each in made} == {first, second}
    assert all(value.before is None for each in made for value in each.values)
    assert [each.record_id for each in changed] == [first, second]
    own = [_of(each, "p0", "p1", "p2") for each in changed]
    assert own == [
        [ChangedValue("p0", "a", "A"), ChangedValue("p2", None, "new")],
        [ChangedValue("p0", "z", "")],
    ]
    assert found.changes == tuple(sorted(found.changes, key=lambda each: each.number))


def _of(change: RecordChange, *names: str) -> list[ChangedValue]:
    return sorted((each for each in change.values if each.name in names), key=lambda x: x.name)


def test_the_record_of_a_path_is_looked_at(database: Database) -> None:
    (record_id,) = created(database, {"p0": "a"})

    request = entry(path=f"/crm/v3/objects/0-164/{record_id}", route=f"{ROUTE}/{{objectId}}")

    assert [each.record_id for each in explained(database, request).changes] == [record_id]
    other = entry(
        path=f"/crm/v3/objects/0-164/{record_id}",
        route=f"{ROUTE}/{{objectId}}",
        correlation_id="another",
    )
    assert explained(database, other).changes == ()
    elsewhere = entry(
        path=f"/crm/v3/objects/0-164/{record_id}",
        route=f"{ROUTE}/{{objectId}}",
        portal_id=OTHER_PORTAL,
    )
    assert explained(database, elsewhere).changes == ()


def test_requests_are_found_and_cleared(database: Database) -> None:
    store = database.store
    store.log_requests([entry(correlation_id="a"), entry(correlation_id="b", portal_id=0)], BOUNDS)

    found = database.run(find_requests(store, PORTAL, RequestFilter()))
    assert isinstance(found, list)
    assert [each.correlation_id for each in found] == ["a"]
    lost = database.run(find_requests(store, 0, RequestFilter()))
    assert isinstance(lost, list)
    assert [each.correlation_id for each in lost] == ["b"]
    assert database.run(find_requests(store, 3, RequestFilter())) == PortalNotFound(3)

    one = database.run(find_request(store, "a", PORTAL))
    assert isinstance(one, LoggedRequest)
    assert database.run(find_request(store, "a", OTHER_PORTAL)) == RequestNotFound("a")
    assert database.run(find_request(store, "c")) == RequestNotFound("c")

    database.run(clear_requests(store, PORTAL))
    assert database.run(find_request(store, "a")) == RequestNotFound("a")
