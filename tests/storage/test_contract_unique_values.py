"""The promises of `storage/contract` about unique values."""

from collections.abc import Callable

import msgspec
import pytest

from moyeu.crm.records import StoredRecord, UniqueMove
from moyeu.storage.contract import WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    PORTAL,
    SERVICES,
    Database,
    code_owners,
    index_tags,
    insert,
    occasion,
    record,
    take_codes,
)

MOVES: list[tuple[str, dict[str, int], list[UniqueMove], dict[str, int]]] = [
    ("nothing to do", {"x": 1}, [], {"x": 1}),
    ("a free value is taken", {}, [UniqueMove("code", 1, None, "x")], {"x": 1}),
    ("a value is left", {"x": 1}, [UniqueMove("code", 1, "x", None)], {}),
    ("one value for another", {"x": 1}, [UniqueMove("code", 1, "x", "y")], {"y": 1}),
    (
        "passed on to another record",
        {"x": 1},
        [UniqueMove("code", 1, "x", None), UniqueMove("code", 2, None, "x")],
        {"x": 2},
    ),
    (
        "two records swap",
        {"x": 1, "y": 2},
        [UniqueMove("code", 1, "x", "y"), UniqueMove("code", 2, "y", "x")],
        {"y": 1, "x": 2},
    ),
    (
        "taken and left again",
        {},
        [UniqueMove("code", 1, None, "x"), UniqueMove("code", 1, "x", "y")],
        {"y": 1},
    ),
    (
        "there and back",
        {"x": 1},
        [UniqueMove("code", 1, "x", "y"), UniqueMove("code", 1, "y", "x")],
        {"x": 1},
    ),
    (
        "taken, left, and taken by another",
        {},
        [
            UniqueMove("code", 1, None, "x"),
            UniqueMove("code", 1, "x", None),
            UniqueMove("code", 2, None, "x"),
        ],
        {"x": 2},
    ),
    ("somebody else's value is not left", {"x": 1}, [UniqueMove("code", 2, "x", None)], {"x": 1}),
]


@pytest.mark.parametrize(
    ("held", "moves", "expected"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_unique_values_move_in_order(
    database: Database,
    held: dict[str, int],
    moves: list[UniqueMove],
    expected: dict[str, int],
) -> None:
    take_codes(database, held)

    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))

    assert code_owners(database, "x", "y", "z") == expected


def test_taking_a_value_that_another_record_holds_raises_and_undoes(database: Database) -> None:
    take_codes(database, {"x": 1})

    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        take_codes(database, {"y": 2, "x": 2})

    assert code_owners(database, "x", "y") == {"x": 1}


def test_records_by_value_compares_exactly(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    take_codes(database, {"abc": 1, "ABC": 2, "1": 3})
    keys = [("code", each) for each in ("abc", "ABC", "abc ", "Abc", "1", "1.0", "01", "")]

    found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))

    assert {value: each.record_id for (_, value), each in found.items()} == {
        "abc": 1,
        "ABC": 2,
        "1": 3,
    }


def test_the_same_value_of_two_properties_belongs_to_two_records(database: Database) -> None:
    insert(database, record(1), record(2))
    moves = [UniqueMove("code", 1, None, "x"), UniqueMove("badge", 2, None, "x")]
    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))
    keys = [("code", "x"), ("badge", "x")]

    found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))

    assert {key: each.record_id for key, each in found.items()} == {keys[0]: 1, keys[1]: 2}


LONG = "é" * 40_000
LONG_ONES = [LONG, LONG + "a", LONG + "b", LONG[:-1], "é" * 500, "é" * 501]


def test_long_values_are_told_apart_by_their_end(database: Database) -> None:
    insert(database, *(record(each) for each in range(1, 6)))
    take_codes(database, {value: number for number, value in enumerate(LONG_ONES[:5], 1)})

    assert code_owners(database, *LONG_ONES) == dict(zip(LONG_ONES, range(1, 6), strict=False))
    keys = [("code", value) for value in LONG_ONES]
    found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))
    assert {key: each.record_id for key, each in found.items()} == dict(
        zip(keys, range(1, 6), strict=False)
    )


def test_a_long_value_is_left_and_taken_by_another_record(database: Database) -> None:
    take_codes(database, {LONG: 1, LONG + "a": 2})
    moves = [UniqueMove("code", 1, LONG, LONG + "b"), UniqueMove("code", 3, None, LONG)]

    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))

    assert code_owners(database, *LONG_ONES) == {LONG: 3, LONG + "a": 2, LONG + "b": 1}


def test_long_values_enter_the_index(database: Database) -> None:
    insert(database, record(1, {"tag": LONG}), record(2, {"tag": LONG + "a"}))
    insert(database, record(3, {"tag": LONG}))

    parts = [index_tags(database, 0, 2), index_tags(database, 3, 2)]

    assert [each.conflict for each in parts] == [None, (LONG, 3, 1)]
    keys = [("tag", LONG), ("tag", LONG + "a")]
    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert found == {keys[0]: 1, keys[1]: 2}


def test_values_enter_the_index_part_by_part(database: Database) -> None:
    insert(database, record(1, {"tag": "a"}), record(2), record(3, {"tag": ""}))
    insert(database, record(4, {"tag": "b"}))
    parts = [index_tags(database, 0, 2)]

    while (next_id := parts[-1].next_id) is not None:
        parts.append(index_tags(database, next_id, 2))

    keys = [("tag", "a"), ("tag", "b"), ("tag", "")]
    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert [part.conflict for part in parts] == [None] * len(parts)
    assert found == {("tag", "a"): 1, ("tag", "b"): 4}


@pytest.mark.parametrize("count_max", [10, 1], ids=["in one part", "in two parts"])
def test_two_records_with_one_value_are_a_conflict(database: Database, count_max: int) -> None:
    insert(database, record(1, {"tag": "a"}), record(2, {"tag": "a"}))

    part = index_tags(database, 0, count_max)
    if part.next_id is not None:
        part = index_tags(database, part.next_id, count_max)

    assert part.conflict == ("a", 2, 1)


def test_values_of_archived_records_do_not_enter_the_index(database: Database) -> None:
    insert(database, record(1, {"tag": "a"}), record(2, {"tag": "a"}))
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    part = index_tags(database, 0, 10)

    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, [("tag", "a")]))
    assert part.conflict is None
    assert found == {("tag", "a"): 2}


def test_dropping_an_index_frees_the_values_of_that_property_alone(database: Database) -> None:
    moves = [UniqueMove("code", 1, None, "x"), UniqueMove("badge", 1, None, "x")]
    database.write(lambda each: each.move_unique_values(PORTAL, SERVICES, moves))

    database.write(lambda each: each.drop_index(PORTAL, SERVICES, "badge"))

    keys = [("code", "x"), ("badge", "x")]
    found = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert found == {("code", "x"): 1}


EMAILS = [("email", "a@example.com"), ("email", "b@example.com"), ("email", "c@example.com")]


def contact_with_emails(database: Database) -> dict[tuple[str, str], int]:
    """A contact that holds one e-mail as its main one and two further ones."""
    properties = {
        "email": "a@example.com",
        "hs_additional_emails": "b@example.com;c@example.com",
        "hs_object_id": "1",
        "lastmodifieddate": "2026-09-21T13:33:20Z",
    }
    own = replace_properties(record(1), properties)
    moves = [UniqueMove(name, 1, None, value) for name, value in EMAILS]

    def work(transaction: WriteTransaction) -> None:
        transaction.insert_records(occasion(), CONTACTS, [own], "lastmodifieddate")
        transaction.move_unique_values(PORTAL, CONTACTS, moves)

    database.write(work)
    return email_owners(database)


def replace_properties(of: StoredRecord, properties: dict[str, str]) -> StoredRecord:
    """The record with another document."""
    return msgspec.structs.replace(of, properties=properties)


def email_owners(database: Database) -> dict[tuple[str, str], int]:
    """Who holds the e-mails."""
    return database.read(lambda each: each.value_owners(PORTAL, CONTACTS, EMAILS))


FREEING: dict[str, Callable[[WriteTransaction], object]] = {
    "archived": lambda each: each.archive_records(occasion(), CONTACTS, [1]),
    "merged away": lambda each: each.merge_away(PORTAL, CONTACTS, 1, 2),
    "erased": lambda each: each.erase_records(PORTAL, CONTACTS, [1]),
}


@pytest.mark.parametrize("how", FREEING)
def test_further_values_are_freed_with_the_main_one(database: Database, how: str) -> None:
    held = contact_with_emails(database)

    database.write(FREEING[how])

    assert held == dict.fromkeys(EMAILS, 1)
    assert email_owners(database) == {}


def test_a_restored_record_holds_its_further_values(database: Database) -> None:
    contact_with_emails(database)
    (contact,) = database.read(lambda each: each.records(PORTAL, CONTACTS, [1])).values()
    database.write(lambda each: each.erase_records(PORTAL, CONTACTS, [1]))

    database.write(lambda each: each.restore_records(PORTAL, CONTACTS, [contact]))

    assert email_owners(database) == dict.fromkeys(EMAILS, 1)
