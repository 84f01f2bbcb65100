"""Every table with rows of a portal is known to what copies, clears and removes portals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from moyeu.storage.postgresql import portal_tables as postgresql
from moyeu.storage.sql.content_queries import CONTENT_TABLES
from moyeu.storage.sqlite import portal_tables as sqlite
from tests.storage.engines import Engine
from tests.storage.raw_tables import RawTables, raw_tables
from tests.storage.scene import OTHER_PORTAL, PORTAL, Database

COPY: Final = -77
CONTENTS: Final = {each.name: each for each in CONTENT_TABLES}
OWN: Final = {"sqlite": {*sqlite.OWN_TABLES}, "postgresql": {*postgresql.OWN_TABLES}}
FOLLOWING: Final = {"sqlite": frozenset[str](), "postgresql": {*postgresql.SEARCH_TABLES}}
"""Tables that are made of the contents."""
STAYING: Final = {"sqlite": set[str](), "postgresql": {*postgresql.STAYING_TABLES}}
ONE_ROW: Final = {"portal", "counter"}


@pytest.fixture
def tables(database: Database, engine: Engine, tmp_path: Path) -> Iterator[RawTables]:
    """The tables of the database."""
    with raw_tables(engine, tmp_path) as made:
        yield made


def test_every_table_with_a_portal_is_in_the_lists(tables: RawTables, engine: Engine) -> None:
    known = CONTENTS.keys() | OWN[engine.name] | FOLLOWING[engine.name]

    assert tables.columns().keys() == known


@pytest.mark.parametrize("name", CONTENTS)
def test_every_column_of_contents_is_in_the_list(tables: RawTables, name: str) -> None:
    table = CONTENTS[name]

    assert tables.columns()[name].keys() == {"portal_id", *table.key, *table.others}


def _fill(tables: RawTables, engine: Engine, *portal_ids: int) -> None:
    for table in tables.columns():
        if table not in ONE_ROW and table != "token":
            for portal_id in portal_ids:
                tables.put(table, portal_id)


def test_all_contents_are_copied_and_nothing_else(
    database: Database, tables: RawTables, engine: Engine
) -> None:
    _fill(tables, engine, PORTAL, OTHER_PORTAL)

    count = database.write(lambda each: each.copy_contents(PORTAL, COPY))

    assert count == len(tables.rows("record", PORTAL)) == 1
    for table in tables.columns():
        expected = tables.rows(table, PORTAL) if table in CONTENTS else []
        assert tables.rows(table, COPY) == expected, table


def test_clearing_removes_the_contents_of_that_portal_alone(
    database: Database, tables: RawTables, engine: Engine
) -> None:
    _fill(tables, engine, PORTAL, OTHER_PORTAL)
    before = {table: tables.rows(table, OTHER_PORTAL) for table in tables.columns()}

    database.write(lambda each: each.clear_portal(PORTAL))

    gone = CONTENTS.keys() | FOLLOWING[engine.name]
    left = {table for table in tables.columns() if tables.rows(table, PORTAL)}
    assert left == tables.columns().keys() - gone - {"token"}
    assert {table: tables.rows(table, OTHER_PORTAL) for table in before} == before


def test_a_removed_portal_leaves_nothing(
    database: Database, tables: RawTables, engine: Engine
) -> None:
    _fill(tables, engine, PORTAL, OTHER_PORTAL)
    before = {table: tables.rows(table, OTHER_PORTAL) for table in tables.columns()}

    database.write(lambda each: each.remove_portal(PORTAL))

    left = {table for table in tables.columns() if tables.rows(table, PORTAL)}
    assert left == STAYING[engine.name]
    assert {table: tables.rows(table, OTHER_PORTAL) for table in before} == before
