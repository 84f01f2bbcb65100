"""The runner itself: what it sends, what it accepts, which differences it notices."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.conformance.runner import (
    Answer,
    CaseError,
    JsonObject,
    JsonValue,
    Scene,
    compare_answer,
    compare_json,
    compare_text,
    expand,
    render_request,
    render_text,
    run,
)

UUID = "019dab0b-6a7c-7027-be99-1b61f6cd4513"
OTHER_UUID = "019dab0b-6a7c-7027-be99-1b61f6cd4514"


def a_scene(*, any_order: bool = False) -> Scene:
    names = {
        "a": "101",
        "a.id": "101",
        "a.createdAt": "2026-05-31T13:45:00Z",
        "a.updatedAt": "2026-05-31T13:45:00.250Z",
        "portal": "12345678",
        "prefix": "/crm/v3/objects",
        "missing": "987654321987",
        "token": "secret",
        "url": "http://127.0.0.1:1",
    }
    return Scene(names, any_order=any_order)


def a_case(**changes: JsonValue) -> JsonObject:
    case: JsonObject = {
        "id": "read",
        "rule": "records 2",
        "operation": "read",
        "evidence": "guess",
        "source": "none",
        "versions": ["v3"],
        "request": {"method": "GET", "path": "{prefix}/partner_services"},
        "expected": {"status": 200, "body": {"results": []}},
    }
    return case | changes


# Comparing


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
        ("{any}", None),
        ("{any}", {"a": [1]}),
        ("{uuid}", UUID),
        ("{uuid7}", UUID),
        ("{number}", "12"),
        ("{time}", "2026-05-31T13:45:00Z"),
        ("{time}", "2026-05-31T13:45:00.250Z"),
        ("{a}", "101"),
        ("{a+1}", "102"),
        ("{time>a.updatedAt}", "2026-05-31T13:45:00.251Z"),
        ("record {a} of {portal}: {any}!", "record 101 of 12345678: [1]!"),
        ("Type{legacy=PARTNER}", "Type{legacy=PARTNER}"),
        ("{portalId={portal}, x=1}", "{portalId=12345678, x=1}"),
        ({"properties": ["{}"]}, {"properties": ["{}"]}),
        ([["{=x}"], "{=x}"], [["same"], "same"]),
        ("{number=x}/{=x}", "7/7"),
        ({"toObjectId": "{a#}"}, {"toObjectId": 101}),
        ({"p{portal}_cat": 1}, {"p12345678_cat": 1}),
    ],
)
def test_values_that_match_have_no_differences(expected: JsonValue, actual: JsonValue) -> None:
    assert compare_json(expected, actual, "body", a_scene()) == []


@pytest.mark.parametrize(
    ("expected", "actual", "words"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "order"),
        ({"a": 1}, {"a": 1, "b": 2}, "body.b: not expected"),
        ({"a": 1, "b": 2}, {"a": 1}, "body.b: missing"),
        ({"p{portal}": 1, "b": 2}, {"b": 2, "p12345678": 1}, "order"),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "y"}]}}, "body.a.b[1].c"),
        ([1, 2], [1], "2 elements"),
        ([], [1], "0 elements"),
        (1, 1.0, "expected 1, got 1.0"),
        (1, True, "expected 1, got true"),
        (False, 0, "expected false, got 0"),
        (None, "", "expected null"),
        ("1", 1, 'expected "1", got 1'),
        ("{number}", 1, "got 1"),
        ("x", "X", "'X'"),
        ("x", "x ", "'x '"),
        ("{uuid}", "x", "'x'"),
        ("{uuid7}", "019dab0b-6a7c-4027-be99-1b61f6cd4513", "uuid7"),
        ("{number}", "-1", "'-1'"),
        ("{number}", "", "''"),
        ("{time}", "2026-05-31T13:45:00.000000Z", "time"),
        ("{time}", "2026-05-31T13:45:00+00:00", "time"),
        ("{time>a.updatedAt}", "2026-05-31T13:45:00.250Z", "later than"),
        ("{a}", "102", "'101'"),
        ("{a+1}", "101", "'102'"),
        (["{=x}", "{=x}"], ["one", "two"], "'one'"),
        ("{number=x}/{=x}", "7/8", "'7/8'"),
        ("{a#}", 102, "'102'"),
        ("{a#}", "101", "'101'"),
        ("{a}", 101, "got 101"),
        ({}, [], "expected {}, got []"),
    ],
)
def test_every_kind_of_difference_is_named(
    expected: JsonValue, actual: JsonValue, words: str
) -> None:
    found = compare_json(expected, actual, "body", a_scene())

    assert len(found) == 1
    assert words in found[0]


def test_any_order_ignores_the_order_of_keys_and_nothing_else() -> None:
    scene = a_scene(any_order=True)

    assert compare_json({"a": 1, "b": 2}, {"b": 2, "a": 1}, "body", scene) == []
    assert compare_json([1, 2], [2, 1], "body", scene) != []
    assert compare_json({"a": 1}, {"b": 1}, "body", scene) != []


def test_a_placeholder_of_an_unknown_name_is_a_mistake_of_the_case() -> None:
    with pytest.raises(CaseError, match="names nothing"):
        compare_text("{nobody}", "x", "body", a_scene())


def an_answer(
    body: str = '{"results":[]}', headers: Mapping[str, str] | None = None, status: int = 200
) -> Answer:
    return Answer(status, {} if headers is None else headers, body.encode())


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ({"status": 200, "body": {"results": []}}, an_answer()),
        ({"status": 200, "body": "{any}"}, an_answer("not JSON")),
        ({"status": 204, "body_text": ""}, an_answer("", status=204)),
        ({"status": 200, "body_text": '{"results":{any}}'}, an_answer()),
        ({"status": 200, "headers": {"A": "{number}"}, "body": "{any}"}, an_answer("", {"a": "1"})),
        ({"status": 200, "headers": {"X-A": None}, "body": "{any}"}, an_answer("")),
        (
            {"status": 200, "headers": {"X-Id": "{uuid=c}"}, "body": {"id": "{uuid=c}"}},
            an_answer(json.dumps({"id": UUID}), {"x-id": UUID}),
        ),
    ],
)
def test_answers_that_match_have_no_differences(expected: JsonObject, answer: Answer) -> None:
    assert compare_answer(expected, answer, a_scene()) == []


@pytest.mark.parametrize(
    ("expected", "answer", "words"),
    [
        ({"status": 207, "body": {"results": []}}, an_answer(), "status: expected 207, got 200"),
        ({"status": 200, "body": {"results": []}}, an_answer("<html>"), "expected JSON"),
        ({"status": 200, "body": {"a": 1}}, an_answer('{"a":1,"a":1}'), "a key stands twice"),
        ({"status": 204, "body_text": ""}, an_answer(" ", status=204), "body: expected ''"),
        ({"status": 200, "headers": {"X-A": "1"}, "body": "{any}"}, an_answer(), "got none"),
        (
            {"status": 200, "headers": {"X-A": "1"}, "body": "{any}"},
            an_answer("", {"x-a": "2"}),
            "header X-A: expected '1', got '2'",
        ),
        (
            {"status": 200, "headers": {"X-A": None}, "body": "{any}"},
            an_answer("", {"x-a": ""}),
            "header X-A: expected none",
        ),
        (
            {"status": 200, "headers": {"X-Id": "{uuid=c}"}, "body": {"id": "{uuid=c}"}},
            an_answer(json.dumps({"id": OTHER_UUID}), {"x-id": UUID}),
            UUID,
        ),
    ],
)
def test_answers_that_differ_are_described(
    expected: JsonObject, answer: Answer, words: str
) -> None:
    found = compare_answer(expected, answer, a_scene())

    assert words in found[0]
    assert "the body received" in found[-1]


# Requests


def test_a_json_body_is_sent_compactly_in_the_given_order() -> None:
    body: JsonObject = {"inputs": [{"properties": {"z": "{a+1}", "a": "ü"}, "id": "{a}"}]}

    rendered = render_request({"method": "POST", "path": "/x", "body": body}, a_scene())

    assert rendered.body == '{"inputs":[{"properties":{"z":"102","a":"ü"},"id":"101"}]}'.encode()


def test_the_id_of_a_record_can_be_sent_as_a_number() -> None:
    rendered = render_request({"method": "PUT", "path": "/x", "body": ["{a#}", "{a}"]}, a_scene())

    assert rendered.body == b'[101,"101"]'


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"id":{a}}', b'{"id":101}'),
        ("{missing}", b"987654321987"),
        ("{portal} {any} {b} {}", b"{portal} {any} {b} {}"),
        (" {\n", b" {\n"),
        ("", b""),
    ],
)
def test_a_text_body_is_sent_as_it_stands_but_for_ids(text: str, sent: bytes) -> None:
    request: JsonObject = {"method": "POST", "path": "/x", "body_text": text}

    assert render_request(request, a_scene()).body == sent


def test_a_binary_body_is_sent_byte_by_byte() -> None:
    request: JsonObject = {"method": "POST", "path": "/x", "body_base64": "/wB7YX0="}

    assert render_request(request, a_scene()).body == b"\xff\x00{a}"


def test_the_path_and_query_are_not_normalised() -> None:
    request: JsonObject = {
        "method": "GET",
        "path": "{prefix}//a%2Fb'/{a}/../",
        "query": "x=%2C,&after={a+1}&=",
    }

    target = render_request(request, a_scene()).target

    assert target == "/crm/v3/objects//a%2Fb'/101/../?x=%2C,&after=102&="


def test_a_body_brings_its_content_type_and_headers_can_be_replaced_or_removed() -> None:
    plain = render_request({"method": "GET", "path": "/x"}, a_scene())
    changed = render_request(
        {
            "method": "POST",
            "path": "/x",
            "headers": {"accept": None, "CONTENT-TYPE": "text/plain", "X-A": "{a}"},
            "body_text": "",
        },
        a_scene(),
    )

    assert dict(plain.headers) == {"Authorization": "Bearer secret", "Accept": "*/*"}
    assert dict(changed.headers) == {
        "Authorization": "Bearer secret",
        "CONTENT-TYPE": "text/plain",
        "X-A": "101",
    }


@pytest.mark.parametrize("text", ["{nobody}", "{time}", "{=unbound}"])
def test_a_request_cannot_hold_what_only_answers_can(text: str) -> None:
    with pytest.raises(CaseError):
        render_text(text, a_scene())


# Reading cases


def test_a_case_for_all_versions_becomes_five() -> None:
    cases = expand(a_case(versions="all"), {}, "reads")

    assert [case.version for case in cases] == [
        "v3",
        "2025-09",
        "2026-03",
        "2026-09",
        "2026-09-beta",
    ]


def test_rows_fill_columns_with_json_values_and_override_the_marks() -> None:
    document = a_case(
        versions=["2026-09"],
        request={"method": "GET", "path": "/x/<name>", "headers": {"A": "<value>"}},
        rows=[
            {"id": "one", "name": "n1", "value": None},
            {
                "id": "two",
                "name": "n2",
                "value": "<b>",
                "evidence": "spec",
                "versions": ["v3"],
            },
        ],
    )

    one, two = expand(document, {}, "reads")

    assert (one.id, two.id) == ("reads:read/one", "reads:read/two")
    assert one.exchanges[0].request == {"method": "GET", "path": "/x/n1", "headers": {"A": None}}
    assert two.exchanges[0].request["headers"] == {"A": "<b>"}
    assert (one.evidence, two.evidence) == ("guess", "spec")
    assert (one.version, two.version) == ("2026-09", "v3")


def test_a_shared_setup_comes_before_what_the_case_adds() -> None:
    setups: dict[str, JsonObject] = {"agency": {"properties": [{"name": "first"}]}}
    given: JsonObject = {"use": "agency", "properties": [{"name": "second"}]}

    (case,) = expand(a_case(given=given), setups, "reads")

    assert case.given["properties"] == [{"name": "first"}, {"name": "second"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"expect": {}},
        {"evidence": "certain"},
        {"versions": ["v5"]},
        {"versions": []},
        {"given": {"record": []}},
        {"given": {"schemas": [{"name": "h", "title": "H"}]}},
        {"given": {"associations": [{"from": "a", "to": "b", "label": "c"}]}},
        {"given": {"records": [{"key": "a", "archive": True}]}},
        {"request": {"method": "GET", "path": "/", "params": ""}},
        {"expected": {"status": 200}},
        {"expected": {"status": 200, "body": 1, "body_text": "1"}},
        {"then": [{"request": {}, "expected": {"status": 200, "json": 1}}]},
    ],
)
def test_a_case_with_a_mistake_is_refused(changes: dict[str, JsonValue]) -> None:
    with pytest.raises(CaseError):
        expand(a_case(**changes), {}, "reads")


# Running


@dataclass(frozen=True)
class MadeRecord:
    id: str
    created_at: str = "2026-05-31T13:45:00Z"
    updated_at: str = "2026-05-31T13:45:00Z"


@dataclass
class ScriptedPortal:
    """A portal that notes what it is asked for; the server behind `url` is a script."""

    url: str
    portal_id: int = 12345678
    token: str = "secret"
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def define(self, object_type: str, *definitions: JsonObject) -> None:
        self.calls += [("define", object_type, each["name"]) for each in definitions]

    def add_owner(self, owner: JsonObject) -> None:
        self.calls.append(("add_owner", owner["id"]))

    def add_validation(self, object_type: str, rule: JsonObject) -> None:
        self.calls.append(("add_validation", object_type, rule))

    def set_admin_rules(self, object_type: str, rules: JsonObject) -> None:
        self.calls.append(("set_admin_rules", object_type, rules))

    def add_schema(self, schema: JsonObject) -> str:
        self.calls.append(("add_schema", schema))
        return "2-1001"

    def associate(
        self, from_type: str, from_id: str, to_type: str, to_id: str, category: str, type_id: int
    ) -> None:
        self.calls.append(("associate", from_type, from_id, to_type, to_id, category, type_id))

    def add_record(self, object_type: str, properties: Mapping[str, str]) -> MadeRecord:
        self.calls.append(("add_record", object_type, dict(properties)))
        made = [call for call in self.calls if call[0] == "add_record"]
        return MadeRecord(id=str(100 + len(made)))

    def archive(self, object_type: str, record_id: str) -> None:
        self.calls.append(("archive", object_type, record_id))

    def merge(self, object_type: str, record_id: str, survivor_id: str) -> None:
        self.calls.append(("merge", object_type, record_id, survivor_id))

    def token_with(self, scopes: list[str]) -> str:
        self.calls.append(("token_with", scopes))
        return "limited"

    def advance(self, seconds: float) -> None:
        self.calls.append(("advance", seconds))

    @contextmanager
    def writer_held(self) -> Iterator[None]:
        self.calls.append(("writer_held", "begin"))
        yield
        self.calls.append(("writer_held", "end"))


@contextmanager
def scripted_server(answers: list[tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """A loopback server that gives these answers in turn; yields its URL and what it was asked."""
    asked: list[str] = []

    class Script(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers["Authorization"]
            asked.append(f"{self.requestline} {token} {body.decode()}".rstrip())
            status, text = answers[len(asked) - 1]
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = answer  # noqa: N815 (the name is the library's)
        do_POST = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Keep the tests' output quiet."""

    server = HTTPServer(("127.0.0.1", 0), Script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_case_prepares_the_portal_and_sends_every_request_as_written() -> None:
    document = a_case(
        given={
            "properties": [{"name": "p"}],
            "owners": [{"id": "7"}],
            "records": [
                {"key": "a", "properties": {"p": "x"}, "archived": True},
                {"key": "b", "merged_into": "a"},
            ],
            "scopes": ["one"],
            "advance_s": 60,
        },
        request={"method": "POST", "path": "{prefix}/x%2Fy'/{a}", "body": {"id": "{a}"}},
        expected={"status": 200, "body": {"n": "{number=n}"}},
        then=[
            {
                "advance_s": 5,
                "request": {"method": "GET", "path": "/{=n}", "query": "q"},
                "expected": {"status": 404, "body": "{any}"},
            }
        ],
    )
    (case,) = expand(document, {}, "reads")

    with scripted_server([(200, '{"n":"9"}'), (404, "")]) as (url, asked):
        portal = ScriptedPortal(url)
        differences = run(case, portal)

    assert differences == []
    assert asked == [
        "POST /crm/v3/objects/x%2Fy'/101 HTTP/1.1 Bearer limited " + '{"id":"101"}',
        "GET /9?q HTTP/1.1 Bearer limited",
    ]
    assert portal.calls == [
        ("define", "partner_services", "p"),
        ("add_owner", "7"),
        ("add_record", "partner_services", {"p": "x"}),
        ("archive", "partner_services", "101"),
        ("add_record", "partner_services", {}),
        ("merge", "partner_services", "102", "101"),
        ("token_with", ["one"]),
        ("advance", 60.0),
        ("advance", 5.0),
    ]


def test_a_case_may_have_several_object_types_custom_ones_too() -> None:
    document = a_case(
        given={
            "schemas": [{"key": "h", "name": "houses", "primaryDisplayProperty": "p"}],
            "properties": [{"object_type": "{h}", "name": "q"}, {"name": "r"}],
            "records": [{"key": "a", "object_type": "{h}"}, {"key": "b"}],
            "associations": [
                {
                    "from": "a",
                    "to": "b",
                    "category": "USER_DEFINED",
                    "type_id": 5,
                    "inverse_type_id": 6,
                }
            ],
            "object_type": "contacts",
        },
        request={"method": "GET", "path": "{prefix}/{h.qualified}/{h.inner}/{h}"},
    )
    (case,) = expand(document, {}, "reads")

    with scripted_server([(200, '{"results":[]}')]) as (url, asked):
        portal = ScriptedPortal(url)
        differences = run(case, portal)

    assert differences == []
    assert asked == ["GET /crm/v3/objects/p12345678_houses/1001/2-1001 HTTP/1.1 Bearer secret"]
    assert portal.calls == [
        ("add_schema", {"name": "houses", "primaryDisplayProperty": "p"}),
        ("define", "2-1001", "q"),
        ("define", "contacts", "r"),
        ("add_record", "2-1001", {}),
        ("add_record", "contacts", {}),
        ("associate", "2-1001", "101", "contacts", "102", "USER_DEFINED", 5),
        ("associate", "contacts", "102", "2-1001", "101", "USER_DEFINED", 6),
    ]


def test_rules_are_set_after_the_records() -> None:
    rule: JsonObject = {"property": "p", "ruleType": "MIN_LENGTH", "ruleArguments": ["2"]}
    required: JsonObject = {"requiredOnCreate": ["p"]}
    document = a_case(
        given={
            "records": [{"key": "a"}],
            "validations": [{"object_type": "contacts", **rule}, rule],
            "admin_rules": required,
        },
    )
    (case,) = expand(document, {}, "reads")

    with scripted_server([(200, '{"results":[]}')]) as (url, _asked):
        portal = ScriptedPortal(url)
        run(case, portal)

    assert portal.calls == [
        ("add_record", "partner_services", {}),
        ("add_validation", "contacts", rule),
        ("add_validation", "partner_services", rule),
        ("set_admin_rules", "partner_services", required),
    ]


def test_a_run_stops_at_the_first_answer_that_differs() -> None:
    step: JsonObject = {
        "request": {"method": "GET", "path": "/second"},
        "expected": {"status": 200, "body": {}},
    }
    (case,) = expand(a_case(then=[step, step]), {}, "reads")

    with scripted_server([(200, '{"results":[]}'), (500, "{}"), (200, "{}")]) as (url, asked):
        differences = run(case, ScriptedPortal(url))

    assert len(asked) == 2
    assert differences[:2] == ["request 2: GET /second", "status: expected 200, got 500"]
