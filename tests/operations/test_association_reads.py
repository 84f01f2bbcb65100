"""Associations of one record in pages, of many in a batch, and beside records that are read."""

from base64 import b64encode
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.associations import standard_associations
from moyeu.crm.association_pages import cursor, read_cursor
from moyeu.crm.association_problems import (
    InvalidAssociationCursor,
    NoAssociations,
    TooManyAssociationsPerPage,
)
from moyeu.crm.problems import InvalidParameter, Problem, TooManyInputs
from moyeu.crm.records import RECORD_ID_MAX
from moyeu.operations.association_reads import LinkedBatch, LinkedPage
from moyeu.operations.record_reads import ReadRecord, RecordPage, list_records, read_record
from tests.operations.association_scene import (
    COMPANIES,
    DEALS,
    add_records,
    archive,
    batch,
    hubspot,
    linked,
    of,
    page,
    pair,
    told,
    unarchive,
)
from tests.storage.scene import CONTACTS, PORTAL, Database


@pytest.fixture
def database(database: Database) -> Database:
    """Contacts 1 to 4; 1 has the companies 11 to 15, 2 the company 11; 4 is archived."""
    add_records(database, CONTACTS, 1, 2, 3, 4)
    add_records(database, COMPANIES, *range(11, 16))
    linked(database, CONTACTS, COMPANIES, *(pair(1, each) for each in range(11, 16)))
    linked(database, CONTACTS, COMPANIES, pair(2, 11), pair(4, 11))
    archive(database, CONTACTS, 4)
    return database


def walk(database: Database, limit: int, from_id: int = 1) -> list[list[int]]:
    """The record ids of all pages."""
    pages: list[list[int]] = []
    after: str | None = None
    while not pages or after is not None:
        found = page(database, from_id, str(limit), after)
        assert isinstance(found, LinkedPage), found
        pages.append([each.record_id for each in found.records])
        after = found.after
    return pages


# --- one record ------------------------------------------------------------------------------


def test_a_record_stands_once_with_all_of_its_types(database: Database) -> None:
    assert of(database, 1) == [
        (11, hubspot(1, 279)),
        *((each, hubspot(279)) for each in range(12, 16)),
    ]
    assert of(database, 11, COMPANIES, CONTACTS) == [(1, hubspot(2, 280)), (2, hubspot(2, 280))]
    assert of(database, 1, CONTACTS, DEALS) == []


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [[11], [12], [13], [14], [15]]),
        (2, [[11, 12], [13, 14], [15]]),
        (4, [[11, 12, 13, 14], [15]]),
        (5, [[11, 12, 13, 14, 15]]),
        (500, [[11, 12, 13, 14, 15]]),
    ],
)
def test_pages_lead_through_all_of_it_once(
    database: Database, limit: int, expected: list[list[int]]
) -> None:
    assert walk(database, limit) == expected


def test_the_cursor_names_the_first_record_left_out(database: Database) -> None:
    found = page(database, 1, "2")

    assert isinstance(found, LinkedPage)
    assert found.after == quote(b64encode(b"0-279-13"), safe="")
    for after in (found.after, unquote(found.after)):
        assert [each for each, _ in told(page(database, 1, "1", after))] == [13]


def test_archived_records_are_neither_told_nor_counted(database: Database) -> None:
    archive(database, COMPANIES, 11, 13)

    assert walk(database, 2) == [[12, 14], [15]]
    assert of(database, 4) == []

    unarchive(database, COMPANIES, 11)
    unarchive(database, CONTACTS, 4)

    assert of(database, 1)[0] == (11, hubspot(1, 279))
    assert of(database, 4) == [(11, hubspot(1, 279))]


@pytest.mark.parametrize("from_id", ["3", "99", "x", "", "01", "9" * 30])
def test_a_record_without_any_or_that_is_not_there_has_an_empty_page(
    database: Database, from_id: str
) -> None:
    assert page(database, from_id) == LinkedPage((), None)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("501", TooManyAssociationsPerPage("501", 500)),
        ("1000", TooManyAssociationsPerPage("1000", 500)),
        ("0", InvalidParameter("limit", "0")),
        ("x", InvalidParameter("limit", "x")),
    ],
)
def test_a_limit_that_is_refused(database: Database, limit: str, expected: Problem) -> None:
    assert page(database, 1, limit) == expected


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


BAD_CURSORS = [
    "x",
    "13",
    "%",
    "é",
    "=" * 200,
    b64("0-279"),
    b64("0-279-13-1"),
    b64("0-279-"),
    b64("0-279-013"),
    b64("0-279-x"),
    b64("a-279-13"),
    b64("0-279-13\n"),
    b64("0-279-" + "9" * 30),
    b64("0-279-١٣"),
]


@pytest.mark.parametrize("after", BAD_CURSORS)
def test_a_cursor_that_no_answer_gave_out_is_refused(database: Database, after: str) -> None:
    assert page(database, 1, None, after) == InvalidAssociationCursor(after)
    assert batch(database, [("1", None), ("2", after)]) == InvalidAssociationCursor(after)


@given(st.integers(1, RECORD_ID_MAX), st.sampled_from([*standard_associations().by_key.values()]))
def test_a_cursor_is_read_as_it_was_written(record_id: int, kind: object) -> None:
    after = cursor(record_id, kind)  # type: ignore[arg-type] # sampled_from loses the type

    assert read_cursor(after) == record_id
    assert read_cursor(unquote(after)) == record_id


@given(st.text())
def test_any_other_text_is_a_problem_and_no_error(text: str) -> None:
    assert isinstance(read_cursor(text), int | InvalidAssociationCursor)


# --- many records ----------------------------------------------------------------------------


def results(found: LinkedBatch | Problem) -> list[tuple[int, list[int], bool]]:
    """(from-record, to-records, whether there is more)."""
    assert isinstance(found, LinkedBatch), found
    return [
        (each.from_id, [one.record_id for one in each.page.records], each.page.after is not None)
        for each in found.results
    ]


def problems(found: LinkedBatch | Problem) -> list[str]:
    assert isinstance(found, LinkedBatch), found
    assert all(
        (each.from_object_type_id, each.to_object_type_id) == (CONTACTS, COMPANIES)
        for each in found.problems
    )
    return [each.from_id for each in found.problems]


def test_a_batch_answers_in_input_order_each_record_once(database: Database) -> None:
    inputs = [(each, None) for each in ("2", "x", "3", "1", "4", "2", "99", "x")]

    found = batch(database, inputs, 3)

    assert results(found) == [(2, [11], False), (1, [11, 12, 13], True)]
    assert problems(found) == ["x", "3", "4", "99"]


def test_each_record_of_a_batch_has_its_own_pages(database: Database) -> None:
    first = batch(database, [("1", None), ("2", None)], 2)
    assert isinstance(first, LinkedBatch)
    after = first.results[0].page.after

    second = batch(database, [("2", None), ("1", after)], 2)

    assert results(second) == [(2, [11], False), (1, [13, 14], True)]


def test_a_record_with_nothing_left_is_told_as_one_without_any(database: Database) -> None:
    found = batch(database, [("2", b64("0-279-12"))])

    assert found == LinkedBatch((), (NoAssociations("2", CONTACTS, COMPANIES),))


def test_a_batch_reads_1000_records_at_most(database: Database) -> None:
    def inputs(count: int) -> list[tuple[str, None]]:
        return [(str(each), None) for each in range(1, count + 1)]

    assert isinstance(batch(database, inputs(1_000)), LinkedBatch)
    assert batch(database, inputs(1_001)) == TooManyInputs(1_000)
    assert batch(database, []) == LinkedBatch((), ())


def test_100_records_of_each_are_answered(database: Database) -> None:
    add_records(database, COMPANIES, *range(101, 202))
    linked(database, CONTACTS, COMPANIES, *(pair(3, each) for each in range(101, 202)))

    (one,) = results(batch(database, [("3", None)]))

    assert one == (3, list(range(101, 201)), True)


# --- beside records --------------------------------------------------------------------------


def associated(database: Database, record_id: int, *names: str) -> list[tuple[str, int, bool]]:
    """(object type, how many records, whether there is more)."""
    found = database.run(
        read_record(
            database.store,
            PORTAL,
            CONTACTS,
            str(record_id),
            None,
            archived=False,
            with_history=False,
            associations=names,
        )
    )
    assert isinstance(found, ReadRecord), found
    return [
        (each.to.name, len({record_id for record_id, _ in each.rows}), each.after is not None)
        for each in found.associated
    ]


@pytest.mark.parametrize(("count", "more"), [(500, False), (501, True)])
def test_a_record_is_read_with_500_of_each_type(database: Database, count: int, more: bool) -> None:
    ids = range(1_001, 1_001 + count)
    add_records(database, COMPANIES, *ids)
    add_records(database, DEALS, 21)
    linked(database, CONTACTS, COMPANIES, *(pair(3, each) for each in ids))
    linked(database, CONTACTS, DEALS, pair(3, 21))

    assert associated(database, 3, "deals", "nonsense", "companies", "tickets") == [
        ("deals", 1, False),
        ("companies", 500, more),
    ]


def test_a_page_of_records_has_the_associations_of_each(database: Database) -> None:
    found = database.run(
        list_records(
            database.store,
            PORTAL,
            CONTACTS,
            None,
            None,
            archived=False,
            with_history=False,
            associations=["companies"],
        )
    )

    assert isinstance(found, RecordPage)
    assert [
        [(record_id, kind.type_id) for one in each.associated for record_id, kind in one.rows]
        for each in found.records
    ] == [
        [(11, 1), (11, 279), (12, 279), (13, 279), (14, 279), (15, 279)],
        [(11, 1), (11, 279)],
        [],
    ]
