"""The promises of `storage/contract` about records, their pages and their ids."""

import msgspec
import pytest

from moyeu.storage.contract import ReadTransaction
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    Database,
    change,
    code_owners,
    insert,
    new_record_ids,
    occasion,
    record,
    stored,
    take_codes,
    unique_property,
    write_values,
)

# --- records ----------------------------------------------------------------------------------


def test_records_come_by_id_and_unknown_ids_are_left_out(database: Database) -> None:
    insert(database, record(1, {"hs_name": "One"}), record(2), record(3))

    found = database.read(lambda each: each.records(PORTAL, SERVICES, [3, 1, 99, -1]))

    assert set(found) == {1, 3}
    assert found[1].properties == record(1, {"hs_name": "One"}).properties
    assert (found[1].created_at_ms, found[1].updated_at_ms) == (NOW_MS, NOW_MS)
    assert found[1].archived_at_ms is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "quo'te\"s",
        "a\1b",
        "\x1f\x7f",
        "Grüße, 中文, 🙂",
        "\u202e",
        "\u2028",
        "x" * 65_536,
    ],
    ids=["empty", "plain", "quotes", "one", "control", "scripts", "rtl", "line", "long"],
)
def test_every_text_reads_back_as_written(database: Database, text: str) -> None:
    insert(database, record(1, {"hs_name": text, "code": text}))
    if text:
        take_codes(database, {text: 1})

    assert stored(database, 1).properties["hs_name"] == text
    if text:
        keys = [("code", text)]
        found = database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys))
        assert found[keys[0]].record_id == 1


def test_asking_for_no_records_answers_none(database: Database) -> None:
    insert(database, record(1))

    assert database.read(lambda each: each.records(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.records_by_value(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.value_owners(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.merged_into(PORTAL, SERVICES, [])) == {}
    assert database.read(lambda each: each.history(PORTAL, SERVICES, [])) == {}


def test_ids_may_come_in_any_sequence(database: Database) -> None:
    insert(database, record(1), record(2))
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 2, 1))

    assert set(database.read(lambda each: each.records(PORTAL, SERVICES, range(9)))) == {1}
    assert database.read(lambda each: each.merged_into(PORTAL, SERVICES, (1, 2))) == {2: 1}
    assert database.write(lambda each: each.archive_records(occasion(), SERVICES, range(9))) == 1


def test_the_same_id_in_another_type_is_another_record(database: Database) -> None:
    insert(database, record(1, {"hs_name": "service"}))
    insert(database, record(1, {"hs_name": "product"}), type_id=PRODUCTS)

    assert stored(database, 1).properties["hs_name"] == "service"
    assert stored(database, 1, type_id=PRODUCTS).properties["hs_name"] == "product"


def test_an_id_that_is_taken_is_refused(database: Database) -> None:
    insert(database, record(1, {"hs_name": "first"}))

    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        insert(database, record(1, {"hs_name": "second"}))

    assert stored(database, 1).properties["hs_name"] == "first"


def test_a_change_replaces_the_document_and_moves_the_time(database: Database) -> None:
    insert(database, record(1, {"hs_name": "before"}), record(2, {"hs_name": "other"}))

    write_values(database, 1, {"hs_name": "after"}, at_ms=NOW_MS + 5)

    changed, other = stored(database, 1), stored(database, 2)
    assert changed.properties == record(1, {"hs_name": "after"}).properties
    assert (changed.created_at_ms, changed.updated_at_ms) == (NOW_MS, NOW_MS + 5)
    assert other.properties["hs_name"] == "other"
    assert other.updated_at_ms == NOW_MS


def test_a_change_may_move_the_time_of_creation(database: Database) -> None:
    insert(database, record(1))
    moved = change(stored(database, 1), {"hs_createdate": "1970-01-01T00:00:00Z"}, NOW_MS, None)
    moved = msgspec.structs.replace(moved, created_at_ms=0)

    database.write(lambda each: each.change_records(occasion(), SERVICES, [moved]))

    assert stored(database, 1).created_at_ms == 0


# --- archiving and merging --------------------------------------------------------------------


def test_archiving_counts_the_records_that_were_active(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    first = database.write(lambda each: each.archive_records(occasion(), SERVICES, [1, 99]))

    later = occasion(now_ms=NOW_MS + 9)
    second = database.write(lambda each: each.archive_records(later, SERVICES, [1, 2]))

    assert (first, second) == (1, 1)
    assert stored(database, 1).archived_at_ms == NOW_MS
    assert stored(database, 2).archived_at_ms == NOW_MS + 9
    assert stored(database, 3).archived_at_ms is None


def test_an_archived_record_is_found_by_id_and_not_by_value(database: Database) -> None:
    insert(database, record(1, {"code": "A", "hs_name": "kept"}))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    keys = [("code", "A")]
    assert stored(database, 1).properties["hs_name"] == "kept"
    assert database.read(lambda each: each.records_by_value(PORTAL, SERVICES, keys)) == {}


def test_archiving_frees_unique_values_for_others(database: Database) -> None:
    insert(database, record(1, {"code": "A"}), record(2))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))
    take_codes(database, {"A": 2})

    assert code_owners(database, "A") == {"A": 2}


def test_archiving_again_does_not_free_a_value_that_another_record_took(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}), record(2, {"code": "A"}))
    take_codes(database, {"A": 1})
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))
    take_codes(database, {"A": 2})

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert code_owners(database, "A") == {"A": 2}


def test_archiving_frees_values_of_a_property_that_is_archived_itself(database: Database) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})
    archived = unique_property("code", archived_at_ms=NOW_MS)
    database.write(lambda each: each.put_property(PORTAL, SERVICES, archived))

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert code_owners(database, "A") == {}


def test_a_record_that_is_merged_away_is_gone_and_leads_to_its_survivor(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}), record(2))
    take_codes(database, {"A": 1})

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))

    found = database.read(lambda each: each.records(PORTAL, SERVICES, [1, 2]))
    merged = database.read(lambda each: each.merged_into(PORTAL, SERVICES, [1, 2, 3]))
    assert set(found) == {2}
    assert merged == {1: 2}
    assert code_owners(database, "A") == {}


# --- pages ------------------------------------------------------------------------------------

PAGES = [
    (0, 10, False, [1, 3, 5, 7]),
    (0, 10, True, [2, 4, 6]),
    (0, 2, False, [1, 3]),
    (3, 2, False, [3, 5]),
    (4, 2, False, [5, 7]),
    (8, 2, False, []),
    (2, 1, True, [2]),
    (3, 10, True, [4, 6]),
    (0, 0, False, []),
]


@pytest.mark.parametrize(("from_id", "count_max", "archived", "expected"), PAGES)
def test_a_page_is_ascending_from_an_id_that_is_included(
    database: Database, from_id: int, count_max: int, archived: bool, expected: list[int]
) -> None:
    insert(database, *(record(each) for each in (5, 6, 7, 1, 2, 3, 4)))
    insert(database, record(2), record(9), type_id=PRODUCTS)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [2, 4, 6]))

    found = database.read(
        lambda each: each.page(PORTAL, SERVICES, from_id, count_max, archived=archived)
    )

    assert [each.record_id for each in found] == expected


def test_active_records_of_a_type_are_counted(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    insert(database, record(4), type_id=PRODUCTS)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [2]))

    assert database.read(lambda each: each.count_records(PORTAL, SERVICES)) == 2
    assert database.read(lambda each: each.count_records(PORTAL, CONTACTS)) == 0


@pytest.mark.parametrize(("count_max", "expected"), [(1, 1), (2, 2), (3, 3), (4, 3), (9, 3)])
def test_active_records_are_counted_up_to_a_number(
    database: Database, count_max: int, expected: int
) -> None:
    insert(database, *map(record, range(1, 6)))
    insert(database, record(6), type_id=PRODUCTS)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1, 2]))

    def counts(transaction: ReadTransaction) -> list[int]:
        types = (SERVICES, PRODUCTS, CONTACTS)
        return [transaction.count_records_to(PORTAL, each, count_max) for each in types]

    assert database.read(counts) == [expected, 1, 0]


# --- record ids -------------------------------------------------------------------------------


def test_record_ids_are_never_given_out_twice(database: Database) -> None:
    given = [record_id for count in (1, 5, 100, 1) for record_id in new_record_ids(database, count)]

    assert len(given) == 107
    assert given == sorted(set(given))


def test_record_ids_look_like_hubspots(database: Database) -> None:
    (first,) = new_record_ids(database, 1)

    assert len(str(first)) in (11, 12)


def test_portals_give_out_ids_independently(database: Database) -> None:
    here = new_record_ids(database, 3)
    there = new_record_ids(database, 3, OTHER_PORTAL)

    assert here == there


def test_a_reserved_id_and_lower_ones_are_never_given_out(database: Database) -> None:
    (first,) = new_record_ids(database, 1)

    database.write(lambda each: each.reserve_record_id(PORTAL, first + 50))
    database.write(lambda each: each.reserve_record_id(PORTAL, first + 10))

    (next_one,) = new_record_ids(database, 1)
    assert next_one > first + 50
