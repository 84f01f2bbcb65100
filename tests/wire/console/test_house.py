"""Who may see the console, and what every answer of it has: over HTTP."""

import gzip
import http.client
import json
from urllib.parse import urlsplit

import pytest

from moyeu.wire.console.guard import LOGIN_CODE_MS, SESSION_MS
from moyeu.wire.console.routes import NAVIGATION
from tests.conftest import PortalUnderTest, Server
from tests.wire.console.conftest import Visitor, serving

SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
ANSWERS = (
    ("/", 200),
    ("/console", 303),
    ("/console/nothing", 404),
    ("/console/records/unknown", 404),
    ("/console/records/contacts?filter=x:EQ:1", 400),
    ("/console/static/console.css", 200),
    ("/console/static/nothing.css", 404),
    ("/console/static/../house.py", 404),
    *((f"/console/{each.path}", 200) for each in NAVIGATION if each.path),
)


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_answer_has_the_security_headers(visitor: Visitor, path: str, status: int) -> None:
    reply = visitor.get(path)

    assert reply.status == status
    assert reply.headers.items() >= SECURITY.items()
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_a_refused_host_has_them_too(visitor: Visitor) -> None:
    reply = visitor.get("/", {"Host": "evil.example"})

    assert reply.status == 403
    assert reply.headers.items() >= SECURITY.items()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("demo.localhost:1", 200),
        ("127.0.0.1:8080", 200),
        ("127.9.9.9", 200),
        ("[::1]:8080", 200),
        ("crm.example", 200),
        ("crm.example:443", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.example:8080", 403),
        ("0.0.0.0:8080", 403),
        ("192.168.1.5", 403),
        ("[::2]:8080", 403),
    ],
)
def test_only_names_of_this_machine_and_allowed_ones_are_answered(
    visitor: Visitor, host: str, status: int
) -> None:
    assert visitor.get("/console/keys", {"Host": host}).status == status
    assert visitor.get("/console/static/console.js", {"Host": host}).status == status


def test_a_client_that_wants_no_html_gets_a_short_json_at_the_root(visitor: Visitor) -> None:
    reply = visitor.get("/", {"Accept": "application/json"})

    assert reply.headers["content-type"] == "application/json;charset=utf-8"
    assert json.loads(reply.text)["notice"] == "compatible with HubSpot's API, not affiliated"
    assert visitor.get("/", {"Accept": "*/*"}).text == reply.text


@pytest.mark.parametrize(
    "path", ["/", "/console", "/console/records", "/console/static/console.js"]
)
def test_without_a_console_its_paths_are_nothing(portal: PortalUnderTest, path: str) -> None:
    reply = Visitor(portal.url).get(path)

    assert (reply.status, "HTTP ERROR 404" in reply.text) == (404, True)
    assert "content-security-policy" not in reply.headers


def test_the_api_is_answered_beside_the_console(visitor: Visitor) -> None:
    assert visitor.portal is not None
    token = {"Authorization": f"Bearer {visitor.portal.token}", "Accept": "*/*"}

    reply = visitor.get("/crm/v3/objects/contacts", token | {"Host": "whatever.example"})

    assert (reply.status, json.loads(reply.text)) == (200, {"results": []})


def test_a_page_takes_no_token_of_the_api(server: Server, portal: PortalUnderTest) -> None:
    with serving(server, login_code="code") as url:
        headers = {"Authorization": f"Bearer {portal.token}"}
        reply = Visitor(url, portal).get("/console/records/contacts", headers)

    assert (reply.status, reply.headers["location"]) == (303, "/console/login")


def test_head_answers_as_get_without_the_body(visitor: Visitor) -> None:
    reply = visitor.get("/console/keys", method="HEAD")

    assert (reply.status, reply.text) == (200, "")
    assert int(reply.headers["content-length"]) > 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    assert visitor.get("/console/records/contacts", method=method).status == 405


def test_a_page_is_compressed_when_asked(console_url: str) -> None:
    address = urlsplit(console_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request("GET", "/console/keys", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    assert answer.getheader("content-encoding") == "gzip"
    assert b"<h1>Keys</h1>" in gzip.decompress(body)


def test_what_fails_is_a_page_with_the_correlation_id(
    visitor: Visitor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(server.store, "_read", fail, raising=False)
    monkeypatch.setattr(server.store, "read", fail)

    reply = visitor.get("/console/records/contacts")

    assert reply.status == 500
    assert "internal error, correlation id " in reply.text
    assert "fire" not in reply.text


# --- forms ------------------------------------------------------------------------------------


def _create(visitor: Visitor, headers: dict[str, str], **fields: str | None) -> int:
    given: dict[str, str | None] = {"action": "create", "set": "all", **fields}
    assert visitor.portal is not None
    path = f"/console/portals/{visitor.portal.portal_id}"
    return visitor.post(path, headers, **given).status


def _tokens(portal: PortalUnderTest) -> int:
    return len(portal.server.run(portal.server.store.read(lambda tx: tx.tokens(portal.portal_id))))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "crm.example", "Host": "crm.example"},
        {"Sec-Fetch-Site": "", "Origin": "http://localhost:1", "Host": "localhost:2"},
    ],
)
def test_a_form_from_elsewhere_is_refused(
    visitor: Visitor, portal: PortalUnderTest, headers: dict[str, str]
) -> None:
    before = _tokens(portal)

    assert _create(visitor, headers) == 403
    assert _tokens(portal) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": "http://localhost:2", "Host": "localhost:2"},
        {"Sec-Fetch-Site": "", "Origin": "https://crm.example", "Host": "crm.example"},
    ],
)
def test_a_form_of_our_own_pages_is_taken(
    visitor: Visitor, portal: PortalUnderTest, headers: dict[str, str]
) -> None:
    before = _tokens(portal)

    assert _create(visitor, headers) == 200
    assert _tokens(portal) == before + 1


@pytest.mark.parametrize("token", [None, "", "00", "zz", "ab" * 32, "é" * 64])
def test_a_form_without_our_token_is_refused(
    visitor: Visitor, portal: PortalUnderTest, token: str | None
) -> None:
    assert _create(visitor, {}, token=token) == 403


def test_a_token_of_another_process_is_refused(visitor: Visitor, server: Server) -> None:
    with serving(server) as url:
        stranger = Visitor(url, visitor.portal).token()

    assert _create(visitor, {}, token=stranger) == 403


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "multipart/form-data"])
def test_other_bodies_are_no_forms(visitor: Visitor, media_type: str) -> None:
    assert _create(visitor, {"Content-Type": media_type}) == 415


def test_a_page_without_forms_takes_none(visitor: Visitor) -> None:
    assert visitor.post("/console/status", {}).status == 405


# --- logging in -------------------------------------------------------------------------------


def test_the_code_opens_one_session_once(server: Server, portal: PortalUnderTest) -> None:
    with serving(server, login_code="the code") as url:
        first, second = Visitor(url, portal), Visitor(url, portal)
        assert first.get("/").headers["location"] == "/console/login"
        assert "the code" in first.get("/console/login?code=the+code").page.text
        assert first.get("/console/login?code=the+code").status == 200  # a look uses nothing up
        assert first.post("/console/login", {}, token=None, code="a code").status == 403

        let_in = first.post("/console/login", {}, token=None, code="the code")
        again = second.post("/console/login", {}, token=None, code="the code")

        assert (let_in.status, let_in.headers["location"]) == (303, "/")
        cookie = let_in.headers["set-cookie"]
        assert cookie.startswith("moyeu_console=")
        assert "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" in cookie
        assert (again.status, "set-cookie" in again.headers) == (403, False)
        assert first.get("/").status == 200
        assert second.get("/").status == 303
        assert first.post("/console/logout", {}).headers["location"] == "/console/login"
        first.cookies["moyeu_console"] = cookie.partition("=")[2].partition(";")[0]
        assert first.get("/").status == 303


def test_a_form_needs_the_token_of_its_own_session(server: Server, portal: PortalUnderTest) -> None:
    with serving(server, login_code="the code") as url:
        visitor = Visitor(url, portal)
        assert visitor.post("/console/login", {}, token=None, code="the code").status == 303
        token = visitor.token()
        assert _create(visitor, {}, token=token) == 200
        visitor.cookies["moyeu_console"] = "0" * 32
        assert _create(visitor, {}, token=token) == 403


def test_codes_and_sessions_end(server: Server, portal: PortalUnderTest) -> None:
    with serving(server, login_code="the code") as late, serving(server, login_code="a") as url:
        visitor = Visitor(url, portal)
        assert visitor.post("/console/login", {}, token=None, code="a").status == 303
        server.clock.now_ms += LOGIN_CODE_MS

        refused = Visitor(late, portal).post("/console/login", {}, token=None, code="the code")

        assert refused.status == 403
        assert visitor.get("/").status == 200
        server.clock.now_ms += SESSION_MS
        assert visitor.get("/").status == 303


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_alone(
    server: Server, portal: PortalUnderTest
) -> None:
    with serving(server, login_code="x") as url:
        headers = {"X-Forwarded-Proto": "https", "Host": "crm.example"}
        reply = Visitor(url, portal).post("/console/login", headers, token=None, code="x")

    assert reply.headers["set-cookie"].endswith("; Secure")
