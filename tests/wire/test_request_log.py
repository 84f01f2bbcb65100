"""What the application logs of requests: facts, stages, rules, and no credentials."""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from moyeu.app import build_app
from moyeu.storage.contract import (
    LogBounds,
    LoggedRequest,
    RequestFilter,
    RuleNote,
    Store,
)
from moyeu.wire.edge import running
from moyeu.wire.request_log import mask_body, mask_headers, mask_query
from tests.conftest import START_MS, Clock, PortalUnderTest, Server
from tests.storage.engines import Engine, on_each_engine

CONTACTS = "/crm/v3/objects/contacts"
BOUNDS = LogBounds(entries_max=1_000, age_max_ms=10**9)
JSON = "application/json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that need an engine run on each."""
    on_each_engine(metafunc, "engine")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    assert isinstance(request.param, Engine)
    return request.param


@pytest.fixture
def logged(open_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[PortalUnderTest]:
    """A portal of a server that logs its requests."""
    store = open_store(tmp_path)
    clock = Clock()
    with running(build_app(store, clock, log_bounds=BOUNDS)) as url:
        server = Server(url, store, clock)
        yield PortalUnderTest(server)
        server.close()


class Client:
    """Sends requests to a portal and reads its log."""

    def __init__(self, portal: PortalUnderTest) -> None:
        self._portal = portal

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> tuple[int, str]:
        """Status and correlation id of the answer."""
        address = urlsplit(self._portal.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent = {"Authorization": f"Bearer {token or self._portal.token}"}
        sent |= {"Content-Type": JSON, "Accept": JSON} | headers
        given = body if isinstance(body, str | None) else json.dumps(body)
        connection.request(method, path, given, headers=sent)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers["x-hubspot-correlation-id"]

    def last(self, portal_id: int | None = None) -> LoggedRequest:
        """The newest entry of the log."""
        wanted = RequestFilter(with_bodies=True, limit=1)
        own = self._portal.portal_id if portal_id is None else portal_id
        store = self._portal.server.store
        return self._portal.server.run(store.logged_requests(own, wanted))[0]


@pytest.fixture
def client(logged: PortalUnderTest) -> Client:
    """A client of the portal."""
    return Client(logged)


def test_a_batch_is_logged_with_all_its_facts(logged: PortalUnderTest, client: Client) -> None:
    inputs = [
        {"objectWriteTraceId": "a", "properties": {"email": "a@example.com", "none": "1"}},
        {"objectWriteTraceId": "b", "properties": {"email": "b@example.com"}},
    ]

    status, correlation_id = client.send("POST", f"{CONTACTS}/batch/create?x=1", {"inputs": inputs})

    entry = client.last()
    assert (entry.status, entry.correlation_id) == (status, correlation_id) == (207, correlation_id)
    assert entry.number == 1
    assert (entry.method, entry.path, entry.query) == ("POST", f"{CONTACTS}/batch/create", "x=1")
    assert (entry.version, entry.operation) == ("v3", "batch_create")
    assert entry.route == "/crm/v3/objects/{objectType}/batch/create"
    assert (entry.object_type_id, entry.app_id, entry.user_id) == ("0-1", logged.app_id, None)
    assert entry.token_hint == logged.token[:12]
    assert START_MS < entry.at_ms <= logged.server.clock.now_ms
    assert (entry.inputs_ok, entry.inputs_failed) == (1, 1)
    assert entry.notes == (RuleNote("unknown-property", ("a",), (), "none"),)
    assert json.loads(entry.request_body) == {"inputs": inputs}
    assert json.loads(entry.response_body)["numErrors"] == 1
    assert entry.response_bytes == len(entry.response_body)
    assert dict(entry.request_headers)["authorization"] == f"Bearer {logged.token[:12]}***"
    assert dict(entry.response_headers)["x-hubspot-correlation-id"] == correlation_id
    assert logged.token.encode() not in repr(entry).encode()


def test_stages_add_up_to_less_than_the_whole(client: Client) -> None:
    client.send("POST", CONTACTS, {"properties": {"email": "a@example.com"}})

    entry = client.last()

    assert {"auth", "decode", "wait", "work", "commit", "encode"} <= entry.stages.keys()
    assert 0 < sum(entry.stages.values()) <= entry.duration_us + len(entry.stages)
    assert entry.statements > 1


def test_each_engine_tells_its_stages(engine: Engine, tmp_path: Path) -> None:
    store = engine.open(tmp_path, 3.0)
    clock = Clock()
    try:
        with running(build_app(store, clock, log_bounds=BOUNDS)) as url:
            server = Server(url, store, clock)
            client = Client(PortalUnderTest(server))
            client.send("POST", CONTACTS, {"properties": {"email": "a@example.com"}})
            entry = client.last()
            server.close()
    finally:
        store.close()
        engine.forget(tmp_path)

    assert entry.status == 201
    assert {"wait", "work", "commit"} <= entry.stages.keys()
    assert entry.statements > 3


def test_a_read_has_no_commit(logged: PortalUnderTest, client: Client) -> None:
    key = logged.add_record("contacts", {"email": "a@example.com"})
    client.send("GET", f"{CONTACTS}/{key.id}")

    entry = client.last()

    assert (entry.status, entry.inputs_ok, entry.inputs_failed) == (200, 1, 0)
    assert entry.notes == ()
    assert "commit" not in entry.stages
    assert entry.statements >= 1


MERGE = {"primaryObjectId": "1", "objectIdToMerge": "1"}
REFUSED: list[tuple[str, str, object, int, str]] = [
    ("GET", f"{CONTACTS}/x", None, 404, "non-numeric-id"),
    ("GET", f"{CONTACTS}/1", None, 404, "record-not-found"),
    ("GET", "/crm/v3/objects/nothing", None, 400, "unknown-object-type"),
    ("PUT", CONTACTS, {}, 405, "wrong-method"),
    ("POST", CONTACTS, "", 400, "json-body-missing"),
    ("POST", CONTACTS, " ", 400, "json-body-empty"),
    ("POST", CONTACTS, "{", 400, "json-syntax"),
    ("POST", f"{CONTACTS}/batch/read", {"inputs": 7}, 400, "json-type"),
    ("POST", f"{CONTACTS}/batch/update", {"inputs": [{}]}, 400, "json-field-missing"),
    ("POST", f"{CONTACTS}/search", {"limit": -1}, 400, "negative-limit"),
    ("POST", f"{CONTACTS}/merge", MERGE, 400, "merge-with-itself"),
    ("GET", "/crm/v3/properties/contacts/none", None, 404, "property-not-found"),
    ("GET", "/crm/v3/pipelines/deals/none", None, 404, "pipeline-not-found"),
    ("GET", "/crm/v3/lists/99", None, 404, "list-not-found"),
    ("PUT", f"{CONTACTS}/1/associations/companies/2/none", None, 400, "association-name-unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "rule"), REFUSED, ids=[each[4] for each in REFUSED]
)
def test_a_refusal_names_its_rule(
    logged: PortalUnderTest,
    client: Client,
    method: str,
    path: str,
    body: object,
    status: int,
    rule: str,
) -> None:
    answered, correlation_id = client.send(method, path, body)

    # A wrong method is refused before anybody is asked for a token.
    entry = client.last(0 if rule == "wrong-method" else logged.portal_id)
    assert (answered, entry.status, entry.correlation_id) == (status, status, correlation_id)
    assert [each.rule for each in entry.notes] == [rule]


def test_a_missing_media_type_and_missing_scopes_are_noted(
    logged: PortalUnderTest, client: Client
) -> None:
    assert client.send("POST", CONTACTS, "{}", **{"Content-Type": "text/plain"})[0] == 415
    assert client.last().notes == (RuleNote("not-json"),)

    assert client.send("GET", CONTACTS, token=logged.token_with([]))[0] == 403
    assert client.last().notes == (RuleNote("missing-scopes"),)


def test_missing_records_of_a_batch_are_told_by_their_ids(client: Client) -> None:
    inputs = [{"id": "1", "properties": {"firstname": "A"}}, {"id": "2", "properties": {}}]
    client.send("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})

    entry = client.last()

    assert (entry.inputs_ok, entry.inputs_failed) == (0, 2)
    assert entry.notes == (RuleNote("missing-records", ("1", "2")),)


def test_pairs_of_a_batch_are_told_by_their_places(logged: PortalUnderTest, client: Client) -> None:
    contact = logged.add_record("contacts", {"email": "a@example.com"}).id
    company = logged.add_record("companies", {"name": "A"}).id
    pairs = [{"from": {"id": contact}, "to": {"id": to_id}} for to_id in (company, "77", company)]
    path = "/crm/v4/associations/contacts/companies/batch/associate/default"
    client.send("POST", path, {"inputs": pairs})

    entry = client.last()

    assert [(each.rule, each.inputs) for each in entry.notes] == [
        ("association-targets-invalid", (1,))
    ]
    assert (entry.inputs_ok, entry.inputs_failed) == (2, 1)


def test_what_reaches_no_portal_is_logged_without_one(client: Client) -> None:
    client.send("GET", CONTACTS, token="pat-na1-secretsecret")
    entry = client.last(0)
    assert (entry.status, entry.token_hint) == (401, None)
    assert entry.notes == (RuleNote("unauthenticated"),)
    assert "secret" not in repr(entry)

    client.send("GET", "/nothing/at/all?hapikey=mine&a=1")
    entry = client.last(0)
    assert (entry.status, entry.query, entry.route) == (404, "hapikey=***&a=1", None)
    assert [each.rule for each in entry.notes] == ["unknown-path"]


def test_an_exception_is_logged_as_one(
    logged: PortalUnderTest, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ArithmeticError

    client.send("GET", CONTACTS)
    monkeypatch.setattr(type(logged.server.store), "read", fail)
    assert client.send("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": "1"}]})[0] == 500

    monkeypatch.undo()
    assert [each.rule for each in client.last().notes] == ["internal-error"]


def test_nothing_is_logged_unless_it_is_asked_for(portal: PortalUnderTest) -> None:
    Client(portal).send("GET", CONTACTS)

    store = portal.server.store
    wanted = RequestFilter()
    assert portal.server.run(store.logged_requests(portal.portal_id, wanted)) == []


def test_trouble_with_the_log_is_no_clients_error(
    logged: PortalUnderTest, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "moyeu.db-requests"
    path.unlink(missing_ok=True)
    path.mkdir()

    assert client.send("GET", CONTACTS)[0] == 200
    assert client.send("POST", CONTACTS, {"properties": {"email": "a@example.com"}})[0] == 201


def test_credentials_are_masked_in_all_bodies_but_those_of_records(client: Client) -> None:
    group = {"name": "g", "label": "G", "client_secret": "hidden"}
    client.send("POST", "/crm/v3/properties/contacts/groups", group)
    entry = client.last()
    assert json.loads(entry.request_body) == group | {"client_secret": "***"}
    assert entry.request_bytes == len(json.dumps(group))

    client.send("POST", CONTACTS, {"properties": {"api_key": "a value"}})
    assert b"a value" in client.last().request_body


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("", ""),
        ("a=1&b", "a=1&b"),
        ("hapikey=x", "hapikey=***"),
        ("a=1&HAPIKEY=x&b=2", "a=1&HAPIKEY=***&b=2"),
        ("client%5Fsecret=x", "client%5Fsecret=***"),
        ("code=x&refresh_token=y&access_token=z", "code=***&refresh_token=***&access_token=***"),
        ("tokenize=x&postcode=2", "tokenize=x&postcode=2"),
        ("hapikey", "hapikey"),
    ],
)
def test_credentials_in_a_query_are_masked(text: str, masked: str) -> None:
    assert mask_query(text) == masked


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        (b"", b""),
        (b'{"a":"token"}', b'{"a":"token"}'),
        (b'{"client_secret" : "s\\"x","b":1}', b'{"client_secret" : "***","b":1}'),
        (b'{"refreshToken":"s","accessToken":""}', b'{"refreshToken":"***","accessToken":"***"}'),
        (b'{"x":{"PASSWORD":"s"}}', b'{"x":{"PASSWORD":"***"}}'),
        (b'{"token":"\xff"}', b'{"token":"\xff"}'),
        (b'{"access_token":"\xff', b'{"access_token":"***'),
    ],
)
def test_credentials_in_a_body_are_masked(body: bytes, masked: bytes) -> None:
    assert mask_body(body, [(b"content-type", b"application/json")]) == masked


def test_credentials_in_a_form_are_masked() -> None:
    form = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
    body = b"grant_type=refresh_token&client_secret=a&refresh_token=\xe9"

    assert mask_body(body, form) == (
        b"grant_type=refresh_token&client_secret=***&refresh_token=***"
    )


def test_credentials_in_headers_are_masked() -> None:
    headers = [
        (b"authorization", b"Bearer pat-na1-1234-5678"),
        (b"Cookie", b"session=1"),
        (b"x-api-key", b"k"),
        (b"accept", b"*/*"),
    ]

    assert mask_headers(headers, "pat-na1-1234") == (
        ("authorization", "Bearer pat-na1-1234***"),
        ("Cookie", "***"),
        ("x-api-key", "***"),
        ("accept", "*/*"),
    )
    assert mask_headers([(b"authorization", b"naked")]) == (("authorization", "***"),)
    assert mask_headers([(b"authorization", b"Basic abc")]) == (("authorization", "Basic ***"),)
