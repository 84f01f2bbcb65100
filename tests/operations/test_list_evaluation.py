"""How the filters of lists are carried out: by several readers, over other lists and records."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.crm.associations import Association
from moyeu.crm.lists.definitions import Evaluation, ListDefinition
from moyeu.crm.problems import Problem
from moyeu.crm.records import StoredRecord
from moyeu.operations import list_evaluation, list_judging
from moyeu.operations.lists import read_list
from moyeu.operations.merges import merge_records
from moyeu.storage.contract import ReadTransaction, WriteTransaction
from tests.crm.lists.branches import Json, any_of, group, on, root
from tests.operations.list_scene import change, dynamic, made, member_ids
from tests.operations.scene import created, furnish
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    insert,
    occasion,
    record,
    write_values,
)

NOTED = on("note", "STRING", "IS_EQUAL_TO", value="Yes")
RECENT = on("begins", "ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO", numberOfDays=3)
MINUTE_MS: Final = 60_000
LINK: Final = 5
"""The id of the association type from services to contacts that lists look at."""


def in_list(list_id: str, operator: str = "IN_LIST") -> Json:
    return {"filterType": "IN_LIST", "operator": operator, "listId": list_id}


def associated(*filters: Json, operator: str = "IN_LIST") -> Json:
    return group(
        *filters,
        kind="ASSOCIATION",
        objectTypeId=CONTACTS,
        operator=operator,
        associationTypeId=LINK,
        associationCategory="HUBSPOT_DEFINED",
    )


IN_BERN = associated(on("city", "STRING", "IS_EQUAL_TO", value="bern"))


def linked(service: int, contact: int) -> list[Association]:
    return [
        Association(SERVICES, service, CONTACTS, contact, "HUBSPOT_DEFINED", LINK),
        Association(CONTACTS, contact, SERVICES, service, "HUBSPOT_DEFINED", LINK + 1),
    ]


def a_contact(record_id: int, values: Mapping[str, str] | None = None) -> StoredRecord:
    """A contact that is not stored yet."""
    return record(record_id, {"lastmodifieddate": "2026-09-21T13:33:20Z", **(values or {})})


def link(database: Database, service: int, contact: int, portal_id: int = PORTAL) -> None:
    database.write(lambda tx: tx.put_associations(portal_id, linked(service, contact)))


@pytest.fixture
def turns(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The turns of the writer that are taken from now on."""
    taken: list[object] = []
    write = database.store.write

    async def counted(work: Any) -> Any:
        taken.append(work)
        return await write(work)

    monkeypatch.setattr(database.store, "write", counted)
    return taken


# --- several readers ---------------------------------------------------------------------------


def by_search(database: Database) -> str:
    return dynamic(database, NOTED, RECENT)


def by_judging(database: Database) -> str:
    neither = group(NOTED, RECENT, kind="NOT_ANY")
    return made(database, "Neither", "DYNAMIC", root(group(branches=[neither])))


@pytest.mark.parametrize("make", [by_search, by_judging])
def test_readers_in_different_minutes_come_to_an_end(
    database: Database, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    list_id = make(database)
    created(database, *({"note": "yes" if n % 2 else "no"} for n in range(8)))
    monkeypatch.setattr(list_evaluation, "_PART_FOUND", 1)
    monkeypatch.setattr(list_evaluation, "_PART_RECORDS", 1)

    async def read_together() -> list[Any]:
        times = [NOW_MS + (number + 1) * MINUTE_MS for number in range(4)]
        readers = [read_list(database.store, PORTAL, list_id, now_ms) for now_ms in times]
        return await asyncio.wait_for(asyncio.gather(*readers), 30)

    assert [each.size for each in database.run(read_together())] == [4] * 4


# --- chains of lists ---------------------------------------------------------------------------


def test_a_long_chain_of_lists_is_followed(database: Database) -> None:
    (one,) = created(database, {"note": "yes"})
    first = int(dynamic(database, NOTED))
    length = 1_100

    def work(transaction: WriteTransaction) -> None:
        known = transaction.lists(PORTAL, [first])[first]
        for number in range(first + 1, first + length):
            inner = any_of(in_list(str(number - 1)))
            transaction.put_list(PORTAL, chained(known, number, inner))

    database.write(work)

    assert member_ids(database, str(first + length - 1)) == [one]


def chained(known: ListDefinition, number: int, filters: Json) -> ListDefinition:
    return replace(
        known,
        id=number,
        name=str(number),
        filter_branch=json.dumps(filters),
        evaluation=Evaluation(),
    )


# --- what lists look at beside values ----------------------------------------------------------


@pytest.fixture
def related(database: Database) -> tuple[list[int], str, str]:
    """Three services, the first with a contact in Bern; a list by hand, one by services in Bern."""
    ids = created(database, {"note": "a"}, {"note": "b"}, {"note": "c"})
    contacts = [a_contact(7, {"city": "Bern"}), a_contact(8, {"city": "Basel"})]
    insert(database, *contacts, type_id=CONTACTS)
    link(database, ids[0], 7)
    link(database, ids[1], 8)
    by_hand = made(database)
    change(database, by_hand, ids[2:])
    either = root(group(in_list(by_hand)), group(branches=[IN_BERN]))
    return ids, by_hand, made(database, "Either", "DYNAMIC", either)


def test_lists_that_look_at_others_take_no_turn_while_nothing_changes(
    database: Database, related: tuple[list[int], str, str], turns: list[object]
) -> None:
    (one, _two, three), _by_hand, list_id = related

    assert member_ids(database, list_id) == [one, three]
    assert member_ids(database, list_id) == [one, three]
    assert not turns


def test_a_write_lets_only_records_that_look_at_it_be_judged(
    database: Database, related: tuple[list[int], str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, two, three), _by_hand, list_id = related
    judged: list[int] = []

    def accepted(*arguments: Any) -> frozenset[int]:
        judged.extend(each.record_id for each in arguments[-1])
        return list_judging.accepted(*arguments)

    monkeypatch.setattr(list_evaluation, "accepted", accepted)
    write_values(database, 8, {"city": "Bern"}, type_id=CONTACTS)

    assert member_ids(database, list_id) == [one, two, three]
    assert judged == [two]


def test_a_record_that_very_many_look_at_lets_all_be_judged(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_evaluation, "_PART_RECORDS", 3)
    ids = created(database, *({"note": str(each)} for each in range(7)))
    insert(database, a_contact(7, {"city": "Basel"}), type_id=CONTACTS)
    for each in ids:
        link(database, each, 7)
    list_id = made(database, "There", "DYNAMIC", root(group(branches=[IN_BERN])))
    assert member_ids(database, list_id) == []

    write_values(database, 7, {"city": "Bern"}, type_id=CONTACTS)

    assert member_ids(database, list_id) == ids


def test_writes_of_other_types_are_passed_over_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch, turns: list[object]
) -> None:
    list_id = dynamic(database, NOTED)
    monkeypatch.setattr(list_evaluation, "_PART_WRITES", 10)
    insert(database, *map(a_contact, range(1, 31)), type_id=CONTACTS)
    (one,) = created(database, {"note": "yes"})
    turns.clear()

    assert member_ids(database, list_id) == [one]
    # Three parts and the last one; numbers of writes may have gaps.
    assert len(turns) >= 4


def test_members_of_a_merged_associated_record_follow_the_survivor(database: Database) -> None:
    (one,) = created(database, {"note": "a"})
    contacts = [{"city": "Bern"}, {"city": "Basel"}]
    insert(database, *(a_contact(7 + n, each) for n, each in enumerate(contacts)), type_id=CONTACTS)
    link(database, one, 7)
    list_id = made(database, "There", "DYNAMIC", root(group(branches=[IN_BERN])))
    assert member_ids(database, list_id) == [one]

    merged = database.run(merge_records(database.store, occasion(), CONTACTS, "8", "7"))

    assert not isinstance(merged, Problem)
    city = merged.record.properties["city"]
    assert member_ids(database, list_id) == ([one] if city == "Bern" else [])


CONTACT_IDS: Final = (7, 8, 9)
CHANGES: Final = ("link", "unlink", "to Bern", "to Basel", "archive", "unarchive", "add", "take")

_numbers = iter(range(3_000_000, 4_000_000))


def carry_out(
    database: Database, portal_id: int, what: str, service: int, contact: int, chosen: str
) -> None:
    """One of `CHANGES`."""
    rows, at = linked(service, contact), occasion(portal_id)
    if what == "link":
        database.write(lambda tx: tx.put_associations(portal_id, rows))
    elif what == "unlink":
        database.write(lambda tx: tx.remove_associations(portal_id, rows))
    elif what == "archive":
        database.write(lambda tx: tx.archive_records(at, CONTACTS, [contact]))
    elif what == "unarchive":
        database.write(lambda tx: tx.unarchive_records(at, CONTACTS, [contact]))
    elif what == "add":
        change(database, chosen, [contact], portal_id=portal_id)
    elif what == "take":
        change(database, chosen, [], [contact], portal_id=portal_id)
    else:
        city = {"city": what.removeprefix("to ")}
        write_values(database, contact, city, portal_id=portal_id, type_id=CONTACTS)


def wanted(
    database: Database, portal_id: int, services: list[int], chosen: str, operator: str
) -> list[int]:
    """Who is associated, or is not, with an active contact in Bern or in the list by hand."""

    def work(transaction: ReadTransaction) -> list[int]:
        active = transaction.page(portal_id, CONTACTS, 0, 10, archived=False)
        by_hand = {each.record_id for each in transaction.members(portal_id, int(chosen), 0, 10)}
        right = {
            each.record_id
            for each in active
            if each.properties.get("city") == "Bern" or each.record_id in by_hand
        }
        rows = transaction.associations(portal_id, SERVICES, services)
        return [
            each
            for each in services
            if any(row.to_record_id in right for row in rows[each]) is (operator == "IN_LIST")
        ]

    return database.read(work)


@settings(max_examples=30)
@given(
    st.sampled_from(["IN_LIST", "NOT_IN_LIST"]),
    st.lists(
        st.tuples(
            st.sampled_from(CHANGES), st.integers(0, 2), st.sampled_from(CONTACT_IDS), st.booleans()
        ),
        min_size=3,
        max_size=14,
    ),
)
def test_members_follow_associated_records_whatever_changes(
    database: Database, operator: str, steps: list[tuple[str, int, int, bool]]
) -> None:
    portal_id = next(_numbers)
    furnish(database, portal_id)
    services = created(database, *({"note": str(n)} for n in range(3)), portal_id=portal_id)
    insert(database, *map(a_contact, CONTACT_IDS), type_id=CONTACTS, portal_id=portal_id)
    for service, contact in zip(services, CONTACT_IDS, strict=True):
        link(database, service, contact, portal_id)
    chosen = made(database, "Chosen", portal_id=portal_id, type_id=CONTACTS)
    in_bern = group(on("city", "STRING", "IS_EQUAL_TO", value="bern"))
    either = group(kind="OR", branches=[in_bern, group(in_list(chosen))])
    there = associated(operator=operator) | {"filterBranches": [either]}
    filters = root(group(branches=[there]))
    list_id = made(database, "There", "DYNAMIC", filters, portal_id=portal_id)

    for what, number, contact, is_read in [*steps, (*steps[-1][:3], True)]:
        carry_out(database, portal_id, what, services[number], contact, chosen)
        if is_read:
            found = member_ids(database, list_id, portal_id=portal_id)
            assert found == wanted(database, portal_id, services, chosen, operator)
