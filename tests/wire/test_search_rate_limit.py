"""How often a portal may search, as the application answers it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moyeu.app import build_app
from moyeu.crm.callers import Caller
from moyeu.operations.portals import hash_token, known_scopes
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from moyeu.wire.application import Application

NOW_MS = 1_790_674_272_583
PORTALS = (1001, 1002)


def add_portals(transaction: WriteTransaction) -> None:
    """Adds the portals."""
    for each in PORTALS:
        transaction.add_portal(Portal(each, "p", 9, NOW_MS))


class Server:
    """The application with a limit of two searches, called without a network."""

    def __init__(self, store: Store) -> None:
        self.now_ms = NOW_MS
        self.runner = asyncio.Runner()
        self.store = store
        self.app: Application = build_app(
            self.store, lambda: self.now_ms, lambda _: 0, searches_per_second=2
        )
        self.runner.run(self.store.write(add_portals))
        self.admit("one", 1001, 9, known_scopes())
        self.admit("other app", 1001, 10, known_scopes())
        self.admit("other portal", 1002, 9, known_scopes())
        self.admit("nothing", 1001, 9, frozenset())

    def admit(self, token: str, portal_id: int, app_id: int, scopes: frozenset[str]) -> None:
        """Adds a token."""
        own = Token(hash_token(token), Caller(portal_id, app_id, None, scopes), token, NOW_MS)
        self.runner.run(self.store.write(lambda t: t.add_token(own)))

    def call(self, token: str, path: str = "/crm/v3/objects/contacts/search") -> Any:
        """The first two events of the answer to a POST."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [
            (b"authorization", b"Bearer " + token.encode()),
            (b"content-type", b"application/json"),
        ]
        scope = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
        }
        self.runner.run(self.app(scope, receive, send))
        return sent

    def status(self, token: str, path: str = "/crm/v3/objects/contacts/search") -> int:
        """The status of the answer."""
        found: int = self.call(token, path)[0]["status"]
        return found


@pytest.fixture
def server(open_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[Server]:
    """A server with two portals."""
    made = Server(open_store(tmp_path))
    yield made
    made.runner.close()


def test_a_search_beyond_the_limit_is_told_so_without_a_category(server: Server) -> None:
    assert [server.status("one") for _ in range(2)] == [200, 200]

    begin, end = server.call("one")

    headers = dict(begin["headers"])
    assert begin["status"] == 429
    assert headers[b"content-type"] == b"application/json;charset=utf-8"
    assert not [name for name in headers if b"ratelimit" in name or name == b"retry-after"]
    assert list(json.loads(end["body"]).items()) == [
        ("status", "error"),
        ("message", "You have reached your secondly limit."),
        ("errorType", "RATE_LIMIT"),
        ("correlationId", headers[b"x-hubspot-correlation-id"].decode()),
        ("policyName", "SECONDLY"),
    ]


def test_all_apps_versions_and_types_of_a_portal_count_together(server: Server) -> None:
    server.status("one")
    server.status("other app", "/crm/objects/2026-09/deals/search")

    assert server.status("one", "/crm/objects/2026-03/tickets/search") == 429
    assert server.status("other portal") == 200


def test_after_a_second_searches_are_answered_again(server: Server) -> None:
    server.status("one")
    server.status("one")
    server.now_ms += 999
    assert server.status("one") == 429
    server.now_ms += 1

    assert server.status("one") == 200


def test_other_calls_and_refused_ones_do_not_count(server: Server) -> None:
    for _ in range(3):
        assert server.status("nothing") == 403
        assert server.status("one", "/crm/v3/objects/widgets/search") == 400
        assert server.status("one", "/crm/v3/objects/contacts/batch/read") == 200

    assert server.status("one") == 200
