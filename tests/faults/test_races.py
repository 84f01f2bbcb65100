"""Clients that want the same thing at the same time."""

import threading
from pathlib import Path
from typing import Any

import pytest

from moyeu.crm.records import RecordInput
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.ledger import Batch, Ledger, Sent
from tests.faults.portal import COMPANIES, CONTACTS_ID, MARK, NOTES, SERVICES_ID, SKU, seed
from tests.faults.server import Fleet, ServerProcess, call, connect

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
    tmp_path: Path,
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 50)
    record_ids = sorted(read_database(database).skus())
    with ServerProcess(database) as server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        server.start()
        clients = [_OwnNote(note, record_ids) for note in NOTES[:CLIENTS]]
        fleet = Fleet(server.port, clients, ledger, batches_max=ROUNDS)
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
    traced: bool, tmp_path: Path
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, CLIENTS)
    record_ids = sorted(read_database(database).skus())
    with ServerProcess(database) as server:
        server.start()
        rounds = [_race(server.port, record_ids, f"prize-{n}", traced) for n in range(ROUNDS)]
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
    id_property: str, tmp_path: Path
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 1)
    with ServerProcess(database) as server:
        server.start()
        rounds = [
            _upsert_race(server.port, f"prize-{number}@example.com", id_property)
            for number in range(ROUNDS)
        ]
        found = Checker(Ledger()).check(database)

    for answers in rounds:
        assert [status for status, _ in answers] == [200] * CLIENTS
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


def _upsert_race(port: int, text: str, id_property: str) -> list[tuple[int, dict[str, object]]]:
    """What each client is answered that upserts the contact with a note of its own."""
    start = threading.Barrier(CLIENTS)
    answers: list[tuple[int, dict[str, object]]] = []

    def want(note: str) -> None:
        given = {"id": text, "idProperty": id_property, "properties": {note: "written"}}
        connection = connect(port)
        connection.connect()
        start.wait(10)
        answers.append(call(connection, UPSERT, {"inputs": [given]}))
        connection.close()

    threads = [threading.Thread(target=want, args=(note,)) for note in NOTES[:CLIENTS]]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


def _won(status: int, body: dict[str, object]) -> bool:
    results = body.get("results")
    return status == 200 and isinstance(results, list) and len(results) == 1


def _race(
    port: int, record_ids: list[int], prize: str, traced: bool
) -> dict[int, tuple[int, dict[str, object]]]:
    """The answer that each record's client got."""
    start = threading.Barrier(len(record_ids))
    answers: dict[int, tuple[int, dict[str, object]]] = {}

    def want(record_id: int) -> None:
        given: dict[str, object] = {"id": str(record_id), "properties": {SKU: prize}}
        if traced:
            given["objectWriteTraceId"] = f"{record_id}"
        connection = connect(port)
        connection.connect()
        start.wait(10)
        answers[record_id] = call(connection, UPDATE, {"inputs": [given]})
        connection.close()

    threads = [threading.Thread(target=want, args=(each,)) for each in record_ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers
