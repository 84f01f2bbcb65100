"""Who may reach the control plane: each guard alone refuses what the others would let pass."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from moyeu.wire.control.access import ControlAccess
from moyeu.wire.errors import UNAUTHENTICATED
from tests.conftest import PortalUnderTest
from tests.wire.control.bench import HOST, TOKEN, V1, Bench

CORS = [
    "access-control-allow-origin",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-credentials",
]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer Bearer {TOKEN}",
        TOKEN,
    ],
)
def test_without_the_control_token_nobody_is_heard(bench: Bench, authorization: str | None) -> None:
    answer = bench.send("GET", f"{V1}/portals", headers={"Authorization": authorization})

    assert answer.refusal == (401, UNAUTHENTICATED.message, "INVALID_AUTHENTICATION")


def test_a_token_of_the_api_is_none_of_the_control_plane(bench: Bench) -> None:
    portal = bench.control.create_portal()

    answer = bench.send("GET", f"{V1}/portals", headers={"Authorization": f"Bearer {portal.token}"})

    assert answer.refusal == (401, UNAUTHENTICATED.message, "INVALID_AUTHENTICATION")


def test_the_control_token_is_none_of_the_api(bench: Bench) -> None:
    answer = bench.send("GET", "/crm/v3/objects/contacts")

    assert answer.refusal[0] == 401


def test_who_has_no_token_learns_no_routes(bench: Bench) -> None:
    stranger = {"Authorization": None}

    for path in ("/_moyeu", "/_moyeu/", "/_moyeu/v9/x", f"{V1}/portals/1/x", f"{V1}/portals/x"):
        for method in ("GET", "POST", "OPTIONS", "TRACE"):
            assert bench.send(method, path, headers=stranger).status == 401


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:9",
        "127.0.0.1",
        "127.8.8.8:80",
        "[::1]",
        "[::1]:8080",
        HOST,
        f"{HOST.upper()}:1234",
    ],
)
def test_names_that_are_ours_are_answered(bench: Bench, host: str) -> None:
    assert bench.send("GET", f"{V1}/portals", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8080",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        f"x.{HOST}",
        f"{HOST}.",
        "192.168.1.5",
        "0.0.0.0",
        "2130706433",
        "[::2]",
    ],
)
def test_another_name_is_misdirected_though_the_token_is_right(bench: Bench, host: str) -> None:
    answer = bench.send("GET", f"{V1}/portals", headers={"Host": host})

    assert answer.status == 421
    assert answer.json["category"] == "MISDIRECTED_REQUEST"


@pytest.mark.parametrize("host", ["localhost:x", "a@localhost", "", "localhost:123456", "[::1"])
def test_a_name_that_is_none_is_misdirected_whatever_the_edge_lets_pass(host: str) -> None:
    access = ControlAccess(TOKEN, frozenset())
    headers = {b"host": host.encode(), b"authorization": f"Bearer {TOKEN}".encode()}

    refused = access.refusal(headers)

    assert refused is not None
    assert refused.status == 421
    assert access.refusal(headers | {b"host": b"localhost"}) is None


def test_what_a_proxy_says_means_nothing(bench: Bench) -> None:
    said = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost", "Forwarded": "for=::1"}

    assert bench.send("GET", V1 + "/", headers={"Host": "evil.test", **said}).status == 421
    assert bench.send("GET", V1 + "/", headers={"Authorization": None, **said}).status == 401
    said |= {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.test"}
    assert bench.send("GET", V1 + "/", headers=said).status == 200


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.test", "http://localhost:1", "file://", "", "localhost", "http://"],
)
def test_a_page_of_another_origin_is_refused_though_the_token_is_right(
    bench: Bench, origin: str
) -> None:
    answer = bench.send("GET", f"{V1}/portals", headers={"Origin": origin})

    assert (answer.status, answer.json["category"]) == (403, "CROSS_ORIGIN")


def test_a_page_of_the_server_itself_is_answered(bench: Bench) -> None:
    assert bench.send("GET", f"{V1}/portals", headers={"Origin": bench.url}).status == 200


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize("origin", [None, "https://evil.test"])
def test_no_answer_lets_another_origin_read_it(
    bench: Bench, method: str, origin: str | None
) -> None:
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    answer = bench.send(method, f"{V1}/portals", headers=asking)

    assert not [each for each in CORS if each in answer.headers]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/plain; application/json",
    ],
)
def test_a_body_that_a_form_could_send_is_refused(bench: Bench, media_type: str | None) -> None:
    before = bench.control.portals()

    answer = bench.send("POST", f"{V1}/portals", {}, {"Content-Type": media_type})

    assert answer.refusal == (
        415,
        "The body must be JSON, with Content-Type: application/json.",
        "UNSUPPORTED_MEDIA_TYPE",
    )
    assert bench.control.portals() == before


def test_the_media_type_may_have_parameters(bench: Bench) -> None:
    as_json = {"Content-Type": "Application/JSON ; charset=utf-8"}

    assert bench.send("POST", f"{V1}/portals", {}, as_json).status == 201


def test_two_names_in_one_request_are_refused(bench: Bench) -> None:
    address = urlsplit(bench.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 30) as raw:
        raw.sendall(
            f"GET {V1}/portals HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/_moyeu", "/_moyeu/", f"{V1}/", f"{V1}/portals"])
def test_a_server_without_a_control_token_has_no_control_plane(
    portal: PortalUnderTest, path: str
) -> None:
    address = urlsplit(portal.url)
    pages = []
    for asked in (path, "/no/such/path"):
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection.request("GET", asked, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        pages.append((answer.status, answer.read(), answer.getheader("content-type")))
        connection.close()

    assert pages[0][0] == 404
    assert pages[0] == pages[1]


def test_the_token_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(ControlAccess("secret-of-the-control-plane", frozenset()))
