"""docs/operations.md: its statements run; messages, settings and exit codes are the real ones."""

import ast
import configparser
import re
from collections.abc import Iterator

import psycopg
import pytest

from moyeu.cli.exits import BROKEN, REFUSED, USAGE
from moyeu.cli.workers import WorkerTimes
from moyeu.crm.problems import RecordsLocked
from moyeu.settings import DESCRIPTIONS
from moyeu.storage.postgresql.migrate import migrate
from moyeu.wire.errors import UNAVAILABLE
from moyeu.wire.record_words import word_problem
from tests.docs.documents import OPERATIONS, ROOT, code_in, fenced, table_below
from tests.postgres import private_server

TEXT = OPERATIONS.read_text("utf-8")


def statements(kind: str) -> list[str]:
    """Of all blocks of that kind."""
    blocks = "\n".join(fenced(TEXT, kind))
    return [each.strip() for each in blocks.split(";") if each.strip()]


def test_its_statements_run_on_a_database_made_as_it_says() -> None:
    assert len(statements("sql")) > 8

    with private_server(durable=False) as server:
        with psycopg.connect(server.url(), autocommit=True) as superuser:
            for statement in statements("sql superuser"):
                superuser.execute(statement.encode())
        url = server.url("moyeu").replace("postgresql://postgres@", "postgresql://moyeu@")
        with psycopg.connect(url, autocommit=True) as moyeu:
            migrate(moyeu)
            for statement in statements("sql"):
                moyeu.execute(statement.encode())


def test_its_statements_for_a_cluster_call_functions_alone() -> None:
    for statement in statements("sql citus"):
        assert re.match(r"SELECT (\* FROM )?\w+\(", statement), statement


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default) or "none"


def test_its_settings_have_their_defaults() -> None:
    defaults = {each.name: _shown(each.default) for each in DESCRIPTIONS}

    for name, default, *_ in table_below(TEXT, "setting"):
        assert defaults[name.strip("`")] == default.strip("`")


def test_its_exit_codes_are_the_real_ones() -> None:
    codes = [code for code, _ in table_below(TEXT, "exit code")]

    assert codes == ["0", str(REFUSED), str(USAGE), str(BROKEN), "130, 143"]


def texts_in_the_code() -> Iterator[str]:
    """Every constant text of commands and engines, those between the holes of an f-string too."""
    for room in ("cli", "storage"):
        for path in (ROOT / "src" / "moyeu" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_messages_that_it_explains_are_in_the_code() -> None:
    texts = "\0".join(texts_in_the_code())
    rows = table_below(TEXT, "message")

    assert len(rows) > 15
    for message, *_ in rows:
        parts = [each.strip(" ()") for each in "…".join(code_in(message)).split("…")]
        assert len(max(parts, key=len)) > 10, message
        for part in parts:
            assert part in texts, message


def test_answers_are_quoted_as_they_are() -> None:
    locked = word_problem(RecordsLocked(), 20000001, "0-1")

    assert f"{locked.status} with `{locked.message}`" in TEXT
    assert f"{UNAVAILABLE.status} with `{UNAVAILABLE.message}`" in TEXT


def test_the_unit_waits_longer_than_workers_may_take_to_end() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign] # names have capitals here
    (text,) = fenced(TEXT, "ini")
    unit.read_string(text)

    assert float(unit["Service"]["TimeoutStopSec"]) > WorkerTimes().drain
    assert unit["Service"]["RestartPreventExitStatus"] == str(USAGE)


@pytest.mark.parametrize("word", ["<!-- sizing -->", "<!-- /sizing -->"])
def test_the_place_of_the_sizing_table_is_marked(word: str) -> None:
    assert TEXT.count(word) == 1
