"""The server of the conformance cases: one of each engine in turn."""

from collections.abc import Callable

import pytest

from tests.conftest import Server
from tests.storage.engines import Engine, on_each_engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Cases run on each engine."""
    on_each_engine(metafunc, "server")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, servers: Callable[[Engine], Server]) -> Server:
    """The server of an engine."""
    assert isinstance(request.param, Engine)
    return servers(request.param)
