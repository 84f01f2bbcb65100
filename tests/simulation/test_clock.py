"""The clock is set forward or back by an hour or a day, between the writes of a record."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from moyeu.app import build_app
from moyeu.crm.callers import Caller
from moyeu.crm.values.moment import read_iso
from moyeu.operations.portals import hash_token, known_scopes
from moyeu.storage.contract import Portal, Store, Token
from moyeu.wire.application import Application
from tests.conftest import START_MS
from tests.simulation.clock import JUMPS_MS
from tests.simulation.wire import call
from tests.storage.engines import Engine
from tests.storage.scene import APP, PORTAL, WAIT_MAX_S

TOKEN = "pat-na1-00001001-0000-4000-8000-000000000000"
CONTACTS = "/crm/v3/objects/contacts"


class Desk:
    """A portal, asked over HTTP in memory, and the server's clock."""

    def __init__(self, store: Store) -> None:
        self.now_ms = START_MS
        self.store = store
        self._runner = asyncio.Runner()
        self._apps: dict[int, Application] = {}
        caller = Caller(PORTAL, APP, None, known_scopes())
        self._runner.run(store.write(lambda each: each.add_portal(Portal(PORTAL, "one", APP, 0))))
        token = Token(hash_token(TOKEN), caller, "pat", 0)
        self._runner.run(store.write(lambda each: each.add_token(token)))

    def ask(
        self,
        method: str,
        path: str = "",
        body: object = None,
        *,
        query: dict[str, str] | None = None,
        searches_per_second: int = 0,
    ) -> tuple[int, Any]:
        """Status and body of an answer."""
        app = self._apps.setdefault(
            searches_per_second,
            build_app(
                self.store,
                lambda: self.now_ms,
                lambda bits: 7,
                searches_per_second=searches_per_second,
            ),
        )
        asked = call(app, TOKEN, method, CONTACTS + path, body, urlencode(query or {}))
        return self._runner.run(asked)

    def note(self, record_id: str, note: str) -> int:
        """Writes a name; the time of the record afterwards."""
        status, body = self.ask("PATCH", f"/{record_id}", {"properties": {"firstname": note}})
        assert status == 200, body
        updated_at_ms = read_iso(body["updatedAt"])
        assert updated_at_ms is not None
        return updated_at_ms

    def create(self) -> str:
        """The id of a new contact."""
        status, body = self.ask("POST", "", {"properties": {"firstname": "new"}})
        assert status == 201, body
        made: str = body["id"]
        return made

    def close(self) -> None:
        """Lets go of the loop."""
        self._runner.close()


@contextmanager
def desk_on(engine: Engine, folder: Path) -> Iterator[Desk]:
    """A desk over a fresh store."""
    store = engine.open(folder, WAIT_MAX_S)
    desk = Desk(store)
    try:
        yield desk
    finally:
        desk.close()
        store.close()
        engine.forget(folder)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    """A desk on each engine."""
    with desk_on(engine, tmp_path) as made:
        yield made


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_the_time_of_a_record_never_goes_back(desk: Desk, jump_ms: int) -> None:
    record_id = desk.create()
    before_ms = desk.note(record_id, "one")
    desk.now_ms += jump_ms

    after_ms = desk.note(record_id, "two")

    assert after_ms == max(before_ms, desk.now_ms)
    query = {"propertiesWithHistory": "firstname"}
    _, body = desk.ask("GET", f"/{record_id}", query=query)
    entries = body["propertiesWithHistory"]["firstname"]
    assert [each["value"] for each in entries] == ["two", "one", "new"]
    times = [each["timestamp"] for each in entries]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_ids_ascend_and_a_list_goes_on_where_it_was(desk: Desk, jump_ms: int) -> None:
    first = [desk.create() for _ in range(3)]
    _, page = desk.ask("GET", query={"limit": "2"})
    desk.now_ms += jump_ms
    more = [desk.create() for _ in range(2)]

    after = page["paging"]["next"]["after"]
    _, rest = desk.ask("GET", query={"limit": "10", "after": after})

    told = [each["id"] for each in [*page["results"], *rest["results"]]]
    assert told == [*first, *more]
    assert told == sorted(told, key=int)


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_a_token_lives_on(desk: Desk, jump_ms: int) -> None:
    desk.now_ms += jump_ms

    status, _ = desk.ask("GET")

    assert status == 200


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_searches_are_counted_by_the_second_nevertheless(desk: Desk, jump_ms: int) -> None:
    def search() -> int:
        status, _ = desk.ask("POST", "/search", {"limit": 1}, searches_per_second=2)
        return status

    before = [search() for _ in range(3)]
    desk.now_ms += jump_ms
    after = [search() for _ in range(3)]

    assert (before, after) == ([200, 200, 429], [200, 200, 429])
