"""What the tests of pulling share: a portal to copy, a faulty way to it, a place for the copy."""

import asyncio
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.catalog.properties import PropertyGroup
from moyeu.catalog.versions import version_named
from moyeu.crm.associations import association_types_of
from moyeu.pull.anonymise import Pseudonyms
from moyeu.pull.client import RawAnswer, Upstream
from moyeu.pull.copying import Report, Wish, pull
from moyeu.pull.transport import Transport
from moyeu.storage.contract import Portal, ReadTransaction, Store
from tests.conftest import PortalUnderTest

T = TypeVar("T")

COPY = 60_000_001
SCOPES = [
    "crm.objects.contacts.read",
    "crm.objects.companies.read",
    "crm.objects.partner-services.read",
    "crm.objects.custom.read",
    "crm.schemas.custom.read",
    "crm.objects.owners.read",
]
TYPES = ("contacts", "companies", "partner_services")


@dataclass(frozen=True, slots=True)
class Source:
    """The portal to copy; car: the id of its custom type; email: of a contact that has an owner."""

    portal: PortalUnderTest
    token: str
    car: str
    ids: Mapping[str, str]


@pytest.fixture
def source(portal: PortalUnderTest) -> Source:
    """A portal with something of every kind."""
    own, tx_id = portal, portal.portal_id
    own.add_owner(
        {
            "id": "71",
            "email": "ann@corp-example.com",
            "firstName": "Ann",
            "userId": 5,
            "teams": [{"id": "9", "name": "North", "primary": True}],
            "createdAtMs": 1_700_000_000_123,
            "updatedAtMs": 1_700_000_000_456,
        }
    )
    own.add_owner({"id": "72", "email": "bob@corp-example.com", "userId": 6, "archived": True})
    own.define(
        "contacts", {"name": "sku", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    )
    own.define(
        "contacts",
        {
            "name": "shade",
            "type": "enumeration",
            "fieldType": "select",
            "options": [{"value": "red"}, {"value": "blue"}],
        },
    )
    own.define("companies", {"name": "gone", "type": "string", "fieldType": "text"})
    own.add_validation(
        "contacts", {"property": "sku", "ruleType": "MAX_LENGTH", "ruleArguments": ["30"]}
    )
    car = own.add_schema(
        {
            "name": "car",
            "labels": {"singular": "Car", "plural": "Cars"},
            "primaryDisplayProperty": "plate",
            "requiredProperties": ["plate"],
            "properties": [
                {"name": "plate", "type": "string", "fieldType": "text", "hasUniqueValue": True}
            ],
        }
    )
    lane = Pipeline(
        "Lane 1",
        "Lane",
        0,
        (Stage("in", "In", 0, (("isClosed", "false"), ("state", "OPEN"))),),
        "hs_pipeline_stage",
        created_at_ms=7,
        updated_at_ms=8,
    )

    def define(tx: Any) -> None:
        tx.put_group(tx_id, "0-1", PropertyGroup("extra", "Extra", 40))
        gone = tx.definitions(tx_id, "0-2").properties["gone"]
        tx.put_property(tx_id, "0-2", replace(gone, archived_at_ms=1_795_000_000_999))
        schema = tx.object_types(tx_id).schemas[car]
        tx.put_schema(tx_id, replace(schema, has_pipelines=True))
        tx.put_pipeline(tx_id, car, lane)

    own.server.write(define)
    ids = {}
    for number in range(5):
        ids[f"contact{number}"] = own.add_record(
            "contacts",
            {
                "email": f"c{number}@corp-example.com",
                "sku": f"S-{number}",
                "shade": "red",
                "firstname": "Zoë",
                "hubspot_owner_id": "71",
            },
        ).id
    ids["company"] = own.add_record("companies", {"name": "Corp", "domain": "corp-example.com"}).id
    ids["service"] = own.add_record("partner_services", {"hs_name": "Onboarding"}).id
    ids["car"] = own.add_record(car, {"plate": "XY 1"}).id
    own.archive("contacts", ids["contact4"])

    associate(own, car, ids)
    return Source(own, own.token_with(SCOPES), car, ids)


def associate(portal: PortalUnderTest, car: str, ids: Mapping[str, str]) -> None:
    """Associations with and without labels, and a limit, all made through the portal's API."""
    base = "/crm/objects/2026-03"
    definitions = "/crm/associations/2026-03"
    ask(
        portal,
        "POST",
        f"/crm-object-schemas/2026-03/schemas/{car}/associations",
        {"fromObjectTypeId": car, "toObjectTypeId": "0-1", "name": "car_to_contact"},
    )
    labels = {
        name: ask(
            portal,
            "POST",
            f"{definitions}/{pair}/labels",
            {"name": name, "label": label, "inverseLabel": inverse},
        )["results"][-1]
        for name, pair, label, inverse in (
            ("chief", "contacts/companies", "Chief of", "Led by"),
            ("advisor", "companies/contacts", "Advised by", "Advises"),
            ("manager", "contacts/contacts", "Manager", "Report"),
            ("driver", f"contacts/{car}", "Drives", "Driven by"),
        )
    }
    for one, other, name in (
        (f"contacts/{ids['contact0']}", f"companies/{ids['company']}", "chief"),
        (f"contacts/{ids['contact0']}", f"contacts/{ids['contact1']}", "manager"),
        (f"contacts/{ids['contact1']}", f"partner_services/{ids['service']}", None),
        (f"contacts/{ids['contact1']}", f"{car}/{ids['car']}", "driver"),
    ):
        ask(portal, "PUT", f"{base}/{one}/associations/default/{other}", None)
        if name is not None:
            spec = {
                "associationCategory": labels[name]["category"],
                "associationTypeId": labels[name]["typeId"],
            }
            ask(portal, "PUT", f"{base}/{one}/associations/{other}", [spec])
    limits = [
        {"category": "HUBSPOT_DEFINED", "typeId": 279, "maxToObjectIds": 4000},
        {**_key_of(labels["chief"]), "maxToObjectIds": 3},
    ]
    path = f"{definitions}/definitions/configurations/contacts/companies/batch/create"
    assert ask(portal, "POST", path, {"inputs": limits}).get("errors", []) == []


def _key_of(label: Mapping[str, Any]) -> dict[str, Any]:
    return {"category": label["category"], "typeId": label["typeId"]}


def ask(portal: PortalUnderTest, method: str, path: str, body: Any) -> Any:
    """What the portal's API answers to one call, which succeeds."""
    request = urllib.request.Request(
        portal.url + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


Fault = Callable[["_Handler", "Forwarded"], None]
"""Answers in place of the other side."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What the other side answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Proxy:
    """A server on loopback before the source: counts requests, and answers some of them itself.

    faults: by the number of the request, from 0.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: dict[int, Fault] = {}
        self.count = 0
        self.paths: list[str] = []
        self.seen_tokens: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.proxy = self  # type: ignore[attr-defined] # what its handlers work for
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, token: str, body: bytes) -> Forwarded:
        """What the source says."""
        request = urllib.request.Request(
            self.source.portal.url + target,
            data=body or None,
            method=method,
            headers={"Authorization": token, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return Forwarded(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Forwarded(error.code, _lower(error.headers), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _json(value: Any, status: int = 200) -> Forwarded:
    headers = {"content-type": "application/json;charset=utf-8"}
    return Forwarded(status, headers, json.dumps(value).encode())


class _Handler(BaseHTTPRequestHandler):
    """One request of the proxy."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Forwards or faults."""
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined] # set above
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        token = self.headers.get("authorization", "")
        proxy.seen_tokens.add(token)
        proxy.paths.append(self.path)
        number, proxy.count = proxy.count, proxy.count + 1
        forwarded = proxy.answer(self.command, self.path, token, body)
        proxy.faults.get(number, _Handler.give)(self, forwarded)

    do_POST = do_GET  # noqa: N815 — the name that the library calls

    def give(self, answer: Forwarded, cut: int = 0, promised: int = 0) -> None:
        """Sends an answer; cut: bytes that are left out; promised: those told of beside."""
        body = answer.body[: len(answer.body) - cut]
        self.send_response(answer.status)
        for name in ("content-type", "retry-after", *_LIMIT_HEADERS):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(body) + promised))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the library's name
        """Says nothing."""


_LIMIT_HEADERS = tuple(
    f"x-hubspot-ratelimit-{each}"
    for each in ("daily", "daily-remaining", "interval-milliseconds", "max", "remaining")
)


def limited(policy: str, message: str, **headers: str) -> Fault:
    """A 429 with HubSpot's body."""

    def fault(handler: _Handler, _answer: Forwarded) -> None:
        body = {
            "status": "error",
            "message": message,
            "errorType": "RATE_LIMIT",
            "correlationId": "00000000-0000-0000-0000-000000000000",
            "policyName": policy,
        }
        answer = _json(body, 429)
        handler.give(replace(answer, headers={**answer.headers, **headers}))

    return fault


def failing(status: int, **headers: str) -> Fault:
    """A failure of the other side, with a page in place of JSON."""
    return lambda handler, _answer: handler.give(
        Forwarded(status, {"content-type": "text/html", **headers}, b"<html></html>")
    )


def refusing(status: int, message: str) -> Fault:
    """A refusal of the other side."""
    return lambda handler, _answer: handler.give(
        _json({"status": "error", "message": message, "category": "MISSING_SCOPES"}, status)
    )


def cut_short(handler: _Handler, answer: Forwarded) -> None:
    """The connection ends before the promised bytes came."""
    handler.give(answer, cut=1, promised=1)
    handler.close_connection = True


def reset(handler: _Handler, answer: Forwarded) -> None:
    """The connection is reset in the middle of the body."""
    handler.give(answer, cut=len(answer.body) // 2, promised=len(answer.body))
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def truncated(handler: _Handler, answer: Forwarded) -> None:
    """JSON that ends too early, as if it were whole."""
    handler.give(answer, cut=1)


def page(handler: _Handler, _answer: Forwarded) -> None:
    """A page where JSON should be."""
    handler.give(Forwarded(200, {"content-type": "text/html"}, b"<html>We'll be back</html>"))


@pytest.fixture
def proxy(source: Source) -> Iterator[Proxy]:
    """The way to the source."""
    made = Proxy(source)
    yield made
    made.close()


class KilledError(BaseException):
    """Ends a run at any moment, as a kill would: nothing of ours catches it."""


@dataclass(slots=True)
class Copier:
    """Pulls into one portal of a database of its own.

    waited: the pauses, in seconds, which are not waited here. dies_at: the number of the request
    before which a run ends, -1 for never.
    """

    store: Store
    url: str
    token: str
    waited: list[float] = field(default_factory=list)
    dies_at: int = -1
    now_s: float = 0.0

    def run(
        self,
        records: tuple[str, ...] | None = (),
        pseudonyms: Pseudonyms | None = None,
        version: str = "2026-03",
    ) -> Report:
        """One run of the command's work."""
        found = version_named(version)
        assert found is not None
        transport, count = Transport(), 0

        async def send(
            method: str, address: str, headers: Mapping[str, str], body: bytes | None
        ) -> RawAnswer:
            nonlocal count
            if count == self.dies_at:
                raise KilledError
            count += 1
            return await transport(method, address, headers, body)

        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)
            self.now_s += seconds

        upstream = Upstream(
            self.url,
            self.token,
            send,
            sleep=sleep,
            clock_s=lambda: self.now_s,
            on_wait=lambda _seconds, _why: None,
        )
        wish = Wish(found, records, pseudonyms)
        return asyncio.run(pull(self.store, COPY, upstream, wish, lambda _what, _count: None))

    def read(self, work: Callable[[ReadTransaction], T]) -> T:
        """Reads what was copied."""
        return asyncio.run(self.store.read(work))


def copier_into(store: Store, proxy: Proxy) -> Copier:
    """A database with an empty portal."""
    asyncio.run(store.write(lambda tx: tx.add_portal(Portal(COPY, "copy", 1, 0))))
    return Copier(store, proxy.url, proxy.source.token)


@pytest.fixture
def copier(open_store: Callable[[Path], Store], tmp_path: Path, proxy: Proxy) -> Copier:
    """Pulls from the source through the proxy."""
    return copier_into(open_store(tmp_path), proxy)


def contents(tx: ReadTransaction, portal_id: int, type_ids: tuple[str, ...]) -> dict[str, Any]:
    """What a portal has of these types, in a form that two portals can be compared in."""
    found: dict[str, Any] = {"owners": tx.owners(portal_id)}
    for type_id in type_ids:
        own = tx.definitions(portal_id, type_id)
        found[type_id] = {
            "properties": {
                name: replace(each, options_total=None, guessed=False, label_guessed=False)
                for name, each in {**own.properties, **own.archived}.items()
            },
            "groups": sorted(own.groups, key=lambda each: each.name),
            "pipelines": [
                replace(
                    each,
                    evidence="",
                    guessed=False,
                    stages=tuple(replace(stage, guessed=False) for stage in each.stages),
                )
                for each in own.pipelines
            ],
            "validations": dict(own.validations),
            "records": [
                (
                    each.record_id,
                    dict(sorted(each.properties.items())),
                    each.created_at_ms,
                    each.updated_at_ms,
                    each.archived_at_ms,
                )
                for archived in (False, True)
                for each in tx.page(portal_id, type_id, 0, 1000, archived=archived)
            ],
        }
    found["schemas"] = [
        replace(each, created_user_id=None) for each in tx.object_types(portal_id).schemas.values()
    ]
    object_types = tx.object_types(portal_id)
    found["association types"] = association_types_of(object_types).own()
    found["association limits"] = dict(object_types.association_limits)
    found["associations"] = tx.associations_after(portal_id, None, 1000)
    return found


def own_type_ids(source: Source) -> tuple[str, ...]:
    """The types that the source's token may see."""
    named = tuple(each.id for each in OBJECT_TYPES if each.name in TYPES)
    return (*named, source.car)


def of_source(source: Source) -> dict[str, Any]:
    """The contents of the portal to copy."""
    portal = source.portal
    return portal.server.run(
        portal.server.store.read(lambda tx: contents(tx, portal.portal_id, own_type_ids(source)))
    )


def of_copy(copier: Copier, source: Source) -> dict[str, Any]:
    """The contents of the copy."""
    return copier.read(lambda tx: contents(tx, COPY, own_type_ids(source)))
