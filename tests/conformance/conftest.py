"""The server of the conformance cases."""

from collections.abc import Callable

import pytest

from tests.conftest import Server
from tests.storage.engines import Engine


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, servers: Callable[[Engine], Server]) -> Server:
    """The server of the engine that a case is for."""
    assert isinstance(request.param, Engine)
    return servers(request.param)
