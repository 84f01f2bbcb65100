"""Searches take names and values as they are: no character of SQL, LIKE or JSON paths counts."""

import http.client
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from moyeu.app import build_app
from moyeu.storage.sqlite import open_store
from moyeu.storage.sqlite.search_index import SearchLimits
from moyeu.wire.edge import running
from tests.conftest import Clock, PortalUnderTest, Server

VALUES: Final = (
    "%",
    "_",
    "100%",
    "a_b",
    "axb",
    "*",
    "?",
    "[a-z]",
    "'",
    "''",
    '"',
    '"; drop table record; --',
    "' or 1=1 --",
    "'; delete from record; --",
    "x') union select 1 --",
    "$.note",
    '$."note"',
    '"]}',
    '{"note":"x"}',
    "[0]",
    "null",
    "true",
    "0",
    "\\",
    "\\%",
    "a;b",
    ":portal_id",
    "?1",
    "@x",
    "a\nb",
    " a",
    "a ",
    "\u202e",
    "🙂",
    "é",
    "e\u0301",
)
"""Texts of one record each, no two of them equal whatever the case."""

NAMES: Final = (
    "",
    "note'",
    'note"',
    "note' or '1'='1",
    "$.note",
    'note" desc, "hs_object_id',
    "note; drop table record",
    "note%",
    "not_",
    "*",
    "properties",
    "record_id",
    "hs_object_id--",
    "note\x1f",
    "__proto__",
    "associations",
    "associations.",
    "associations.contact'",
    "associations.contact.contact",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A portal in which each of the values stands in one record."""

    portal: PortalUnderTest
    ids: dict[str, str]
    connection: http.client.HTTPConnection

    def search(self, body: object) -> tuple[int, Any]:
        """Status and body of the answer to a search."""
        headers = {
            "Authorization": f"Bearer {self.portal.token}",
            "Content-Type": "application/json",
        }
        path = "/crm/v3/objects/partner_services/search"
        self.connection.request("POST", path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def found(self, operator: str, **operands: object) -> set[str]:
        """The values of the records that a filter of `note` finds."""
        given = {"propertyName": "note", "operator": operator, **operands}
        status, body = self.search({"filters": [given], "properties": ["note"], "limit": 200})
        assert status == 200, body
        assert body["total"] == len(body["results"])
        return {each["properties"]["note"] for each in body["results"]}


@pytest.fixture(scope="module")
def indexing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that answers the searches of few records by the index too."""
    path = tmp_path_factory.mktemp("indexing") / "portal.db"
    store = open_store(path, search=SearchLimits(scan_max=0, few_min=2))
    clock = Clock()
    with running(build_app(store, clock, random.Random(1).getrandbits)) as url:
        server = Server(url, store, clock)
        yield server
        server.close()
    store.close()


@pytest.fixture(scope="module", params=["server", "indexing_server"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """One portal for all of it, which nothing changes."""
    portal = PortalUnderTest(request.getfixturevalue(request.param))
    portal.define("partner_services", {"name": "note", "type": "string", "fieldType": "text"})
    ids = {each: portal.add_record("partner_services", {"note": each}).id for each in VALUES}
    connection = http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=30)
    yield Place(portal, ids, connection)
    connection.close()


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_found_by_itself_alone(place: Place, value: str) -> None:
    assert place.found("EQ", value=value) == {value}
    assert place.found("IN", values=[value]) == {value}
    assert place.found("NEQ", value=value) == {*VALUES} - {value}
    assert place.found("NOT_IN", values=[value]) == {*VALUES} - {value}
    assert place.found("BETWEEN", value=value, highValue=value) == {value}


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("%", set()),
        ("_", set()),
        ("a_b", {"a_b", "a\nb", "a;b"}),
        ("a?b", {"a_b", "a\nb", "a;b"}),
        ("a*b", {"a_b", "axb", "a\nb", "a;b"}),
        ("100%", {"100%"}),
        ("' or 1=1 --", {"' or 1=1 --"}),
        ("*", {*VALUES}),
        ("dr*", {'"; drop table record; --'}),
    ],
)
def test_a_token_knows_no_wildcard_but_one(place: Place, token: str, found: set[str]) -> None:
    assert place.found("CONTAINS_TOKEN", value=token) == found
    assert place.found("NOT_CONTAINS_TOKEN", value=token) == {*VALUES} - found


@pytest.mark.parametrize("query", VALUES)
def test_a_query_is_no_pattern(place: Place, query: str) -> None:
    status, body = place.search({"query": query})

    assert (status, body["total"]) == (200, 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_property_is_refused(place: Place, name: str) -> None:
    filtered = {"filters": [{"propertyName": name, "operator": "EQ", "value": "1"}]}

    for body in (filtered, {"sorts": [name]}, {"sorts": [{"propertyName": name}]}):
        status, answer = place.search(body)

        assert (status, answer["message"]) == (400, "There was a problem with the request.")


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_name_among_the_properties_is_left_out(place: Place, name: str) -> None:
    status, answer = place.search({"properties": [name, "note"], "limit": 1})

    assert status == 200
    assert set(answer["results"][0]["properties"]) == {
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "note",
    }


@pytest.mark.parametrize("after", ["1 or 1=1", "1;", "0x1", "1e1", "１", "1_0", "--1", "'"])
def test_an_after_that_is_no_number_is_refused(place: Place, after: str) -> None:
    for field in ("after", "limit"):
        status, answer = place.search({field: after})

        assert (status, list(answer)) == (400, ["status", "message", "correlationId"])


def test_all_values_are_sorted_as_texts(place: Place) -> None:
    status, body = place.search({"sorts": ["-note"], "properties": ["note"], "limit": 200})

    assert status == 200
    assert [each["id"] for each in body["results"]] == [
        place.ids[each] for each in sorted(VALUES, key=str.lower, reverse=True)
    ]
