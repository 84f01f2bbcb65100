"""Numbered SQL files that bring a database to the newest schema, each applied once.

A database remembers the number and the checksum of each file that it has; which of them it lacks,
and whether it may be used at all, follows from that.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from moyeu.storage.contract import StoreError


class SchemaError(StoreError):
    """The database has a schema that this version does not know, or cannot be given it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `name` is 0001_what_it_makes.sql, and `number` is what it begins with."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What tells an edited file from the one that was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def known_migrations(package: str) -> list[Migration]:
    """The files in the folder `migrations` of an engine, ascending by number."""
    folder = files(package) / "migrations"
    found = [
        Migration(int(each.name[:4]), each.name, each.read_text("utf-8"))
        for each in folder.iterdir()
        if each.name.endswith(".sql")
    ]
    return sorted(found, key=lambda each: each.number)


def pending_migrations(known: Iterable[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """What a database lacks, in the order in which it must be applied.

    applied: checksum by number.
    Refused: SchemaError for a database that a newer version has migrated, and for a file that was
    edited after it had been applied.
    """
    by_number = {each.number: each for each in known}
    if unknown := applied.keys() - by_number.keys():
        raise SchemaError(
            f"this database has migration {max(unknown)}, which is newer than this version knows;"
            " start it with the version that wrote it"
        )
    for number, checksum in sorted(applied.items()):
        if by_number[number].checksum != checksum:
            raise SchemaError(
                f"migration {by_number[number].name} differs from the one this database was made"
                " with"
            )
    return [each for number, each in sorted(by_number.items()) if number not in applied]
