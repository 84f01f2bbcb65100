"""What a clumsy or hostile client sends is refused in words, whatever the engine makes of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.wire.control.bodies import (
    BadBody,
    NewPortalBody,
    NewTokenBody,
    TemplateBody,
    TtlBody,
    read_body_as,
)
from moyeu.wire.control.plane import CONTROL_ROUTES
from tests.wire.control.bench import V1, Bench

TEXTS = ["\0", "a\0b", "\ud800", "'; DROP TABLE portal; --", "<script>", "\u202e", "💥" * 50]
SEGMENTS = ["%00", "a%00", "%ff", "%2e%2e", "..", "%2F", "%25", "'", "%0d%0aX:y", "1" * 16, "0", ""]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_a_name_or_refused(bench: Bench, text: str) -> None:
    answer = bench.send("POST", f"{V1}/portals", {"name": text})

    if answer.status == 201:
        path = f"{V1}/portals/{answer.json['portalId']}"
        assert bench.send("GET", path).json["name"] == text
        assert bench.send("DELETE", path).status == 204
    else:
        assert answer.refusal[::2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_a_template_or_a_scope_that_there_is_not(bench: Bench, text: str) -> None:
    portal = bench.control.create_portal()
    tokens = f"{V1}/portals/{portal.portal_id}/tokens"

    assert bench.send("POST", f"{V1}/portals", {"template": text}).status in (400, 404)
    assert bench.send("POST", tokens, {"scopes": [text]}).status == 400


@pytest.mark.parametrize("segment", SEGMENTS)
def test_any_path_is_answered_in_words(bench: Bench, segment: str) -> None:
    for route in CONTROL_ROUTES:
        path = V1 + route.template
        for name in ("{portalId}", "{name}", "{hint}", "{correlationId}", "{objectType}"):
            path = path.replace(name, segment)
        if path == V1 + route.template:
            continue
        answer = bench.send(route.method, path, {"inputs": []} if route.reads_body else None)
        told = (200, 204, 400, 404, 409) if segment else (404,)
        assert answer.status in told, (route.method, path, answer.text)


@pytest.mark.parametrize(
    "name", ["text", "path", "correlationId", "version", "method", "objectType"]
)
@pytest.mark.parametrize("text", ["%00", "%ff", "%25", "_", "'", "%F0%9F%92%A5", "x" * 4_000])
def test_any_filter_is_answered_in_words(bench: Bench, name: str, text: str) -> None:
    answer = bench.send("GET", f"{V1}/portals/0/requests?{name}={text}")

    assert answer.status in (200, 400), answer.text


BODIES = (
    st.binary(max_size=200)
    | st.sampled_from([b"[" * 5_000, b'{"a":' * 5_000, b"1e999", b'{"name":"\\ud800"}'])
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "template", "ttlSeconds", "scopes", "userId", "x"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)


@settings(max_examples=100, deadline=None)
@given(body=BODIES)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for kind in (NewPortalBody, NewTokenBody, TemplateBody, TtlBody):
        found = read_body_as(body, kind)
        assert isinstance(found, kind | BadBody)
        if isinstance(found, BadBody):
            assert found.text
