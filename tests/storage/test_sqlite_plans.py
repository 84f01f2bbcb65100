"""How SQLite carries out each statement: by whole keys, never by walking a table.

The plans are those of the SQLite that apsw brings along, on an empty database and on one that
ANALYZE has seen with uneven tables.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw
import pytest

import moyeu.storage.sqlite
from moyeu.storage.sqlite import (
    association_queries,
    association_usage_queries,
    association_value_queries,
    list_queries,
    queries,
)
from moyeu.storage.sqlite.migrate import migrate

RECORD_KEY: Final = "portal_id=? AND object_type_id=? AND record_id=?"
VALUE_KEY: Final = "portal_id=? AND object_type_id=? AND property=? AND value=?"
DEFINITION_KEY: Final = "portal_id=? AND object_type_id=? AND kind=? AND name=?"
AUDIT_KEY: Final = "portal_id=? AND object_type_id=? AND pipeline_id=? AND stage_id=?"
ASSOCIATION_KEY: Final = (
    "portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id=?"
    " AND category=? AND type_id=?"
)
MEMBER_KEY: Final = "portal_id=? AND list_id=? AND record_id=?"
WRITE_KEY: Final = "portal_id=? AND number=?"

SEARCHES: Final[dict[str, tuple[str, ...]]] = {
    "RECORDS": (f"r ({RECORD_KEY})",),
    "RECORDS_BY_VALUE": (f"u ({VALUE_KEY})", f"r ({RECORD_KEY})"),
    "VALUE_OWNERS": (f"u ({VALUE_KEY})",),
    "MERGED_INTO": (f"m ({RECORD_KEY})",),
    "PAGE_ACTIVE": ("r (portal_id=? AND object_type_id=? AND record_id>?)",),
    "PAGE_ARCHIVED": ("r (portal_id=? AND object_type_id=? AND record_id>?)",),
    "RECORDS_AFTER": ("r (portal_id=? AND (object_type_id,record_id)>(?,?))",),
    "HAS_MORE_RECORDS": ("record (portal_id=? AND object_type_id=?)",),
    "COUNT_RECORDS": ("record (portal_id=? AND object_type_id=?)",),
    "COUNT_KEYS": (
        "record (portal_id=? AND object_type_id=?)",
        "record (portal_id=? AND object_type_id=?)",
    ),
    "HISTORY": (f"w ({WRITE_KEY})", f"w ({WRITE_KEY})"),
    "WRITES_AFTER": ("record_write (portal_id=? AND number>?)",),
    "LAST_WRITE": ("record_write (portal_id=?)", "portal (rowid=?)"),
    "KEEP_LAST_WRITE": ("portal (rowid=?)", "record_write (portal_id=?)"),
    "ERASE_MERGED_HISTORY": ("record_write (portal_id=?)",),
    "CHANGE_RECORD": (f"record ({RECORD_KEY})",),
    "ARCHIVE_RECORDS": (f"record ({RECORD_KEY})",),
    "UNARCHIVE_RECORDS": (f"record ({RECORD_KEY})",),
    "DELETE_RECORD": (f"record ({RECORD_KEY})",),
    "LEAVE_VALUE": (f"unique_value ({VALUE_KEY})",),
    "DROP_INDEX": ("unique_value (portal_id=? AND object_type_id=? AND property=?)",),
    "OWNERS": ("owner (portal_id=?)",),
    "PROPERTIES": ("property (portal_id=? AND object_type_id=?)",),
    "COUNT_CUSTOM_PROPERTIES": ("property (portal_id=?)",),
    "SEARCH_LAG": ("portal (rowid=?)",),
    "PUT_SEARCH_LAG": ("portal (rowid=?)",),
    "PULL_STATE": ("pull (rowid=?)",),
    "PUT_PULL_STATE": (),
    "GROUPS": ("property_group (portal_id=? AND object_type_id=?)",),
    "CALLER": ("token (token_hash=?)",),
    "REMOVE_TOKEN": ("token (token_hash=?)",),
    "TAKE_RECORD_IDS": ("portal (rowid=?)",),
    "RESERVE_RECORD_ID": ("portal (rowid=?)",),
    "INSERT_RECORD": (),
    "ADD_WRITE": (),
    "RESTORE_WRITE": (),
    "TAKE_VALUE": (),
    "ADD_INDEXED_VALUE": (),
    "MERGE_AWAY": (),
    "PUT_PROPERTY": (),
    "PUT_GROUP": (),
    "ADD_OWNER": (),
    "DEFINITIONS": ("definition (portal_id=? AND object_type_id=?)",),
    "TYPE_DEFINITIONS": ("definition (portal_id=?)",),
    "PUT_DEFINITION": (),
    "REMOVE_DEFINITION": (f"definition ({DEFINITION_KEY})",),
    "OWN_DEFINITIONS": (
        "definition (portal_id=?)",
        "property (portal_id=?)",
        "property_group (portal_id=?)",
    ),
    "AUDIT": (f"pipeline_audit ({AUDIT_KEY})",),
    "AUDITS": ("pipeline_audit (portal_id=?)",),
    "ADD_AUDIT": (f"pipeline_audit ({AUDIT_KEY})",),
    "TAKE_OBJECT_TYPE_ID": ("portal (rowid=?)",),
    "COUNTERS": ("portal (rowid=?)", "record_write (portal_id=?)"),
    "CENSUS": (
        "owner (portal_id=?)",
        "definition (portal_id=?)",
        "property (portal_id=?)",
        "property_group (portal_id=?)",
        "pipeline_audit (portal_id=?)",
        "record (portal_id=?)",
        "association (portal_id=?)",
        "record_merged (portal_id=?)",
        "record_write (portal_id=?)",
        "list (portal_id=?)",
        "list_folder (portal_id=?)",
        "list_membership (portal_id=?)",
    ),
    "RESTORE_COUNTERS": ("portal (rowid=?)",),
    "KEEP_ASSOCIATION_TYPE_IDS": ("portal (rowid=?)",),
    "PURGE_ASSOCIATIONS": ("association (portal_id=?)",),
    "ASSOCIATIONS": ("a (portal_id=? AND from_record_id=?)",),
    "ACTIVE_IDS": (f"r ({RECORD_KEY})",),
    "LINKED": (
        f"f ({RECORD_KEY})",
        "a (portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id=?)",
        "b (portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id>?)",
        f"r ({RECORD_KEY})",
    ),
    "PAIR_ASSOCIATIONS": (
        "a (portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id=?)",
    ),
    "ASSOCIATIONS_BY_TYPE": ("a (portal_id=? AND from_record_id=? AND to_object_type_id=?)",),
    "COUNT_BY_TYPE": ("a (portal_id=? AND from_record_id=? AND to_object_type_id=?)",),
    "ASSOCIATION_TYPE_IN_USE": ("a (portal_id=? AND category=? AND type_id=?)",),
    "ASSOCIATIONS_OF_TYPE": ("a (portal_id=? AND category=? AND type_id=?)",),
    "FULLEST_RECORDS": ("a (portal_id=?)",),
    "CROWDED_RECORDS": ("a (portal_id=?)",),
    "LISTS": ("l (portal_id=? AND list_id=?)",),
    "ALL_LISTS": ("list (portal_id=?)",),
    "ACTIVE_LISTS": ("list (portal_id=?)",),
    "COUNT_ACTIVE_LISTS": ("list (portal_id=?)",),
    "LIST_NAMED": ("list (portal_id=? AND object_type_id=? AND name=?)",),
    "PUT_LIST": (),
    "TAKE_LIST_ID": ("portal (rowid=?)",),
    "TAKE_FOLDER_ID": ("portal (rowid=?)",),
    "RESTORE_LIST_COUNTERS": ("portal (rowid=?)",),
    "LIST_FOLDERS": ("list_folder (portal_id=?)",),
    "PUT_LIST_FOLDER": (),
    "REMOVE_LIST_FOLDER": ("list_folder (portal_id=? AND folder_id=?)",),
    "LIST_SIZES": ("m (portal_id=? AND list_id=?)",),
    "MEMBERS_UP": ("list_membership (portal_id=? AND list_id=? AND record_id>?)",),
    "MEMBERS_DOWN": ("list_membership (portal_id=? AND list_id=? AND record_id<?)",),
    "MEMBERS_JOINED_AFTER": (
        "list_membership (portal_id=? AND list_id=? AND (joined_at_ms,record_id)>(?,?))",
    ),
    "MEMBERS_JOINED_BEFORE": (
        "list_membership (portal_id=? AND list_id=? AND (joined_at_ms,record_id)<(?,?))",
    ),
    "MEMBERS_AMONG": ("m (portal_id=? AND record_id=? AND list_id=?)",),
    "MEMBERSHIPS_OF": ("m (portal_id=? AND record_id=?)", "l (portal_id=? AND list_id=?)"),
    "MEMBERSHIPS_AFTER": ("list_membership (portal_id=? AND (list_id,record_id)>(?,?))",),
    "WRITTEN_BETWEEN": ("record_write (portal_id=? AND number>? AND number<?)",),
    "RELATED_CHANGES": ("related_change (portal_id=? AND object_type_id=?)",),
    "NOTE_RELATED_CHANGE": (),
    "JOIN_LIST": (f"r ({RECORD_KEY})",),
    "JOIN_FROM_LIST": ("m (portal_id=? AND list_id=?)",),
    "LEAVE_LIST": (f"list_membership ({MEMBER_KEY})",),
    "LEAVE_RANGE": ("list_membership (portal_id=? AND list_id=? AND record_id>? AND record_id<?)",),
    "EMPTY_LIST": ("list_membership (portal_id=? AND list_id=?)",),
    "LEAVE_ALL_LISTS": (
        "list_membership (portal_id=? AND record_id=?)",
        "l (portal_id=? AND list_id=?)",
    ),
    "HAND_MEMBERSHIPS_ON": ("m (portal_id=? AND record_id=?)", "l (portal_id=? AND list_id=?)"),
    "RESTORE_MEMBERSHIP": (),
    "PURGE_MEMBERSHIPS": ("list_membership (portal_id=? AND list_id=?)", "l (portal_id=?)"),
    "PURGE_LISTS": ("list (portal_id=?)",),
    "ACTIVE_LINKS": (
        "a (portal_id=? AND from_record_id=? AND to_object_type_id=?)",
        f"g ({RECORD_KEY})",
        f"r ({RECORD_KEY})",
        "b (portal_id=? AND from_record_id=? AND to_object_type_id=?)",
        f"r ({RECORD_KEY})",
    ),
    "ASSOCIATIONS_FROM": (
        f"a ({ASSOCIATION_KEY})",
        "b (portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id>?)",
    ),
    "ASSOCIATIONS_BACK": (
        "a (portal_id=? AND from_record_id=? AND to_object_type_id=? AND to_record_id=?)",
    ),
    "ASSOCIATIONS_AFTER": (
        "a (portal_id=? AND (from_record_id,to_object_type_id,to_record_id,category,type_id)"
        ">(?,?,?,?,?))",
    ),
    "PUT_ASSOCIATION": (),
    "REMOVE_ASSOCIATION": (f"association ({ASSOCIATION_KEY})",),
    "RECORDS_WITH_VALUES": ("record (portal_id=? AND object_type_id=?)",),
    "ERASE_RECORDS": (f"record ({RECORD_KEY})",),
    "ERASE_HISTORY": (f"record_write ({WRITE_KEY})",),
    "FORGET_MERGED": ("record_merged (portal_id=? AND object_type_id=? AND survivor_id=?)",),
    "MERGE_ON": ("record_merged (portal_id=? AND object_type_id=? AND survivor_id=?)",),
    "MERGED_AFTER": ("record_merged (portal_id=? AND (object_type_id,record_id)>(?,?))",),
    "RESTORE_RECORD": (),
    "ADD_PORTAL": (),
    "ADD_TOKEN": (),
}
"""What each statement looks up, with the columns of the key, in order of the plan."""

WALKS: Final = {
    "PORTALS": "answers all portals",
    "TOKENS": "a page of the console and the command line; a portal has a few tokens",
}
"""Statements that may walk their table, and why."""

NOT_OF_ONE_PORTAL: Final = {"PORTALS", "CALLER"}
"""Statements that do not name a portal: all portals, and a token whose portal is not known yet."""

MODULES: Final = (
    queries,
    association_queries,
    association_usage_queries,
    association_value_queries,
    list_queries,
)
"""Where the statements are."""

INPUTS: Final = {"SCAN (subquery-1)", "SCAN chain", "SCAN s", "SCAN p", "SCAN k", "SCAN counted"}
"""Walks of what was asked for: of the queue of a recursive query, of inputs read into columns, of
what a walk has counted."""

PLAN_ROW: Final = re.compile(r"(SEARCH|SCAN) (\S+)(?: EXISTS)?(?: USING .*?)?(?: \((.*)\))?$")


def statements() -> dict[str, str]:
    """Every statement of the engine by name."""
    found = {
        name: getattr(module, name) for module in MODULES for name in dir(module) if name[0] != "_"
    }
    return {name: text for name, text in found.items() if name.isupper() and isinstance(text, str)}


@pytest.fixture(scope="module", params=["empty", "analysed"])
def connection(request: pytest.FixtureRequest) -> Iterator[apsw.Connection]:
    """A migrated database, empty or with statistics of uneven tables."""
    made = apsw.Connection(":memory:")
    migrate(made)
    if request.param == "analysed":
        fill_unevenly(made)
    yield made
    made.close()


def fill_unevenly(connection: apsw.Connection) -> None:
    """One portal and one type with nearly all rows: a planner that trusts averages may stray."""
    with connection:
        records = (
            (1, "0-1", each, "{}", 0, 0, 0 if each % 2 else None, each) for each in range(2000)
        )
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", records)
        values = ((1, "0-1", "email", str(each), each) for each in range(3))
        connection.executemany("INSERT INTO unique_value VALUES (?, ?, ?, ?, ?)", values)
        writes = ((1, each, "0-1", each, 0, 0, "{}", "", 1, None, "", None) for each in range(2000))
        connection.executemany(
            "INSERT INTO record_write VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", writes
        )
        connection.execute("INSERT INTO record_merged VALUES (1, '0-1', 1, 2)")
        rows = (
            (1, from_id, "0-1", each, "HUBSPOT_DEFINED", 280, "0-2")
            for from_id in (1, 2)
            for each in range(1 if from_id == 1 else 2000)
        )
        connection.executemany("INSERT INTO association VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        lists = ((1, each, "0-1", str(each), "MANUAL", None, "{}") for each in range(2000))
        connection.executemany("INSERT INTO list VALUES (?, ?, ?, ?, ?, ?, ?)", lists)
        in_one_list = ((1, 7, each, each // 5) for each in range(2000))
        connection.executemany("INSERT INTO list_membership VALUES (?, ?, ?, ?)", in_one_list)
        in_all_lists = ((1, each, 3, 0) for each in range(8, 2000))
        connection.executemany("INSERT INTO list_membership VALUES (?, ?, ?, ?)", in_all_lists)
    connection.execute("ANALYZE")


def plan_of(connection: apsw.Connection, statement: str) -> list[tuple[str, str, str]]:
    """The table accesses of a statement as (SEARCH or SCAN, table or alias, key columns).

    Left out: walks of `json_each`, which are the inputs, and those of `INPUTS`.
    """
    names = set(re.findall(r":(\w+)", statement))
    places = len(set(re.findall(r"\?(\d+)", statement)))
    sets = {
        "keys",
        "record_ids",
        "last_writes",
        "numbers",
        "property_values",
        "starts",
        "pairs",
        "list_ids",
    }
    parameters = {name: "[]" if name in sets else 0 for name in names} or (0,) * places
    rows = connection.execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall()
    accesses = []
    for detail in (str(row[3]) for row in rows):
        if "VIRTUAL TABLE" in detail or detail in INPUTS:
            continue
        if found := PLAN_ROW.fullmatch(detail):
            accesses.append((found[1], found[2], found[3] or ""))
    return accesses


@pytest.mark.parametrize("name", SEARCHES)
def test_a_statement_looks_up_whole_keys(connection: apsw.Connection, name: str) -> None:
    accesses = plan_of(connection, statements()[name])

    assert accesses == [
        ("SEARCH", *each.removesuffix(")").split(" (", maxsplit=1)) for each in SEARCHES[name]
    ]


def test_every_statement_has_a_row_here() -> None:
    assert SEARCHES.keys() | WALKS.keys() == statements().keys()


def test_a_walk_is_seen_as_one(connection: apsw.Connection) -> None:
    assert plan_of(connection, "SELECT * FROM record WHERE last_write = :number") == [
        ("SCAN", "record", "")
    ]


@pytest.mark.parametrize("name", sorted(statements().keys() - NOT_OF_ONE_PORTAL))
def test_a_statement_names_one_portal(name: str) -> None:
    text = statements()[name]
    inserts = re.search(r"INSERT .*?\(\s*(?:token_hash, )?portal_id", text, re.DOTALL)

    assert inserts or re.search(r"portal_id = (:portal_id|\?1)", text)


def test_every_portals_table_begins_its_key_with_the_portal(connection: apsw.Connection) -> None:
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    first_columns = {}
    for (table,) in tables.fetchall():
        columns = connection.execute(
            "SELECT name FROM pragma_table_info(?) WHERE pk = 1", (table,)
        ).fetchall()
        first_columns[table] = columns[0][0]

    # A token is looked up before its portal is known; migrations belong to the whole database.
    exceptions = {"token": "token_hash", "migration": "number"}
    assert first_columns == dict.fromkeys(first_columns, "portal_id") | exceptions


def test_statements_are_constants_and_values_are_bound() -> None:
    folder = Path(moyeu.storage.sqlite.__file__).parent
    built = [
        f"{path.name}:{node.lineno}"
        for path in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "executemany")
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]

    assert built == []
