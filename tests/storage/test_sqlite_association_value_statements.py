"""What values that follow from associations cost: nothing where no value tells of them."""

from collections import Counter
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from moyeu.crm.association_writes import PairInput
from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput
from moyeu.operations.association_writes import associate, dissociate
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.storage.sqlite import SqliteStore, association_value_queries, queries
from moyeu.storage.sqlite.transaction import SqliteWriteTransaction
from tests.storage.scene import CONTACTS, SERVICES, Database, furnish, insert, occasion, record
from tests.storage.test_sqlite_association_statements import CountedConnection

COMPANIES, DEALS, NOTES = "0-2", "0-3", "0-46"

COUNT: Final = association_value_queries.ACTIVE_LINKS
GO_ON: Final = association_value_queries.ASSOCIATIONS_FROM
OWN: Final = (COUNT, GO_ON)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Contacts, 1,000 and some to be archived, 50 companies, and some of other types."""
    path: Path = tmp_path_factory.mktemp("values") / "moyeu.db"
    made = Database(SqliteStore(str(path)))
    furnish(made)
    insert(made, *map(record, range(1, 1_001)), type_id=CONTACTS)
    insert(made, *map(record, range(1_501, 1_581)), type_id=CONTACTS)
    insert(made, *map(record, range(2_001, 2_051)), type_id=COMPANIES)
    insert(made, *map(record, range(3_001, 3_051)), type_id=NOTES)
    insert(made, *map(record, range(4_001, 4_051)), type_id=SERVICES)
    yield made
    made.close()


def seen_by_writer(
    database: Database, monkeypatch: pytest.MonkeyPatch, call: Coroutine[Any, Any, object]
) -> Counter[str]:
    """The statements that the writer is given while a call runs, a set in one."""
    assert isinstance(database.store, SqliteStore)
    transaction = database.store._transaction
    assert isinstance(transaction, SqliteWriteTransaction)
    counted = CountedConnection(transaction._connection)
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "_connection", counted)
        outcome = database.run(call)
    assert not isinstance(outcome, Problem)
    assert not getattr(outcome, "problems", ())
    return Counter(counted.statements)


@pytest.mark.parametrize("count", [60, 2_000])
def test_associating_costs_the_same_whatever_the_number_of_pairs(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    inputs = [PairInput(str(1 + each % 1_000), str(2_001 + each % 47)) for each in range(count)]
    at = occasion()

    added = seen_by_writer(
        database, monkeypatch, associate(database.store, at, CONTACTS, COMPANIES, inputs)
    )
    removed = [
        seen_by_writer(
            database, monkeypatch, dissociate(database.store, at, CONTACTS, COMPANIES, part)
        )
        for part in (inputs[start : start + 100] for start in range(0, count, 100))
    ]

    for seen in (added, removed[0]):
        # The primary company of contacts; contacts of companies.
        assert seen[COUNT] == 2
        assert seen[queries.RECORDS] == 2
        assert seen[queries.CHANGE_RECORD] == 2


def test_a_type_of_association_that_no_value_tells_of_costs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = PairInput("1", "2001", (AssociationSpec("HUBSPOT_DEFINED", 931),))
    at = occasion()
    database.run(associate(database.store, at, CONTACTS, COMPANIES, [PairInput("1", "2001")]))

    labelled = seen_by_writer(
        database, monkeypatch, associate(database.store, at, CONTACTS, COMPANIES, [label])
    )
    of_others = seen_by_writer(
        database,
        monkeypatch,
        associate(database.store, at, NOTES, SERVICES, [PairInput("3010", "4001")]),
    )

    for seen in (labelled, of_others):
        assert seen[queries.PUT_ASSOCIATION] == 1
        assert not any(seen[each] for each in (*OWN, queries.RECORDS, queries.ADD_WRITE))


@pytest.mark.parametrize("type_id", [CONTACTS, COMPANIES, DEALS, SERVICES])
def test_a_write_of_values_alone_costs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, type_id: str
) -> None:
    inputs = [RecordInput("", {}) for _ in range(3)]
    at = occasion()

    created = seen_by_writer(
        database,
        monkeypatch,
        create_records(database.store, at, type_id, inputs, dates_normalised=False),
    )
    changed = [RecordInput("2040", {"name": f"beside {type_id}"})]
    updated = seen_by_writer(
        database,
        monkeypatch,
        update_records(database.store, at, COMPANIES, changed, dates_normalised=False),
    )

    assert created[queries.INSERT_RECORD] == updated[queries.CHANGE_RECORD] == 1
    for seen in (created, updated):
        assert not any(seen[each] for each in OWN)
        assert seen[queries.ADD_WRITE] == 1


@pytest.mark.parametrize("count", [1, 40])
def test_a_new_record_is_written_once_with_its_values(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    inline = InlineAssociation("2048", (AssociationSpec("HUBSPOT_DEFINED", 279),))
    inputs = [RecordInput("", {}, associations=(inline,)) for _ in range(count)]

    seen = seen_by_writer(
        database,
        monkeypatch,
        create_records(database.store, occasion(), CONTACTS, inputs, dates_normalised=False),
    )

    assert seen[queries.INSERT_RECORD] == 1
    # Of the company alone.
    assert seen[COUNT] == seen[queries.CHANGE_RECORD] == 1


@pytest.mark.parametrize("count", [1, 40])
def test_archiving_costs_the_same_whatever_the_number_of_records(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    first = 1_500 + count
    ids = [str(each) for each in range(first, first + count)]
    at = occasion()
    pairs = [PairInput(each, "2049") for each in ids]
    database.run(associate(database.store, at, CONTACTS, COMPANIES, pairs))

    seen = seen_by_writer(database, monkeypatch, archive_records(database.store, at, CONTACTS, ids))

    assert (seen[GO_ON], seen[COUNT], seen[queries.RECORDS]) == (1, 1, 1)
    assert seen[queries.CHANGE_RECORD] == 1


def test_archiving_a_type_that_no_value_tells_of_costs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    archiving = archive_records(database.store, occasion(), NOTES, ["3001", "3002"])

    seen = seen_by_writer(database, monkeypatch, archiving)

    assert seen[queries.ARCHIVE_RECORDS] == 1
    assert not any(seen[each] for each in OWN)
