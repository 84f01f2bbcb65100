"""How PostgreSQL carries out each statement in a large portal: by whole keys, never by a walk.

The plans are those of a portal with 100,000 records beside small ones, after ANALYZE: those that
are made for the values at hand, and the generic ones that prepared statements come to.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from moyeu.storage.postgresql import hot_queries
from moyeu.storage.postgresql.transaction import STATEMENTS
from tests.postgres import databases

RECORD: Final = "record (portal_id=, object_type_id=, record_id=)"
VALUE: Final = "unique_value (portal_id=, object_type_id=, property=, value=)"
OTHERS: Final = "association (portal_id=, from_record_id=, to_object_type_id=)"
PAIR: Final = "association (portal_id=, from_record_id=, to_object_type_id=, to_record_id=)"
TYPED: Final = "association (portal_id=, from_record_id=, to_object_type_id=, category=, type_id=)"
OF_TYPE: Final = "association (portal_id=, category=, type_id=)"
MEMBER: Final = "list_membership (portal_id=, list_id=, record_id=)"
MEMBERSHIPS: Final = "list_membership (portal_id=, record_id=)"
WRITE: Final = "record_write (portal_id=, number=)"
MERGED: Final = "record_merged (portal_id=, object_type_id=, record_id=)"

SEARCHES: Final[dict[str, tuple[str, ...]]] = {
    "ACTIVE_IDS": (RECORD,),
    "ACTIVE_LINKS": (TYPED, RECORD, RECORD, TYPED, RECORD),
    "ARCHIVE_RECORDS": (RECORD,),
    "ASSOCIATIONS": ("association (portal_id=, from_record_id=)",),
    "ASSOCIATIONS_AFTER": (
        "association (portal_id=,"
        " (from_record_id, to_object_type_id, to_record_id, category, type_id)>)",
    ),
    "ASSOCIATIONS_BACK": (PAIR,),
    "ASSOCIATIONS_BY_TYPE": (OTHERS,),
    "ASSOCIATIONS_FROM": (
        "association (portal_id=, from_record_id=, to_object_type_id=, to_record_id>=, category=,"
        " type_id=)",
    ),
    "ASSOCIATIONS_OF_TYPE": (OF_TYPE,),
    "ASSOCIATION_TYPE_IN_USE": (OF_TYPE,),
    "CHANGE_RECORDS": (RECORD,),
    "COUNT_BY_TYPE": (TYPED,),
    "DELETE_RECORD": (RECORD,),
    "ERASE_HISTORY": (WRITE,),
    "ERASE_RECORDS": (RECORD,),
    "HAND_MEMBERSHIPS_ON": (MEMBERSHIPS,),
    "HAS_MORE_RECORDS": ("record (portal_id=, object_type_id=)",),
    "HISTORY": (WRITE, WRITE),
    "JOIN_LIST": (RECORD,),
    "KEEP_LAST_WRITE": ("record_write (portal_id=, number IS NOT NULL)",),
    "LAST_WRITE": ("record_write (portal_id=, number IS NOT NULL)",),
    "LEAVE_ALL_LISTS": (MEMBERSHIPS,),
    "LEAVE_LIST": (MEMBER,),
    "LEAVE_RANGE": ("list_membership (portal_id=, list_id=, record_id>=, record_id<=)",),
    "LEAVE_VALUE": (VALUE,),
    "LINKED": (
        RECORD,
        "association (portal_id=, from_record_id=, to_object_type_id=, to_record_id>=)",
        RECORD,
        PAIR,
    ),
    "LIST_SIZES": ("list_membership (portal_id=, list_id=)",),
    "LOCK_RECORDS": (RECORD,),
    "MEMBERSHIPS_AFTER": ("list_membership (portal_id=, (list_id, record_id)>)",),
    "MEMBERSHIPS_OF": (MEMBERSHIPS,),
    "MEMBERS_AMONG": (MEMBER,),
    "MEMBERS_DOWN": ("list_membership (portal_id=, list_id=, record_id<)",),
    "MEMBERS_JOINED_AFTER": ("list_membership (portal_id=, list_id=, (joined_at_ms, record_id)>)",),
    "MEMBERS_JOINED_BEFORE": (
        "list_membership (portal_id=, list_id=, (joined_at_ms, record_id)<)",
    ),
    "MEMBERS_UP": ("list_membership (portal_id=, list_id=, record_id>)",),
    "MERGED_AFTER": ("record_merged (portal_id=, (object_type_id, record_id)>)",),
    "MERGED_INTO": (MERGED,),
    "MERGE_ON": ("record_merged (portal_id=, object_type_id=, survivor_id=)",),
    "PAGE_ACTIVE": ("record (portal_id=, object_type_id=, record_id>=)",),
    "PAGE_ARCHIVED": ("record (portal_id=, object_type_id=, record_id>=)",),
    "PAIR_ASSOCIATIONS": (PAIR,),
    "RECORDS": (RECORD,),
    "RECORDS_AFTER": ("record (portal_id=, (object_type_id, record_id)>)",),
    "RECORDS_BY_VALUE": (VALUE, RECORD),
    "RECORDS_WITH_VALUES": ("record (portal_id=, object_type_id=)",),
    "REMOVE_ASSOCIATION": (
        "association (portal_id=, from_record_id=, to_object_type_id=, to_record_id=, category=,"
        " type_id=)",
    ),
    "UNARCHIVE_RECORDS": (RECORD,),
    "VALUE_OWNERS": (VALUE,),
    "WRITES_AFTER": ("record_write (portal_id=, number>)",),
    "WRITTEN_BETWEEN": ("record_write (portal_id=, number>, number<=)",),
}
"""What each statement looks up in the tables that grow with the records, in order of the plan."""

WALKS: Final = {
    "CLEAR_CONTENTS": "removes all that a portal has",
    "COPY_CONTENTS": "copies all that a portal has",
    "CENSUS": "counts all that a portal has, for people",
    "COUNT_KEYS": "counts records of a type as far as asked, and the archived ones",
    "COUNT_RECORDS": "counts all records of a type",
    "CROWDED_RECORDS": "a report on the associations of two types",
    "DROP_INDEX": "removes all values of a property",
    "EMPTY_LIST": "removes all members",
    "ERASE_MERGED_HISTORY": "nothing is left to begin a chain with",
    "FORGET_MERGED": "a batch of erased records; few records were ever merged",
    "FULLEST_RECORDS": "a report on all associations",
    "JOIN_FROM_LIST": "reads all members",
    "PURGE_ASSOCIATIONS": "removes an object type",
    "PURGE_MEMBERSHIPS": "removes an object type",
    "PURGE_OBJECT_TYPE": "removes an object type",
}
"""Statements that may read much of a portal or, where it is most of the table, all, and why."""

PARTS: Final = (
    ("record (portal_id=)", RECORD),
    ("unique_value (portal_id=)", VALUE),
    ("record_write (portal_id=)", WRITE),
    (
        "association (portal_id=)",
        "association (portal_id=, from_record_id=, to_object_type_id=, to_record_id=, category=,"
        " type_id=)",
    ),
    ("list_membership (portal_id=)", MEMBER),
)
"""What each text of `CLEAR_PARTS` looks up: keys of the portal, and each row by its own."""

LARGE: Final = (
    "record",
    "record_write",
    "unique_value",
    "association",
    "list_membership",
    "record_merged",
)
"""The tables that grow with the records."""

FILL: Final = (
    """
    INSERT INTO portal (portal_id, name, app_id, created_at_ms)
    SELECT p, 'portal', 1, 0 FROM generate_series(1, 20) p
    """,
    """
    INSERT INTO counter (portal_id, next_record_id, next_write)
    SELECT portal_id, 1000000, 1000000 FROM portal
    """,
    """
    INSERT INTO record
    SELECT p.portal_id, '0-1', g, jsonb_build_object('email', g || '@example.com'), g, g,
           CASE WHEN g % 50 = 0 THEN g END, g
    FROM portal p
    CROSS JOIN LATERAL generate_series(1, CASE p.portal_id WHEN 1 THEN 100000 ELSE 500 END) g
    """,
    """
    INSERT INTO record_write
    SELECT portal_id, last_write, object_type_id, record_id, 0, 0, properties, '', 1, NULL, '', NULL
    FROM record
    """,
    """
    INSERT INTO unique_value
    SELECT portal_id, object_type_id, 'email', properties ->> 'email', record_id FROM record
    """,
    """
    INSERT INTO association
    SELECT portal_id, record_id, '0-2', record_id % 1000 + 200000, 'HUBSPOT_DEFINED', 279, '0-1'
    FROM record
    UNION ALL
    SELECT portal_id, record_id % 1000 + 200000, '0-1', record_id, 'HUBSPOT_DEFINED', 280, '0-2'
    FROM record
    """,
    """
    INSERT INTO list
    SELECT p.portal_id, l, '0-1', 'list ' || l, 'MANUAL', NULL, '{}'
    FROM portal p CROSS JOIN generate_series(1, 100) l
    """,
    """
    INSERT INTO list_membership
    SELECT portal_id, record_id % 100 + 1, record_id, record_id FROM record
    UNION ALL
    SELECT portal_id, record_id / 7 % 100 + 101, record_id, record_id FROM record
    """,
    "INSERT INTO record_merged SELECT 1, '0-1', 500000 + g, g FROM generate_series(1, 2000) g",
    "ANALYZE",
)

VALUES: Final[dict[str, object]] = {
    "portal_id": 1,
    "object_type_id": "0-1",
    "from_type_id": "0-1",
    "to_type_id": "0-2",
    "to_object_type_id": "0-2",
    "property": "email",
    "category": "HUBSPOT_DEFINED",
    "type_id": 279,
    "record_id": 50_000,
    "from_record_id": 50_000,
    "to_record_id": 200_000,
    "from_id": 50_000,
    "number": 50_000,
    "after": 50_000,
    "last": 50_100,
    "first_id": 50_000,
    "last_id": 50_100,
    "joined_at_ms": 50_000,
    "list_id": 7,
    "count_max": 100,
}
"""What is asked for, where it matters to a plan: no plan looks into JSON."""

PLACE: Final = re.compile(r"%\((\w+)\)s(?:::(\w+(?:\[\])?))?")
CONDITION: Final = re.compile(
    r"\(ROW\(([^)]*)\) ([<>]=?) |\((\w+) (=|[<>]=?) |\((\w+ IS (?:NOT )?NULL)\)"
)


def statements() -> dict[str, tuple[str, ...]]:
    """Every statement by name; some are several texts."""
    found = {**vars(STATEMENTS), **vars(hot_queries)}
    return {
        name: (text,) if isinstance(text, str) else text
        for name, text in found.items()
        if name.isupper() and not name.startswith("_")
    }


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    """A database with a large portal and small ones, with statistics."""
    url = databases().take()
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as made:
        for each in FILL:
            made.execute(each)
        yield made
    databases().give_back(url)


def plan_of(connection: psycopg.Connection, statement: str, mode: str) -> dict[str, Any]:
    """The plan of a prepared statement, made as `plan_cache_mode` says."""
    casts = dict(PLACE.findall(statement))
    names = list(casts)
    text = re.sub(r"%\((\w+)\)s", lambda each: f"${names.index(each[1]) + 1}", statement)
    connection.execute("DEALLOCATE ALL")
    connection.execute(f"SET plan_cache_mode = {mode}".encode())
    connection.execute(f"PREPARE asked AS {text.replace('%%', '%')}".encode())
    given = sql.SQL(", ").join(sql.Literal(_value(name, cast)) for name, cast in casts.items())
    asked = sql.SQL("({})").format(given) if names else sql.SQL("")
    explain = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE asked {}").format(asked)
    row = connection.execute(explain).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def _value(name: str, cast: str) -> object:
    """A value of the kind that a place takes."""
    if name in VALUES:
        return VALUES[name]
    if cast == "bigint[]":
        return [each * 997 % 100_000 for each in range(1, 101)]
    return {"bigint": 1, "jsonb": "[]", "text": "x"}.get(cast, "1")


def accesses(plan: dict[str, Any], heap: str | None = None) -> Iterator[str]:
    """How each large table is read: "table (conditions on the key)", or "table" for all of it."""
    table = plan.get("Relation Name", heap)
    if table in LARGE and "Scan" in plan["Node Type"] and "Heap" not in plan["Node Type"]:
        keys = ", ".join(_conditions(plan.get("Index Cond", "")))
        yield f"{table} ({keys})" if keys else str(table)
    for inner in plan.get("Plans", ()):
        yield from accesses(inner, table if "Heap" in plan["Node Type"] else None)


def _conditions(text: str) -> Iterator[str]:
    """`(portal_id = 1) AND …` as `portal_id=`; the values do not matter."""
    for row, row_test, column, test, nothing in CONDITION.findall(re.sub("'[^']*'", "?", text)):
        yield f"({row}){row_test}" if row else f"{column}{test}" if column else nothing


def _in_any_order(access: str) -> tuple[str, list[str]]:
    """An access whichever index of the same columns it takes."""
    table, _, keys = access.removesuffix(")").partition(" (")
    return table, sorted(keys.split(", "))


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", SEARCHES)
def test_a_statement_looks_up_whole_keys(
    connection: psycopg.Connection, name: str, mode: str
) -> None:
    (statement,) = statements()[name]

    found = list(accesses(plan_of(connection, statement, mode)))

    assert [_in_any_order(each) for each in found] == [
        _in_any_order(each) for each in SEARCHES[name]
    ], found


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    "name", sorted(statements().keys() - SEARCHES.keys() - WALKS.keys() - {"CLEAR_PARTS"})
)
def test_other_statements_leave_the_large_tables_alone(
    connection: psycopg.Connection, name: str, mode: str
) -> None:
    for statement in statements()[name]:
        assert list(accesses(plan_of(connection, statement, mode))) == []


def test_a_part_is_found_and_removed_by_keys(connection: psycopg.Connection) -> None:
    found = [
        list(accesses(plan_of(connection, each, "force_custom_plan")))
        for each in statements()["CLEAR_PARTS"]
    ]

    assert [sorted(map(_in_any_order, each)) for each in found] == [
        sorted(map(_in_any_order, each)) for each in PARTS
    ], found


def test_a_part_of_any_size_is_looked_for_in_its_portal(connection: psycopg.Connection) -> None:
    for each in statements()["CLEAR_PARTS"]:
        found = list(accesses(plan_of(connection, each, "force_generic_plan")))
        assert len(found) == 2
        assert all("(portal_id=" in access for access in found), found


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_is_seen_as_one(connection: psycopg.Connection, name: str) -> None:
    found = [
        each
        for statement in statements()[name]
        for each in accesses(plan_of(connection, statement, "force_custom_plan"))
    ]

    assert found
    assert all(each in LARGE or each.count("=") < 4 for each in found), found


def test_a_condition_that_no_index_has_is_a_walk(connection: psycopg.Connection) -> None:
    plan = plan_of(connection, "SELECT 1 FROM record WHERE last_write = %(number)s::bigint", "auto")

    assert list(accesses(plan)) == ["record"]
