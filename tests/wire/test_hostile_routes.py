"""Every row of the endpoint table under hostile bodies, paths and queries.

Whatever is sent, the answer is no 5xx; a refusal is HubSpot's envelope, the container's page or,
for pipelines, empty; and the server answers afterwards. Routes come from the endpoint table, so a
new one is tried as soon as it has a row; one with a body needs an entry in `BODIES` as well.
"""

import http.client
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.lists.definitions import ListDefinition, ListFolder, ProcessingType
from moyeu.storage.contract import WriteTransaction
from moyeu.wire.endpoints import Endpoint, endpoints
from moyeu.wire.routes import DefinitionRoute, ObjectRoute
from tests.conftest import PortalUnderTest, Server

_VALUES: Final = {"code": "a", "amount_of": "1"}
_LINKS: Final = [
    {
        "to": {"id": "1"},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
    }
]
_PAIR: Final = {"from": {"id": "1"}, "to": {"id": "2"}}
_SPECS: Final = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 449}]
_PROPERTY: Final = {
    "name": "made",
    "label": "Made",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "own_group",
    "description": "d",
    "options": [
        {"label": "A", "value": "a", "description": "d", "displayOrder": 0, "hidden": False}
    ],
    "displayOrder": 1,
    "hasUniqueValue": False,
    "hidden": False,
    "formField": True,
    "showCurrencySymbol": True,
    "currencyPropertyName": "code",
    "numberDisplayHint": "currency",
    "textDisplayHint": "email",
    "referencedObjectType": "OWNER",
    "externalOptions": False,
    "dataSensitivity": "non_sensitive",
}
_CALCULATION: Final = {
    "name": "calculation",
    "label": "C",
    "type": "number",
    "fieldType": "calculation_equation",
    "groupName": "own_group",
    "calculationFormula": "7 * 2",
}
_STAGE: Final = {
    "stageId": "s",
    "label": "S",
    "displayOrder": 0,
    "metadata": {"probability": "0.5", "ticketState": "CLOSED", "state": "CLOSED"},
}
_PIPELINE: Final = {"pipelineId": "p", "label": "P", "displayOrder": 0, "stages": [_STAGE]}
_SCHEMA: Final = {
    "labels": {"singular": "Made", "plural": "Made"},
    "description": "d",
    "primaryDisplayProperty": "title",
    "secondaryDisplayProperties": ["code"],
    "requiredProperties": ["title"],
    "searchableProperties": ["title"],
    "allowsSensitiveProperties": True,
    "restorable": True,
    "clearDescription": False,
}
_NEW_SCHEMA: Final = {
    **_SCHEMA,
    "name": "made",
    "properties": [
        {"name": "title", "label": "T"},
        {"name": "code", "label": "C", "hasUniqueValue": True},
        {**_PROPERTY, "groupName": "made_information"},
    ],
    "associatedObjects": ["CONTACT"],
}

_LIMIT: Final = {"category": "HUBSPOT_DEFINED", "typeId": 449, "maxToObjectIds": 5}
_LABEL_ID: Final = 900
"""Of the label that contacts have with contacts; what requests make gets higher ids."""

_FILTERS: Final = {
    "filterBranchType": "OR",
    "filterBranchOperator": "OR",
    "filters": [],
    "filterBranches": [
        {
            "filterBranchType": "AND",
            "filterBranchOperator": "AND",
            "filterBranches": [],
            "filters": [
                {
                    "filterType": "PROPERTY",
                    "property": "amount_of",
                    "operation": {
                        "operationType": "NUMBER",
                        "operator": "IS_EQUAL_TO",
                        "value": 1,
                        "includeObjectsWithNoValueSet": False,
                    },
                },
                {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": "1"},
            ],
        }
    ],
}
_LIST_SEARCH: Final = {
    "query": "l",
    "listIds": ["1"],
    "processingTypes": ["MANUAL"],
    "objectTypeId": "0-1",
    "offset": 0,
    "count": 1,
    "additionalProperties": ["hs_list_size"],
    "sort": "name",
}

BODIES: Final[dict[str, Any]] = {
    "create": {"properties": _VALUES, "associations": _LINKS, "objectWriteTraceId": "t"},
    "update": {"properties": _VALUES, "objectWriteTraceId": "t"},
    "batch_read": {
        "inputs": [{"id": "1"}],
        "properties": ["code"],
        "propertiesWithHistory": ["code"],
        "idProperty": "hs_object_id",
    },
    "batch_create": {
        "inputs": [{"properties": _VALUES, "associations": _LINKS, "objectWriteTraceId": "t"}]
    },
    "batch_update": {
        "inputs": [
            {
                "id": "1",
                "properties": _VALUES,
                "idProperty": "hs_object_id",
                "objectWriteTraceId": "t",
            }
        ]
    },
    "batch_upsert": {
        "inputs": [
            {"id": "1", "properties": _VALUES, "idProperty": "code", "objectWriteTraceId": "t"}
        ]
    },
    "batch_archive": {"inputs": [{"id": "1"}]},
    "merge": {"primaryObjectId": "1", "objectIdToMerge": "2"},
    "gdpr_delete": {"objectId": "1", "idProperty": "hs_object_id"},
    "search": {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": "code", "operator": "CONTAINS_TOKEN", "value": "a*"},
                    {"propertyName": "amount_of", "operator": "IN", "values": ["1"]},
                ]
            }
        ],
        "filters": [
            {
                "propertyName": "hs_object_id",
                "operator": "BETWEEN",
                "value": "1",
                "highValue": "9" * 18,
            },
            {"propertyName": "associations.contact", "operator": "EQ", "value": "1"},
        ],
        "query": "q",
        "sorts": [{"propertyName": "code", "direction": "DESCENDING"}],
        "properties": ["code"],
        "limit": 1,
        "after": "0",
    },
    "property_create": _PROPERTY,
    "property_update": _PROPERTY,
    "property_batch_create": {"inputs": [_PROPERTY, _CALCULATION]},
    "property_batch_read": {
        "inputs": [{"name": "code"}],
        "archived": False,
        "dataSensitivity": "sensitive",
    },
    "property_batch_archive": {"inputs": [{"name": "made"}]},
    "property_group_create": {"name": "g", "label": "G", "displayOrder": 1},
    "property_group_update": {"label": "G", "displayOrder": 1},
    "validation_put": {"ruleArguments": ["5"], "shouldApplyNormalization": True},
    "pipeline_create": _PIPELINE,
    "pipeline_replace": _PIPELINE,
    "pipeline_update": {"label": "P", "displayOrder": 0, "archived": None},
    "stage_create": {**_STAGE, "stageId": "t", "label": "T"},
    "stage_replace": _STAGE,
    "stage_update": {**_STAGE, "archived": False},
    "schema_create": _NEW_SCHEMA,
    "schema_update": _SCHEMA,
    "schema_batch_read": {
        "inputs": ["p_thing"],
        "includePropertyDefinitions": True,
        "includeAssociationDefinitions": True,
        "includeAuditMetadata": True,
    },
    "schema_association_create": {
        "fromObjectTypeId": "p_thing",
        "toObjectTypeId": "0-1",
        "name": "n",
    },
    "association_label_create": {"label": "L", "name": "l", "inverseLabel": "M"},
    "association_label_update": {"label": "L", "associationTypeId": _LABEL_ID, "inverseLabel": "M"},
    "association_limit_batch_create": {"inputs": [_LIMIT]},
    "association_limit_batch_update": {"inputs": [_LIMIT]},
    "association_limit_batch_purge": {"inputs": [{"category": "HUBSPOT_DEFINED", "typeId": 449}]},
    "association_set": _SPECS,
    "list_create": {
        "name": "L",
        "objectTypeId": "0-1",
        "processingType": "DYNAMIC",
        "filterBranch": _FILTERS,
        "listFolderId": 0,
        "listPermissions": {"usersWithEditAccess": [1], "teamsWithEditAccess": [2]},
        "membershipSettings": {"membershipTeamId": 1, "includeUnassigned": True},
        "customProperties": {"mine": "x"},
    },
    "list_search": _LIST_SEARCH,
    "list_all": _LIST_SEARCH,
    "list_update_filters": {"filterBranch": _FILTERS},
    "list_conversion_put": {
        "conversionType": "CONVERSION_DATE",
        "year": 2199,
        "month": 1,
        "day": 2,
        "timeUnit": "DAY",
        "offset": 1,
    },
    "list_id_mapping_batch": ["1"],
    "list_member_add": ["1"],
    "list_member_remove": ["1"],
    "list_member_change": {"recordIdsToAdd": ["1"], "recordIdsToRemove": ["2"]},
    "list_membership_batch_read": {"inputs": [{"objectTypeId": "0-1", "recordId": "1"}]},
    "list_folder_create": {"name": "F", "parentFolderId": "0"},
    "list_folder_move_list": {"listId": "1", "newFolderId": "0"},
    "association_batch_read": {"inputs": [{"id": "1", "after": "MC0yLTc1MDI%3D"}]},
    "association_batch_create": {"inputs": [{**_PAIR, "types": _SPECS}]},
    "association_batch_default": {"inputs": [_PAIR]},
    "association_batch_archive": {"inputs": [{"from": {"id": "1"}, "to": [{"id": "2"}]}]},
    "association_batch_archive_labels": {"inputs": [{**_PAIR, "types": _SPECS}]},
    "named_association_batch_create": {"inputs": [{**_PAIR, "type": "contact_to_contact"}]},
    "named_association_batch_archive": {"inputs": [{**_PAIR, "type": "279"}]},
}
"""A sound body of each route that reads one, with every field that it knows."""

_LONG: Final = '"' + "x" * 66_000 + '"'
HOSTILE_JSON: Final = (
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "-0.0",
    "9" * 400,
    '""',
    '" "',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\U0001f642\u202e"',
    '"NaN"',
    _LONG,
    "[]",
    "{}",
    "[[]]",
    "[null]",
    '{"a":{"b":[1]}}',
    "[" * 900 + "]" * 900,
    "[" * 60_000,
)
"""JSON, and what only looks like it, for the place of a field or of the whole body."""

HOSTILE_BYTES: Final = (
    b"",
    b" ",
    b"\x00",
    b"no JSON",
    b"\xff\xfe{}",
    b"\xed\xa0\x80",
    b'"x"',
    b'{"inputs":',
    b'{"inputs":[]}{}',
    b"{}" + b" " * 100_000,
    b'{"a":1,"a":2}',
)
HOSTILE_SEGMENTS: Final = (
    "%2F",
    "..",
    "%2e%2e%2f%2e%2e",
    "%00",
    "%0d%0aX-Injected:%201",
    "%FF",
    "%ED%A0%80",
    "%F0%9F%99%82",
    "%D9%A3",
    "%",
    "%zz",
    "'%20or%201=1--",
    "{objectType}",
    "-1",
    "0",
    "9" * 400,
    "x" * 5_000,
    "+",
    ";a=b",
)
HOSTILE_PARAMETERS: Final = (
    "limit",
    "after",
    "properties",
    "propertiesWithHistory",
    "associations",
    "archived",
    "idProperty",
    "dataSensitivity",
    "locale",
    "email",
    "includePropertyDefinitions",
    "validateReferencesBeforeDelete",
)
HOSTILE_PARAMETER_VALUES: Final = (
    "",
    "-1",
    "9" * 400,
    "1e3",
    "%00",
    "%ED%A0%80",
    "%D9%A3",
    "true",
    "x" * 3_000,
)
HOSTILE_QUERIES: Final = (
    *map("=".join, itertools.product(HOSTILE_PARAMETERS, HOSTILE_PARAMETER_VALUES)),
    "&&==&",
    "%",
    "a" * 4_000,
    "hapikey=x&hapikey=y",
    ";",
    "limit=1&limit=x",
)

# Ids of pipelines and stages that are too long are answered 500, as HubSpot does (observed
# 2026-10): this is the one 5xx that a client can ask for. A number is its digits as text.
_ANSWERED_500: Final = tuple(itertools.product((("pipelineId",), ("stageId",)), ("9" * 400, _LONG)))

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every value of a body, the whole body first."""
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from places(inner, (*path, key))


def with_text_at(body: Any, path: Path, text: str) -> bytes:
    """The body with a piece of JSON in the place of one value."""
    marked = json.loads(json.dumps({"body": body}))
    node: Any = marked
    for key in ("body", *path)[:-1]:
        node = node[key]
    node[("body", *path)[-1]] = "@"
    return json.dumps(marked["body"]).replace('"@"', text).encode("utf-8", "surrogatepass")


def route_name(endpoint: Endpoint) -> str:
    """The name under which `BODIES` knows the route."""
    route = endpoint.route
    return route.operation if isinstance(route, ObjectRoute) else route.name


@dataclass(slots=True)
class Scene:
    """A portal that has something under every variable of a path, and one connection to it."""

    portal: PortalUnderTest
    connection: http.client.HTTPConnection
    variables: dict[str, tuple[str, ...]]
    turns: Iterator[int]

    def address(self, endpoint: Endpoint) -> list[str]:
        """The segments of a path that leads to something; object types take turns."""
        turn = next(self.turns)
        segments = []
        for segment in endpoint.path.strip("/").split("/"):
            known = self.variables.get(segment)
            segments.append(segment if known is None else quote(known[turn % len(known)]))
        return segments

    def send(self, method: str, target: str, body: bytes | None) -> int:
        """Sends it and looks at the answer; its status. What it made is removed again."""
        headers = {
            "Authorization": f"Bearer {self.portal.token}",
            "Content-Type": "application/json",
        }
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        told = (method, target[:200], (body or b"")[:300], answer.status, read[:300])
        if answer.status >= 400:
            assert is_refusal(answer, read), told
        if answer.status == 201 and (made := answer.headers.get("location")):
            self.send("DELETE", urlsplit(made).path, None)
        return answer.status

    def is_well(self) -> bool:
        """Whether the server answers a sound request."""
        return self.send("GET", "/crm/v3/objects/contacts?limit=1", None) == 200


def is_refusal(answer: http.client.HTTPResponse, read: bytes) -> bool:
    """Whether it is HubSpot's envelope, the container's page, or empty as of missing pipelines."""
    kind = answer.headers.get("content-type")
    if kind is None:
        return answer.status == 404 and read == b""
    if kind.startswith("text/html"):
        return read.startswith(b"<html>")
    body = json.loads(read)
    correlation_id = answer.headers["x-hubspot-correlation-id"]
    told = (body["status"], body["correlationId"], isinstance(body["message"], str))
    return told == ("error", correlation_id, True)


def put_lists(transaction: WriteTransaction, portal_id: int) -> None:
    """A list by hand and a dynamic one, and a folder."""
    kinds: tuple[ProcessingType, ...] = ("MANUAL", "DYNAMIC")
    for name, kind in zip(("By hand", "By filters"), kinds, strict=True):
        list_id = transaction.new_list_id(portal_id)
        filters = json.dumps(_FILTERS) if kind == "DYNAMIC" else None
        own = ListDefinition(list_id, "0-1", name, kind, 0, 0, filter_branch=filters)
        transaction.put_list(portal_id, own)
    folder_id = transaction.new_list_folder_id(portal_id)
    transaction.put_list_folder(portal_id, ListFolder(folder_id, "Own", 0, 0, 0, 0))


def put_label(transaction: WriteTransaction, portal_id: int) -> None:
    """A label between contacts, its own inverse."""
    label = AssociationType(
        category="USER_DEFINED",
        type_id=_LABEL_ID,
        from_object_type_id="0-1",
        to_object_type_id="0-1",
        kind="labeled",
        name="own",
        label="Own",
        inverse_id=_LABEL_ID,
    )
    transaction.put_association_types(portal_id, [label])


def put_own_group(transaction: WriteTransaction, *, portal_id: int, type_id: str) -> None:
    """Adds the group that the bodies name."""
    transaction.put_group(portal_id, type_id, PropertyGroup("own_group", "Own", 99))


@contextmanager
def made_scene(server: Server) -> Iterator[Scene]:
    """A new portal that has everything that the bodies name."""
    portal = PortalUnderTest(server)
    title = {"name": "title", "label": "T", "type": "string", "fieldType": "text"}
    type_id = portal.add_schema(
        {"name": "thing", "primaryDisplayProperty": "title", "properties": [title]}
    )
    types = ("contacts", "deals", "0-5", "PARTNER_SERVICE", "p_thing")
    text = {"type": "string", "fieldType": "text"}
    for each in ("0-1", "0-3", "0-5", "0-164", type_id):
        server.write(partial(put_own_group, portal_id=portal.portal_id, type_id=each))
        portal.define(each, {"name": "code", **text, "hasUniqueValue": True})
        portal.define(each, {"name": "amount_of", "type": "number", "fieldType": "number"})
        portal.define(each, {"name": "spare", **text})
    portal.add_owner({"id": 1})
    records = tuple(portal.add_record(each, {"code": "a"}).id for each in ("contacts", type_id))
    other_contact = portal.add_record("contacts", {}).id
    server.write(partial(put_lists, portal_id=portal.portal_id))
    server.write(partial(put_label, portal_id=portal.portal_id))
    scene = Scene(
        portal,
        http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=30),
        {
            "{objectType}": types,
            "{schema}": ("p_thing", "contacts"),
            "{objectId}": records,
            "{propertyName}": ("spare", "code", "amount_of"),
            "{groupName}": ("own_group", "dealinformation"),
            "{pipelineId}": ("default", "0"),
            "{stageId}": ("s", "closedwon", "4", "partner-service-open"),
            "{ruleType}": ("REGEX", "MAX_LENGTH", "MIN_NUMBER"),
            "{ownerId}": ("1",),
            "{associationIdentifier}": ("n", "1"),
            "{toObjectType}": ("contacts", "0-2", "DEAL", "p_thing"),
            "{toObjectId}": (other_contact,),
            "{associationType}": ("contact_to_contact", "449", "n"),
            "{associationTypeId}": (str(_LABEL_ID), "1"),
            "{userId}": ("9",),
            "{listId}": ("1", "2"),
            "{sourceListId}": ("2", "1"),
            "{listName}": ("By hand",),
            "{folderId}": ("1",),
            "{newParentFolderId}": ("0",),
            "{objectTypeId}": ("0-1", "contacts"),
            "{recordId}": records,
        },
        itertools.count(),
    )
    with closing(scene.connection):
        yield scene


@pytest.fixture(scope="module")
def scene(server: Server) -> Iterator[Scene]:
    """One portal for all that is hostile: what one request leaves meets the next."""
    with made_scene(server) as scene:
        yield scene
        assert scene.is_well()


ENDPOINTS: Final = tuple(endpoints())
READING_A_BODY: Final = tuple(
    each
    for each in ENDPOINTS
    if each.route.method in ("POST", "PUT", "PATCH") and each.route.reads_body
)

DEFINING: Final = tuple(each for each in READING_A_BODY if isinstance(each.route, DefinitionRoute))


def one_of_each(rows: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """One row of each route; the versions take turns."""
    by_name: dict[str, list[Endpoint]] = {}
    for each in rows:
        by_name.setdefault(route_name(each), []).append(each)
    for turn, alike in enumerate(by_name.values()):
        yield alike[turn % len(alike)]


def test_every_route_that_reads_a_body_has_one_to_be_spoilt() -> None:
    assert {route_name(each) for each in READING_A_BODY} == BODIES.keys()


def test_the_bodies_of_definitions_are_sound_before_they_are_spoilt(server: Server) -> None:
    with made_scene(server) as scene:
        for endpoint in one_of_each(DEFINING):
            body = json.dumps(BODIES[route_name(endpoint)]).encode()

            # The variables of a path take turns: after this many, each has met the others.
            statuses = (
                scene.send(endpoint.route.method, "/" + "/".join(scene.address(endpoint)), body)
                for _ in range(60)
            )

            assert any(status < 300 for status in statuses), route_name(endpoint)


@pytest.mark.parametrize("endpoint", tuple(one_of_each(READING_A_BODY)), ids=route_name)
def test_no_spoilt_field_of_a_body_breaks_the_server(scene: Scene, endpoint: Endpoint) -> None:
    body = BODIES[route_name(endpoint)]
    method = endpoint.route.method
    for path, text in itertools.product(places(body), HOSTILE_JSON):
        target = "/" + "/".join(scene.address(endpoint))
        spoilt = with_text_at(body, path, text)

        status = scene.send(method, target, spoilt)

        if (path[-1:], text) not in _ANSWERED_500:
            assert status < 500, (method, target, path, text[:100])
    assert scene.is_well()


def test_no_body_that_is_none_breaks_the_server(scene: Scene) -> None:
    for endpoint, body in itertools.product(READING_A_BODY, HOSTILE_BYTES):
        target = "/" + "/".join(scene.address(endpoint))

        assert scene.send(endpoint.route.method, target, body) < 500, (target, body[:100])


def test_no_segment_of_a_path_breaks_the_server(scene: Scene) -> None:
    for endpoint in one_of_each(ENDPOINTS):
        body = BODIES.get(route_name(endpoint))
        sent = None if body is None else json.dumps(body).encode()
        sound = scene.address(endpoint)
        for place, segment in itertools.product(range(len(sound)), HOSTILE_SEGMENTS):
            target = "/" + "/".join([*sound[:place], segment, *sound[place + 1 :]])

            assert scene.send(endpoint.route.method, target, sent) < 500, target[:300]


def test_no_query_breaks_the_server(scene: Scene) -> None:
    rows = [each for each in ENDPOINTS if each.route.method in ("GET", "DELETE")]
    for endpoint, query in itertools.product(one_of_each(rows), HOSTILE_QUERIES):
        target = "/" + "/".join(scene.address(endpoint)) + "?" + query

        assert scene.send(endpoint.route.method, target, None) < 500, target[:300]


_JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["code", "hs_object_id", "CLOSED", "0-1", "true", "select", "enumeration"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


# The server and its portal are shared on purpose: what one example leaves meets the next.
@settings(
    max_examples=200,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.data(),
    endpoint=st.sampled_from(ENDPOINTS),
    changes=st.dictionaries(st.integers(0, 60), _JSON, max_size=3),
    segment=st.none() | st.text(min_size=1, max_size=12),
    query=st.none() | st.binary(max_size=30),
)
def test_no_mixture_breaks_the_server(
    scene: Scene,
    data: st.DataObject,
    endpoint: Endpoint,
    changes: dict[int, Any],
    segment: str | None,
    query: bytes | None,
) -> None:
    body = BODIES.get(route_name(endpoint))
    sent = None if body is None else json.dumps(body).encode()
    if body is not None:
        ways = list(places(body))
        for number, value in changes.items():
            spoilt = json.dumps(value)
            sent = with_text_at(body, ways[number % len(ways)], spoilt)
    segments = scene.address(endpoint)
    if segment is not None:
        place = data.draw(st.integers(0, len(segments) - 1))
        segments[place] = quote(segment.encode("utf-8", "surrogatepass"), safe="")
    target = "/" + "/".join(segments)
    if query is not None:
        target += "?" + quote(query, safe="=&+;%")

    assert scene.send(endpoint.route.method, target, sent) < 500, (target, sent)
