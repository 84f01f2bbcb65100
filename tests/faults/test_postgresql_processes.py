"""What one process answered, another one goes by: two servers on one database of PostgreSQL."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from moyeu.crm.search.requests import Filter
from moyeu.operations.owners import add_owner
from moyeu.operations.portals import create_portal, create_token, known_scopes, revoke_token
from moyeu.storage.contract import Portal
from moyeu.storage.postgresql import PostgresqlStore, open_store
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.ledger import Batch, Ledger
from tests.faults.portal import (
    CONTACTS_ID,
    CREATED_AT_MS,
    NOTED_LIST,
    NOTES,
    PORTAL_ID,
    SERVICES_ID,
    TOKEN,
    seed,
)
from tests.faults.questions import Members, Search
from tests.faults.server import Fleet, ask, call, connect, servers_on, wait_for
from tests.faults.some_batches import updates
from tests.postgres import databases

RECORDS: Final = 30
ROUNDS: Final = 6
PROPERTIES: Final = "/crm/v3/properties/partner_services"
SCHEMAS: Final = "/crm-object-schemas/v3/schemas"
UPDATE: Final = "/crm/v3/objects/partner_services/batch/update"
CREATE: Final = "/crm/v3/objects/contacts/batch/create"

_numbers = itertools.count(1)

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two servers and, as the command line would have it, a store beside them."""

    url: str
    ports: tuple[int, ...]
    store: PostgresqlStore
    record_ids: tuple[int, ...]

    def ask(
        self, which: int, path: str, body: object, method: str = "POST", token: str = TOKEN
    ) -> Answer:
        """What one of the servers answers."""
        with contextlib.closing(connect(self.ports[which % 2])) as connection:
            return call(connection, path, body, method, token)

    def set(self, which: int, name: str, text: str) -> Answer:
        """What it answers to a batch that sets a property of some records."""
        inputs = [{"id": str(each), "properties": {name: text}} for each in self.record_ids[:3]]
        return self.ask(which, UPDATE, {"inputs": inputs})

    def define(self, which: int, name: str, **more: object) -> None:
        """Creates a property of partner services."""
        group = "partner_service_information"
        given = {"name": name, "label": name, "type": "string", "fieldType": "text", **more}
        status, answer = self.ask(which, PROPERTIES, {**given, "groupName": group})
        assert status == 201, answer

    def archive(self, which: int, name: str) -> None:
        """Archives it."""
        status, answer = self.ask(which, f"{PROPERTIES}/{name}", None, "DELETE")
        assert status == 204, answer


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    url = databases().take()
    seed(url, RECORDS)
    folder: Path = tmp_path_factory.mktemp("pair")
    record_ids = tuple(sorted(read_database(url).skus()))
    with servers_on(url, folder) as ports, contextlib.closing(open_store(url)) as store:
        yield Pair(url, ports, store, record_ids)
    databases().give_back(url)


def test_a_property_that_one_creates_or_archives_is_known_or_refused_by_the_others_next_batch(
    pair: Pair,
) -> None:
    for number in range(ROUNDS):
        one, other = number, number + 1
        name = f"there_{number}"
        assert pair.set(other, name, "early")[0] == 400

        pair.define(one, name)

        assert pair.set(other, name, "there")[0] == 200
        assert pair.set(one, name, "here")[0] == 200

        pair.archive(one, name)

        status, answer = pair.set(other, name, "late")
        assert status == 400
        assert name in str(answer)


def test_a_property_that_one_archives_is_refused_by_the_other_also_under_load(pair: Pair) -> None:
    name = "under_load"
    pair.define(0, name)
    ticks = itertools.count()
    answers: list[tuple[int, int]] = []
    stopped = threading.Event()

    def write() -> None:
        with contextlib.closing(connect(pair.ports[0])) as connection:
            while not stopped.is_set():
                inputs = [{"id": str(each), "properties": {name: "x"}} for each in pair.record_ids]
                sent = next(ticks)
                answers.append((sent, call(connection, UPDATE, {"inputs": inputs})[0]))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for each in writers:
        each.start()
    wait_for(lambda: sum(status == 200 for _, status in answers) > 8)

    pair.archive(1, name)

    archived = next(ticks)
    wait_for(lambda: sum(sent > archived for sent, _ in answers[:]) > 8)
    stopped.set()
    for each in writers:
        each.join()
    assert {status for _, status in answers} == {200, 400}
    assert {status for sent, status in answers if sent > archived} == {400}
    histories = read_database(pair.url).writes
    assert histories[-1].changed.get(name) in (None, "x")


def test_a_value_that_is_unique_for_one_is_unique_for_the_other(pair: Pair) -> None:
    name = "code"
    pair.define(0, name, hasUniqueValue=True)
    first, second = pair.record_ids[:2]
    given = {"inputs": [{"id": str(first), "properties": {name: "one"}}]}
    taken = {"inputs": [{"id": str(second), "properties": {name: "one"}}]}

    assert pair.ask(1, UPDATE, given)[0] == 200
    status, answer = pair.ask(0, UPDATE, taken)

    assert status == 400
    assert f"{first} already has that value" in str(answer)
    # The checker knows one unique property only.
    assert pair.set(1, name, "")[0] == 200


def test_a_custom_type_that_one_purges_is_unknown_to_the_other(pair: Pair) -> None:
    schema = {
        "name": "vehicle",
        "labels": {"singular": "Vehicle", "plural": "Vehicles"},
        "primaryDisplayProperty": "plate",
        "requiredProperties": [],
        "searchableProperties": [],
        "properties": [{"name": "plate", "label": "Plate", "type": "string", "fieldType": "text"}],
        "associatedObjects": [],
    }
    status, made = pair.ask(0, SCHEMAS, schema)
    assert status == 201, made
    objects = f"/crm/v3/objects/{made['objectTypeId']}"
    record = {"properties": {"plate": "A 1"}}
    status, created = pair.ask(1, objects, record)
    assert status == 201, created
    path = f"{SCHEMAS}/{made['objectTypeId']}"
    assert pair.ask(1, f"{objects}/{created['id']}", None, "DELETE")[0] == 204
    assert pair.ask(0, path, None, "DELETE")[0] == 204

    assert pair.ask(0, f"{path}?archived=true", None, "DELETE")[0] == 204

    for which in (1, 0):
        status, answer = pair.ask(which, objects, record)
        assert status == 400, answer
        assert "Invalid object or event type id" in str(answer)


def _add_token(pair: Pair, portal_id: int) -> str:
    bits = 7_919 * next(_numbers)
    made = asyncio.run(
        create_token(pair.store, portal_id, known_scopes(), CREATED_AT_MS, lambda _: bits)
    )
    text: str = made.text  # type: ignore[union-attr]
    return text


def test_a_portal_that_is_added_beside_the_servers_is_served_by_them(pair: Pair) -> None:
    portal = asyncio.run(create_portal(pair.store, "beside", CREATED_AT_MS))
    token = _add_token(pair, portal.id)
    body = {"inputs": [{"properties": {"email": "first@example.com"}}]}

    for which in range(2):
        status, answer = pair.ask(which, "/crm/v3/objects/contacts?limit=1", None, "GET", token)
        assert (status, answer["results"]) == (200, [])
    assert pair.ask(0, CREATE, body, token=token)[0] == 201
    status, answer = pair.ask(1, "/crm/v3/objects/contacts", None, "GET", token)
    assert [each["properties"]["email"] for each in answer["results"]] == ["first@example.com"]


def test_a_token_that_is_revoked_beside_the_servers_is_refused_by_them_soon_and_for_good(
    pair: Pair,
) -> None:
    token = _add_token(pair, PORTAL_ID)

    def status_of(which: int) -> int:
        return pair.ask(which, "/crm/v3/objects/contacts?limit=1", None, "GET", token)[0]

    assert [status_of(0), status_of(1)] == [200, 200]

    assert asyncio.run(revoke_token(pair.store, PORTAL_ID, token)) is None

    for which in range(2):
        wait_for(lambda which=which: status_of(which) == 401, 5)  # type: ignore[misc]
    assert [status_of(number) for number in range(6)] == [401] * 6


def test_an_owner_that_is_added_beside_the_servers_may_own_at_once(pair: Pair) -> None:
    status, answer = pair.set(0, "hubspot_owner_id", "4711")
    assert status == 400, answer

    asyncio.run(
        add_owner(
            pair.store,
            PORTAL_ID,
            email="owner@example.com",
            first_name="First",
            last_name="Last",
            owner_id="4711",
            user_id=None,
            teams=(),
            is_queue=False,
            now_ms=CREATED_AT_MS,
        )
    )

    for which in range(2):
        status, answer = pair.set(which, "hubspot_owner_id", "4711")
        assert status == 200, answer


def test_searches_and_lists_of_one_see_what_the_other_has_answered(pair: Pair) -> None:
    connections = [connect(each) for each in pair.ports]
    noted: set[int] = set()
    for number in range(ROUNDS * 4):
        record_id = pair.record_ids[number % RECORDS]
        text = f"seen {number}" if number % 3 else ""
        body = {"inputs": [{"id": str(record_id), "properties": {NOTES[0]: text}}]}
        assert call(connections[number % 2], UPDATE, body)[0] == 200
        (noted.add if text else noted.discard)(record_id)
        wanted = Filter(NOTES[0], "EQ", text) if text else Filter(NOTES[0], "HAS_PROPERTY")
        found = frozenset((record_id,) if text else noted)
        other = connections[(number + 1) % 2]
        assert ask(other, Search(SERVICES_ID, (wanted,), found)) is None
        assert ask(other, Members(NOTED_LIST, frozenset(noted))) is None
    for each in connections:
        each.close()


class _Notes:
    """Writes notes of its own records, or takes them away; asks the list about them."""

    def __init__(self, name: str, record_ids: tuple[int, ...]) -> None:
        self._name = name
        self._record_ids = record_ids
        self._count = 0

    def next_batch(self) -> Batch:
        self._count += 1
        text = "there" if self._count % 2 else ""
        values = {each: {NOTES[0]: text} for each in self._record_ids}
        return updates(f"{self._name}.{self._count}", values)

    def applied(self, batch: Batch) -> None:
        """Nothing to remember."""

    def question(self, batch: Batch) -> Any:
        """Which of its records have a note, or all that are in the list."""
        return _Mine(frozenset(self._record_ids), is_in=bool(self._count % 2))


@dataclass(frozen=True, slots=True)
class _Mine:
    """Whether some records are in the list of those that have a note."""

    record_ids: frozenset[int]
    is_in: bool

    def request(self) -> tuple[str, object, str]:
        return Members(NOTED_LIST, frozenset()).request()

    def complaint(self, answer: dict[str, Any]) -> str | None:
        found = {int(each["recordId"]) for each in answer["results"]} & self.record_ids
        if found == (self.record_ids if self.is_in else frozenset()):
            return None
        return f"of {sorted(self.record_ids)} the list has {sorted(found)}, {self.is_in}"


def test_a_list_that_two_processes_evaluate_at_once_is_right_for_each_who_asks(pair: Pair) -> None:
    ledger = Ledger()
    clients = [_Notes(f"n{each}", pair.record_ids[each::8]) for each in range(8)]

    fleet = Fleet(pair.ports, clients, ledger, batches_max=ROUNDS * 2)
    fleet.start()
    fleet.join()

    assert {each.outcome for each in ledger.batches} == {"applied"}
    Checker(ledger).check(pair.url)


def test_two_processes_never_give_an_id_twice(pair: Pair) -> None:
    answers: list[Answer] = []

    def create(which: int) -> None:
        inputs = [{"properties": {"firstname": f"client {which}"}} for _ in range(20)]
        answers.extend(pair.ask(which, CREATE, {"inputs": inputs}) for _ in range(ROUNDS))

    clients = [threading.Thread(target=create, args=(each,)) for each in range(6)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()

    assert {status for status, _ in answers} == {201}
    ids = [each["id"] for _, answer in answers for each in answer["results"]]
    assert len(ids) == len({*ids}) == 6 * ROUNDS * 20
    found = Checker(Ledger()).check(pair.url)
    assert {*map(int, ids)} <= found.records[CONTACTS_ID].keys()


def test_portals_that_several_processes_add_at_once_have_ids_of_their_own(pair: Pair) -> None:
    with contextlib.closing(open_store(pair.url)) as other:

        async def add() -> list[Portal]:
            stores = [pair.store, other] * 4
            adding = (create_portal(each, "at once", CREATED_AT_MS) for each in stores)
            return await asyncio.gather(*adding)

        portals = asyncio.run(add())

    assert len({each.id for each in portals}) == 8
