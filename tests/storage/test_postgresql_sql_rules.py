"""The SQL of the PostgreSQL engine keeps the rules under which it also runs on a cluster."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Final

import pytest

import moyeu.storage.postgresql
from moyeu.storage.postgresql.migrate import DISTRIBUTED
from moyeu.storage.sql.migrations import known_migrations
from tests.storage.sql_rules import broken_rules, broken_rules_of_migration, tables_made

PACKAGE: Final = "moyeu.storage.postgresql"
VERBS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SET", "MERGE", "CREATE", "ALTER")

EXCEPTIONS: Final = {
    "PORTALS": "all portals are wanted: for people, never for a request",
    "FORGET_OLD_REQUESTS": "of all portals, idle ones too; now and then, never for a request",
    "CORRELATED_REQUESTS": "whoever asks has a correlation id alone; for people",
    "DUE_JOBS": "nobody knows yet which portals have any; now and then, never for a request",
    "MARK_TOKENS": "tokens are spread by their hash; only where controls begin or end",
    "TOKENS": "tokens are spread by their hash; a page of the console and the command line",
}
"""Statements that name no portal where one should be, and why."""

COPIES: Final = {"COPY_CONTENTS"}
"""Statements that name a second portal for what they insert: from its node to that of the other."""

MIGRATION_EXCEPTIONS: Final = {
    "index search_text_terms (terms) of search_text does not begin with portal_id": (
        "each term begins with its portal"
    ),
}
"""What migrations may do all the same, and why."""

GOOD: Final = (
    "SELECT name FROM portal WHERE portal_id = %(portal_id)s::bigint",
    "SELECT portal_id FROM token WHERE token_hash = %(token_hash)s",
    "SELECT r.record_id FROM record r JOIN portal p ON p.portal_id = r.portal_id"
    " WHERE p.portal_id = %(portal_id)s",
    "SELECT i.x FROM unnest(%(ids)s::bigint[]) AS i(x) CROSS JOIN LATERAL (SELECT 1 FROM record r"
    " WHERE r.portal_id = %(portal_id)s AND r.record_id = i.x OFFSET 0) l",
    "DELETE FROM list_membership m USING list l WHERE m.portal_id = l.portal_id"
    " AND l.portal_id = %(portal_id)s AND l.list_id = m.list_id",
    "WITH u AS (UPDATE record r SET updated_at_ms = 1 WHERE r.portal_id = %(portal_id)s"
    " RETURNING r.record_id) SELECT record_id FROM u",
    "INSERT INTO pull (portal_id, state) VALUES (%(portal_id)s::bigint, %(state)s)",
    "INSERT INTO pull AS u (portal_id, state) SELECT p.portal_id, 'x' FROM portal p"
    " WHERE p.portal_id = %(portal_id)s ORDER BY 1 RETURNING u.state",
    "SELECT record_id FROM record WHERE portal_id = %(portal_id)s ORDER BY record_id FOR UPDATE",
    "SET LOCAL lock_timeout = '1s'",
)

BAD: Final = {
    "SELECT name FROM portal": "no portal_id is named for portal",
    "SELECT name FROM portal WHERE portal_id = 1": "no portal_id is named for portal",
    "SELECT name FROM portal WHERE portal_id = %(portal_id)s OR app_id = 1": (
        "no portal_id is named for portal"
    ),
    "SELECT 1 FROM record WHERE record_id = %(portal_id)s": "no portal_id is named for record",
    "SELECT portal_id FROM token WHERE portal_id = %(portal_id)s": (
        "no token_hash is named for token"
    ),
    "SELECT 1 FROM record r JOIN portal p ON p.portal_id = r.record_id"
    " WHERE p.portal_id = %(portal_id)s": "no portal_id is named for r",
    "SELECT 1 FROM record r, unique_value u WHERE r.portal_id = %(portal_id)s"
    " AND u.record_id = r.record_id": "no portal_id is named for u",
    "SELECT 1 FROM record r LEFT JOIN portal p ON p.portal_id = r.portal_id": (
        "no portal_id is named for p"
    ),
    "SELECT (SELECT max(w.number) FROM record_write w) FROM portal p"
    " WHERE p.portal_id = %(portal_id)s": "no portal_id is named for w",
    "SELECT 1 FROM portal p WHERE p.portal_id = %(portal_id)s AND NOT EXISTS"
    " (SELECT 1 FROM record r WHERE r.portal_id = r.portal_id)": "no portal_id is named for r",
    "WITH u AS (SELECT 1 FROM record r) SELECT 1 FROM u": "no portal_id is named for r",
    "SELECT 1 FROM portal WHERE portal_id = %(portal_id)s UNION ALL SELECT 1 FROM record": (
        "no portal_id is named for record"
    ),
    "UPDATE record SET archived_at_ms = 1 WHERE record_id = 1": "no portal_id is named for record",
    "UPDATE record r SET archived_at_ms = 1 FROM portal p WHERE p.portal_id = %(portal_id)s": (
        "no portal_id is named for r"
    ),
    "DELETE FROM list_membership m USING list l WHERE m.portal_id = %(portal_id)s": (
        "no portal_id is named for l"
    ),
    "SELECT 1 FROM elsewhere": "elsewhere is not in the table of distributed tables",
    "WITH i AS (SELECT 1 FROM portal WHERE portal_id = %(portal_id)s) INSERT INTO pull (portal_id)"
    " SELECT 1 FROM i": "INSERT and WITH stand in one statement",
    "WITH i AS (INSERT INTO pull (portal_id, state) VALUES (%(portal_id)s, 'x') RETURNING state)"
    " SELECT state FROM i": "INSERT and WITH stand in one statement",
    "INSERT INTO pull (state) VALUES ('x')": "what is inserted into pull has no portal_id",
    "INSERT INTO pull (portal_id, state) VALUES (1, 'x')": (
        "a row of pull has a portal_id of its own"
    ),
    "INSERT INTO pull (portal_id, state) SELECT i.portal_id, i.s FROM"
    " jsonb_to_recordset(%(rows)s::jsonb) AS i(portal_id bigint, s text) ORDER BY 1": (
        "what is inserted is read from no distributed table"
    ),
    "INSERT INTO pull (portal_id, state) SELECT %(portal_id)s, 'x' FROM portal p"
    " WHERE p.portal_id = %(portal_id)s ORDER BY 1": (
        "portal_id is not read from the table that is read"
    ),
    "INSERT INTO pull (portal_id, state) SELECT r.portal_id, 'x' FROM record r"
    " WHERE r.portal_id = %(portal_id)s": "rows are inserted in no order",
    "INSERT INTO pull (portal_id, state) SELECT p.portal_id, 'x' FROM portal p"
    " WHERE p.portal_id = %(portal_id)s ORDER BY 1 RETURNING state": (
        "INSERT … SELECT … RETURNING without an alias and without ON CONFLICT"
    ),
    "SELECT 1 FROM record WHERE portal_id = %(portal_id)s FOR UPDATE": (
        "rows are locked in no order"
    ),
    "UPDATE portal SET created_at_ms = clock_timestamp() WHERE portal_id = %(portal_id)s": (
        "clock_timestamp() is called"
    ),
    "SELECT random() FROM portal WHERE portal_id = %(portal_id)s": "random() is called",
    "SELECT nextval('x') FROM portal WHERE portal_id = %(portal_id)s": "nextval() is called",
    "SELECT pg_advisory_xact_lock(1)": (
        "an advisory lock is taken on the node that is asked, not the portal's"
    ),
    "SELECT pg_advisory_lock(1) FROM portal WHERE portal_id = %(portal_id)s": (
        "pg_advisory_lock() is called"
    ),
    "MERGE INTO pull u USING portal p ON u.portal_id = p.portal_id WHEN MATCHED THEN DELETE": (
        "it is a MERGE"
    ),
    "NOTIFY changes": "it is a NOTIFY",
    "SET lock_timeout = '1s'": "SET without LOCAL outlives the transaction",
    "CREATE TEMPORARY TABLE ids (id bigint)": "a temporary table belongs to a session",
}
"""Statements that break one rule each, and which."""

BAD_MIGRATIONS: Final = {
    "CREATE TABLE elsewhere (portal_id bigint PRIMARY KEY)": (
        "elsewhere is not in the table of distributed tables"
    ),
    "CREATE TABLE record (record_id bigint PRIMARY KEY)": (
        "primarykeycolumnconstraint (record_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint, record_id bigint,"
    " PRIMARY KEY (record_id, portal_id))": (
        "primarykey (record_id, portal_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint PRIMARY KEY, record_id bigint UNIQUE)": (
        "uniquecolumnconstraint (record_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint, record_id bigint, UNIQUE (record_id))": (
        "unique (record_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint, list_id bigint,"
    " FOREIGN KEY (list_id) REFERENCES list (portal_id, list_id))": (
        "foreignkey (list_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint, list_id bigint,"
    " FOREIGN KEY (portal_id, list_id) REFERENCES list (list_id))": (
        "reference (list_id) of record does not begin with portal_id"
    ),
    "CREATE TABLE record (portal_id bigint, list_id bigint REFERENCES list)": (
        "reference (list_id) of record does not begin with portal_id"
    ),
    "CREATE INDEX i ON record (lower(portal_id::text))": (
        "index i (LOWER(CAST(portal_id AS TEXT))) of record does not begin with portal_id"
    ),
    "CREATE UNIQUE INDEX i ON record (record_id, portal_id)": (
        "index i (record_id, portal_id) of record does not begin with portal_id"
    ),
    "ALTER TABLE record ADD CONSTRAINT u UNIQUE (record_id)": (
        "unique (record_id) of record does not begin with portal_id"
    ),
    "CREATE TRIGGER t BEFORE UPDATE ON record FOR EACH ROW EXECUTE FUNCTION f()": (
        "it makes a trigger"
    ),
    "SET lock_timeout = '1s'": "SET without LOCAL outlives the transaction",
    "CREATE TEMP TABLE record (portal_id bigint)": "a temporary table belongs to a session",
    "UPDATE record SET created_at_ms = random()": "random() is called",
}
"""Migrations that break one rule each, and which."""


def _statements() -> Iterator[tuple[str, str]]:
    """Name and text of all statements of the engine, whichever module they stand in."""
    for module in pkgutil.iter_modules(moyeu.storage.postgresql.__path__, f"{PACKAGE}."):
        for name, value in vars(import_module(module.name)).items():
            texts = value if isinstance(value, tuple) else (value,)
            for text in texts:
                if name.isupper() and isinstance(text, str) and _is_sql(text):
                    yield name, text


def _is_sql(text: str) -> bool:
    verb, _, rest = text.strip().partition(" ")
    return verb.partition("\n")[0] in VERBS and bool(rest)


FOUND: Final = sorted(set(_statements()))


def _is_part(name: str, text: str) -> bool:
    """Whether it is only a part of other statements."""
    return name.startswith("_") and any(
        text.strip() in other for each, other in FOUND if each != name
    )


STATEMENTS: Final = [(name, text) for name, text in FOUND if not _is_part(name, text)]
MIGRATIONS: Final = known_migrations(PACKAGE)


@pytest.mark.parametrize(("name", "statement"), STATEMENTS, ids=[name for name, _ in STATEMENTS])
def test_a_statement_keeps_the_rules(name: str, statement: str) -> None:
    broken = broken_rules(statement)

    if name in COPIES:
        assert broken == ["portal_id is not read from the table that is read"]
    elif name in EXCEPTIONS:
        assert [each[:3] for each in broken] == ["no "], "the exception is not needed"
    else:
        assert broken == []


def test_the_statements_are_found() -> None:
    names = {name for name, _ in STATEMENTS}

    assert {"CHANGE_RECORDS", "RECORDS", "PUT_ASSOCIATION", "PURGE_OBJECT_TYPE"} <= names
    assert names >= EXCEPTIONS.keys() | COPIES


def test_migrations_keep_the_rules() -> None:
    broken = [rule for each in MIGRATIONS for rule in broken_rules_of_migration(each.text)]

    assert broken == list(MIGRATION_EXCEPTIONS)


def test_every_distributed_table_is_made() -> None:
    made = set[str]().union(*(tables_made(each.text) for each in MIGRATIONS))

    assert made == DISTRIBUTED.keys()


@pytest.mark.parametrize("statement", GOOD)
def test_a_statement_of_one_portal_is_accepted(statement: str) -> None:
    assert broken_rules(statement) == []


@pytest.mark.parametrize(("statement", "rule"), BAD.items())
def test_a_statement_that_breaks_a_rule_is_seen(statement: str, rule: str) -> None:
    assert rule in broken_rules(statement)


@pytest.mark.parametrize(("text", "rule"), BAD_MIGRATIONS.items())
def test_a_migration_that_breaks_a_rule_is_seen(text: str, rule: str) -> None:
    assert rule in broken_rules_of_migration(text)
