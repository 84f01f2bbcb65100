"""How many statements an operation costs: the number does not depend on the number of inputs.

Statements are counted by apsw's trace of the writer's connection, which is told of each execution.
Executions of one statement in a row count once: that is what `executemany` makes of a set, one
statement that is prepared once and bound for each row. A loop over single `execute` calls with the
same text would look the same, so `test_sets_are_given_in_one_call` counts calls from Python.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from moyeu.crm.object_schemas import ObjectSchema
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, WritePlan
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.operations.upserts import upsert_records
from moyeu.storage.sqlite import SqliteStore, queries
from moyeu.storage.sqlite import transaction as transaction_module
from moyeu.storage.sqlite.list_queries import LEAVE_ALL_LISTS, NOTE_RELATED_CHANGE
from moyeu.storage.sqlite.transaction import SqliteWriteTransaction
from tests.storage.scene import NOW_MS, PORTAL, SERVICES, Database, furnish, occasion

COUNTS: Final = (1, 10, 100)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with 120 partner services, `code` A0, A1, … of unique values."""
    made = Database(SqliteStore(str(tmp_path / "moyeu.db")))
    furnish(made)
    for begin in (0, 60):
        numbers = range(begin, begin + 60)
        create(made, [RecordInput("", {"hs_name": "n", "code": f"A{each}"}) for each in numbers])
    made.read(lambda each: each.definitions(PORTAL, SERVICES))
    yield made
    made.close()


def create(database: Database, inputs: Sequence[RecordInput]) -> WritePlan:
    """Creates partner services."""
    made = database.run(
        create_records(database.store, occasion(), SERVICES, inputs, dates_normalised=False)
    )
    assert isinstance(made, WritePlan)
    return made


def update(database: Database, inputs: Sequence[RecordInput]) -> WritePlan | Problem:
    """Updates partner services."""
    at = occasion(now_ms=NOW_MS + 1)
    return database.run(
        update_records(database.store, at, SERVICES, inputs, dates_normalised=False)
    )


def ids(database: Database) -> list[str]:
    """The record ids, ascending."""
    records = database.read(lambda each: each.page(PORTAL, SERVICES, 0, 1000, archived=False))
    return [str(each.record_id) for each in records]


def writer(database: Database) -> apsw.Connection:
    """The connection that writes."""
    assert isinstance(database.store, SqliteStore)
    return database.store._connection


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """The statements that the writer carries out meanwhile; equal ones in a row count once."""
    seen: list[str] = []

    def trace(_cursor: object, statement: str, _bindings: object) -> bool:
        if not seen or seen[-1] != statement:
            seen.append(statement)
        return True

    connection = writer(database)
    connection.exec_trace = trace
    yield seen
    connection.exec_trace = None


def by_id(database: Database, count: int) -> list[RecordInput]:
    return [RecordInput(each, {"hs_name": "by id"}) for each in ids(database)[:count]]


def by_value(_database: Database, count: int) -> list[RecordInput]:
    return [RecordInput(f"A{each}", {"hs_name": "v"}, "code") for each in range(count)]


def mixed(database: Database, count: int) -> list[RecordInput]:
    # One of each kind at least, so that even the shortest batch needs both lookups.
    plain = by_id(database, count)[: (count + 1) // 2]
    named = [RecordInput(f"A{119 - each}", {"hs_name": "v"}, "code") for each in range(count)]
    return plain + named[: max(count // 2, 1)]


def with_missing_ids(database: Database, count: int) -> list[RecordInput]:
    missing = [RecordInput(str(each), {"hs_name": "m"}) for each in range(5, 5 + (count + 1) // 2)]
    return by_id(database, max(count // 2, 1)) + missing


def with_unique_changes(database: Database, count: int) -> list[RecordInput]:
    return [RecordInput(each, {"code": f"N{each}"}) for each in ids(database)[:count]]


def without_effect(database: Database, count: int) -> list[RecordInput]:
    return [RecordInput(each, {"hs_name": "n"}) for each in ids(database)[:count]]


SHAPES: Final[dict[Callable[[Database, int], list[RecordInput]], list[str]]] = {
    by_id: [queries.RECORDS, queries.ADD_WRITE, queries.CHANGE_RECORD],
    by_value: [queries.RECORDS_BY_VALUE, queries.ADD_WRITE, queries.CHANGE_RECORD],
    mixed: [
        queries.RECORDS,
        queries.RECORDS_BY_VALUE,
        queries.ADD_WRITE,
        queries.CHANGE_RECORD,
    ],
    with_missing_ids: [
        queries.RECORDS,
        queries.MERGED_INTO,
        queries.ADD_WRITE,
        queries.CHANGE_RECORD,
    ],
    with_unique_changes: [
        queries.RECORDS,
        queries.VALUE_OWNERS,
        queries.ADD_WRITE,
        queries.CHANGE_RECORD,
        queries.LEAVE_VALUE,
        queries.TAKE_VALUE,
    ],
    without_effect: [queries.RECORDS],
}
"""The statements of a batch update by the shape of its inputs, in order."""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("count", COUNTS)
def test_a_batch_update_costs_the_same_statements_whatever_its_size(
    database: Database, shape: Callable[[Database, int], list[RecordInput]], count: int
) -> None:
    inputs = shape(database, count)

    with statements_of(database) as seen:
        plan = update(database, inputs)

    assert isinstance(plan, WritePlan)
    assert plan.refusal is None
    assert seen == ["BEGIN IMMEDIATE", *SHAPES[shape], "COMMIT"]


def test_a_new_custom_type_costs_the_batches_of_other_types_no_statement(
    database: Database,
) -> None:
    update(database, by_id(database, 1))
    schema = ObjectSchema(
        object_type_id="2-5",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        created_at_ms=0,
        updated_at_ms=0,
    )
    database.write(lambda each: each.put_schema(PORTAL, schema))

    with statements_of(database) as seen:
        update(database, by_id(database, 2))

    assert seen == ["BEGIN IMMEDIATE", *SHAPES[by_id], "COMMIT"]


@pytest.mark.parametrize("count", COUNTS)
def test_a_batch_create_costs_the_same_statements_whatever_its_size(
    database: Database, count: int
) -> None:
    inputs = [RecordInput("", {"hs_name": "new", "code": f"B{each}"}) for each in range(count)]

    with statements_of(database) as seen:
        create(database, inputs)

    assert seen == [
        "BEGIN IMMEDIATE",
        queries.VALUE_OWNERS,
        queries.TAKE_RECORD_IDS,
        queries.ADD_WRITE,
        queries.INSERT_RECORD,
        queries.TAKE_VALUE,
        "COMMIT",
    ]


@pytest.mark.parametrize("count", COUNTS)
def test_a_batch_upsert_costs_the_same_statements_whatever_its_size(
    database: Database, count: int
) -> None:
    # As many that are there as new ones, each with another unique value.
    inputs = [
        RecordInput(f"{letter}{each}", {"hs_name": "u"}, "code")
        for letter in ("A", "U")
        for each in range((count + 1) // 2)
    ]

    with statements_of(database) as seen:
        plan = database.run(
            upsert_records(database.store, occasion(), SERVICES, inputs, dates_normalised=False)
        )

    assert isinstance(plan, WritePlan)
    assert seen == [
        "BEGIN IMMEDIATE",
        queries.RECORDS_BY_VALUE,
        queries.VALUE_OWNERS,
        queries.TAKE_RECORD_IDS,
        queries.ADD_WRITE,
        queries.CHANGE_RECORD,
        queries.ADD_WRITE,
        queries.INSERT_RECORD,
        queries.TAKE_VALUE,
        "COMMIT",
    ]


@pytest.mark.parametrize("count", COUNTS)
def test_a_batch_archive_costs_the_same_statements_whatever_its_size(
    database: Database, count: int
) -> None:
    named = ids(database)[:count]

    with statements_of(database) as seen:
        database.run(archive_records(database.store, occasion(), SERVICES, named))

    assert seen == [
        "BEGIN IMMEDIATE",
        queries.ARCHIVE_RECORDS,
        queries.LEAVE_VALUE,
        NOTE_RELATED_CHANGE,
        LEAVE_ALL_LISTS,
        "COMMIT",
    ]


class CountedConnection:
    """Passes calls on to a connection and counts them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.calls = 0

    def execute(self, *arguments: Any) -> apsw.Cursor:
        self.calls += 1
        return self._connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> apsw.Cursor:
        self.calls += 1
        return self._connection.executemany(*arguments)


@pytest.mark.parametrize("count", COUNTS)
def test_sets_are_given_in_one_call(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    inputs = with_unique_changes(database, count)
    assert isinstance(database.store, SqliteStore)
    transaction = database.store._transaction
    assert isinstance(transaction, SqliteWriteTransaction)
    counted = CountedConnection(writer(database))
    monkeypatch.setattr(transaction, "_connection", counted)

    update(database, inputs)

    assert counted.calls == len(SHAPES[with_unique_changes])


def test_a_history_costs_one_statement_whatever_its_length(database: Database) -> None:
    named = ids(database)[:100]
    for number in range(5):
        update(database, [RecordInput(each, {"hs_name": str(number)}) for each in named])

    def work(transaction: transaction_module.SqliteWriteTransaction) -> int:
        records = transaction.records(PORTAL, SERVICES, [int(each) for each in named])
        writes = transaction.history(PORTAL, SERVICES, list(records.values()))
        return sum(len(each) for each in writes.values())

    with statements_of(database) as seen:
        count = database.write(work)  # type: ignore[arg-type] # the writer's own transaction

    assert count == 600
    assert seen == ["BEGIN IMMEDIATE", queries.RECORDS, queries.HISTORY, "COMMIT"]
