"""Clients that want to associate the same record, or to have it in a list, at the same time."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.databases import Database
from tests.faults.expectations import questions_about
from tests.faults.ledger import Ledger
from tests.faults.portal import (
    DEFAULT,
    MARK,
    PRIMARY,
    STATIC_LISTS,
    seed,
)
from tests.faults.server import call, check_answers, connect, servers_on

CLIENTS = 8
ROUNDS = 12
CREATE = "/crm/v3/objects/contacts"
ASSOCIATIONS = "/crm/v4/associations/contacts/companies/batch"
LABELS = "/crm/v4/associations/contacts/companies/labels"
MEMBERS = f"/crm/v3/lists/{STATIC_LISTS[0]}/memberships"

Call = tuple[str, object, str]
"""Path, body and method."""
Answer = tuple[int, dict[str, Any]]
Race = Callable[[Sequence[int], Sequence[int], int], None]
"""Gets the ports of the servers, the companies, and the contact of the round."""


def _at_once(ports: Sequence[int], calls: Sequence[Call]) -> list[Answer]:
    """The answers to the calls, each of a client of its own, in their order."""
    start = threading.Barrier(len(calls))
    answers: dict[int, Answer] = {}

    def send(number: int) -> None:
        connection = connect(ports[number % len(ports)])
        connection.connect()
        start.wait(10)
        answers[number] = call(connection, *calls[number])
        connection.close()

    threads = [threading.Thread(target=send, args=(each,)) for each in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[each] for each in range(len(calls))]


def _contact(ports: Sequence[int], name: str) -> int:
    (answer,) = _at_once(ports, [(CREATE, {"properties": {MARK: name}}, "POST")])
    assert answer[0] == 201, answer
    return int(answer[1]["id"])


def _primary(contact: int, company: int) -> Call:
    named = {"associationCategory": PRIMARY.category, "associationTypeId": PRIMARY.forth}
    ends = {"from": {"id": str(contact)}, "to": {"id": str(company)}}
    return f"{ASSOCIATIONS}/create", {"inputs": [{**ends, "types": [named]}]}, "POST"


def _end(contact: int, company: int) -> Call:
    ends = {"from": {"id": str(contact)}, "to": [{"id": str(company)}]}
    return f"{ASSOCIATIONS}/archive", {"inputs": [ends]}, "POST"


def _race(database: Database, folder: Path, race: Race, rounds: int = ROUNDS) -> Mapping[int, Any]:
    """Plays the rounds with new contacts; by contact and company the types that there are then."""
    seed(database, 5)
    companies = read_database(database).start().targets[:CLIENTS]
    with servers_on(database, folder) as ports:
        for number in range(rounds):
            race(ports, companies, _contact(ports, f"round-{number}"))
        found = Checker(Ledger()).check(database)
        for port in ports:
            check_answers(port, questions_about(found))
    linked = found.linked()
    assert len(found.start().contacts) == rounds
    return {each: linked.get(each, {}) for each in found.start().contacts}


def test_of_clients_that_name_different_primary_companies_one_wins_and_all_are_associated(
    database: Database, tmp_path: Path
) -> None:
    def race(ports: Sequence[int], companies: Sequence[int], contact: int) -> None:
        answers = _at_once(ports, [_primary(contact, each) for each in companies])
        assert [status for status, _ in answers] == [201] * CLIENTS

    linked = _race(database, tmp_path, race)

    for companies in linked.values():
        assert len(companies) == CLIENTS
        primaries = [key for key, ways in companies.items() if PRIMARY in ways]
        assert len(primaries) == 1


def test_of_associations_that_are_made_and_ended_at_once_no_half_is_left(
    database: Database, tmp_path: Path
) -> None:
    def race(ports: Sequence[int], companies: Sequence[int], contact: int) -> None:
        one, other = companies[:2]
        calls = [_primary(contact, one), _end(contact, one)] * 3
        answers = _at_once(ports, [*calls, _primary(contact, other), _primary(contact, other)])
        assert {status for status, _ in answers} == {201, 204}

    linked = _race(database, tmp_path, race)

    for companies in linked.values():
        assert len(companies) in (1, 2)
        for ways in companies.values():
            assert {DEFAULT} <= ways <= {DEFAULT, PRIMARY}
        assert sum(PRIMARY in ways for ways in companies.values()) <= 1


def test_an_association_beside_the_merge_of_its_contact_is_kept_or_refused(
    database: Database, tmp_path: Path
) -> None:
    def race(ports: Sequence[int], companies: Sequence[int], contact: int) -> None:
        other = _contact(ports, f"other-{contact}")
        merge = {"primaryObjectId": str(contact), "objectIdToMerge": str(other)}
        (status, _), *answers = _at_once(
            ports,
            [(f"{CREATE}/merge", merge, "POST"), *(_primary(other, each) for each in companies)],
        )
        assert status == 200
        kept.append(sum(status == 201 for status, _ in answers))

    kept: list[int] = []
    linked = _race(database, tmp_path, race)

    # Contacts in the order of their ids, which is that of the rounds.
    assert [len(linked[each]) for each in sorted(linked)] == kept


def test_of_clients_that_put_a_contact_into_a_list_one_is_told_that_it_joined(
    database: Database, tmp_path: Path
) -> None:
    def race(ports: Sequence[int], _companies: Sequence[int], contact: int) -> None:
        adding: Call = (f"{MEMBERS}/add", [str(contact)], "PUT")
        removing: Call = (f"{MEMBERS}/remove", [str(contact)], "PUT")
        joined = [body["recordsIdsAdded"] for _, body in _at_once(ports, [adding] * CLIENTS)]
        assert sorted(joined) == [[]] * (CLIENTS - 1) + [[str(contact)]]
        answers = _at_once(ports, [adding, removing] * (CLIENTS // 2))
        came = sum(len(body["recordsIdsAdded"]) for _, body in answers)
        went = sum(len(body["recordIdsRemoved"]) for _, body in answers)
        (state,) = _at_once(ports, [removing])
        assert 1 + came - went == len(state[1]["recordIdsRemoved"])

    _race(database, tmp_path, race)


def test_of_clients_that_make_a_label_of_one_name_one_makes_it(
    database: Database, tmp_path: Path
) -> None:
    def race(ports: Sequence[int], companies: Sequence[int], contact: int) -> None:
        calls: list[Call] = [
            (LABELS, {"label": f"Label {each}", "name": f"n{contact}"}, "POST")
            for each in range(CLIENTS)
        ]
        answers = _at_once(ports, calls)
        assert sorted(status for status, _ in answers) == [200] + [400] * (CLIENTS - 1)
        (made,) = (body["results"] for status, body in answers if status == 200)
        removal: Call = (f"{LABELS}/{made[1]['typeId']}", None, "DELETE")
        statuses = sorted(status for status, _ in _at_once(ports, [removal] * CLIENTS))
        assert statuses[0] == 204
        assert 204 not in statuses[1:]

    _race(database, tmp_path, race, rounds=3)
