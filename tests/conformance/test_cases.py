"""The case files themselves: complete, marked, and consistent with their own rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.conformance.runner import (
    ASSOCIATION_PREFIXES,
    LIST_PREFIXES,
    MISSING_ID,
    NUMBER_OF,
    PREFIXES,
    Case,
    JsonObject,
    JsonValue,
    Scene,
    compare_json,
    read_cases,
    render_request,
)

HERE = Path(__file__).parent
CASES = read_cases(HERE)
BATCH_UPDATE_ROWS = [*(str(number) for number in range(1, 29)), "2b"]
PROPERTY_ERRORS = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)

SAMPLES = {
    "any": "",
    "number": "7",
    "time": "2026-06-01T00:00:00Z",
    "uuid": "019dab0b-6a7c-7027-be99-1b61f6cd4513",
    "uuid7": "019dab0b-6a7c-7027-be99-1b61f6cd4513",
}
"""A text of each form, to turn an expected answer into one that a server might give."""


def a_scene(case: Case) -> Scene:
    names = {
        "url": "http://127.0.0.1:1",
        "portal": "12345678",
        "token": "secret",
        "prefix": PREFIXES[case.version],
        "associations": ASSOCIATION_PREFIXES[case.version],
        "lists": LIST_PREFIXES[case.version],
        "version": case.version,
        "missing": MISSING_ID,
    }
    for number, schema in enumerate(cast("list[JsonObject]", case.given["schemas"])):
        key = str(schema["key"])
        names |= {key: f"2-{1001 + number}", f"{key}.inner": str(1001 + number)}
        names |= {f"{key}.qualified": f"p12345678_{schema['name']}"}
    for number, record in enumerate(cast("list[JsonObject]", case.given["records"])):
        key = str(record["key"])
        names |= {key: str(101 + number), f"{key}.id": str(101 + number)}
        names |= {f"{key}.createdAt": "2026-05-31T00:00:00Z"}
        names |= {f"{key}.updatedAt": "2026-05-31T00:00:00.5Z"}
    return Scene(names, any_order=case.any_order)


def texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


def an_answer_to(value: JsonValue, scene: Scene, known: dict[str, str]) -> JsonValue:
    """A body that fits an expected one: every placeholder replaced by a sample of its form."""
    if isinstance(value, dict):
        return {
            str(an_answer_to(key, scene, known)): an_answer_to(item, scene, known)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [an_answer_to(item, scene, known) for item in value]
    if not isinstance(value, str):
        return value
    if number := NUMBER_OF.fullmatch(value):
        return int(scene.names[number[1]])
    for name, text in scene.names.items():
        value = value.replace(f"{{{name}}}", text)
    value = re.sub(r"\{(\w+)\+1\}", lambda m: str(int(scene.names[m[1]]) + 1), value)
    for kind, sample in SAMPLES.items():
        value = re.sub(rf"\{{{kind}(>[\w.]+)?(=\w+)?\}}", sample, value)
    return re.sub(r"\{=(\w+)\}", lambda m: known[m[1]], value)


def names_bound_in(value: JsonValue) -> dict[str, str]:
    """The names that an expected body binds, each with a sample of its form."""
    found = re.findall(rf"\{{({'|'.join(SAMPLES)})(?:>[\w.]+)?=(\w+)\}}", json.dumps(value))
    return {name: SAMPLES[kind] for kind, name in found}


def test_every_row_of_the_batch_update_table_has_a_case() -> None:
    rules = {case.rule for case in CASES}

    assert [row for row in BATCH_UPDATE_ROWS if f"records 1.{row}" not in rules] == []


def test_every_case_names_its_source_and_rule() -> None:
    assert [case.id for case in CASES if not case.source.strip() or case.source == "-"] == []
    assert [case.id for case in CASES if not case.rule.strip()] == []


@pytest.mark.parametrize("version", PREFIXES)
def test_every_request_can_be_rendered(version: str) -> None:
    for case in CASES:
        if case.version == version:
            render_request(case.exchanges[0].request, a_scene(case))


@pytest.mark.parametrize("version", PREFIXES)
def test_every_expected_body_is_met_by_an_answer_of_its_form(version: str) -> None:
    """Catches placeholders that nothing defines and names that are used before they are bound."""
    for case in CASES:
        scene = a_scene(case)
        for exchange in case.exchanges if case.version == version else ():
            headers = cast("JsonObject", exchange.expected.get("headers", {}))
            for part in (headers, exchange.expected.get("body")):
                answer = an_answer_to(part, scene, names_bound_in(part) | scene.bound)
                assert compare_json(part, answer, case.id, scene) == [], case.id


def test_property_errors_say_the_same_in_the_text_and_in_the_list() -> None:
    checked = 0
    for case in CASES:
        body = case.exchanges[0].expected.get("body")
        if not isinstance(body, dict) or "errors" not in body or "correlationId" not in body:
            continue
        found = PROPERTY_ERRORS.fullmatch(str(body["message"]).replace("{portal}", "12345678"))
        if found is None or "{any}" in found[1]:
            continue
        errors = json.loads(found[1])
        listed = cast("list[JsonObject]", body["errors"])
        assert [
            {"message": e["message"], "code": e["error"], "context": {"propertyName": [e["name"]]}}
            for e in errors
        ] == listed, case.id
        assert all(e["localizedErrorMessage"] == e["message"] for e in errors), case.id
        checked += 1
    assert checked > 100


def test_property_names_of_a_record_stand_in_ascending_order() -> None:
    for case in CASES:
        for exchange in () if case.any_order else case.exchanges:
            for properties in records_properties(exchange.expected.get("body")):
                assert list(properties) == sorted(properties), case.id


def records_properties(value: JsonValue) -> Iterator[JsonObject]:
    if isinstance(value, list):
        for item in value:
            yield from records_properties(item)
    if isinstance(value, dict):
        if "createdAt" in value and isinstance(value.get("properties"), dict):
            yield cast("JsonObject", value["properties"])
        for key in ("results",):
            yield from records_properties(value.get(key))


def test_nothing_in_the_cases_points_outside_loopback_and_examples() -> None:
    hosts = {
        host
        for path in HERE.glob("*.json")
        for text in texts(cast("JsonValue", json.loads(path.read_bytes())))
        for host in re.findall(r"https?://([^/{\"' ]+)", text)
    }

    assert hosts == {"app.hubspot.com", "developers.hubspot.com", "www.example.com"}
