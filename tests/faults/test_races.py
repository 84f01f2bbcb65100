"""Clients that want the same thing at the same time."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from moyeu.crm.records import RecordInput
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.databases import Database
from tests.faults.ledger import Batch, Ledger, Sent
from tests.faults.portal import COMPANIES, CONTACTS_ID, MARK, NOTES, SERVICES_ID, SKU, seed
from tests.faults.server import Fleet, call, connect, servers_on

CLIENTS = 8
ROUNDS = 25
UPDATE = "/crm/v3/objects/partner_services/batch/update"
UPSERT = "/crm/v3/objects/contacts/batch/upsert"


class _OwnNote:
    """Writes one note of the same fifty records again and again."""

    def __init__(self, note: str, record_ids: list[int]) -> None:
        self._note = note
        self._record_ids = record_ids
        self._count = 0

    def next_batch(self) -> Batch:
        self._count += 1
        name = f"{self._note}.{self._count}"
        inputs = []
        for record_id in self._record_ids:
            mark = f"{name}.{record_id}"
            values = {self._note: f"{self._count}", MARK: mark}
            inputs.append(Sent(RecordInput(str(record_id), dict(values)), record_id, mark, values))
        return Batch(name, SERVICES_ID, inputs)

    def applied(self, batch: Batch) -> None:
        """Nothing to remember."""

    def question(self, batch: Batch) -> None:
        """Nothing to ask."""


def test_clients_that_write_different_properties_of_the_same_records_all_win(
    database: Database, tmp_path: Path
) -> None:
    seed(database, 50)
    record_ids = sorted(read_database(database).skus())
    with servers_on(database, tmp_path) as ports, Ledger(tmp_path / "ledger.jsonl") as ledger:
        clients = [_OwnNote(note, record_ids) for note in NOTES[:CLIENTS]]
        fleet = Fleet(ports, clients, ledger, batches_max=ROUNDS)
        fleet.start()
        fleet.join()

        found = Checker(ledger).check(database)

    assert len(ledger.acknowledged) == CLIENTS * ROUNDS
    for record in found.records[SERVICES_ID].values():
        assert {note: record.properties[note] for note in NOTES} == dict.fromkeys(
            NOTES, str(ROUNDS)
        )
    assert len(found.writes) == 50 + COMPANIES + 50 * CLIENTS * ROUNDS


@pytest.mark.parametrize("traced", [False, True])
def test_of_clients_that_want_the_same_unique_value_exactly_one_gets_it(
    traced: bool, database: Database, tmp_path: Path
) -> None:
    seed(database, CLIENTS)
    record_ids = sorted(read_database(database).skus())
    with servers_on(database, tmp_path) as ports:
        rounds = [_race(ports, record_ids, f"prize-{n}", traced) for n in range(ROUNDS)]
        found = Checker(Ledger()).check(database)

    for prize, answers in enumerate(rounds):
        winners = [key for key, (status, body) in answers.items() if _won(status, body)]
        assert len(winners) == 1
        for record_id, (status, body) in answers.items():
            if record_id not in winners:
                assert status == (207 if traced else 400)
                assert f"on {record_id}. {winners[0]} already has that value." in str(body)
                assert f"propertyName=sku, value=prize-{prize}" in str(body)
    last = f"prize-{ROUNDS - 1}"
    assert [each for each in found.skus().values() if each == last] == [last]


@pytest.mark.parametrize("id_property", ["email", SKU])
def test_of_clients_that_upsert_the_same_new_contact_one_makes_it_and_all_write_it(
    id_property: str, database: Database, tmp_path: Path
) -> None:
    seed(database, 1)
    with servers_on(database, tmp_path) as ports:
        rounds = [
            _upsert_race(ports, f"prize-{number}@example.com", id_property)
            for number in range(ROUNDS)
        ]
        found = Checker(Ledger()).check(database)

    for answers in rounds:
        assert [each for each in answers if each[0] != 200] == []
        results = [each for _, body in answers for each in _results(body)]
        assert sorted(each["new"] for each in results) == [False] * (CLIENTS - 1) + [True]
        assert len({each["id"] for each in results}) == 1
        properties = found.records[CONTACTS_ID][int(results[0]["id"])].properties
        assert {properties[note] for note in NOTES[:CLIENTS]} == {"written"}
    assert len(found.records[CONTACTS_ID]) == ROUNDS


def _results(body: dict[str, object]) -> list[dict[str, Any]]:
    results = body["results"]
    assert isinstance(results, list)
    return results


def _upsert_race(
    ports: Sequence[int], text: str, id_property: str
) -> list[tuple[int, dict[str, object]]]:
    """What each client is answered that upserts the contact with a note of its own."""
    bodies = [
        {"inputs": [{"id": text, "idProperty": id_property, "properties": {note: "written"}}]}
        for note in NOTES[:CLIENTS]
    ]
    return _at_once(ports, UPSERT, bodies)


def _at_once(
    ports: Sequence[int], path: str, bodies: Sequence[object]
) -> list[tuple[int, dict[str, object]]]:
    """What the clients are answered that send these bodies at the same time."""
    start = threading.Barrier(len(bodies))
    answers: dict[int, tuple[int, dict[str, object]]] = {}

    def want(number: int) -> None:
        connection = connect(ports[number % len(ports)])
        connection.connect()
        start.wait(10)
        answers[number] = call(connection, path, bodies[number])
        connection.close()

    threads = [threading.Thread(target=want, args=(each,)) for each in range(len(bodies))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [answers[number] for number in range(len(bodies))]


def _won(status: int, body: dict[str, object]) -> bool:
    results = body.get("results")
    return status == 200 and isinstance(results, list) and len(results) == 1


def _race(
    ports: Sequence[int], record_ids: list[int], prize: str, traced: bool
) -> dict[int, tuple[int, dict[str, object]]]:
    """The answer that each record's client got."""
    bodies = []
    for record_id in record_ids:
        given: dict[str, object] = {"id": str(record_id), "properties": {SKU: prize}}
        if traced:
            given["objectWriteTraceId"] = f"{record_id}"
        bodies.append({"inputs": [given]})
    return dict(zip(record_ids, _at_once(ports, UPDATE, bodies), strict=True))


def test_of_two_clients_that_pass_each_others_unique_values_on_both_win(
    database: Database, tmp_path: Path
) -> None:
    """Each takes the value of the other's record, which gets one that nobody had."""
    seed(database, CLIENTS)
    found = read_database(database)
    first, *others = sorted(found.skus())
    pairs = list(zip([first, *others][::2], others[::2], strict=True))
    with servers_on(database, tmp_path) as ports:
        for number in range(ROUNDS):
            skus = found.skus()
            bodies = [
                {
                    "inputs": [
                        {"id": str(giver), "properties": {SKU: f"new-{number}-{giver}"}},
                        {"id": str(taker), "properties": {SKU: skus[giver]}},
                    ]
                }
                for one, other in pairs
                for giver, taker in ((one, other), (other, one))
            ]

            answers = _at_once(ports, UPDATE, bodies)

            assert [status for status, _ in answers] == [200] * len(bodies)
            found = Checker(Ledger()).check(database)
            for one, other in pairs:
                assert (found.skus()[one], found.skus()[other]) in (
                    (f"new-{number}-{one}", skus[one]),
                    (skus[other], f"new-{number}-{other}"),
                )
