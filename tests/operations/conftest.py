"""The database of a test of operations: a new one for each, with two portals, on every engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.operations.scene import furnish
from tests.storage.engines import Engine, on_each_engine
from tests.storage.scene import OTHER_PORTAL, PORTAL, WAIT_MAX_S, Database

# The machine decides how long an example takes. The database is shared by the examples of a test
# on purpose: each makes a portal of its own.
settings.register_profile(
    "operations", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("operations")

OpenDatabase = Callable[..., Database]


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
    """Opens the test's own database; `write_wait_max_s` as of the engines."""
    opened: list[Database] = []

    def open_one(write_wait_max_s: float = WAIT_MAX_S) -> Database:
        opened.append(Database(engine.open(tmp_path, write_wait_max_s)))
        for portal_id in (PORTAL, OTHER_PORTAL):
            furnish(opened[-1], portal_id)
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
    engine.forget(tmp_path)


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    """A new database with two portals."""
    return open_database()
