"""The properties API: whole requests, whole answers, over a database of their own."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from moyeu.app import build_app
from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.properties import PropertyDefinition
from moyeu.catalog.scopes import GENERIC_PROPERTY_READ_SCOPES, GENERIC_PROPERTY_WRITE_SCOPES
from moyeu.crm import definition_problems
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.problems import Problem
from moyeu.operations import definitions as operations
from moyeu.operations.portals import hash_token
from moyeu.storage.contract import (
    IndexedPart,
    Portal,
    Store,
    Token,
    WriterBusyError,
    WriteTransaction,
)
from moyeu.wire.access import definitions_refusal
from moyeu.wire.property_words import DEFINITION_WORDS
from moyeu.wire.record_words import RECORD_WORDS

PORTAL_ID = 1234567
NOW_MS = 1_790_674_272_583
NOW = "2026-09-29T09:31:12.583Z"
LATER = "2026-09-29T09:32:12.583Z"
URL = "http://crm.test"
V3 = "/crm/v3/properties"
DATED = "/crm/properties/2026-09"
ID = "{id}"
"""Stands for the correlation id of an answer."""


@dataclass(frozen=True)
class Reply:
    """An answer; in its text the correlation id is replaced by `{id}`."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The body as JSON, keys in their order."""
        return json.loads(self.text)


class Server:
    """The application over a new database, called without a network."""

    def __init__(self, store: Store) -> None:
        self.now_ms = NOW_MS
        self.runner = asyncio.Runner()
        self.store = store
        self.app = build_app(self.store, lambda: self.now_ms)
        scopes = GENERIC_PROPERTY_READ_SCOPES | GENERIC_PROPERTY_WRITE_SCOPES
        self.runner.run(self.store.write(lambda t: t.add_portal(Portal(PORTAL_ID, "p", 9, NOW_MS))))
        self.admit("all", scopes)

    def admit(self, token: str, scopes: frozenset[str]) -> None:
        """Adds a token with these scopes."""
        caller = Caller(PORTAL_ID, 9, 1000001, scopes)
        kept = Token(hash_token(token), caller, token, NOW_MS)
        self.runner.run(self.store.write(lambda t: t.add_token(kept)))

    def call(self, method: str, target: str, body: object = None, token: str = "all") -> Reply:
        """Sends a request; a body that is no text is written as JSON."""
        path, _, query = target.partition("?")
        text = body if isinstance(body, str) else json.dumps(body)
        headers = [
            (b"host", b"crm.test"),
            (b"authorization", b"Bearer " + token.encode()),
            (b"accept", b"application/json"),
        ]
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            content = b"" if body is None else text.encode()
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        self.runner.run(self.app(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        content = b"".join(each["body"] for each in sent[1:]).decode()
        content = content.replace(answered["x-hubspot-correlation-id"], ID)
        return Reply(sent[0]["status"], answered, content)

    def make(self, object_type: str, **fields: object) -> Reply:
        """Creates a property in 2026-09; refusals fail the test."""
        reply = self.call("POST", f"{DATED}/{object_type}", text_property(**fields))
        assert reply.status == 201, reply.text
        return reply

    def close(self) -> None:
        """Lets go of the store and the loop."""
        self.store.close()
        self.runner.close()


@pytest.fixture
def server(open_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[Server]:
    """A server with one portal and the token `all`."""
    made = Server(open_store(tmp_path))
    yield made
    made.close()


def text_property(**fields: object) -> dict[str, object]:
    plain = {
        "name": "probe_text",
        "label": "Probe text",
        "type": "string",
        "fieldType": "text",
        "groupName": "companyinformation",
    }
    return plain | fields


def error(status: str, **fields: object) -> dict[str, object]:
    return {"status": "error", "message": status, "correlationId": ID, **fields}


# --- create and read -------------------------------------------------------------------------


def test_a_created_property_is_answered_in_full(server: Server) -> None:
    reply = server.call(
        "POST", f"{DATED}/companies", text_property(description="Created by a probe")
    )

    # Key order and values of prop-create-text-2026-09, observed 2026-09-29.
    assert reply.status == 201
    assert reply.headers["location"] == f"{URL}{DATED}/companies/probe_text"
    assert reply.text == json.dumps(
        {
            "updatedAt": NOW,
            "createdAt": NOW,
            "name": "probe_text",
            "label": "Probe text",
            "type": "string",
            "fieldType": "text",
            "description": "Created by a probe",
            "groupName": "companyinformation",
            "options": [],
            "createdUserId": "1000001",
            "updatedUserId": "1000001",
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "archived": False,
            "hasUniqueValue": False,
            "hidden": False,
            "modificationMetadata": {
                "archivable": True,
                "readOnlyDefinition": False,
                "readOnlyValue": False,
            },
            "formField": False,
            "dataSensitivity": "non_sensitive",
        },
        separators=(",", ":"),
    )


@pytest.mark.parametrize("prefix", [V3, "/crm/properties/2025-09", "/crm/properties/2026-03"])
def test_every_version_creates_and_reads(server: Server, prefix: str) -> None:
    created = server.call("POST", f"{prefix}/company", text_property())
    read = server.call("GET", f"{prefix}/0-2/probe_text")

    assert created.status == 201
    assert created.headers["location"] == f"{URL}{prefix}/company/probe_text"
    assert (read.status, read.text) == (200, created.text)


def test_options_keep_their_order_and_their_absent_descriptions(server: Server) -> None:
    options = [
        {"label": "Alpha", "value": "alpha", "displayOrder": 0, "hidden": False},
        {
            "label": "Beta",
            "value": "beta",
            "description": "The second option",
            "displayOrder": 1,
            "hidden": False,
        },
        {"label": "Gamma", "value": "gamma", "displayOrder": 2, "hidden": True},
    ]

    reply = server.make("companies", type="enumeration", fieldType="select", options=options)

    assert json.dumps(reply.body["options"]) == json.dumps(options)
    assert reply.body["description"] == ""


def test_all_optional_fields_stand_in_the_recorded_order(server: Server) -> None:
    reply = server.make(
        "companies",
        type="number",
        fieldType="number",
        showCurrencySymbol=True,
        numberDisplayHint="currency",
        currencyPropertyName="hs_currency",
        calculationFormula="annualrevenue * 2",
        displayOrder=0,
    )

    assert list(reply.body) == [
        "updatedAt",
        "createdAt",
        "name",
        "label",
        "type",
        "fieldType",
        "description",
        "groupName",
        "options",
        "createdUserId",
        "updatedUserId",
        "displayOrder",
        "calculated",
        "externalOptions",
        "archived",
        "hasUniqueValue",
        "hidden",
        "showCurrencySymbol",
        "numberDisplayHint",
        "currencyPropertyName",
        "modificationMetadata",
        "formField",
        "calculationFormula",
        "dataSensitivity",
    ]
    assert reply.body["fieldType"] == "calculation_equation"
    assert reply.body["calculated"] is True
    assert reply.body["displayOrder"] == 0


def test_an_owner_property_takes_its_options_from_elsewhere(server: Server) -> None:
    reply = server.make(
        "companies",
        type="enumeration",
        fieldType="select",
        externalOptions=True,
        referencedObjectType="OWNER",
    )

    assert reply.body["options"] == []
    assert reply.body["referencedObjectType"] == "OWNER"


def test_unknown_fields_are_skipped_and_null_is_as_not_given(server: Server) -> None:
    reply = server.make("companies", nonsense={"a": [1]}, description=None, hidden=None)

    assert (reply.body["description"], reply.body["hidden"]) == ("", False)


def test_the_list_has_hubspots_and_custom_properties_and_no_pages(server: Server) -> None:
    server.make("companies", hasUniqueValue=True)

    reply = server.call("GET", f"{V3}/companies")

    assert reply.status == 200
    assert list(reply.body) == ["results"]
    found = {each["name"]: each for each in reply.body["results"]}
    assert found["probe_text"]["archived"] is False
    assert found["probe_text"]["hasUniqueValue"] is True
    assert "hubspotDefined" not in found["probe_text"]
    assert found["domain"]["hubspotDefined"] is True
    assert "archived" not in found["domain"]
    assert "createdUserId" not in found["domain"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("dataSensitivity=sensitive", 0),
        ("dataSensitivity=highly_sensitive", 0),
        ("archived=true", 0),
    ],
)
def test_a_list_shows_only_what_is_asked_for(server: Server, query: str, count: int) -> None:
    reply = server.call("GET", f"{V3}/companies?{query}")

    assert (reply.status, len(reply.body["results"])) == (200, count)


def test_an_unknown_sensitivity_is_refused(server: Server) -> None:
    reply = server.call("GET", f"{V3}/companies?dataSensitivity=secret")

    assert reply.status == 400


@pytest.mark.parametrize("query", ["", "?dataSensitivity=sensitive", "?archived=true"])
def test_a_read_of_an_unknown_name_is_not_found(server: Server, query: str) -> None:
    reply = server.call("GET", f"{DATED}/companies/probe_absent{query}")

    assert reply.status == 404
    assert reply.body == error(
        "Couldn't find a Property with the given name 'probe_absent'", category="OBJECT_NOT_FOUND"
    )


def test_an_active_property_is_not_among_the_archived_or_sensitive(server: Server) -> None:
    server.make("companies")

    for query in ("archived=true", "dataSensitivity=sensitive"):
        assert server.call("GET", f"{DATED}/companies/probe_text?{query}").status == 404


# --- refusals of a create --------------------------------------------------------------------


def test_an_existing_name_is_a_conflict(server: Server) -> None:
    server.make("companies")

    reply = server.call("POST", f"{DATED}/companies", text_property(label="Other"))

    assert reply.status == 409
    assert list(reply.body.items()) == list(
        error(
            "A property named 'probe_text' already exists.",
            category="OBJECT_ALREADY_EXISTS",
            subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
        ).items()
    )
    read = server.call("GET", f"{DATED}/companies/probe_text")
    assert read.body["label"] == "Probe text"


@pytest.mark.parametrize(
    ("fields", "status", "message", "rest"),
    [
        (
            {"type": "enumeration", "fieldType": "OWNER"},
            400,
            "Failed field type validation on property 'probe_text' type 'enumeration'"
            " fieldType 'OWNER'",
            {"category": "VALIDATION_ERROR", "subCategory": "Properties.PROPERTY_INVALID"},
        ),
        (
            {"type": "enumeration", "fieldType": "select"},
            400,
            "Property 'probe_text' of object type '0-2' has no options but options are required!",
            {
                "context": {"property": ["probe_text"], "objectTypeId": ["0-2"]},
                "category": "VALIDATION_ERROR",
                "subCategory": "PropertyValidationError.MISSING_OPTIONS",
            },
        ),
        (
            {"type": "bool", "fieldType": "booleancheckbox"},
            400,
            "Boolean properties must have exactly two options; one with a value of 'true', the"
            " other with a value of 'false'. Property 'probe_text' of object type '0-2' has more"
            " than two options",
            {
                "context": {"property": ["probe_text"], "objectTypeId": ["0-2"]},
                "category": "VALIDATION_ERROR",
                "subCategory": "PropertyValidationError.INVALID_BOOLEAN_OPTION",
            },
        ),
        (
            {"dataSensitivity": "sensitive"},
            403,
            "Missing required scope for: sensitive-data-property-create",
            {},
        ),
        (
            {"type": "number", "fieldType": "number", "calculationFormula": "zeta * 2"},
            404,
            "Couldn't find a Property with the given name 'zeta'",
            {"category": "OBJECT_NOT_FOUND"},
        ),
        (
            {"groupName": "nowhere"},
            400,
            "Property group does not exist: nowhere",
            {"category": "VALIDATION_ERROR"},
        ),
    ],
)
def test_a_bad_create_is_refused(
    server: Server, fields: dict[str, object], status: int, message: str, rest: dict[str, object]
) -> None:
    if "dataSensitivity" in fields:
        server.admit("all", frozenset({"crm.schemas.companies.write"}))

    reply = server.call("POST", f"{DATED}/companies", text_property(**fields))

    assert reply.status == status
    assert list(reply.body.items()) == list(error(message, **rest).items())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "{}",
            "Invalid input JSON on line 1, column 2. Some required fields were not set:"
            " [name, label, type, fieldType, groupName]",
        ),
        ("null", "Invalid JSON input: a request body was expected, but none found"),
        (
            '{"type":"json"}',
            "Invalid input JSON on line 1, column 9: Cannot deserialize value of type"
            ' `com.hubspot.inbounddb.properties.PropertyType` from String "json": not one of the'
            " values accepted for Enum class: [bool, date, datetime, enumeration, number,"
            " phone_number, string]",
        ),
        (
            '{"textDisplayHint":""}',
            "Invalid input JSON on line 1, column 20: Cannot coerce empty String"
            ' ("") to `com.hubspot.inbounddb.properties.TextDisplayHint` value (but could if'
            " coercion was enabled using `CoercionConfig`)",
        ),
        ('{"name":', "Invalid input JSON on line 1, column 9: Unexpected end-of-input"),
    ],
)
def test_a_body_that_does_not_decode_is_refused(server: Server, body: str, message: str) -> None:
    reply = server.call("POST", f"{DATED}/companies", body)

    assert reply.status == 400
    assert reply.body["message"].startswith(message)


def test_the_currency_code_is_told_in_the_sub_category(server: Server) -> None:
    reply = server.call(
        "POST",
        f"{V3}/deals",
        text_property(
            type="number", fieldType="number", groupName="dealinformation", currencyPropertyName="x"
        ),
    )

    assert reply.status == 400
    assert "ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY" in reply.body["subCategory"]


# --- update ----------------------------------------------------------------------------------


def test_an_update_answers_the_whole_property(server: Server) -> None:
    made = server.make("companies")
    server.now_ms += 60_000

    reply = server.call(
        "PATCH", f"{DATED}/companies/probe_text", {"label": "Renamed", "fieldType": "textarea"}
    )

    assert reply.status == 200
    assert reply.body == made.body | {
        "label": "Renamed",
        "fieldType": "textarea",
        "updatedAt": LATER,
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("null", ["a", "b"]),
        ('[{"label":"C","value":"c"}]', ["c"]),
    ],
)
def test_options_are_replaced_but_not_by_null(
    server: Server, options: str, expected: list[str]
) -> None:
    given = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]
    server.make("companies", type="enumeration", fieldType="select", options=given)

    reply = server.call("PATCH", f"{DATED}/companies/probe_text", f'{{"options" : {options} }}')

    assert reply.status == 200
    assert [each["value"] for each in reply.body["options"]] == expected


def test_an_empty_list_of_options_is_not_null(server: Server) -> None:
    server.make(
        "companies",
        type="enumeration",
        fieldType="select",
        options=[{"label": "A", "value": "a"}],
    )

    reply = server.call("PATCH", f"{DATED}/companies/probe_text", {"options": []})

    assert reply.body["subCategory"] == "PropertyValidationError.MISSING_OPTIONS"


def test_fields_that_an_update_does_not_know_are_kept(server: Server) -> None:
    made = server.make("companies")

    reply = server.call(
        "PATCH",
        f"{DATED}/companies/probe_text",
        {
            "name": "other",
            "hasUniqueValue": True,
            "dataSensitivity": "sensitive",
            "referencedObjectType": "OWNER",
            "dateDisplayHint": "absolute",
            "label": None,
        },
    )

    assert (reply.status, reply.body) == (200, made.body)


@pytest.mark.parametrize(
    ("prefix", "status"), [(V3, 400), ("/crm/properties/2026-03", 400), (DATED, 200)]
)
def test_older_versions_refuse_another_unique_flag(
    server: Server, prefix: str, status: int
) -> None:
    server.make("companies")

    reply = server.call("PATCH", f"{prefix}/companies/probe_text", {"hasUniqueValue": True})

    assert reply.status == status
    if status == 400:
        assert reply.body["message"] == (
            "Field 'hasUniqueValue' cannot be modified for property 'probe_text'. "
        )


def test_an_update_of_nothing_is_not_found(server: Server) -> None:
    assert server.call("PATCH", f"{DATED}/companies/probe_absent", {"label": "x"}).status == 404


# --- archive ---------------------------------------------------------------------------------


def test_an_archived_property_is_seen_only_among_the_archived(server: Server) -> None:
    server.make("companies")
    server.now_ms += 60_000

    archived = server.call("DELETE", f"{DATED}/companies/probe_text")

    assert (archived.status, archived.text) == (204, "")
    assert server.call("GET", f"{DATED}/companies/probe_text").status == 404
    read = server.call("GET", f"{DATED}/companies/probe_text?archived=true")
    assert (read.status, read.body["archived"], read.body["archivedAt"]) == (200, True, LATER)
    assert list(read.body)[14:16] == ["archived", "archivedAt"]
    listed = server.call("GET", f"{DATED}/companies?archived=true").body["results"]
    assert [each["name"] for each in listed] == ["probe_text"]


def test_missing_and_archived_are_not_found_alike(server: Server) -> None:
    server.make("companies")
    server.call("DELETE", f"{DATED}/companies/probe_text")

    for name in ("probe_text", "probe_absent"):
        reply = server.call("DELETE", f"{DATED}/companies/{name}")
        assert (reply.status, reply.body["category"]) == (404, "OBJECT_NOT_FOUND")


def test_a_property_that_a_formula_uses_stays(server: Server) -> None:
    server.make("companies", name="probe_used", type="number", fieldType="number")
    server.make(
        "companies",
        name="probe_uses",
        type="number",
        fieldType="calculation_equation",
        calculationFormula="probe_used * 2",
    )

    reply = server.call("DELETE", f"{DATED}/companies/probe_used")

    # prop-archive-in-use, observed 2026-09-29.
    assert reply.status == 400
    assert list(reply.body.items()) == list(
        error(
            "Property: probe_used of object type 0-2 is currently used in 1 places and cannot be"
            " deleted",
            context={"usageCount": ["1"]},
            errors=[
                {
                    "subCategory": "PropertyValidationError.PROPERTY_USAGE",
                    "context": {
                        "parentType": ["CALCULATED_PROPERTY"],
                        "parentName": ["0-2/probe_uses"],
                    },
                }
            ],
            category="VALIDATION_ERROR",
            subCategory="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
        ).items()
    )


def test_a_property_comes_back_with_its_values_and_its_creation(server: Server) -> None:
    server.make("companies", fieldType="textarea", formField=True)
    admit_records(server)
    record_id = add_company(server, "kept").body["id"]
    server.call("DELETE", f"{DATED}/companies/probe_text")
    server.now_ms += 60_000

    reply = server.call("POST", f"{DATED}/companies", text_property(label="Back"))

    assert reply.status == 201
    assert (reply.body["label"], reply.body["fieldType"]) == ("Back", "text")
    assert (reply.body["formField"], reply.body["archived"]) == (False, False)
    assert (reply.body["createdAt"], reply.body["updatedAt"]) == (NOW, LATER)
    read = server.call(
        "GET", f"/crm/v3/objects/companies/{record_id}?properties=probe_text", token="records"
    )
    assert read.body["properties"]["probe_text"] == "kept"
    assert server.call("GET", f"{DATED}/companies/probe_text?archived=true").status == 404


# --- unique properties -----------------------------------------------------------------------


def admit_records(server: Server) -> None:
    server.admit(
        "records", frozenset({"crm.objects.companies.read", "crm.objects.companies.write"})
    )


def add_company(server: Server, value: str) -> Reply:
    return server.call(
        "POST",
        "/crm/v3/objects/companies",
        {"properties": {"probe_text": value}},
        token="records",
    )


def archive_company(server: Server, record_id: str) -> None:
    reply = server.call("DELETE", f"/crm/v3/objects/companies/{record_id}", token="records")
    assert reply.status == 204


def recreate(server: Server, **fields: object) -> Reply:
    assert server.call("DELETE", f"{DATED}/companies/probe_text").status == 204
    return server.call("POST", f"{DATED}/companies", text_property(**fields))


def test_values_of_a_unique_property_are_taken_once(server: Server) -> None:
    admit_records(server)
    server.make("companies", hasUniqueValue=True)

    first, second = add_company(server, "a"), add_company(server, "a")

    assert (first.status, second.status) == (201, 400)
    assert "already has that value" in second.body["message"]


def test_values_that_were_not_unique_become_so(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "INDEX_PART_RECORDS_MAX", 2)
    admit_records(server)
    server.make("companies")
    for value in ("a", "b", "c", "", "d"):
        assert add_company(server, value).status == 201

    reply = recreate(server, hasUniqueValue=True)

    assert (reply.status, reply.body["hasUniqueValue"]) == (201, True)
    for value in ("a", "b", "c", "d"):
        assert add_company(server, value).status == 400
    assert add_company(server, "e").status == 201


def test_values_that_stand_twice_cannot_become_unique(server: Server) -> None:
    admit_records(server)
    server.make("companies")
    ids = [add_company(server, value).body["id"] for value in ("b", "a", "a")]

    reply = recreate(server, hasUniqueValue=True)

    assert reply.status == 400
    assert reply.body["category"] == "VALIDATION_ERROR"
    assert all(each in reply.body["message"] for each in ids[1:])
    assert server.call("GET", f"{DATED}/companies/probe_text?archived=true").status == 200
    archive_company(server, ids[2])
    again = server.call("POST", f"{DATED}/companies", text_property(hasUniqueValue=True))
    assert again.status == 201
    assert [add_company(server, value).status for value in ("a", "b", "c")] == [400, 400, 201]


def test_values_that_were_unique_are_free_again(server: Server) -> None:
    admit_records(server)
    server.make("companies", hasUniqueValue=True)
    add_company(server, "a")

    assert recreate(server).status == 201
    assert [add_company(server, value).status for value in ("a", "a")] == [201, 201]


def test_values_stay_unique_through_the_archive(server: Server) -> None:
    admit_records(server)
    server.make("companies", hasUniqueValue=True)
    kept, freed = (add_company(server, value).body["id"] for value in ("kept", "freed"))
    assert kept != freed
    server.call("DELETE", f"{DATED}/companies/probe_text")
    archive_company(server, freed)

    reply = server.call("POST", f"{DATED}/companies", text_property(hasUniqueValue=True))

    assert reply.status == 201
    assert add_company(server, "kept").status == 400
    assert add_company(server, "freed").status == 201


def test_a_record_that_is_archived_between_two_parts_frees_its_value(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "INDEX_PART_RECORDS_MAX", 1)
    admit_records(server)
    server.make("companies")
    first, _second = (add_company(server, value).body["id"] for value in ("a", "b"))
    writes = [0]
    store_write = server.store.write

    async def write_and_archive(work: Any) -> Any:
        result = await store_write(work)
        writes[0] += isinstance(result, IndexedPart)
        if isinstance(result, IndexedPart) and writes[0] == 1:
            caller = Caller(PORTAL_ID, 9, None, frozenset())
            occasion = Occasion(caller, NOW_MS, "c")
            await store_write(lambda t: t.archive_records(occasion, "0-2", [int(first)]))
        return result

    monkeypatch.setattr(server.store, "write", write_and_archive)
    assert recreate(server, hasUniqueValue=True).status == 201

    assert writes[0] >= 2
    assert [add_company(server, value).status for value in ("a", "b")] == [201, 400]


def test_an_activation_that_another_overtakes_gives_way(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "INDEX_PART_RECORDS_MAX", 1)
    admit_records(server)
    server.make("companies")
    for value in ("a", "b", "c"):
        add_company(server, value)
    store_write = server.store.write
    overtaken = [False]

    async def write_and_overtake(work: Any) -> Any:
        result = await store_write(work)
        if isinstance(result, IndexedPart) and not overtaken[0]:
            overtaken[0] = True
            caller = Caller(PORTAL_ID, 9, None, frozenset())
            given = NewProperty(
                name="probe_text",
                label="Overtaking",
                type="string",
                field_type="text",
                group_name="companyinformation",
            )
            made = await operations.create_property(
                server.store, Occasion(caller, NOW_MS, "c"), "0-2", given
            )
            assert not isinstance(made, Problem)
        return result

    monkeypatch.setattr(server.store, "write", write_and_overtake)
    reply = recreate(server, hasUniqueValue=True)

    assert (overtaken[0], reply.status) == (True, 409)
    keys = [("probe_text", value) for value in ("a", "b", "c")]
    held = server.runner.run(server.store.read(lambda t: t.value_owners(PORTAL_ID, "0-2", keys)))
    assert held == {}


# --- calculated properties -------------------------------------------------------------------


def count_companies(server: Server, *texts: str) -> list[str]:
    """Makes companies with a number each, for `probe_used`; their ids."""
    admit_records(server)
    server.make("companies", name="probe_used", type="number", fieldType="number")
    made = [
        server.call(
            "POST",
            "/crm/v3/objects/companies",
            {"properties": {"probe_used": text}},
            token="records",
        )
        for text in texts
    ]
    return [each.body["id"] for each in made]


def formula_property(formula: str) -> dict[str, object]:
    return text_property(name="probe_uses", type="number", calculationFormula=formula)


def calculated_values(server: Server, ids: list[str]) -> list[str | None]:
    query = "properties=probe_uses"
    paths = [f"/crm/v3/objects/companies/{each}?{query}" for each in ids]
    return [
        server.call("GET", each, token="records").body["properties"]["probe_uses"] for each in paths
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"{DATED}/companies"), ("PATCH", f"{DATED}/companies/probe_uses")]
)
def test_a_formula_that_would_hold_up_all_writes_is_refused(
    server: Server, method: str, path: str
) -> None:
    count_companies(server)
    if method == "PATCH":
        server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))

    refused = server.call(method, path, formula_property("probe_used" + "+probe_used" * 90_000))

    assert refused.status == 400
    assert refused.body["message"] == (
        "The calculation formula of property 'probe_uses' is not valid: it is too long"
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_a_new_formula_fills_the_records_that_are_there_part_by_part(
    server: Server, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(operations, "FILL_PART_RECORDS_MAX", 2)
    ids = count_companies(server, *map(str, range(count)))

    created = server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))

    assert created.status == 201
    assert calculated_values(server, ids) == [str(each * 2) for each in range(count)]


def test_a_changed_formula_fills_again_and_leaves_right_records_alone(server: Server) -> None:
    ids = count_companies(server, "0", "3")
    server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))
    before = [
        server.call("GET", f"/crm/v3/objects/companies/{each}", token="records").body["updatedAt"]
        for each in ids
    ]
    server.now_ms += 60_000

    formula = {"calculationFormula": "probe_used * 3"}
    reply = server.call("PATCH", f"{DATED}/companies/probe_uses", formula)

    assert reply.status == 200
    assert calculated_values(server, ids) == ["0", "9"]
    after = [
        server.call("GET", f"/crm/v3/objects/companies/{each}", token="records").body["updatedAt"]
        for each in ids
    ]
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_an_update_without_a_formula_looks_at_no_record(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_companies(server, "1")
    server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))
    store_write = server.store.write
    turns = [0]

    async def count_turns(work: Any) -> Any:
        turns[0] += 1
        return await store_write(work)

    monkeypatch.setattr(server.store, "write", count_turns)
    assert server.call("PATCH", f"{DATED}/companies/probe_uses", {"label": "New"}).status == 200

    assert turns == [1]


def test_a_property_of_another_type_is_read_in_another_way(server: Server) -> None:
    admit_records(server)
    server.make("companies", name="probe_used")
    body = {"properties": {"probe_used": "1970-01-02"}}
    made = server.call("POST", "/crm/v3/objects/companies", body, token="records")
    server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))
    before = calculated_values(server, [made.body["id"]])

    change = {"type": "date", "fieldType": "date"}
    assert server.call("PATCH", f"{DATED}/companies/probe_used", change).status == 200

    assert (before, calculated_values(server, [made.body["id"]])) == ([None], ["172800000"])


def test_a_busy_writer_delays_values_and_does_not_undo_the_property(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = count_companies(server, "1")
    store_write = server.store.write
    turns = [0]

    async def busy_once(work: Any) -> Any:
        turns[0] += 1
        if turns[0] == 2:
            raise WriterBusyError
        return await store_write(work)

    monkeypatch.setattr(server.store, "write", busy_once)
    created = server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))

    assert (created.status, turns[0]) == (201, 3)
    assert calculated_values(server, ids) == ["2"]


def test_a_formula_that_is_archived_meanwhile_fills_no_more(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "FILL_PART_RECORDS_MAX", 1)
    ids = count_companies(server, "1", "2")
    store_write = server.store.write
    occasion = Occasion(Caller(PORTAL_ID, 9, None, frozenset()), NOW_MS, "c")
    turns = [0]

    async def write_and_archive(work: Any) -> Any:
        result = await store_write(work)
        turns[0] += 1
        if turns[0] == 2:
            await operations.archive_property(server.store, occasion, "0-2", "probe_uses")
        return result

    monkeypatch.setattr(server.store, "write", write_and_archive)
    assert (
        server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2")).status == 201
    )
    monkeypatch.undo()

    found = server.runner.run(
        server.store.read(lambda t: t.records(PORTAL_ID, "0-2", [int(each) for each in ids]))
    )
    values = [found[int(each)].properties.get("probe_uses") for each in ids]
    assert values == ["2", None]


def test_a_refused_formula_changes_nothing(server: Server) -> None:
    ids = count_companies(server, "1")
    server.call("POST", f"{DATED}/companies", formula_property("probe_used * 2"))

    formula = {"calculationFormula": "probe_uses + 1"}
    reply = server.call("PATCH", f"{DATED}/companies/probe_uses", formula)

    assert reply.status == 400
    kept = server.call("GET", f"{DATED}/companies/probe_uses").body["calculationFormula"]
    assert kept == "probe_used * 2"
    assert calculated_values(server, ids) == ["2"]


# --- how many --------------------------------------------------------------------------------


def test_a_portal_has_at_most_10_000_custom_properties(server: Server) -> None:
    def fill(transaction: WriteTransaction) -> None:
        for number in range(9_999):
            own = PropertyDefinition(
                name=f"p{number}",
                label="P",
                type="string",
                field_type="text",
                group_name="contactinformation",
            )
            transaction.put_property(PORTAL_ID, "0-1", own)

    server.runner.run(server.store.write(fill))
    server.make("companies", name="last")

    reply = server.call("POST", f"{DATED}/companies", text_property(name="one_more"))

    assert reply.status == 400
    assert "10000" in reply.body["message"]
    assert server.call("DELETE", f"{DATED}/companies/last").status == 204
    server.make("companies", name="one_more")


# --- batches ---------------------------------------------------------------------------------


def test_a_batch_creates_what_it_can_and_lists_the_rest(server: Server) -> None:
    server.make("companies", name="age__c")
    server.now_ms += 60_000
    inputs = [
        text_property(name="hobby__c", label="Hobby", formField=True, hasUniqueValue=True),
        text_property(name="age__c", label="Age"),
        text_property(
            name="isready__c",
            label="IsReady",
            type="bool",
            fieldType="booleancheckbox",
            options=[
                {"label": "True", "value": "true", "description": "True"},
                {"label": "False", "value": "false", "description": "False", "displayOrder": 1},
            ],
        ),
    ]

    reply = server.call("POST", f"{V3}/companies/batch/create", {"inputs": inputs})

    # The form of prop-batch-create-207, observed 2026-02-26.
    assert reply.status == 207
    assert list(reply.body) == [
        "completedAt",
        "status",
        "startedAt",
        "results",
        "errors",
        "numErrors",
    ]
    assert (reply.body["status"], reply.body["startedAt"]) == ("COMPLETE", LATER)
    assert list(reply.body["results"][0].items()) == list(
        {
            "name": "hobby__c",
            "label": "Hobby",
            "type": "string",
            "fieldType": "text",
            "description": "",
            "groupName": "companyinformation",
            "options": [],
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "hasUniqueValue": True,
            "hidden": False,
            "modificationMetadata": {
                "archivable": True,
                "readOnlyDefinition": False,
                "readOnlyValue": False,
            },
            "formField": True,
            "dataSensitivity": "non_sensitive",
        }.items()
    )
    orders = [each["displayOrder"] for each in reply.body["results"][1]["options"]]
    assert orders == [2, 1]
    assert (reply.body["numErrors"], len(reply.body["errors"])) == (1, 1)
    assert list(reply.body["errors"][0].items()) == [
        ("status", "error"),
        ("category", "OBJECT_ALREADY_EXISTS"),
        ("subCategory", "Properties.PROPERTY_WITH_NAME_EXISTS"),
        ("message", "A property named 'age__c' already exists."),
        ("context", {"name": ["age__c"]}),
    ]


def test_a_batch_without_problems_is_created(server: Server) -> None:
    inputs = [text_property(name=name) for name in ("one", "two")]

    reply = server.call("POST", f"{DATED}/companies/batch/create", {"inputs": inputs})

    assert reply.status == 201
    assert "errors" not in reply.body
    for name in ("one", "two"):
        assert server.call("GET", f"{DATED}/companies/{name}").status == 200


def test_a_later_input_sees_an_earlier_one(server: Server) -> None:
    inputs = [
        text_property(name="base", type="number", fieldType="number"),
        text_property(
            name="twice", type="number", fieldType="number", calculationFormula="base * 2"
        ),
        text_property(name="base"),
    ]

    reply = server.call("POST", f"{DATED}/companies/batch/create", {"inputs": inputs})

    assert [each["name"] for each in reply.body["results"]] == ["base", "twice"]
    assert [each["context"] for each in reply.body["errors"]] == [{"name": ["base"]}]


@pytest.mark.parametrize("operation", ["create", "read", "archive"])
def test_a_batch_has_at_most_100_inputs(server: Server, operation: str) -> None:
    def batch(count: int) -> dict[str, object]:
        return {"inputs": [text_property(name=f"p{n}") for n in range(count)]}

    over = server.call("POST", f"{V3}/companies/batch/{operation}", batch(101))
    full = server.call("POST", f"{V3}/companies/batch/{operation}", batch(100))

    assert (over.status, over.body["category"]) == (400, "VALIDATION_ERROR")
    assert full.status in (201, 204, 207)


def test_a_batch_read_answers_in_input_order_and_lists_what_is_missing(server: Server) -> None:
    made = server.make("companies")
    names = ["probe_text", "absent", "domain", "probe_text"]

    reply = server.call(
        "POST",
        f"{V3}/companies/batch/read",
        {"inputs": [{"name": each} for each in names], "archived": False},
    )

    assert reply.status == 207
    assert [each["name"] for each in reply.body["results"]] == ["probe_text", "domain"]
    assert reply.body["results"][0] == made.body
    assert reply.body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Couldn't find a Property with the given name 'absent'",
            "context": {"name": ["absent"]},
        }
    ]


def test_a_batch_read_of_archived_properties_finds_no_active_ones(server: Server) -> None:
    server.make("companies")
    server.make("companies", name="gone")
    server.call("DELETE", f"{V3}/companies/gone")

    reply = server.call(
        "POST",
        f"{V3}/companies/batch/read",
        {"inputs": [{"name": "probe_text"}, {"name": "gone"}], "archived": True},
    )

    assert [each["name"] for each in reply.body["results"]] == ["gone"]
    assert reply.body["numErrors"] == 1


def test_a_batch_read_with_everything_found_is_complete(server: Server) -> None:
    reply = server.call(
        "POST",
        f"{DATED}/companies/batch/read",
        {
            "inputs": [{"name": "domain"}],
            "archived": False,
            "dataSensitivity": "non_sensitive",
        },
    )

    assert (reply.status, list(reply.body)) == (
        200,
        ["completedAt", "status", "startedAt", "results"],
    )


def test_a_batch_archives_what_is_there(server: Server) -> None:
    server.make("companies")

    reply = server.call(
        "POST",
        f"{V3}/companies/batch/archive",
        {"inputs": [{"name": "absent"}, {"name": "probe_text"}]},
    )

    assert (reply.status, reply.text) == (204, "")
    assert server.call("GET", f"{V3}/companies/probe_text").status == 404


def test_a_batch_archive_with_a_refusal_archives_nothing(server: Server) -> None:
    server.make("companies")

    reply = server.call(
        "POST",
        f"{V3}/companies/batch/archive",
        {"inputs": [{"name": "probe_text"}, {"name": "domain"}]},
    )

    assert reply.status == 400
    assert server.call("GET", f"{V3}/companies/probe_text").status == 200


# --- groups ----------------------------------------------------------------------------------


def test_a_group_is_created_after_the_last(server: Server) -> None:
    before = server.call("GET", f"{DATED}/companies/groups").body["results"]

    reply = server.call(
        "POST", f"{DATED}/companies/groups", {"name": "probe_group", "label": "Probe group"}
    )

    expected = {
        "name": "probe_group",
        "label": "Probe group",
        "displayOrder": max(each["displayOrder"] for each in before) + 1,
        "archived": False,
    }
    assert reply.status == 201
    assert reply.headers["location"] == f"{URL}{DATED}/companies/groups/probe_group"
    assert list(reply.body.items()) == list(expected.items())
    assert server.call("GET", f"{DATED}/companies/groups/probe_group").body == expected
    after = server.call("GET", f"{DATED}/companies/groups").body
    assert after == {"results": [*before, expected]}


def test_a_group_changes_its_label_only(server: Server) -> None:
    made = server.call("POST", f"{V3}/companies/groups", {"name": "probe_group", "label": "A"})

    reply = server.call("PATCH", f"{V3}/companies/groups/probe_group", {"label": "B", "name": "x"})

    assert (reply.status, reply.body) == (200, made.body | {"label": "B"})


def test_a_group_that_is_there_is_a_conflict(server: Server) -> None:
    reply = server.call(
        "POST", f"{V3}/companies/groups", {"name": "companyinformation", "label": "x"}
    )

    assert (reply.status, reply.body["category"]) == (409, "OBJECT_ALREADY_EXISTS")


def test_a_group_in_use_is_refused_with_a_body_in_the_message(server: Server) -> None:
    reply = server.call("DELETE", f"{DATED}/companies/groups/companyinformation")

    # prop-group-archive-holding, observed 2026-09-29.
    assert reply.status == 400
    assert list(reply.body) == ["status", "message", "correlationId"]
    assert list(json.loads(reply.body["message"]).items()) == list(
        error(
            "Can't delete or purge a group with active properties",
            category="VALIDATION_ERROR",
            subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        ).items()
    )


def test_an_archived_group_is_gone_until_its_name_is_used_again(server: Server) -> None:
    groups = f"{DATED}/companies/groups"
    server.call("POST", groups, {"name": "probe_group", "label": "Old"})
    server.make("companies", groupName="probe_group")
    assert server.call("DELETE", f"{groups}/probe_group").status == 400
    server.call("DELETE", f"{DATED}/companies/probe_text")

    archived = server.call("DELETE", f"{groups}/probe_group")

    assert (archived.status, archived.text) == (204, "")
    for method, body in (("GET", None), ("PATCH", {"label": "x"}), ("DELETE", None)):
        reply = server.call(method, f"{groups}/probe_group", body)
        assert (reply.status, reply.body["category"]) == (404, "OBJECT_NOT_FOUND")
    assert "probe_group" not in server.call("GET", groups).text
    reused = server.call("POST", groups, {"name": "probe_group", "label": "New"})
    assert (reused.status, reused.body["label"]) == (201, "New")


# --- who may ---------------------------------------------------------------------------------


def test_a_token_without_any_scope_of_definitions_lacks_scopes(server: Server) -> None:
    server.admit("none", frozenset({"oauth"}))

    read = server.call("GET", f"{V3}/contacts", token="none")
    write = server.call("POST", f"{V3}/contacts", text_property(), token="none")

    # Case p10, observed 2023-09-27.
    assert (read.status, read.body["category"]) == (403, "MISSING_SCOPES")
    assert read.body["errors"][0]["context"] == {
        "requiredGranularScopes": ["crm.schemas.contacts.read", "crm.objects.contacts.read"]
    }
    assert write.body["errors"][0]["context"] == {
        "requiredGranularScopes": ["crm.schemas.contacts.write"]
    }


def test_a_token_for_another_type_lacks_permissions(server: Server) -> None:
    server.admit("deals", frozenset({"crm.objects.deals.read"}))

    reply = server.call("GET", f"{V3}/contacts", token="deals")

    # prop-list-no-scope, observed 2024-10.
    assert reply.status == 403
    assert reply.body == error(
        "You do not have permissions to view object type ObjectTypeId{legacyObjectType=CONTACT} in"
        " portal 1234567 (requires one of [contacts-read])"
    )


@pytest.mark.parametrize(
    ("scopes", "access", "is_refused"),
    [
        ({"crm.objects.partner-services.read"}, "read", False),
        ({"crm.objects.partner-services.write"}, "read", False),
        ({"crm.objects.partner-services.write"}, "write", False),
        ({"crm.objects.partner-services.read"}, "write", True),
        ({"crm.schemas.companies.write"}, "write", True),
        (set(), "read", True),
    ],
)
def test_partner_services_are_defined_with_the_scopes_of_their_records(
    scopes: set[str], access: Any, is_refused: bool
) -> None:
    object_type = find_object_type("partner_services")
    assert object_type is not None
    caller = Caller(PORTAL_ID, 9, None, frozenset(scopes))

    assert (definitions_refusal(caller, object_type, access) is not None) is is_refused


# --- words -----------------------------------------------------------------------------------


def test_every_problem_of_a_definition_has_words() -> None:
    problems = {
        each
        for each in vars(definition_problems).values()
        if isinstance(each, type) and issubclass(each, Problem) and each is not Problem
    }

    assert problems == set(DEFINITION_WORDS)
    assert not set(DEFINITION_WORDS) & set(RECORD_WORDS)


def test_a_name_in_a_path_is_read_decoded(server: Server) -> None:
    reply = server.call("GET", f"{V3}/companies/{quote('ä b', safe='')}")

    assert reply.body["message"] == "Couldn't find a Property with the given name 'ä b'"
