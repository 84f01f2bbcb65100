"""How many statements the operations on associations cost: it does not depend on the inputs."""

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from moyeu.catalog.associations import standard_associations
from moyeu.crm.association_links import pair_of
from moyeu.crm.association_writes import PairInput
from moyeu.crm.associations import AssociationSpec
from moyeu.crm.problems import Problem
from moyeu.operations.association_reads import LinkedBatch, linked_batch
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from moyeu.storage.sqlite import SqliteStore, association_queries, queries
from moyeu.storage.sqlite.transaction import SqliteWriteTransaction
from tests.storage.scene import CONTACTS, PORTAL, Database, furnish, insert, occasion, record

COMPANIES: Final = "0-2"
COUNTS: Final = (40, 2_000)
"""Both are of all contacts."""

FEW_FROM: Final = 40


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """40 contacts and 1,000 companies, each contact with a company of its own."""
    path: Path = tmp_path_factory.mktemp("statements") / "moyeu.db"
    made = Database(SqliteStore(str(path)))
    furnish(made)
    insert(made, *map(record, range(1, 41)), type_id=CONTACTS)
    insert(made, *map(record, range(101, 1_101)), type_id=COMPANIES)
    pairs = [PairInput(str(each), str(100 + each)) for each in range(1, 41)]
    made.run(associate(made.store, occasion(), CONTACTS, COMPANIES, pairs))
    yield made
    made.close()


def inputs(count: int, *type_ids: int) -> list[PairInput]:
    """Pairs of up to 40 contacts, first those that are associated."""
    specs = tuple(AssociationSpec("HUBSPOT_DEFINED", each) for each in type_ids)
    return [
        PairInput(str(1 + each % FEW_FROM), str(101 + each % 1_000), specs or None)
        for each in range(count)
    ]


class CountedConnection:
    """Passes calls on to a connection and keeps their statements."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str, *arguments: Any) -> apsw.Cursor:
        self.statements.append(statement)
        return self._connection.execute(statement, *arguments)

    def executemany(self, statement: str, *arguments: Any) -> apsw.Cursor:
        self.statements.append(statement)
        return self._connection.executemany(statement, *arguments)


def calls_of(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    call: Coroutine[Any, Any, object],
    *,
    has_problems: bool = False,
) -> list[str]:
    """The statements that the writer is given while a call runs, a set in one.

    Those about associations alone: the values that follow from them have their own tests.
    """
    assert isinstance(database.store, SqliteStore)
    transaction = database.store._transaction
    assert isinstance(transaction, SqliteWriteTransaction)
    database.read(lambda each: each.object_types(PORTAL))
    counted = CountedConnection(transaction._connection)
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "_connection", counted)
        outcome = database.run(call)
    assert not isinstance(outcome, Problem)
    assert bool(getattr(outcome, "problems", outcome)) is has_problems
    return [each for each in counted.statements if each in ABOUT]


ABOUT: Final = frozenset(
    getattr(association_queries, name) for name in dir(association_queries) if name.isupper()
) | {queries.PUT_ASSOCIATION, queries.REMOVE_ASSOCIATION}

READS: Final = [
    association_queries.ACTIVE_IDS,
    association_queries.ACTIVE_IDS,
    association_queries.ASSOCIATIONS_BY_TYPE,
    association_queries.PAIR_ASSOCIATIONS,
    association_queries.COUNT_BY_TYPE,
    association_queries.COUNT_BY_TYPE,
]


def but_unnamed(seen: list[str]) -> list[str]:
    """Without the one look for companies that contacts have and the call does not name, if any."""
    named = READS.index(association_queries.COUNT_BY_TYPE)
    is_one_more = seen[named] == association_queries.ACTIVE_IDS
    return seen[:named] + seen[named + is_one_more :]


@pytest.mark.parametrize("count", COUNTS)
def test_associating_costs_the_same_statements_whatever_the_number_of_pairs(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    given = inputs(count, 931)

    call = associate(database.store, occasion(), CONTACTS, COMPANIES, given)
    seen = calls_of(database, monkeypatch, call)
    database.run(dissociate_types(database.store, occasion(), CONTACTS, COMPANIES, given))

    assert but_unnamed(seen) == [*READS, queries.PUT_ASSOCIATION]


@pytest.mark.parametrize("count", COUNTS)
def test_replacing_costs_the_same_statements_whatever_the_number_of_pairs(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    database.run(associate(database.store, occasion(), CONTACTS, COMPANIES, inputs(count, 931)))

    call = associate(database.store, occasion(), CONTACTS, COMPANIES, inputs(count), mode="replace")
    seen = calls_of(database, monkeypatch, call)

    assert but_unnamed(seen) == [*READS, queries.REMOVE_ASSOCIATION]


def test_types_of_object_types_that_the_records_are_not_of_cost_no_more_than_a_look_for_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = standard_associations().by_key.values()
    spread = [
        PairInput("1", str(101 + number), (AssociationSpec("HUBSPOT_DEFINED", each.type_id),))
        for number, each in enumerate(kinds)
        if not each.one_to_one
    ]
    assert isinstance(database.store, SqliteStore)

    call = associate(database.store, occasion(), CONTACTS, COMPANIES, spread)
    seen = calls_of(database, monkeypatch, call, has_problems=True)

    object_types = {each for kind in kinds for each in pair_of(kind)}
    assert len(seen) <= len(object_types) + len(READS)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("operation", [dissociate, dissociate_types])
def test_dissociating_costs_the_same_statements_whatever_the_number_of_pairs(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    operation: Callable[..., Coroutine[Any, Any, object]],
    count: int,
) -> None:
    given = inputs(count)
    database.run(associate(database.store, occasion(), CONTACTS, COMPANIES, given))

    seen = calls_of(
        database, monkeypatch, operation(database.store, occasion(), CONTACTS, COMPANIES, given)
    )

    # Both directions.
    reads = [association_queries.PAIR_ASSOCIATIONS] * 2
    assert seen == [*reads, queries.REMOVE_ASSOCIATION]


@pytest.mark.parametrize("count", [1, 40, 1_000])
def test_a_batch_read_costs_one_statement(database: Database, count: int) -> None:
    assert isinstance(database.store, SqliteStore)
    database.run(associate(database.store, occasion(), CONTACTS, COMPANIES, inputs(40)))
    database.read(lambda each: each.object_types(PORTAL))
    seen: list[str] = []

    class Traced:
        """A store whose readers' statements are kept."""

        async def read(self, work: Callable[[Any], object]) -> object:
            def traced(transaction: Any) -> object:
                def trace(_cursor: object, statement: str, _bindings: object) -> bool:
                    seen.append(statement)
                    return True

                transaction._connection.exec_trace = trace
                try:
                    return work(transaction)
                finally:
                    transaction._connection.exec_trace = None

            return await database.store.read(traced)

    given = [(str(each), None) for each in range(1, count + 1)]
    found = database.run(linked_batch(Traced(), PORTAL, CONTACTS, COMPANIES, given))  # type: ignore[arg-type] # all that it uses

    assert isinstance(found, LinkedBatch)
    assert len(found.results) == min(count, 40)
    assert seen == [association_queries.LINKED]
