"""The routes of the control plane: whole requests, whole answers."""

import asyncio
from typing import Any

import pytest

from moyeu.operations.job_runner import run_due_jobs
from moyeu.operations.portals import known_scopes, reading_scopes
from moyeu.testing.client import ControlError
from moyeu.wire.control.plane import CONTROL_ROUTES
from tests.wire.control.bench import V1, Bench


def _api(bench: Bench, method: str, path: str, token: str, body: Any = None) -> Any:
    return bench.send(method, path, body, {"Authorization": f"Bearer {token}"})


def test_the_index_has_every_route(bench: Bench) -> None:
    rows = bench.control.routes()

    assert [(each["method"], each["path"]) for each in rows] == [
        (each.method, V1 + each.template) for each in CONTROL_ROUTES
    ]
    assert all(each["summary"].endswith(".") for each in rows)


def test_a_path_that_there_is_not(bench: Bench) -> None:
    answer = bench.send("GET", f"{V1}/portal")

    assert answer.refusal == (
        404,
        "The control plane has no '/_moyeu/v1/portal'. GET /_moyeu/v1/ lists what it has.",
        "OBJECT_NOT_FOUND",
    )


def test_a_method_that_there_is_not(bench: Bench) -> None:
    answer = bench.send("PATCH", f"{V1}/portals")

    assert answer.refusal == (405, "PATCH is none of GET, POST", "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("text", ["x", "1e3", "-1", "1" * 17, "%C2%B2"])
def test_a_portal_id_that_is_no_number(bench: Bench, text: str) -> None:
    assert bench.send("GET", f"{V1}/portals/{text}").status == 400


# --- portals -----------------------------------------------------------------------------------


def test_a_portal_from_its_making_to_its_removal(bench: Bench) -> None:
    made = bench.send("POST", f"{V1}/portals", {"name": "Mine", "portalId": 7_000_001})
    assert made.status == 201
    body = made.json
    assert body == {
        "portalId": 7_000_001,
        "name": "Mine",
        "appId": body["appId"],
        "createdAt": body["createdAt"],
        "expiresAt": None,
        "token": body["token"],
    }

    told = {name: value for name, value in body.items() if name != "token"}
    assert bench.send("GET", f"{V1}/portals/7000001").json == told
    listed = bench.send("GET", f"{V1}/portals").json["results"]
    told.pop("expiresAt")
    assert told in listed
    assert _api(bench, "GET", "/crm/v3/objects/contacts", body["token"]).json == {"results": []}

    gone = bench.send("DELETE", f"{V1}/portals/7000001")
    assert (gone.status, gone.text) == (204, b"")
    answer = bench.send("GET", f"{V1}/portals/7000001")
    assert answer.refusal == (404, "There is no portal 7000001.", "OBJECT_NOT_FOUND")
    assert _api(bench, "GET", "/crm/v3/objects/contacts", body["token"]).status == 401
    assert bench.send("DELETE", f"{V1}/portals/7000001").status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Invalid input JSON: Input data was truncated"),
        (b"[]", "Invalid input JSON: Expected `object`, got `array`"),
        (b'{"nam": "x"}', "Invalid input JSON: Object contains unknown field `nam`"),
        (b'{"name": 1}', "Invalid input JSON: Expected `str`, got `int` - at `$.name`"),
        (b'{"name": "\xff"}', None),
        (
            b'{"ttlSeconds": 0}',
            "Invalid input JSON: Expected `float` > 0.0 - at `$.ttlSeconds`",
        ),
    ],
)
def test_a_body_that_is_not_what_it_should_be(
    bench: Bench, body: bytes, message: str | None
) -> None:
    status, told, category = bench.send("POST", f"{V1}/portals", body).refusal

    assert (status, category) == (400, "VALIDATION_ERROR")
    assert told == (message or told)


def test_a_portal_id_is_taken_once(bench: Bench) -> None:
    bench.control.create_portal(portal_id=7_000_002)

    answer = bench.send("POST", f"{V1}/portals", {"portalId": 7_000_002})

    assert answer.refusal == (409, "Portal 7000002 exists already.", "CONFLICT")


def test_a_portal_of_no_template(bench: Bench) -> None:
    answer = bench.send("POST", f"{V1}/portals", {"template": "nothing-like-it"})

    assert answer.refusal == (404, "There is no template 'nothing-like-it'.", "OBJECT_NOT_FOUND")


def test_the_time_to_live_is_told_and_can_be_changed(bench: Bench) -> None:
    portal = bench.control.create_portal(ttl_s=60)
    first = portal.read()["expiresAt"]
    assert first is not None

    portal.set_ttl(3600)
    assert portal.read()["expiresAt"] > first
    portal.set_ttl(None)
    assert portal.read()["expiresAt"] is None
    assert bench.send("PUT", f"{V1}/portals/1/ttl", {"ttlSeconds": 1}).status == 404


def test_a_portal_whose_time_is_over_goes_with_what_was_asked_of_it(bench: Bench) -> None:
    portal = bench.control.create_portal(portal_id=7_000_003, ttl_s=60)
    assert _api(bench, "GET", "/crm/v3/objects/deals", portal.token).status == 200
    assert len(portal.requests()) == 1
    later_ms = bench.clock.now_ms + 61_000

    asyncio.run(run_due_jobs(bench.store, lambda: later_ms))

    assert _api(bench, "GET", "/crm/v3/objects/deals", portal.token).status == 401
    assert bench.send("GET", f"{V1}/portals/7000003").status == 404
    assert bench.control.create_portal(portal_id=7_000_003).requests() == []


# --- tokens ------------------------------------------------------------------------------------


def test_a_token_from_its_making_to_its_end(bench: Bench) -> None:
    portal = bench.control.create_portal()
    path = f"{V1}/portals/{portal.portal_id}/tokens"

    made = bench.send("POST", path, {"scopes": ["crm.objects.deals.read"]})

    assert made.status == 201
    body = made.json
    told = {name: value for name, value in body.items() if name != "token"}
    assert told == {
        "hint": body["token"][:12],
        "createdAt": told["createdAt"],
        "scopes": ["crm.objects.deals.read"],
        "userId": None,
        "mayEditAssociations": True,
    }
    assert portal.tokens()[-1] == told
    assert _api(bench, "GET", "/crm/v3/objects/deals", body["token"]).status == 200
    assert _api(bench, "GET", "/crm/v3/objects/contacts", body["token"]).status == 403
    assert bench.send("DELETE", f"{path}/{told['hint']}").status == 204
    assert _api(bench, "GET", "/crm/v3/objects/deals", body["token"]).status == 401
    answer = bench.send("DELETE", f"{path}/{told['hint']}")
    assert answer.refusal[:1] == (404,)
    assert told["hint"] in answer.refusal[1]


@pytest.mark.parametrize(("word", "scopes"), [("all", known_scopes), ("read", reading_scopes)])
def test_one_word_stands_for_many_scopes(bench: Bench, word: str, scopes: Any) -> None:
    portal = bench.control.create_portal()
    portal.create_token([word], 12, may_edit_associations=False)

    last = portal.tokens()[-1]

    assert (last["userId"], last["mayEditAssociations"]) == (12, False)
    assert last["scopes"] == sorted(scopes())


def test_scopes_that_there_are_not(bench: Bench) -> None:
    portal = bench.control.create_portal()

    with pytest.raises(ControlError, match=r"400 No route asks for these scopes: a\.b, c\.d"):
        portal.create_token(["c.d", "crm.objects.deals.read", "a.b"])


# --- records -----------------------------------------------------------------------------------


def test_partner_services_are_made_though_their_api_offers_no_create(bench: Bench) -> None:
    portal = bench.control.create_portal()
    inputs = {"inputs": [{"properties": {"hs_name": "SEO"}}, {"properties": {"hs_name": "Ads"}}]}
    refused = _api(
        bench, "POST", "/crm/v3/objects/partner_services/batch/create", portal.token, inputs
    )
    assert refused.status == 400

    made = bench.send("POST", f"{V1}/portals/{portal.portal_id}/records/partner_services", inputs)

    assert made.status == 201
    assert made.json["status"] == "COMPLETE"
    ids = [each["id"] for each in made.json["results"]]
    path = "/crm/v3/objects/partner_services?properties=hs_name"
    page = _api(bench, "GET", path, portal.token).json["results"]
    assert [each["id"] for each in page] == ids
    assert [each["properties"]["hs_name"] for each in page] == ["SEO", "Ads"]


def test_records_are_associated_as_they_are_made(bench: Bench) -> None:
    portal = bench.control.create_portal()
    (company,) = portal.create_records("companies", [{"name": "Acme"}])
    link = {
        "to": {"id": company["id"]},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
    }

    (contact,) = portal.create_records_from(
        "contacts", [{"properties": {"email": "a@example.com"}, "associations": [link]}]
    )

    path = f"/crm/v4/objects/contacts/{contact['id']}/associations/companies"
    found = _api(bench, "GET", path, portal.token).json["results"]
    assert [str(each["toObjectId"]) for each in found] == [company["id"]]


def test_records_are_judged_as_by_the_api(bench: Bench) -> None:
    portal = bench.control.create_portal()

    with pytest.raises(ControlError) as refused:
        portal.create_records("contacts", [{"no_such_property": "x"}])

    assert refused.value.status == 400
    assert refused.value.body["category"] == "VALIDATION_ERROR"
    assert "no_such_property" in refused.value.body["message"]


def test_records_of_no_type_and_of_no_portal(bench: Bench) -> None:
    portal = bench.control.create_portal()
    path = f"{V1}/portals/{portal.portal_id}/records/ghosts"

    answer = bench.send("POST", path, {"inputs": []})
    assert answer.refusal == (400, "Unable to infer object type from: ghosts", None)
    answer = bench.send("POST", f"{V1}/portals/1/records/deals", {"inputs": []})
    assert answer.refusal == (404, "There is no portal 1.", "OBJECT_NOT_FOUND")


def test_records_of_a_custom_type(bench: Bench) -> None:
    portal = bench.control.create_portal()
    schema = {
        "name": "boat",
        "labels": {"singular": "Boat", "plural": "Boats"},
        "primaryDisplayProperty": "title",
        "requiredProperties": ["title"],
        "properties": [{"name": "title", "label": "Title", "type": "string", "fieldType": "text"}],
    }
    made = _api(bench, "POST", "/crm/v3/schemas", portal.token, schema)
    assert made.status == 201, made.text

    (boat,) = portal.create_records(made.json["objectTypeId"], [{"title": "Argo"}])
    (other,) = portal.create_records(made.json["fullyQualifiedName"], [{"title": "Vasa"}])

    assert [each["properties"]["title"] for each in (boat, other)] == ["Argo", "Vasa"]


# --- snapshots ---------------------------------------------------------------------------------


def _names(bench: Bench, token: str) -> list[str]:
    path = "/crm/v3/objects/partner_services?properties=hs_name"
    page = _api(bench, "GET", path, token).json["results"]
    return [each["properties"]["hs_name"] for each in page]


def test_a_snapshot_from_its_making_to_its_end(bench: Bench) -> None:
    portal = bench.control.create_portal()
    portal.create_records("partner_services", [{"hs_name": "one"}])
    path = f"{V1}/portals/{portal.portal_id}/snapshots"

    made = bench.send("PUT", f"{path}/before")
    assert made.status == 200
    body = made.json
    assert body == {"name": "before", "recordCount": 1, "createdAt": body["createdAt"]}
    assert [each["name"] for each in bench.send("GET", path).json["results"]] == ["before", "seed"]

    portal.create_records("partner_services", [{"hs_name": "two"}])
    assert _names(bench, portal.token) == ["one", "two"]
    restored = bench.send("POST", f"{path}/before/restore")
    assert (restored.status, restored.json) == (200, body)
    assert _names(bench, portal.token) == ["one"]
    assert bench.send("POST", f"{V1}/portals/{portal.portal_id}/reset").status == 200
    assert _names(bench, portal.token) == []

    assert bench.send("DELETE", f"{path}/before").status == 204
    answer = bench.send("POST", f"{path}/before/restore")
    assert answer.refusal == (
        404,
        f"Portal {portal.portal_id} has no snapshot 'before'.",
        "OBJECT_NOT_FOUND",
    )


@pytest.mark.parametrize("name", ["A", "a%2Fb", "..%2F..", "%00", "a" * 65, "CON"])
def test_a_name_that_is_none(bench: Bench, name: str) -> None:
    portal = bench.control.create_portal()

    answer = bench.send("PUT", f"{V1}/portals/{portal.portal_id}/snapshots/{name}")

    assert answer.refusal[::2] == (400, "VALIDATION_ERROR")


def test_a_portal_is_made_of_a_template(bench: Bench) -> None:
    first = bench.control.create_portal()
    first.create_records("partner_services", [{"hs_name": "from the template"}])

    assert first.keep_as_template("one-service") == {"name": "one-service", "recordCount": 1}

    assert {"name": "one-service", "recordCount": 1} in bench.control.templates()
    second = bench.control.create_portal(template="one-service")
    assert _names(bench, second.token) == ["from the template"]
    second.create_records("partner_services", [{"hs_name": "more"}])
    second.reset()
    assert _names(bench, second.token) == ["from the template"]
    assert bench.send("PUT", f"{V1}/templates/empty", {"portalId": 1}).status == 409
    assert bench.send("PUT", f"{V1}/templates/x", {"portalId": 1}).status == 404


# --- requests ----------------------------------------------------------------------------------


def test_requests_are_listed_newest_first_and_found_by_what_they_were(bench: Bench) -> None:
    portal = bench.control.create_portal()
    _api(bench, "GET", "/crm/v3/objects/deals?limit=2", portal.token)
    sent = {"inputs": [{"id": "1", "properties": {"dealname": "x"}}]}
    _api(bench, "POST", "/crm/v3/objects/deals/batch/update", portal.token, sent)
    refused = _api(bench, "GET", "/crm/v3/objects/ghosts", portal.token)

    newest, second, oldest = portal.requests()

    assert [newest["status"], oldest["status"]] == [400, 200]
    assert newest["correlationId"] == refused.headers["x-hubspot-correlation-id"]
    assert [each["rule"] for each in newest["notes"]] == ["unknown-object-type"]
    assert (oldest["path"], oldest["query"]) == ("/crm/v3/objects/deals", "limit=2")
    assert portal.requests(status="4xx") == [newest]
    assert portal.requests(status=200) == [oldest]
    assert portal.requests(method="post") == [second]
    assert portal.requests(path="batch") == [second]
    assert portal.requests(objectType="deals") == [second, oldest]
    assert portal.requests(limit=1) == [newest]
    assert list(portal.each_request(limit=1)) == [newest, second, oldest]
    assert portal.requests(since=second["at"], until=second["at"]) == [second]
    (whole,) = portal.requests(method="POST", bodies=True)
    assert whole == portal.request(second["correlationId"])
    assert '"dealname"' in whole["requestBody"]
    assert portal.token not in str(whole)

    portal.clear_requests()
    assert portal.requests() == []


def test_a_request_is_explained(bench: Bench) -> None:
    portal = bench.control.create_portal()
    (deal,) = portal.create_records("deals", [{"dealname": "old"}])
    inputs = [
        {"id": deal["id"], "properties": {"dealname": "new"}},
        {"id": "77", "properties": {"dealname": "new"}},
    ]
    path = "/crm/v3/objects/deals/batch/update"
    answer = _api(bench, "POST", path, portal.token, {"inputs": inputs})
    assert answer.status == 207

    told = portal.explain(answer.headers["x-hubspot-correlation-id"])

    assert (told["status"], told["inputsOk"], told["inputsFailed"]) == (207, 1, 1)
    assert told["inputs"][0] == {"index": 0, "keys": [deal["id"]], "reasons": []}
    (reason,) = told["inputs"][1]["reasons"]
    assert set(reason) == {"rule", "property", "sentence", "evidence", "source", "cases"}
    (change,) = told["changes"]
    assert change["recordId"] == deal["id"]
    assert change["values"]["dealname"] == {"before": "old", "after": "new"}
    with pytest.raises(ControlError, match="404"):
        portal.explain("x")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "status=9xx", "since=soon", "bodies=1", "nme=x"]
)
def test_a_filter_that_is_none(bench: Bench, query: str) -> None:
    name, _, value = query.partition("=")
    answer = bench.send("GET", f"{V1}/portals/0/requests?{query}")

    assert answer.status == 400
    assert answer.json["message"] == f"Invalid value for query parameter {name}: {value}"


def test_a_request_that_was_not(bench: Bench) -> None:
    portal = bench.control.create_portal()

    with pytest.raises(ControlError, match="404 No request with the correlation id 'x' is logged"):
        portal.request("x")
    assert bench.send("GET", f"{V1}/portals/1/requests").status == 404


def test_requests_of_the_control_plane_are_not_those_of_a_portal(bench: Bench) -> None:
    portal = bench.control.create_portal()
    portal.read()

    assert portal.requests() == []
