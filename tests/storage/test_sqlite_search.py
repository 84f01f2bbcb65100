"""The search index of the SQLite engine: its plans, its bounds, its end, and what it hears."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import apsw
import pytest

from moyeu.crm.search.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    Linked,
    Mentions,
    OneOf,
    SortBy,
    Within,
)
from moyeu.crm.search.keys import Field, FieldKind, keys_of, token_pattern, tokens_of
from moyeu.storage.contract import FoundRecords, RecordSearch
from moyeu.storage.sql.search_specs import keys_spec
from moyeu.storage.sqlite import SqliteStore, queries
from moyeu.storage.sqlite.search_feed import Removal, SearchFeed
from moyeu.storage.sqlite.search_index import SearchIndex, SearchLimits
from moyeu.storage.sqlite.transaction import SqliteWriteTransaction
from tests.storage.scene import (
    PORTAL,
    SERVICES,
    Database,
    furnish,
    insert,
    occasion,
    record,
    write_values,
)
from tests.storage.search_cases import CHOICES, MOMENTS, NUMBERS, TEXTS

TITLE: Final = Field("title", "text")
FEE: Final = Field("fee", "number")
TAGS: Final = Field("tags", "choices")
RED: Final = OneOf(TITLE, frozenset({"red"}))


@pytest.fixture
def open_indexed(tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Opens a database with 60 records whose searches are answered by the index."""
    opened: list[Database] = []

    def open_one(**limits: int) -> Database:
        path = str(tmp_path / f"{len(opened)}.db")
        made = Database(SqliteStore(path, search=SearchLimits(scan_max=0, **limits)))
        opened.append(made)
        furnish(made)
        values = (
            {"title": "red" if each % 3 else "deep blue", "fee": str(each), "tags": "a;b"}
            for each in range(60)
        )
        insert(made, *(record(each, value) for each, value in enumerate(values, 1)))
        return made

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def database(open_indexed: Callable[..., Database]) -> Database:
    """One with the usual options."""
    return open_indexed()


def index_of(database: Database) -> SearchIndex:
    """The index of its store."""
    assert isinstance(database.store, SqliteStore)
    return database.store._index


def connection_of(database: Database) -> apsw.Connection:
    """The connection of the index, which a search has opened."""
    connection = index_of(database)._connection
    assert connection is not None
    return connection


def search(
    database: Database, condition: Condition, sort: SortBy | None = None, count: int = 3
) -> FoundRecords:
    """What a search finds."""
    asked = RecordSearch(PORTAL, SERVICES, condition, sort, 0, count)
    return database.run(database.store.search(asked))


# --- plans --------------------------------------------------------------------------------------


def statements_of(database: Database, condition: Condition, sort: SortBy | None) -> list[str]:
    """The statements by which a search is answered once its columns are there."""
    search(database, condition, sort)
    connection = connection_of(database)
    for kept in index_of(database)._types.values():
        kept.totals.clear()
    seen: list[str] = []

    def trace(_cursor: object, statement: str, _bindings: object) -> bool:
        seen.append(statement)
        return True

    connection.exec_trace = trace
    search(database, condition, sort)
    connection.exec_trace = None
    return [each for each in seen if each.startswith("SELECT") and " data.record " not in each]


def accesses(database: Database, statement: str) -> list[str]:
    """How SQLite reads each table of the index, without the numbers of the tables."""
    names = dict.fromkeys(re.findall(r":(\w+)", statement), "0")
    rows = connection_of(database).execute("EXPLAIN QUERY PLAN " + statement, names)
    found = [str(row[3]) for row in rows]
    return [re.sub(r"([a-z])\d+", r"\1", each) for each in found if each[:4] in ("SEAR", "SCAN")]


def pattern_of(text: str) -> HasTokens:
    """Contains the token."""
    return HasTokens(TITLE, token_pattern(TITLE, text))


KEY: Final = "SEARCH v USING COVERING INDEX i (k=?)"
KEY_FROM_ID: Final = "SEARCH v USING COVERING INDEX i (k=? AND rowid>?)"
KEYS: Final = "SEARCH v USING COVERING INDEX i (k>? AND k<?)"
RECORD: Final = "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)"
HAS_RECORD: Final = "SEARCH v EXISTS USING INTEGER PRIMARY KEY (rowid=?)"
SORTED: Final = "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)"
TERMS: Final = "SCAN f VIRTUAL TABLE INDEX 0:M1"
TERMS_FROM_ID: Final = "SCAN f VIRTUAL TABLE INDEX 64:M1>"
FIVE: Final = OneOf(FEE, frozenset({5}))

FEW: Final[dict[str, tuple[Condition, SortBy | None, set[str]]]] = {
    "equal": (RED, None, {KEY, KEY_FROM_ID}),
    "one of": (OneOf(FEE, frozenset({1, 2, 3})), None, {KEY, KEY_FROM_ID}),
    "range": (Within(FEE, 10, 20), None, {KEYS}),
    "lacks": (Lacks(TITLE), None, {KEY}),
    "option": (
        OneOf(TAGS, frozenset({"a"})),
        None,
        {KEY, "SEARCH v USING COVERING INDEX i (k=? AND record_id>?)"},
    ),
    "token": (pattern_of("blue"), None, {TERMS, TERMS_FROM_ID}),
    "prefix": (pattern_of("bl*"), None, {TERMS, TERMS_FROM_ID}),
    "query": (Mentions(("title", "tags"), ("de", "bl")), None, {TERMS, TERMS_FROM_ID}),
    "and": (AllOf((RED, FIVE)), None, {KEY, KEY_FROM_ID, RECORD, HAS_RECORD}),
    "and, sorted": (AllOf((RED, FIVE)), SortBy(TITLE), {KEY, RECORD, HAS_RECORD, SORTED}),
    "or": (AnyOf((FIVE, Within(FEE, 7, 9))), None, {KEY, KEY_FROM_ID, KEYS}),
}
"""What is read where few records are found, by condition and order."""

MANY: Final[dict[str, tuple[Condition, SortBy | None, set[str]]]] = {
    "sorted": (EVERYTHING, SortBy(FEE), {"SEARCH s USING COVERING INDEX i (k<?)"}),
    "equal, sorted": (
        RED,
        SortBy(FEE, descending=True),
        {KEY, RECORD, "SEARCH s USING COVERING INDEX i (k<?)"},
    ),
    "range": (Within(FEE, 2, 50), None, {KEYS, "SEARCH w USING INTEGER PRIMARY KEY (rowid>?)"}),
    "and": (
        AllOf((RED, Within(FEE, 1, 50))),
        None,
        {
            KEY,
            KEYS,
            "SCAN w",
            "SEARCH w USING INTEGER PRIMARY KEY (rowid>?)",
            RECORD,
            HAS_RECORD,
        },
    ),
}
"""What is read where many are found: a walk in the order asked for."""


def read_by(database: Database, condition: Condition, sort: SortBy | None) -> set[str]:
    """All accesses of a search, but counting all records and handing results on."""
    return {
        each
        for statement in statements_of(database, condition, sort)
        for each in accesses(database, statement)
        if each != "SCAN u" and "subquery" not in each and "touched" not in statement
    }


@pytest.mark.parametrize("name", FEW)
def test_few_records_are_found_along_indexes(database: Database, name: str) -> None:
    condition, sort, expected = FEW[name]

    assert read_by(database, condition, sort) == expected


@pytest.mark.parametrize("name", MANY)
def test_many_records_are_met_in_their_order(
    open_indexed: Callable[..., Database], name: str
) -> None:
    condition, sort, expected = MANY[name]

    assert read_by(open_indexed(few_min=1), condition, sort) == expected


@pytest.mark.parametrize("few_min", [1, 1_000], ids=["walked", "sorted"])
@pytest.mark.parametrize("condition", [EVERYTHING, RED], ids=["all", "some"])
def test_equal_keys_are_in_the_order_of_ids_and_records_without_one_come_last(
    open_indexed: Callable[..., Database], condition: Condition, few_min: int
) -> None:
    database = open_indexed(few_min=few_min)
    write = {each: {"title": "red", "rank": rank} for each, rank in enumerate("5375x53", 100)}
    insert(database, *(record(each, values) for each, values in write.items()))
    rank = Field("rank", "number")
    ranked, others = {3: [101, 106], 5: [100, 103, 105], 7: [102]}, [104]
    up = [each for key in sorted(ranked) for each in ranked[key]]
    rest = [each for each in range(1, 61) if condition is EVERYTHING or (each - 1) % 3]

    for descending, first in ((False, up), (True, up[::-1])):
        answer = search(database, condition, SortBy(rank, descending), count=200)

        assert [each.record_id for each in answer.records] == first + rest + others


# --- keys and terms -----------------------------------------------------------------------------


@pytest.fixture
def texts(open_indexed: Callable[..., Database]) -> tuple[Database, dict[int, str]]:
    """Every text that means something to somebody, as the value `any` of a record."""
    database = open_indexed()
    every = dict(enumerate((*TEXTS, *CHOICES, *NUMBERS, *MOMENTS, ""), 1_000))
    insert(database, *(record(each, {"any": text}) for each, text in every.items()))
    return database, every


@pytest.mark.parametrize("kind", ["text", "choice", "choices", "number", "moment"])
def test_the_keys_of_a_column_are_those_that_a_search_means(
    texts: tuple[Database, dict[int, str]], kind: FieldKind
) -> None:
    database, every = texts
    field = Field("any", kind)
    search(database, Holds(field))

    kept = index_of(database)._types[PORTAL, SERVICES].columns[keys_spec(field)]
    rows = (
        connection_of(database)
        .execute(f"SELECT record_id, k FROM v{kept.number} WHERE record_id >= 1000")
        .fetchall()
    )

    expected = {
        (record_id, key)
        for record_id, text in every.items()
        for key in (keys_of(field, text) or (b"\0",) if text else (b"\1",))
    }
    assert set(rows) == expected


def test_each_token_of_a_value_finds_the_record(texts: tuple[Database, dict[int, str]]) -> None:
    database, every = texts
    for field in (Field("any", "text"), Field("any", "choice")):
        tokens = {each: set(tokens_of(field, text)) for each, text in every.items()}
        for token in sorted(set().union(*tokens.values())):
            for text in (token, f"{token[:2]}*"):
                pattern = token_pattern(field, text)
                having = [each for each, of in every.items() if pattern.matches(field, of)]

                answer = search(database, HasTokens(field, pattern), count=1_000)

                assert [each.record_id for each in answer.records] == having, (field, text)


# --- bounds -------------------------------------------------------------------------------------


def test_columns_that_nobody_used_for_longest_go_first(
    open_indexed: Callable[..., Database],
) -> None:
    database = open_indexed(columns_max=4)
    for _ in range(2):
        for condition in (RED, Within(FEE, 1, 9), Holds(TAGS), pattern_of("blue"), Lacks(FEE)):
            search(database, condition)

            kept = next(iter(index_of(database)._types.values())).columns
            assert len(kept) <= 4

    assert search(database, RED).total == 40


def test_columns_go_when_the_file_is_too_large(open_indexed: Callable[..., Database]) -> None:
    database = open_indexed(bytes_max=1)
    for condition in (RED, Within(FEE, 1, 9), Holds(TAGS)):
        search(database, condition)

    kept = next(iter(index_of(database)._types.values())).columns
    assert {each.names for each in kept} == {(), ("tags",)}


def test_a_search_that_needs_many_properties_at_once_is_answered(database: Database) -> None:
    many = AllOf(tuple(Lacks(Field(f"p{each}", "text")) for each in range(70)))

    assert search(database, many).total == 60


def test_more_keys_than_a_statement_takes_are_answered_by_looking_at_all(
    database: Database,
) -> None:
    keys = OneOf(FEE, frozenset(range(0, 40_000, 2)))

    assert search(database, keys).total == 30


def test_more_groups_than_a_statement_takes_are_answered_by_looking_at_all(
    database: Database,
) -> None:
    search(database, RED)
    many = AnyOf(tuple(OneOf(FEE, frozenset({each})) for each in range(2_000)))

    assert search(database, many).total == 60
    assert index_of(database)._connection is not None


def test_numbers_beyond_64_bits_are_nobodys_keys(database: Database) -> None:
    assert search(database, OneOf(FEE, frozenset({2**70, 5}))).total == 1
    assert search(database, Linked("0-1", frozenset({2**70}))).total == 0


def test_a_column_far_behind_is_made_anew(open_indexed: Callable[..., Database]) -> None:
    database = open_indexed(part_records=2)
    search(database, RED)
    before = {
        each.number for each in next(iter(index_of(database)._types.values())).columns.values()
    }
    for number in range(160):
        write_values(database, number % 60 + 1, {"title": f"green {number % 2}"})

    assert search(database, RED).total == 0
    kept = next(iter(index_of(database)._types.values())).columns.values()
    assert before.isdisjoint(each.number for each in kept)


# --- its end ------------------------------------------------------------------------------------


def test_searches_are_answered_without_the_index_when_it_has_failed(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    assert search(database, RED).total == 40
    connection_of(database).pragma("max_page_count", 1, schema="main")

    with caplog.at_level(logging.WARNING, "moyeu.storage"):
        assert search(database, pattern_of("blue")).total == 20
        assert search(database, Within(FEE, 0, 9)).total == 10

    assert len(caplog.records) == 1
    assert "search index failed" in caplog.text
    assert index_of(database)._connection is None


def test_the_index_is_made_anew_some_time_after_it_has_failed(database: Database) -> None:
    search(database, RED)
    connection_of(database).pragma("max_page_count", 1, schema="main")
    search(database, pattern_of("blue"))

    index_of(database)._rests_until = 0.0
    insert(database, record(100, {"title": "red"}))

    assert search(database, RED).total == 41
    assert index_of(database).covers(PORTAL, SERVICES)


def test_the_index_leaves_no_file_beside_the_database(
    open_indexed: Callable[..., Database], tmp_path: Path
) -> None:
    database = open_indexed()
    before = {each.name for each in tmp_path.iterdir()}

    search(database, RED)

    assert {each.name for each in tmp_path.iterdir()} == before


# --- what it hears ------------------------------------------------------------------------------


def test_what_was_announced_before_its_commit_is_read_again_after_it(database: Database) -> None:
    search(database, RED)
    assert isinstance(database.store, SqliteStore)
    feed = database.store._feed
    feed.announce([Removal(PORTAL, SERVICES, (2,))])
    writer = apsw.Connection(database.store.path)
    archive = {
        "portal_id": PORTAL,
        "object_type_id": SERVICES,
        "record_ids": "[2]",
        "now_ms": 1,
    }

    assert search(database, RED).total == 40
    writer.execute(queries.ARCHIVE_RECORDS, archive)
    writer.close()

    # Visible, and not settled yet: found gone now and once more after it is settled.
    assert search(database, RED).total == 39
    feed.settle()
    assert search(database, RED).total == 39
    assert feed.since(feed.settled()) == []


def test_who_is_too_far_behind_the_feed_hears_so() -> None:
    feed = SearchFeed()
    first = Removal(1, "0-1", tuple(range(90_000)))
    second = Removal(1, "0-1", tuple(range(20_000)))

    feed.announce([first])
    assert feed.since(0) == [first]
    feed.announce([second])

    assert feed.since(0) is None
    assert feed.since(1) == [second]
    assert feed.settled() == 0
    feed.settle()
    assert feed.settled() == 2
    feed.trim(2)
    assert feed.since(2) == []
    assert feed.since(1) is None


def test_every_statement_that_changes_records_is_heard_of() -> None:
    """A new one must write history or announce its records; then it belongs into this list."""
    changing = {
        name
        for name in dir(queries)
        if isinstance(text := getattr(queries, name), str)
        and re.search(r"(INSERT INTO|UPDATE|DELETE FROM) record\b", text)
    }
    announced = {
        "ARCHIVE_RECORDS",
        "UNARCHIVE_RECORDS",
        "DELETE_RECORD",
        "ERASE_RECORDS",
        "RESTORE_RECORD",
    }

    assert changing == {"INSERT_RECORD", "CHANGE_RECORD"} | announced


def test_writes_with_a_history_announce_nothing(database: Database) -> None:
    assert isinstance(database.store, SqliteStore)
    transaction = database.store._transaction
    assert isinstance(transaction, SqliteWriteTransaction)
    write_values(database, 1, {"title": "x"})
    assert transaction.removals == []

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))
    assert transaction.removals == [Removal(PORTAL, SERVICES, (1,))]


# --- patterns that are made to be slow ----------------------------------------------------------


@pytest.mark.parametrize("text", ["*a*a*a*a*a*a*a*a*b", "*aaaaaaaaaaaaaaaaaaaab", "a*" * 40 + "b"])
def test_a_pattern_costs_in_proportion_to_the_texts(
    open_indexed: Callable[..., Database], text: str
) -> None:
    """Four times the text may cost four times as much; anything worse costs sixteen times."""
    database = open_indexed()
    costs = []
    for size in (10_000, 40_000):
        name = f"text{size}"
        field = Field(name, "text")
        database.write(
            lambda each, name=name, size=size: each.insert_records(  # type: ignore[misc]
                occasion(),
                SERVICES,
                [record(size + number, {name: "a" * size}) for number in range(100)],
                "hs_lastmodifieddate",
            )
        )
        condition = HasTokens(field, token_pattern(field, text))
        assert search(database, condition).total == 0
        begun = time.process_time()
        for _ in range(5):
            index_of(database)._types[PORTAL, SERVICES].totals.clear()
            search(database, condition)
        costs.append(time.process_time() - begun)

    assert costs[1] < 10 * costs[0] + 0.2


def test_a_value_that_lacks_a_token_is_told_from_no_value(database: Database) -> None:
    insert(database, record(100, {"title": ""}), record(101, {}), record(102, {"title": "--"}))

    assert search(database, LacksTokens(TITLE, token_pattern(TITLE, "red"))).total == 21
    assert search(database, Linked("0-1", frozenset({1}))).total == 0
