"""The promises of `storage/contract` about the history of records."""

from dataclasses import replace

import pytest

from moyeu.storage.contract import WriteTransaction
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    SERVICES_MODIFIED,
    Database,
    DeliberateError,
    caller,
    insert,
    occasion,
    record,
    stored,
    write_values,
    writes_after,
)


def test_history_is_newest_first_and_the_records_own(database: Database) -> None:
    insert(database, record(1, {"hs_name": "a"}), record(2, {"hs_name": "other"}))
    write_values(database, 1, {"hs_name": "b"}, at_ms=NOW_MS + 1, trace_id="t-1")
    write_values(database, 2, {"hs_name": "other too"}, at_ms=NOW_MS + 2)
    write_values(database, 1, {"hs_name": "c", "code": ""}, at_ms=NOW_MS + 3)

    records = [stored(database, 1), stored(database, 2)]
    found = database.read(lambda each: each.history(PORTAL, SERVICES, records))

    assert set(found) == {1, 2}
    assert [each.changed for each in found[1]] == [
        {"hs_name": "c", "code": ""},
        {"hs_name": "b"},
        {"hs_object_id": "1", "hs_name": "a"},
    ]
    assert [each.written_at_ms for each in found[1]] == [NOW_MS + 3, NOW_MS + 1, NOW_MS]
    assert [each.trace_id for each in found[1]] == [None, "t-1", None]
    assert [each.number for each in found[1]] == sorted(
        (each.number for each in found[1]), reverse=True
    )
    assert {each.record_id for each in found[2]} == {2}
    assert found[1][0].number == records[0].last_write


def test_an_entry_says_who_wrote_and_in_which_request(database: Database) -> None:
    by_user = replace(occasion(correlation_id="c-1"), caller=replace(caller(), user_id=31))
    database.write(
        lambda each: each.insert_records(by_user, SERVICES, [record(1)], SERVICES_MODIFIED)
    )

    records = [stored(database, 1)]
    (entry,) = database.read(lambda each: each.history(PORTAL, SERVICES, records))[1]

    assert (entry.source_type, entry.source_id) == ("INTEGRATION", "77")
    assert (entry.user_id, entry.correlation_id) == (31, "c-1")


def test_a_long_history_comes_whole(database: Database) -> None:
    insert(database, record(1, {"hs_name": "0"}))
    for number in range(1, 201):
        write_values(database, 1, {"hs_name": str(number)})

    records = [stored(database, 1)]
    found = database.read(lambda each: each.history(PORTAL, SERVICES, records))

    names = [each.changed["hs_name"] for each in found[1]]
    assert names == [str(number) for number in range(200, -1, -1)]


def test_archiving_leaves_the_history(database: Database) -> None:
    insert(database, record(1, {"hs_name": "a"}))
    active = stored(database, 1)
    before = database.read(lambda each: each.history(PORTAL, SERVICES, [active]))

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    archived = stored(database, 1)
    assert len(before[1]) == 1
    assert database.read(lambda each: each.history(PORTAL, SERVICES, [archived])) == before


def test_write_numbers_ascend_over_all_types_of_a_portal(database: Database) -> None:
    insert(database, record(1), record(2))
    insert(database, record(1), type_id=PRODUCTS)
    insert(database, record(1), portal_id=OTHER_PORTAL)
    write_values(database, 2, {"hs_name": "x"})

    found = writes_after(database, 0)

    numbers = [each.number for each in found]
    assert numbers == sorted(set(numbers))
    assert [each.record_id for each in found] == [1, 2, 1, 2]


def test_writes_after_goes_on_where_the_last_part_ended(database: Database) -> None:
    insert(database, *(record(each) for each in range(1, 6)))
    seen: list[int] = []

    after = 0
    while part := writes_after(database, after, 2):
        assert len(part) <= 2
        seen += [each.record_id for each in part]
        after = part[-1].number

    assert seen == [1, 2, 3, 4, 5]


def test_write_numbers_of_undone_work_do_not_disturb_later_ones(database: Database) -> None:
    insert(database, record(1))

    def work(transaction: WriteTransaction) -> None:
        transaction.insert_records(occasion(), SERVICES, [record(2)], SERVICES_MODIFIED)
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)
    insert(database, record(3))

    found = writes_after(database, 0)
    assert [each.record_id for each in found] == [1, 3]
    assert found[0].number < found[1].number


def test_numbers_of_erased_writes_are_not_given_out_again(database: Database) -> None:
    insert(database, record(1), record(2))
    last = writes_after(database, 0)[-1].number

    database.write(lambda each: each.erase_records(PORTAL, SERVICES, [2]))
    insert(database, record(3))

    assert [each.number > last for each in writes_after(database, 0)] == [False, True]
