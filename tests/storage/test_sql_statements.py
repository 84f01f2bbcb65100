"""The statements of the two SQL engines answer to one name and one set of parameters.

The parts that both engines share ask by name: what one engine lacks would fail only when asked for.
"""

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

import moyeu.storage.sql
from moyeu.storage.postgresql import hot_queries
from moyeu.storage.postgresql import transaction as postgresql
from moyeu.storage.sql.statements import Statements, statements_of
from moyeu.storage.sqlite import transaction as sqlite

BY_ENGINE: Final = {"sqlite": sqlite.STATEMENTS, "postgresql": postgresql.STATEMENTS}

ENGINE_OWN: Final = {
    "sqlite": {
        "TAKE_RECORD_IDS": "PostgreSQL gives ids out in blocks",
        "INSERT_RECORD": "PostgreSQL writes a batch by one statement",
        "CHANGE_RECORD": "PostgreSQL writes a batch by one statement",
        "ADD_WRITE": "PostgreSQL writes a batch by one statement",
    },
    "postgresql": {
        **dict.fromkeys(
            ("LOCK_PORTAL_COLUMNS", "CLEAR_COLUMNS"), "SQLite's columns are not in the database"
        ),
        "HOLD_SNAPSHOTS": "SQLite has one writer",
        "MARK_PORTAL": "SQLite gives out all ids one by one",
        "ADD_COUNTER": "SQLite keeps a portal's counters in its row",
        **dict.fromkeys(
            vars(statements_of(hot_queries)), "turns and batches as PostgreSQL has them"
        ),
    },
}
"""Statements of one engine alone, and why the other one has none."""

OTHER_PARAMETERS: Final = {"ADD_PORTAL": {"next_record_id"}}
"""Parameters that one of the engines leaves unused."""


def shared(which: str) -> dict[str, str]:
    """The statements that both engines have, by name; those of a tuple as one text."""
    return {
        name: text if isinstance(text, str) else "\n".join(text)
        for name, text in vars(BY_ENGINE[which]).items()
        if name not in ENGINE_OWN[which]
    }


def asked_for() -> set[str]:
    """The names that the shared parts ask for."""
    return {
        node.attr
        for path in Path(moyeu.storage.sql.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "_sql"
    }


@pytest.mark.parametrize("which", BY_ENGINE)
def test_the_table_names_statements_that_are_there(which: str) -> None:
    assert ENGINE_OWN[which].keys() <= vars(BY_ENGINE[which]).keys()


def test_engines_have_statements_by_the_same_names() -> None:
    assert shared("sqlite").keys() == shared("postgresql").keys()


def test_the_shared_parts_ask_for_all_of_them_and_no_others() -> None:
    assert asked_for() == shared("sqlite").keys()


@pytest.mark.parametrize("name", sorted(shared("sqlite")))
def test_both_engines_use_the_same_parameters(name: str) -> None:
    in_sqlite, in_postgresql = shared("sqlite")[name], shared("postgresql")[name]
    given = set(re.findall(r"%\((\w+)\)s", in_postgresql))
    if places := {int(each) for each in re.findall(r"\?(\d+)", in_sqlite)}:
        columns = {int(each) for each in re.findall(r"i\.v ->> (\d+)", in_postgresql)}
        assert given == {"portal_id", "rows"}
        assert places == {1} | {each + 2 for each in columns}
    else:
        expected = set(re.findall(r":(\w+)", in_sqlite))
        assert given ^ expected == OTHER_PARAMETERS.get(name, set())


def module(name: str, **statements: object) -> ModuleType:
    """A module that says these statements."""
    made = ModuleType(name)
    vars(made).update(statements)
    return made


def test_statements_are_the_upper_case_names_of_all_modules() -> None:
    first = module("first", ONE="SELECT 1", _PART="1", Final=Final, each="x")
    second = module("second", TWO=("SELECT 2", "SELECT 3"))

    found = statements_of(first, second)

    assert vars(found) == {"ONE": "SELECT 1", "TWO": ("SELECT 2", "SELECT 3")}
    assert (found.ONE, found.TWO[1]) == ("SELECT 1", "SELECT 3")


def test_a_name_in_two_modules_is_refused() -> None:
    with pytest.raises(ValueError, match="ONE"):
        statements_of(module("first", ONE="SELECT 1"), module("second", ONE="SELECT 1"))


def test_statements_are_frozen_and_tell_what_they_lack() -> None:
    statements = Statements({"ONE": "SELECT 1"})

    with pytest.raises(AttributeError, match="ONE"):
        statements.ONE = "SELECT 2"
    with pytest.raises(AttributeError, match="TWO"):
        _ = statements.TWO
    assert statements.ONE == "SELECT 1"
