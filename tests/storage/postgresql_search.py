"""Databases of PostgreSQL whose searches are answered by the index, and what stands in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from moyeu.crm.search.conditions import Condition, OneOf, SortBy
from moyeu.crm.search.keys import Field
from moyeu.storage.contract import FoundRecords, RecordSearch
from moyeu.storage.postgresql import PostgresqlStore, open_store
from moyeu.storage.postgresql.search_upkeep import SearchLimits
from tests.postgres import databases
from tests.storage.scene import PORTAL, SERVICES, Database, furnish, insert, record

TITLE: Final = Field("title", "text")
FEE: Final = Field("fee", "number")
TAGS: Final = Field("tags", "choices")
RED: Final = OneOf(TITLE, frozenset({"red"}))


class Indexed:
    """One database, as often opened as a test likes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened: list[Database] = []
        self._connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)

    def open(self, **limits: int) -> Database:
        """Another store on it, as another process has one."""
        store = open_store(self.url, search=SearchLimits(scan_max=0, **limits))
        self.opened.append(Database(store))
        return self.opened[-1]

    def filled(self, **limits: int) -> Database:
        """The first store, with 60 records."""
        made = self.open(**limits)
        furnish(made)
        values = (
            {"title": "red" if each % 3 else "deep blue", "fee": str(each), "tags": "a;b"}
            for each in range(60)
        )
        insert(made, *(record(each, value) for each, value in enumerate(values, 1)))
        return made

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What a statement of the test answers."""
        return self._connection.execute(statement.encode(), parameters).fetchall()

    def run(self, statement: str) -> None:
        """Carries out a statement of the test."""
        self._connection.execute(statement.encode())

    def columns(self) -> dict[str, int]:
        """The number of each column that is there, by its spec."""
        return dict(
            self.rows("SELECT spec, column_id FROM search_column WHERE NOT dropped ORDER BY 2")
        )

    def close(self) -> None:
        """Lets go of all stores."""
        for each in self.opened:
            each.close()
        self._connection.close()


@contextmanager
def indexed_database() -> Iterator[Indexed]:
    """An empty database."""
    url = databases().take()
    made = Indexed(url)
    try:
        yield made
    finally:
        made.close()
        databases().give_back(url)


def store_of(database: Database) -> PostgresqlStore:
    """The store, as the engine that it is."""
    assert isinstance(database.store, PostgresqlStore)
    return database.store


def search(
    database: Database,
    condition: Condition,
    sort: SortBy | None = None,
    count: int = 3,
    offset: int = 0,
) -> FoundRecords:
    """What a search finds."""
    asked = RecordSearch(PORTAL, SERVICES, condition, sort, offset, count)
    return database.run(database.store.search(asked))


def ids(found: FoundRecords) -> list[int]:
    """The ids of the records found."""
    return [each.record_id for each in found.records]
