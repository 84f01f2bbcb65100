"""Bodies that are meant to do harm: each gets a 4xx in HubSpot's form and changes nothing."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.conftest import PortalUnderTest

PATH = "/crm/v3/objects/partner_services"

# {id} stands for the id of an existing record whose text `account_lead` is "before".
HOSTILE: dict[str, bytes] = {
    "a field twice": b'{"inputs":[{"id":"{id}","properties":{"hs_name":"a","hs_name":"b"}}]}',
    "NaN": b'{"inputs":[{"id":"{id}","properties":{"account_lead":NaN}}]}',
    "Infinity": b'{"inputs":[{"id":"{id}","properties":{"account_lead":-Infinity}}]}',
    "lone surrogate": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"\\ud800"}}]}',
    "lone surrogate in a name": b'{"inputs":[{"id":"{id}","properties":{"\\udfff":"x"}}]}',
    "U+0000 escaped": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"a\\u0000b"}}]}',
    "U+0000 raw": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"a\x00b"}}]}',
    "invalid UTF-8": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"\xff\xfe"}}]}',
    "overlong UTF-8": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"\xc0\xaf"}}]}',
    "UTF-16": '{"inputs":[{"id":"{id}","properties":{"account_lead":"x"}}]}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"inputs":[{"id":"{id}","properties":{"account_lead":"x"}}]}',
    "trailing bytes": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"x"}}]} {}',
    "cut off": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"x"',
    "deep arrays": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"x"},"y":'
    + b"[" * 50_000,
    "deep objects": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"x"},"y":'
    + b'{"a":' * 20_000,
    "balanced depth": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"x"},"y":'
    + b"[" * 2_000
    + b"]" * 2_000
    + b"}]}",
    "huge number": b'{"inputs":[{"id":"{id}","properties":{"account_lead":'
    + b"9" * 5_000
    + b"}}]}",
    "1e400 as a number property": b'{"inputs":[{"id":"{id}","properties":{"monthly_fee":1e400}}]}',
    "a hundred thousand inputs": b'{"inputs":['
    + b'{"id":"{id}","properties":{"account_lead":"x"}},' * 99_999
    + b'{"id":"{id}","properties":{"account_lead":"x"}}]}',
    "a hundred thousand names": b'{"inputs":[{"id":"{id}","properties":{'
    + b",".join(b'"n%d":"x"' % n for n in range(100_000))
    + b"}}]}",
    "value of 65,537 characters": b'{"inputs":[{"id":"{id}","properties":{"account_lead":"'
    + b"x" * 65_537
    + b'"}}]}',
    "object as a value": b'{"inputs":[{"id":"{id}","properties":{"account_lead":{"$ne":1}}}]}',
    "__proto__": b'{"inputs":[{"id":"{id}","properties":{"__proto__":"x","account_lead":"x"}}]}',
    "SQL in a name": b'{"inputs":[{"id":"{id}","properties":{"x\' or 1=1 --":"x"}}]}',
    "SQL in an id property": b'{"inputs":[{"id":"x","idProperty":"a\' or 1=1","properties":{}}]}',
}


def exchange(
    portal: PortalUnderTest, method: str, path: str, body: bytes | None
) -> tuple[int, bytes]:
    address = urlsplit(portal.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {"Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


@pytest.fixture
def record_id(portal: PortalUnderTest) -> str:
    portal.define(
        "partner_services", {"name": "account_lead", "type": "string", "fieldType": "text"}
    )
    portal.define(
        "partner_services", {"name": "monthly_fee", "type": "number", "fieldType": "number"}
    )
    return portal.add_record("partner_services", {"account_lead": "before"}).id


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_hubspots_form_and_changes_nothing(
    portal: PortalUnderTest, record_id: str, name: str
) -> None:
    body = HOSTILE[name].replace(b"{id}", record_id.encode())
    before = exchange(
        portal, "GET", f"{PATH}/{record_id}?properties=account_lead,monthly_fee", None
    )

    status, read = exchange(portal, "POST", f"{PATH}/batch/update", body)

    assert 400 <= status < 500, read[:300]
    answer = json.loads(read)
    assert answer["status"] == "error"
    assert {"message", "correlationId"} <= answer.keys()
    after = exchange(portal, "GET", f"{PATH}/{record_id}?properties=account_lead,monthly_fee", None)
    assert after == before


_FILTER = b'{"propertyName":"account_lead","operator":"%s","%s":%s}'

SEARCHES: dict[str, tuple[bytes, int]] = {
    "a hundred thousand groups": (b'{"filterGroups":[' + b"{}," * 99_999 + b"{}]}", 400),
    "a hundred thousand sorts": (b'{"sorts":[' + b'"hs_name",' * 99_999 + b'"hs_name"]}', 400),
    "a hundred thousand names": (
        b'{"properties":[' + b",".join(b'"n%d"' % n for n in range(100_000)) + b"]}",
        200,
    ),
    "a hundred thousand values": (
        b'{"filters":['
        + _FILTER
        % (b"IN", b"values", b"[" + b",".join(b'"v%d"' % n for n in range(100_000)) + b"]")
        + b"]}",
        200,
    ),
    "a hundred thousand wildcards": (
        b'{"filters":['
        + _FILTER % (b"CONTAINS_TOKEN", b"value", b'"' + b"*a" * 50_000 + b'"')
        + b"]}",
        200,
    ),
    "wildcards and nothing else": (
        b'{"filters":['
        + _FILTER % (b"CONTAINS_TOKEN", b"value", b'"' + b"*" * 100_000 + b'"')
        + b"]}",
        200,
    ),
    "a hundred thousand tokens": (
        b'{"filters":['
        + _FILTER
        % (b"CONTAINS_TOKEN", b"value", b'"' + b" ".join(b"%d" % n for n in range(100_000)) + b'"')
        + b"]}",
        200,
    ),
    "a query of a million characters": (b'{"query":"' + b"x" * 1_000_000 + b'"}', 400),
    "a query of many words": (b'{"query":"' + b"a " * 1_500 + b'"}', 200),
    "a deep sort in a text": (b'{"sorts":["' + b'{\\"a\\":' * 20_000 + b'"]}', 400),
    "a deep sort": (b'{"sorts":[' + b"[" * 900 + b"]" * 900 + b"]}", 400),
    "a number of a thousand digits": (b'{"after":' + b"9" * 1_000 + b"}", 400),
    "an infinite number": (b'{"limit":1e400}', 400),
    "a field twice": (b'{"query":"a","query":"b"}', 400),
    "an object as a value": (
        b'{"filters":[' + _FILTER % (b"EQ", b"value", b'{"$ne":1}') + b"]}",
        400,
    ),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_answered_whatever_its_size(
    portal: PortalUnderTest, record_id: str, name: str
) -> None:
    body, status = SEARCHES[name]

    answered, read = exchange(portal, "POST", f"{PATH}/search", body)

    answer = json.loads(read)
    assert answered == status, read[:300]
    assert ("status", "error") in answer.items() if status == 400 else answer["total"] < 2
    assert exchange(portal, "GET", f"{PATH}/{record_id}", None)[0] == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("\u202eright to left", 200),
        ("'; DROP TABLE record; --", 200),
        ("%_\\", 200),
        ("x" * 65_536, 200),
    ],
)
def test_odd_but_honest_text_is_stored_as_it_is(
    portal: PortalUnderTest, record_id: str, text: str, status: int
) -> None:
    body = json.dumps({"inputs": [{"id": record_id, "properties": {"account_lead": text}}]})

    answered, _ = exchange(portal, "POST", f"{PATH}/batch/update", body.encode())

    _, read = exchange(portal, "GET", f"{PATH}/{record_id}?properties=account_lead", None)
    assert answered == status
    assert json.loads(read)["properties"]["account_lead"] == text
