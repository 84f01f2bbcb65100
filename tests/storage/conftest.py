"""The database of a storage test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.engines import Engine, on_each_engine
from tests.storage.scene import WAIT_MAX_S, Database, furnish

OpenDatabase = Callable[..., Database]
"""Opens the database of the test's folder; `write_wait_max_s` as of the engines. Opened ones are
closed when the test ends."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that need an engine run on each."""
    on_each_engine(metafunc, "engine")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    assert isinstance(request.param, Engine)
    return request.param


@pytest.fixture
def open_database(engine: Engine, tmp_path: Path) -> Iterator[OpenDatabase]:
    """Opens the test's own database, as often as it likes."""
    opened: list[Database] = []

    def open_one(write_wait_max_s: float = WAIT_MAX_S) -> Database:
        opened.append(Database(engine.open(tmp_path, write_wait_max_s)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
    engine.forget(tmp_path)


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """A new database with two portals."""
    made = open_database()
    furnish(made)
    return made
