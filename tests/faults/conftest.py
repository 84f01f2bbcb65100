"""The databases of the fault tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.control import Control
from tests.faults.databases import Database
from tests.postgres import databases
from tests.storage.engines import Engine, on_each_engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of what every engine promises run on each."""
    on_each_engine(metafunc, "database")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each engine in turn; of SQLite, where its file will be."""
    engine = request.param
    assert isinstance(engine, Engine)
    if engine.name == "sqlite":
        yield tmp_path / "moyeu.db"
    else:
        yield from _postgresql()


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty database of PostgreSQL."""
    yield from _postgresql()


def _postgresql() -> Iterator[str]:
    taken = databases().take()
    with Control(taken) as control:
        before = control.deadlocks()
        yield taken
        for each in control.stores():
            control.await_end(each)
        assert control.deadlocks() == before
    databases().give_back(taken)
