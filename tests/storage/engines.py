"""The storage engines that the contract suite runs against, one row each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import moyeu.storage.postgresql
import moyeu.storage.sqlite
from moyeu.storage.contract import Store
from tests.postgres import databases
from tests.storage.scene import WAIT_MAX_S, Database

OPTION: Final = "--engine"
"""Of pytest: the one engine that a run is about."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How to open a store of one kind.

    open: from an empty folder (or one that such a store was closed in), the seconds that a write
    waits for its turn at most, and other options of such a store.
    forget: gives back what stores of that folder, all closed, have outside of it.
    """

    name: str
    open: Callable[..., Store]
    forget: Callable[[Path], None]


def engines_of(config: pytest.Config) -> tuple[Engine, ...]:
    """The engines that a run is about: all of them, or the one that was asked for."""
    asked = config.getoption(OPTION)
    found = tuple(each for each in ENGINES if asked in (None, each.name))
    if not found:
        raise pytest.UsageError(f"there is no engine {asked}")
    return found


def usual_engine(config: pytest.Config) -> Engine:
    """The engine of tests that need only one."""
    return engines_of(config)[0]


def engine_named(name: str) -> Engine:
    """The row of an engine."""
    return next(each for each in ENGINES if each.name == name)


def on_each_engine(metafunc: pytest.Metafunc, fixture: str) -> None:
    """Has tests run once on each engine of the run: that of `fixture`, as its parameter."""
    if fixture in metafunc.fixturenames:
        engines = engines_of(metafunc.config)
        names = [each.name for each in engines]
        metafunc.parametrize(fixture, engines, ids=names, indirect=True)


@contextmanager
def database_in(engine: Engine, folder: Path) -> Iterator[Database]:
    """A database of an engine; nothing is left of it outside of the folder."""
    made = Database(engine.open(folder, WAIT_MAX_S))
    try:
        yield made
    finally:
        made.close()
        engine.forget(folder)


def _open_sqlite(folder: Path, write_wait_max_s: float, **options: Any) -> Store:
    return moyeu.storage.sqlite.open_store(
        folder / "moyeu.db", write_wait_max_s=write_wait_max_s, **options
    )


def _forget_nothing(_folder: Path) -> None:
    pass


def _open_postgresql(folder: Path, write_wait_max_s: float, **options: Any) -> Store:
    note = _address_note(folder)
    if not note.exists():
        note.write_text(databases().take())
    return moyeu.storage.postgresql.open_store(
        note.read_text(), write_wait_max_s=write_wait_max_s, **options
    )


def _forget_postgresql(folder: Path) -> None:
    note = _address_note(folder)
    if note.exists():
        databases().give_back(note.read_text())
        note.unlink()


def _address_note(folder: Path) -> Path:
    """Where the address of a folder's database is written down."""
    return folder / "postgresql-address"


ENGINES: Final = (
    Engine("sqlite", _open_sqlite, _forget_nothing),
    Engine("postgresql", _open_postgresql, _forget_postgresql),
)
