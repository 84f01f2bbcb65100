"""The engine of a simulation: each of the run in turn."""

import pytest

from tests.storage.engines import Engine, on_each_engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that need an engine run on each."""
    on_each_engine(metafunc, "engine")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    assert isinstance(request.param, Engine)
    return request.param
