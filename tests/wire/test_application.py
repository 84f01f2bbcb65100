"""What the application does around every route: methods, slashes, compression, correlation."""

import gzip
import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from moyeu.wire.endpoints import Router, endpoints
from moyeu.wire.moments import make_correlation_id
from tests.conftest import PortalUnderTest

LIST = "/crm/v3/objects/partner_services"


def exchange(
    portal: PortalUnderTest, method: str, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    address = urlsplit(portal.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    sent = {"Authorization": f"Bearer {portal.token}", "Accept": "*/*"} | dict(headers or {})
    connection.request(method, path, headers=sent)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, read


def test_head_answers_as_get_without_the_body(portal: PortalUnderTest) -> None:
    got_status, got, body = exchange(portal, "GET", LIST)
    status, head, nothing = exchange(portal, "HEAD", LIST)

    assert (status, nothing) == (got_status, b"")
    assert head["content-length"] == str(len(body)) == got["content-length"]


def test_options_names_the_methods_of_a_path(portal: PortalUnderTest) -> None:
    status, headers, body = exchange(portal, "OPTIONS", f"{LIST}/1")

    assert (status, body) == (200, b"")
    assert headers["allow"] == "DELETE,GET,HEAD,OPTIONS,PATCH"


@pytest.mark.parametrize("path", [f"{LIST}/%00", f"{LIST}/a%00b", "/%00"])
def test_a_path_with_a_null_character_is_a_bad_request(portal: PortalUnderTest, path: str) -> None:
    assert exchange(portal, "GET", path)[0] == 400


@pytest.mark.parametrize(("path", "status"), [(f"{LIST}/", 200), (f"{LIST}/1/", 404), ("/", 404)])
def test_a_trailing_slash_is_taken_on_collections_only(
    portal: PortalUnderTest, path: str, status: int
) -> None:
    assert exchange(portal, "GET", path)[0] == status


def test_a_large_answer_is_compressed_when_asked(portal: PortalUnderTest) -> None:
    for _ in range(10):
        portal.add_record("partner_services", {"hs_name": "x" * 200})
    path = f"{LIST}?properties=hs_name"

    _, plain_headers, plain = exchange(portal, "GET", path)
    _, headers, packed = exchange(portal, "GET", path, {"Accept-Encoding": "gzip, deflate"})
    _, refused, _ = exchange(portal, "GET", path, {"Accept-Encoding": "gzip;q=0"})

    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2
    assert "content-encoding" not in plain_headers
    assert "content-encoding" not in refused


@pytest.mark.parametrize("path", ["/crm/v3/objects/{}", "/crm/pipelines/2026-03/{}"])
def test_a_type_that_is_purged_behind_its_request_is_unknown(
    portal: PortalUnderTest, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    schema = {"name": "car", "primaryDisplayProperty": "hs_object_id", "properties": ()}
    type_id = portal.add_schema(schema)
    store = portal.server.store
    before = portal.server.run(store.read(lambda each: each.object_types(portal.portal_id)))
    portal.server.write(lambda each: each.purge_object_type(portal.portal_id, type_id))
    monkeypatch.setattr(store, "cached_object_types", lambda _: before)

    status, _, body = exchange(portal, "GET", path.format(type_id))

    assert status == 400
    assert json.loads(body)["message"] == f"Invalid object or event type id: {type_id}"


def test_an_exception_below_is_one_plain_500(
    portal: PortalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(portal.server.store, "_read", fail)

    status, headers, body = exchange(portal, "GET", f"{LIST}/1")

    answer = json.loads(body)
    assert status == 500
    assert answer == {
        "status": "error",
        "message": "internal error",
        "correlationId": headers["x-hubspot-correlation-id"],
    }


def test_every_row_of_the_endpoint_table_is_found_by_its_own_path() -> None:
    router = Router()

    for endpoint in endpoints():
        filled = endpoint.path.replace("{objectType}", "deals").replace("{objectId}", "7")
        filled = filled.replace("{propertyName}", "amount").replace("{groupName}", "g")
        match = router.match(filled.strip("/").split("/"))
        assert match is not None, endpoint.path
        assert match.by_method[endpoint.route.method] == endpoint


def test_a_correlation_id_is_a_uuid_of_version_7_of_its_moment() -> None:
    text = make_correlation_id(0x019DAB0B6A7C, 2**74 - 1)

    assert text == "019dab0b-6a7c-7fff-bfff-ffffffffffff"
    assert make_correlation_id(0x019DAB0B6A7C, 0) == "019dab0b-6a7c-7000-8000-000000000000"
