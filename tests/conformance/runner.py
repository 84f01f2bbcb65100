"""Conformance cases: read from JSON, sent to a portal byte by byte, compared as whole answers.

The format of the cases is described in README.md beside this file. Here live the reading of case
files, the rendering of requests, the comparison of answers and the short loop that joins them;
only `send`, `prepare` and `run` touch the outside. What a case says is in the JSON files alone.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias, cast
from urllib.parse import urlsplit

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
"""A JSON value; objects keep the order of their keys."""

JsonObject: TypeAlias = dict[str, JsonValue]
"""A JSON object."""

PREFIXES: Mapping[str, str] = {
    "v3": "/crm/v3/objects",
    "v4": "/crm/v4/objects",
    "2025-09": "/crm/objects/2025-09",
    "2026-03": "/crm/objects/2026-03",
    "2026-09": "/crm/objects/2026-09",
    "2026-09-beta": "/crm/objects/2026-09-beta",
}
"""The path below which each API version keeps its objects."""

ASSOCIATION_PREFIXES: Mapping[str, str] = {
    version: f"/crm/{version}/associations"
    if version in ("v3", "v4")
    else f"/crm/associations/{version}"
    for version in PREFIXES
}
"""The path below which each API version keeps its associations."""

LIST_PREFIXES: Mapping[str, str] = {
    version: "/crm/v3/lists" if version in ("v3", "v4") else f"/crm/lists/{version}"
    for version in PREFIXES
}
"""The path below which each API version keeps its lists; v4 has none of its own."""

ALL_VERSIONS = tuple(version for version in PREFIXES if version != "v4")
"""What `all` means: v4 has associations alone, so a case names it."""

OBJECT_TYPE = "partner_services"
"""The type of the records in `given` unless a case names another."""

MISSING_ID = "987654321987"
"""The id that `{missing}` stands for; no portal gives it out during a run."""

TIMEOUT_S = 30.0

EVIDENCE = ("observed", "documented", "spec", "guess")

NOT_CASES = frozenset(["setups.json", "observed.json"])
"""Files beside the cases: shared portals, and which cases prove which observed answer."""

CASE_KEYS = frozenset(
    {"id", "rule", "operation", "evidence", "source", "versions", "note", "given", "request"}
    | {"expected", "then", "any_order", "skip", "rows"}
)
GIVEN_KEYS = frozenset(
    {"use", "schemas", "properties", "owners", "records", "associations", "scopes"}
    | {"validations", "admin_rules", "object_type", "advance_s", "writer_held"}
)
SCHEMA_KEYS = frozenset(
    ["key", "name", "labels", "primaryDisplayProperty", "requiredProperties", "properties"]
)
RECORD_KEYS = frozenset(["key", "object_type", "properties", "archived", "merged_into"])
ASSOCIATION_KEYS = frozenset(["from", "to", "category", "type_id", "inverse_type_id"])
VALIDATION_KEYS = frozenset(
    ["object_type", "property", "ruleType", "ruleArguments", "shouldApplyNormalization"]
)
REQUEST_KEYS = frozenset(["method", "path", "query", "headers", "body", "body_text", "body_base64"])
EXPECTED_KEYS = frozenset(["status", "headers", "body", "body_text"])
STEP_KEYS = frozenset(["request", "expected", "advance_s"])

KINDS: Mapping[str, str] = {
    "any": r".*",
    "number": r"[0-9]+",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "uuid7": r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}
"""Placeholders that accept any text of a form."""

NUMBER_OF = re.compile(r"\{([a-z]\w*)#\}")
"""A text that stands for a JSON number: `{a#}` is that of `{a}`."""

PLACEHOLDER = re.compile(
    r"\{(?:(?P<kind>any|number|time|uuid7|uuid)?(?P<after>>[a-z]\w*\.\w+)?(?:=(?P<bind>[a-z]\w*))"
    r"|(?P<free>any|number|time|uuid7|uuid)(?P<free_after>>[a-z]\w*\.\w+)?"
    r"|(?P<name>[a-z]\w*(?:\.(?:id|createdAt|updatedAt|inner|qualified))?)(?P<next>\+1)?)\}"
)


class CaseError(Exception):
    """A case that cannot be run because it is written wrongly; the text says where."""


class RecordKey(Protocol):
    """What a portal tells about a record that it made."""

    @property
    def id(self) -> str:
        """The record id, decimal digits."""

    @property
    def created_at(self) -> str:
        """The time of creation as the API prints it, for example `2026-05-31T13:45:00.250Z`."""

    @property
    def updated_at(self) -> str:
        """The time of the last change, in the same form."""


class Portal(Protocol):
    """An empty portal of a running server, and the means to fill it without the API under test."""

    url: str
    """Scheme, host and port, without a path: `http://127.0.0.1:8080`."""
    portal_id: int
    token: str
    """A bearer token that has every scope."""

    def define(self, object_type: str, *definitions: JsonObject) -> None:
        """Add custom properties; each definition: the body of a property create request."""

    def add_owner(self, owner: JsonObject) -> None:
        """Add an owner; owner: `id`, `email`, `firstName`, `lastName`."""

    def add_schema(self, schema: JsonObject) -> str:
        """Add a custom object type; schema: the body of a schema create request. Its type id."""

    def add_record(self, object_type: str, properties: Mapping[str, str]) -> RecordKey:
        """Make one record with these property values."""

    def associate(
        self, from_type: str, from_id: str, to_type: str, to_id: str, category: str, type_id: int
    ) -> None:
        """Add an association in one direction."""

    def add_validation(self, object_type: str, rule: JsonObject) -> None:
        """Add a validation rule; rule: `property`, and the keys of a rule in an answer."""

    def set_admin_rules(self, object_type: str, rules: JsonObject) -> None:
        """Set what admins require; rules: `requiredOnCreate`, `conditional`."""

    def archive(self, object_type: str, record_id: str) -> None:
        """Archive one record."""

    def merge(self, object_type: str, record_id: str, survivor_id: str) -> None:
        """Merge one record away into another."""

    def token_with(self, scopes: list[str]) -> str:
        """A bearer token that has exactly these scopes."""

    def advance(self, seconds: float) -> None:
        """Move the portal's clock forward."""

    def writer_held(self) -> AbstractContextManager[None]:
        """Keep every other write from its turn for longer than it waits for one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer it must get."""

    request: JsonObject
    expected: JsonObject
    advance_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """One case in one API version, its rows and its shared setup already filled in."""

    id: str
    rule: str
    operation: str
    evidence: str
    source: str
    version: str
    given: JsonObject
    exchanges: tuple[Exchange, ...]
    any_order: bool
    skip: str | None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request as it goes out: target percent-encoded, headers and body exactly as sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case, repeated headers joined by `, `."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Scene:
    """What placeholders stand for in one run of a case.

    names: fixed before the first request. bound: learned from answers by `{kind=name}`, and
    grows while answers are compared.
    """

    names: dict[str, str]
    bound: dict[str, str] = field(default_factory=dict)
    any_order: bool = False


# Reading case files


def read_cases(folder: Path) -> list[Case]:
    """Every case of every file of a folder, once per version it applies to, in file order.

    The id gets the file's name in front and, in a table of rows, the row's id behind.
    Refused with CaseError: unknown keys, an id used twice, evidence of an unknown kind.
    """
    setups = cast("dict[str, JsonObject]", _read_json(folder / "setups.json"))
    cases: list[Case] = []
    for path in sorted(folder.glob("*.json")):
        if path.name in NOT_CASES:
            continue
        for document in cast("list[JsonObject]", _read_json(path)):
            cases.extend(expand(document, setups, path.stem))
    _refuse_repeated_ids(cases)
    return cases


def expand(document: JsonObject, setups: Mapping[str, JsonObject], stem: str) -> list[Case]:
    """The cases that one document stands for: one per row and version."""
    name = f"{stem}: {document.get('id')}"
    _refuse_unknown_keys(document, CASE_KEYS, name)
    return [
        _build_case(row, version, setups, stem)
        for row in _fill_rows(document)
        for version in _versions(row, name)
    ]


def _read_json(path: Path) -> JsonValue:
    return cast("JsonValue", json.loads(path.read_bytes(), object_pairs_hook=_no_repeats))


def _no_repeats(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise CaseError(f"a key stands twice in an object: {[key for key, _ in pairs]}")
    return result


def _fill_rows(document: JsonObject) -> list[JsonObject]:
    """The document once per row, `<column>` replaced by the row's value; itself without rows.

    A row's `id` is appended to the case's; its rule, evidence, source, versions, note and skip
    replace the case's.
    """
    if "rows" not in document:
        return [document]
    template = {key: value for key, value in document.items() if key != "rows"}
    filled: list[JsonObject] = []
    for row in cast("list[JsonObject]", document["rows"]):
        case = cast("JsonObject", _substitute(template, row))
        case["id"] = f"{document['id']}/{row['id']}"
        for key in ("rule", "evidence", "source", "versions", "note", "skip"):
            if key in row:
                case[key] = row[key]
        filled.append(case)
    return filled


def _substitute(value: JsonValue, row: JsonObject) -> JsonValue:
    if isinstance(value, dict):
        return {str(_substitute(key, row)): _substitute(item, row) for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, row) for item in value]
    if isinstance(value, str):
        return _substitute_text(value, row)
    return value


def _substitute_text(text: str, row: JsonObject) -> JsonValue:
    for column, item in row.items():
        if text == f"<{column}>":
            return item
        if isinstance(item, str):
            text = text.replace(f"<{column}>", item)
    return text


def _versions(document: JsonObject, name: str) -> list[str]:
    versions = document["versions"]
    chosen = list(ALL_VERSIONS) if versions == "all" else cast("list[str]", versions)
    if not chosen or not set(chosen) <= set(PREFIXES):
        raise CaseError(f"{name}: unknown versions {versions}")
    return chosen


def _build_case(
    document: JsonObject, version: str, setups: Mapping[str, JsonObject], stem: str
) -> Case:
    name = f"{stem}: {document['id']}"
    if document["evidence"] not in EVIDENCE:
        raise CaseError(f"{name}: unknown evidence {document['evidence']}")
    first: JsonObject = {"request": document["request"], "expected": document["expected"]}
    steps = [first, *cast("list[JsonObject]", document.get("then", []))]
    return Case(
        id=f"{stem}:{document['id']}",
        rule=str(document["rule"]),
        operation=str(document["operation"]),
        evidence=str(document["evidence"]),
        source=str(document["source"]),
        version=version,
        given=_build_given(cast("JsonObject", document.get("given", {})), setups, name),
        exchanges=tuple(_build_exchange(step, name) for step in steps),
        any_order=document.get("any_order") is True,
        skip=cast("str | None", document.get("skip")),
    )


def _build_given(given: JsonObject, setups: Mapping[str, JsonObject], name: str) -> JsonObject:
    """The given part with the lists of its shared setup put before its own."""
    _refuse_unknown_keys(given, GIVEN_KEYS, name)
    shared = setups[str(given["use"])] if "use" in given else {}
    merged: JsonObject = dict(given)
    for key in ("schemas", "properties", "owners", "records", "associations", "validations"):
        first = cast("list[JsonValue]", shared.get(key, []))
        merged[key] = first + cast("list[JsonValue]", given.get(key, []))
    for key, known in (
        ("schemas", SCHEMA_KEYS),
        ("records", RECORD_KEYS),
        ("associations", ASSOCIATION_KEYS),
        ("validations", VALIDATION_KEYS),
    ):
        for item in cast("list[JsonObject]", merged[key]):
            _refuse_unknown_keys(item, known, name)
    return merged


def _build_exchange(step: JsonObject, name: str) -> Exchange:
    _refuse_unknown_keys(step, STEP_KEYS, name)
    request = cast("JsonObject", step["request"])
    expected = cast("JsonObject", step["expected"])
    _refuse_unknown_keys(request, REQUEST_KEYS, name)
    _refuse_unknown_keys(expected, EXPECTED_KEYS, name)
    if ("body" in expected) == ("body_text" in expected):
        raise CaseError(f"{name}: an expected answer has either body or body_text")
    return Exchange(request, expected, float(cast("float", step.get("advance_s", 0.0))))


def _refuse_unknown_keys(value: JsonObject, known: frozenset[str], name: str) -> None:
    if unknown := set(value) - known:
        raise CaseError(f"{name}: unknown keys {sorted(unknown)}")


def _refuse_repeated_ids(cases: list[Case]) -> None:
    seen: set[tuple[str, str]] = set()
    for case in cases:
        if (case.id, case.version) in seen:
            raise CaseError(f"{case.id}: this id stands twice")
        seen.add((case.id, case.version))


# Requests


def render_text(text: str, scene: Scene) -> str:
    """A text of a request with its names filled in: `{a}`, `{a+1}`, `{portal}`, `{=name}`.

    Refused with CaseError: a name that the case does not give, and the forms (`{time}`, …), which
    have a meaning in answers only.
    """

    def fill(match: re.Match[str]) -> str:
        if match["name"]:
            return _named(match, scene)
        if match["bind"] in scene.bound:
            return scene.bound[match["bind"]]
        raise CaseError(f"{match.group()} means nothing in a request: {text}")

    return PLACEHOLDER.sub(fill, text)


def render_request(request: JsonObject, scene: Scene) -> WireRequest:
    """The request exactly as it is sent.

    A JSON body is written compactly, in the given key order, as UTF-8. In `body_text` only
    `{key}` of a given record and `{missing}` are filled in, everything else is sent as it stands.
    """
    body = _render_body(request, scene)
    headers = {"Authorization": "Bearer {token}", "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    for name, value in cast("dict[str, str | None]", request.get("headers", {})).items():
        headers = {old: text for old, text in headers.items() if old.lower() != name.lower()}
        if value is not None:
            headers[name] = value
    target = str(request["path"]) + (f"?{request['query']}" if "query" in request else "")
    return WireRequest(
        method=str(request["method"]),
        target=render_text(target, scene),
        headers=tuple((name, render_text(text, scene)) for name, text in headers.items()),
        body=body,
    )


def _render_body(request: JsonObject, scene: Scene) -> bytes | None:
    if "body_base64" in request:
        return base64.b64decode(str(request["body_base64"]), validate=True)
    if "body_text" in request:
        return _fill_ids(str(request["body_text"]), scene).encode()
    if "body" in request:
        value = _render_value(request["body"], scene)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return None


def _fill_ids(text: str, scene: Scene) -> str:
    for name, value in scene.names.items():
        if name == "missing" or f"{name}.id" in scene.names:
            text = text.replace(f"{{{name}}}", value)
    return text


def _render_value(value: JsonValue, scene: Scene) -> JsonValue:
    if isinstance(value, dict):
        return {key: _render_value(item, scene) for key, item in value.items()}
    if isinstance(value, list):
        return [_render_value(item, scene) for item in value]
    if isinstance(value, str) and (number := NUMBER_OF.fullmatch(value)):
        return int(render_text(f"{{{number[1]}}}", scene))
    return render_text(value, scene) if isinstance(value, str) else value


def _named(match: re.Match[str], scene: Scene) -> str:
    if match["name"] not in scene.names:
        raise CaseError(f"{match.group()} names nothing that this case gives")
    value = scene.names[match["name"]]
    return str(int(value) + 1) if match["next"] else value


# Answers


def compare_answer(expected: JsonObject, answer: Answer, scene: Scene) -> list[str]:
    """The differences between an answer and what a case expects, in words; empty if none.

    Status, then the headers that the case names, then the whole body. Names are bound in that
    order, so a body can refer to a header of the same answer.
    """
    found: list[str] = []
    if answer.status != expected["status"]:
        found.append(f"status: expected {expected['status']}, got {answer.status}")
    headers = cast("dict[str, str | None]", expected.get("headers", {}))
    for name, pattern in headers.items():
        found += _compare_header(name, pattern, answer, scene)
    found += _compare_body(expected, answer, scene)
    if found:
        found.append(f"the body received: {answer.body.decode(errors='replace')}")
    return found


def _compare_header(name: str, pattern: str | None, answer: Answer, scene: Scene) -> list[str]:
    where = f"header {name}"
    actual = answer.headers.get(name.lower())
    if pattern is None:
        return [] if actual is None else [f"{where}: expected none, got {actual!r}"]
    if actual is None:
        return [f"{where}: expected {pattern!r}, got none"]
    return compare_text(pattern, actual, where, scene)


def _compare_body(expected: JsonObject, answer: Answer, scene: Scene) -> list[str]:
    if "body_text" in expected:
        text = answer.body.decode(errors="replace")
        return compare_text(str(expected["body_text"]), text, "body", scene)
    if expected["body"] == "{any}":
        return []
    try:
        actual = json.loads(answer.body, object_pairs_hook=_no_repeats)
    except (ValueError, CaseError) as problem:
        return [f"body: expected JSON, {problem}"]
    return compare_json(expected["body"], actual, "body", scene)


def compare_json(expected: JsonValue, actual: JsonValue, where: str, scene: Scene) -> list[str]:
    """The differences between two JSON values: kinds, keys, their order, lengths and texts.

    A number equals only a number of the same JSON type, so `1`, `1.0` and `true` differ.
    """
    if expected == "{any}":
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _compare_objects(expected, actual, where, scene)
    if isinstance(expected, list) and isinstance(actual, list):
        return _compare_lists(expected, actual, where, scene)
    if isinstance(expected, str) and isinstance(actual, str):
        return compare_text(expected, actual, where, scene)
    if isinstance(expected, str) and type(actual) is int:
        return _compare_number(expected, actual, where, scene)
    if type(expected) is type(actual) and expected == actual:
        return []
    return [f"{where}: expected {_short(expected)}, got {_short(actual)}"]


def _compare_number(expected: str, actual: int, where: str, scene: Scene) -> list[str]:
    """The differences between a number and `{a#}`, which stands for one."""
    number = NUMBER_OF.fullmatch(expected)
    if number is None:
        return [f"{where}: expected {_short(expected)}, got {actual}"]
    return compare_text(f"{{{number[1]}}}", str(actual), where, scene)


def _compare_objects(
    expected: JsonObject, actual: JsonObject, where: str, scene: Scene
) -> list[str]:
    expected = {render_known(key, scene): value for key, value in expected.items()}
    found = [f"{where}.{key}: missing" for key in expected if key not in actual]
    found += [f"{where}.{key}: not expected" for key in actual if key not in expected]
    if not found and not scene.any_order and list(expected) != list(actual):
        found.append(f"{where}: expected keys in the order {list(expected)}, got {list(actual)}")
    for key, value in expected.items():
        if key in actual:
            found += compare_json(value, actual[key], f"{where}.{key}", scene)
    return found


def _compare_lists(
    expected: list[JsonValue], actual: list[JsonValue], where: str, scene: Scene
) -> list[str]:
    found: list[str] = []
    if len(expected) != len(actual):
        found.append(f"{where}: expected {len(expected)} elements, got {len(actual)}")
    for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
        found += compare_json(left, right, f"{where}[{index}]", scene)
    return found


def _short(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def compare_text(pattern: str, actual: str, where: str, scene: Scene) -> list[str]:
    """The differences between a text and a pattern with placeholders; names are bound on the way.

    A name that is bound already must have the same value again. `{time>a.updatedAt}` is a time
    strictly later than that of record a.
    """
    learned: dict[str, str] = {}
    later: list[tuple[str, str]] = []
    regex = _regex(pattern, scene, learned, later)
    match = re.fullmatch(regex, actual, re.DOTALL)
    if match is None:
        shown = render_known(pattern, scene)
        return [f"{where}: expected {shown!r}, got {actual!r}"]
    for group, name in learned.items():
        scene.bound[name] = match[group]
    return [
        f"{where}: expected a time later than {limit}, got {match[group]}"
        for group, limit in later
        if not _moment(match[group]) > _moment(limit)
    ]


def _regex(
    pattern: str, scene: Scene, learned: dict[str, str], later: list[tuple[str, str]]
) -> str:
    """The regular expression of a pattern; fills which group teaches which name, and the limits."""
    parts: list[str] = []
    end = 0
    groups: dict[str, str] = {}
    for number, match in enumerate(PLACEHOLDER.finditer(pattern)):
        parts.append(re.escape(pattern[end : match.start()]))
        end = match.end()
        bind = match["bind"]
        if match["name"]:
            parts.append(re.escape(_named(match, scene)))
        elif bind in groups:
            parts.append(f"(?P={groups[bind]})")
        else:
            group = f"g{number}"
            parts.append(f"(?P<{group}>{_form(match, scene)})")
            if bind and bind not in scene.bound:
                groups[bind] = group
                learned[group] = bind
            if after := match["after"] or match["free_after"]:
                later.append((group, scene.names[after[1:]]))
    parts.append(re.escape(pattern[end:]))
    return "".join(parts)


def _form(match: re.Match[str], scene: Scene) -> str:
    if match["bind"] in scene.bound:
        return re.escape(scene.bound[match["bind"]])
    kind = match["kind"] or match["free"]
    return KINDS[kind] if kind else ".+"


def render_known(pattern: str, scene: Scene) -> str:
    """A pattern with every known name filled in, for messages to people."""

    def fill(match: re.Match[str]) -> str:
        if match["name"]:
            return _named(match, scene)
        return scene.bound.get(match["bind"] or "", match.group())

    return PLACEHOLDER.sub(fill, pattern)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Running


def send(url: str, request: WireRequest) -> Answer:
    """Send one request on a connection of its own and read the answer; nothing is normalised."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, text in request.headers:
            connection.putheader(name, text)
        if request.body is not None:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        headers: dict[str, str] = {}
        for name, text in response.getheaders():
            known = headers.get(name.lower())
            headers[name.lower()] = text if known is None else f"{known}, {text}"
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


def prepare(case: Case, portal: Portal) -> Scene:
    """Fill a portal with what a case gives, and say what its placeholders stand for."""
    given = case.given
    object_type = str(given.get("object_type", OBJECT_TYPE))
    scene = Scene(_portal_names(case, portal), any_order=case.any_order)
    for schema in cast("list[JsonObject]", given["schemas"]):
        _add_schema(schema, portal, scene)
    by_type: dict[str, list[JsonObject]] = {}
    for definition in cast("list[JsonObject]", given["properties"]):
        own = {key: value for key, value in definition.items() if key != "object_type"}
        by_type.setdefault(_type_named(definition, object_type, scene), []).append(own)
    for type_name, definitions in by_type.items():
        portal.define(type_name, *definitions)
    for owner in cast("list[JsonObject]", given["owners"]):
        portal.add_owner(owner)
    for record in cast("list[JsonObject]", given["records"]):
        _add_record(record, object_type, portal, scene)
    for association in cast("list[JsonObject]", given["associations"]):
        _associate(association, case, portal, scene)
    for rule in cast("list[JsonObject]", given["validations"]):
        own = {key: value for key, value in rule.items() if key != "object_type"}
        portal.add_validation(_type_named(rule, object_type, scene), own)
    if "admin_rules" in given:
        rules = cast("JsonObject", given["admin_rules"])
        portal.set_admin_rules(render_text(object_type, scene), rules)
    if "scopes" in given:
        scene.names["token"] = portal.token_with(cast("list[str]", given["scopes"]))
    if "advance_s" in given:
        portal.advance(float(cast("float", given["advance_s"])))
    return scene


def _portal_names(case: Case, portal: Portal) -> dict[str, str]:
    return {
        "url": portal.url,
        "portal": str(portal.portal_id),
        "token": portal.token,
        "prefix": PREFIXES[case.version],
        "associations": ASSOCIATION_PREFIXES[case.version],
        "lists": LIST_PREFIXES[case.version],
        "version": case.version,
        "missing": MISSING_ID,
    }


def _type_named(item: JsonObject, object_type: str, scene: Scene) -> str:
    """The object type that an item of `given` names, else that of the case."""
    return render_text(str(item.get("object_type", object_type)), scene)


def _add_schema(schema: JsonObject, portal: Portal, scene: Scene) -> None:
    key = str(schema["key"])
    type_id = portal.add_schema({name: value for name, value in schema.items() if name != "key"})
    scene.names |= {
        key: type_id,
        f"{key}.inner": type_id.removeprefix("2-"),
        f"{key}.qualified": f"p{portal.portal_id}_{schema['name']}",
    }


def _associate(association: JsonObject, case: Case, portal: Portal, scene: Scene) -> None:
    kinds = {
        str(each["key"]): _type_named(each, str(case.given.get("object_type", OBJECT_TYPE)), scene)
        for each in cast("list[JsonObject]", case.given["records"])
    }
    ends = [str(association["from"]), str(association["to"])]
    for (one, other), type_id in zip(
        (ends, reversed(ends)),
        (association["type_id"], association.get("inverse_type_id", association["type_id"])),
        strict=True,
    ):
        portal.associate(
            kinds[one],
            scene.names[one],
            kinds[other],
            scene.names[other],
            str(association["category"]),
            cast("int", type_id),
        )


def _add_record(record: JsonObject, object_type: str, portal: Portal, scene: Scene) -> None:
    key = str(record["key"])
    object_type = _type_named(record, object_type, scene)
    made = portal.add_record(object_type, cast("dict[str, str]", record.get("properties", {})))
    scene.names |= {
        key: made.id,
        f"{key}.id": made.id,
        f"{key}.createdAt": made.created_at,
        f"{key}.updatedAt": made.updated_at,
    }
    if record.get("archived") is True:
        portal.archive(object_type, made.id)
    if "merged_into" in record:
        portal.merge(object_type, made.id, scene.names[str(record["merged_into"])])


def run(case: Case, portal: Portal) -> list[str]:
    """Run one case against an empty portal; the differences in words, empty if none.

    Stops at the first exchange that differs, because what follows rests on it.
    """
    scene = prepare(case, portal)
    for number, exchange in enumerate(case.exchanges):
        if exchange.advance_s:
            portal.advance(exchange.advance_s)
        request = render_request(exchange.request, scene)
        held = number == 0 and case.given.get("writer_held") is True
        with portal.writer_held() if held else nullcontext():
            answer = send(portal.url, request)
        found = compare_answer(exchange.expected, answer, scene)
        if found:
            sent = f"request {number + 1}: {request.method} {request.target}"
            return [sent, *found]
    return []
