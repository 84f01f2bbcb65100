"""Reads of records on a real store."""

from typing import Final

import pytest

from moyeu.crm.problems import (
    DuplicateIds,
    InvalidParameter,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    RecordNotFound,
    TooManyInputs,
    TooManyInputsWithHistory,
    TooManyPerPage,
)
from moyeu.operations.record_reads import (
    ReadBatch,
    ReadRecord,
    RecordPage,
    list_records,
    read_record,
    read_records,
)
from moyeu.operations.records import archive_records
from tests.crm.scene import given
from tests.operations.scene import created, updated
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, SERVICES, Database, occasion


def read_one(
    database: Database,
    record_id: str | int,
    name: str | None = None,
    *,
    archived: bool = False,
    with_history: bool = False,
) -> ReadRecord | Problem:
    """One record."""
    return database.run(
        read_record(
            database.store,
            PORTAL,
            SERVICES,
            str(record_id),
            name,
            archived=archived,
            with_history=with_history,
        )
    )


def read_many(
    database: Database,
    ids: list[str],
    name: str | None = None,
    *,
    archived: bool = False,
    with_history: bool = False,
) -> ReadBatch | Problem:
    """Several records."""
    return database.run(
        read_records(
            database.store,
            PORTAL,
            SERVICES,
            ids,
            name,
            archived=archived,
            with_history=with_history,
        )
    )


def page_of(
    database: Database,
    limit: str | None = None,
    after: str | None = None,
    *,
    archived: bool = False,
    with_history: bool = False,
) -> RecordPage | Problem:
    """A page of records."""
    return database.run(
        list_records(
            database.store,
            PORTAL,
            SERVICES,
            limit,
            after,
            archived=archived,
            with_history=with_history,
        )
    )


def archive(database: Database, *record_ids: int) -> None:
    """Archives records."""
    texts = [str(each) for each in record_ids]
    database.run(archive_records(database.store, occasion(), SERVICES, texts))


def id_of(found: ReadRecord | Problem) -> int:
    """The id of a record that was found."""
    assert isinstance(found, ReadRecord), found
    return found.record.record_id


def ids_of(found: ReadBatch | RecordPage | Problem) -> list[int]:
    """The ids of records that were found, in order."""
    assert isinstance(found, ReadBatch | RecordPage), found
    return [each.record.record_id for each in found.records]


# --- one --------------------------------------------------------------------------------------


def test_a_record_is_read_by_id_and_by_unique_value(database: Database) -> None:
    (record_id,) = created(database, {"code": "A", "note": "x"})

    assert id_of(read_one(database, record_id)) == record_id
    assert id_of(read_one(database, "A", "code")) == record_id
    assert id_of(read_one(database, record_id, "hs_object_id")) == record_id


def test_what_is_not_there_is_not_found(database: Database) -> None:
    (record_id,) = created(database, {"code": "A", "note": "x"})
    created(database, {}, portal_id=OTHER_PORTAL)
    (theirs,) = created(database, {"code": "B"}, portal_id=OTHER_PORTAL)

    for text, name in (
        ("7", None),
        (str(theirs), None),
        (f"0{record_id}", None),
        ("9" * 30, None),
        ("B", "code"),
        ("a", "code"),
        ("x", "note"),
        ("x", "nope"),
    ):
        assert read_one(database, text, name) == RecordNotFound()


def test_an_archived_record_is_read_only_when_asked_for(database: Database) -> None:
    gone, there = created(database, {}, {})
    archive(database, gone)

    assert read_one(database, gone) == RecordNotFound()
    assert id_of(read_one(database, gone, archived=True)) == gone
    assert read_one(database, there, archived=True) == RecordNotFound()


def test_a_merged_id_reads_the_record_it_lives_on_in(database: Database) -> None:
    gone, there = created(database, {}, {})
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, gone, there))

    assert id_of(read_one(database, gone)) == there
    assert ids_of(read_many(database, [str(gone)])) == [there]


def test_a_history_is_read_only_when_asked_for(database: Database) -> None:
    (record_id,) = created(database, {"note": "a"})
    updated(database, [given(record_id, {"note": "b"})], NOW_MS + 1)

    without = read_one(database, record_id)
    with_it = read_one(database, record_id, with_history=True)

    assert isinstance(without, ReadRecord)
    assert isinstance(with_it, ReadRecord)
    assert without.writes is None
    assert [each.changed["note"] for each in with_it.writes or []] == ["b", "a"]


# --- several ----------------------------------------------------------------------------------


def test_records_come_in_input_order_and_the_missing_ones_are_named(database: Database) -> None:
    first, second, gone = created(database, {}, {}, {})
    archive(database, gone)

    found = read_many(database, ["7", str(second), "x", str(gone), str(first)])

    assert ids_of(found) == [second, first]
    assert isinstance(found, ReadBatch)
    assert found.missing == MissingRecords(("7", "x", str(gone)))


def test_records_come_by_unique_value(database: Database) -> None:
    first, second = created(database, {"code": "A"}, {"code": "B"})

    found = read_many(database, ["B", "Z", "A"], "code")

    assert ids_of(found) == [second, first]
    assert isinstance(found, ReadBatch)
    assert found.missing == MissingRecords(("Z",))


def test_archived_records_come_when_asked_for_and_active_ones_do_not(database: Database) -> None:
    gone, there = created(database, {}, {})
    archive(database, gone)

    found = read_many(database, [str(gone), str(there)], archived=True)

    assert ids_of(found) == [gone]
    assert isinstance(found, ReadBatch)
    assert found.missing == MissingRecords((str(there),))


def test_a_record_that_is_named_by_its_old_and_its_new_id_comes_once(database: Database) -> None:
    gone, there = created(database, {}, {})
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, gone, there))

    assert ids_of(read_many(database, [str(there), str(gone)])) == [there]


def test_nothing_asked_is_nothing_answered(database: Database) -> None:
    assert read_many(database, []) == ReadBatch([], None)


NUMBERS: Final = [str(each) for each in range(1, 102)]

REFUSED: Final[tuple[tuple[str, list[str], str | None, bool, Problem], ...]] = (
    ("101 inputs", NUMBERS, None, False, TooManyInputs(100)),
    ("51 inputs with history", NUMBERS[:51], None, True, TooManyInputsWithHistory(50)),
    ("an id twice", ["1", "2", "1"], None, False, DuplicateIds(("1",))),
    ("not unique", ["x"], "note", False, NotAUniqueProperty(SERVICES, "note")),
    ("no such property", ["x"], "nope", False, NotAUniqueProperty(SERVICES, "nope")),
)


@pytest.mark.parametrize(
    ("ids", "name", "with_history", "expected"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_batch_read_is_refused(
    database: Database, ids: list[str], name: str | None, with_history: bool, expected: Problem
) -> None:
    assert read_many(database, ids, name, with_history=with_history) == expected


@pytest.mark.parametrize(("count", "with_history"), [(100, False), (50, True)])
def test_as_many_as_allowed_are_read(database: Database, count: int, with_history: bool) -> None:
    record_ids = created(database, *({} for _ in range(count)))

    found = read_many(database, [str(each) for each in record_ids], with_history=with_history)

    assert ids_of(found) == record_ids


# --- pages ------------------------------------------------------------------------------------


def test_pages_follow_one_another_until_the_last(database: Database) -> None:
    record_ids = created(database, *({} for _ in range(25)))

    first = page_of(database, "10")
    assert isinstance(first, RecordPage)
    second = page_of(database, "10", str(first.next_id))
    assert isinstance(second, RecordPage)
    third = page_of(database, "10", str(second.next_id))
    assert isinstance(third, RecordPage)

    assert [ids_of(each) for each in (first, second, third)] == [
        record_ids[:10],
        record_ids[10:20],
        record_ids[20:],
    ]
    # Observed: the cursor is the last id plus one, an inclusive bound.
    assert (first.next_id, second.next_id) == (record_ids[9] + 1, record_ids[19] + 1)
    assert third.next_id is None


@pytest.mark.parametrize(("count", "more"), [(0, False), (9, False), (10, False), (11, True)])
def test_a_page_of_ten_says_whether_there_is_more(
    database: Database, count: int, more: bool
) -> None:
    created(database, *({} for _ in range(count)))

    page = page_of(database)

    assert isinstance(page, RecordPage)
    assert len(page.records) == min(count, 10)
    assert (page.next_id is not None) is more


def test_a_page_skips_archived_records_or_has_them_alone(database: Database) -> None:
    record_ids = created(database, *({} for _ in range(6)))
    archive(database, *record_ids[::2])

    assert ids_of(page_of(database)) == record_ids[1::2]
    assert ids_of(page_of(database, archived=True)) == record_ids[::2]


def test_records_of_another_portal_are_on_no_page(database: Database) -> None:
    created(database, {}, portal_id=OTHER_PORTAL)

    assert ids_of(page_of(database)) == []


LONG: Final = "9" * 5_000

BAD_CURSORS: Final[tuple[tuple[str | None, str | None, bool, Problem], ...]] = (
    ("101", None, False, TooManyPerPage("101", 100, False)),
    ("51", None, True, TooManyPerPage("51", 50, True)),
    (LONG, None, False, TooManyPerPage(LONG, 100, False)),
    ("0", None, False, InvalidParameter("limit", "0")),
    ("-1", None, False, InvalidParameter("limit", "-1")),
    ("ten", None, False, InvalidParameter("limit", "ten")),
    ("１０", None, False, InvalidParameter("limit", "１０")),
    (None, "x", False, InvalidParameter("after", "x")),
    (None, "-1", False, InvalidParameter("after", "-1")),
    (None, "1.0", False, InvalidParameter("after", "1.0")),
    (None, "²", False, InvalidParameter("after", "²")),
)


@pytest.mark.parametrize(
    ("limit", "after", "with_history", "expected"), BAD_CURSORS, ids=lambda each: repr(each)[:20]
)
def test_a_page_is_refused(
    database: Database,
    limit: str | None,
    after: str | None,
    with_history: bool,
    expected: Problem,
) -> None:
    assert page_of(database, limit, after, with_history=with_history) == expected


@pytest.mark.parametrize(
    ("limit", "after", "count"),
    [
        ("100", None, 12),
        ("1", None, 1),
        ("", "", 10),
        (None, "0", 10),
        (None, "0" * 30, 10),
        (None, "9" * 19, 0),
        (None, LONG, 0),
    ],
    ids=lambda each: repr(each)[:20],
)
def test_a_cursor_may_be_anywhere(
    database: Database, limit: str | None, after: str | None, count: int
) -> None:
    created(database, *({} for _ in range(12)))

    assert len(ids_of(page_of(database, limit, after))) == count


def test_a_page_brings_the_history_of_its_records(database: Database) -> None:
    first, second = created(database, {"note": "a"}, {"note": "b"})
    updated(database, [given(second, {"note": "c"})])

    page = page_of(database, with_history=True)

    assert isinstance(page, RecordPage)
    numbers = {each.record.record_id: len(each.writes or []) for each in page.records}
    assert numbers == {first: 1, second: 2}
