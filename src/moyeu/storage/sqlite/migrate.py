"""Brings a database to the newest schema: numbered SQL files, each applied once."""

import hashlib
from importlib.resources import files

import apsw

from moyeu.storage.contract import StoreError

_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
) STRICT
"""


class SchemaError(StoreError):
    """The database has a schema that this version does not know."""


def migrate(connection: apsw.Connection) -> int:
    """Applies what is missing, each file in its own transaction; how many there were.

    Refused: a database that a newer version has migrated, and a file that was edited after it had
    been applied.
    """
    connection.execute(_TABLE)
    applied = dict(connection.execute("SELECT number, checksum FROM migration"))
    known = _files()
    if unknown := applied.keys() - known.keys():
        raise SchemaError(
            f"this database has migration {max(unknown)}, which is newer than this version knows;"
            " start it with the version that wrote it"
        )
    count = 0
    for number, (name, text) in sorted(known.items()):
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if number not in applied:
            _apply(connection, number, name, text, checksum)
            count += 1
        elif applied[number] != checksum:
            raise SchemaError(f"migration {name} differs from the one this database was made with")
    return count


def _files() -> dict[int, tuple[str, str]]:
    folder = files("moyeu.storage.sqlite") / "migrations"
    return {
        int(each.name[:4]): (each.name, each.read_text("utf-8"))
        for each in folder.iterdir()
        if each.name.endswith(".sql")
    }


def _apply(connection: apsw.Connection, number: int, name: str, text: str, checksum: str) -> None:
    with connection:
        connection.execute(text)
        connection.execute(
            "INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)",
            (number, name, checksum),
        )
