"""A server with a control plane and a request log, over a database of the run's engine."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyeu.app import build_app, with_control
from moyeu.storage.contract import LogBounds
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.edge import running
from tests.conftest import WRITE_WAIT_MAX_S, Clock
from tests.storage.engines import usual_engine
from tests.wire.control.bench import HOST, TOKEN, Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Bench]:
    """One server for the tests of a process; each test makes the portals that it needs."""
    engine = usual_engine(pytestconfig)
    folder: Path = tmp_path_factory.mktemp("control")
    store = engine.open(folder, WRITE_WAIT_MAX_S)
    clock = Clock()
    bits = random.Random(1).getrandbits
    api = build_app(store, clock, bits, log_bounds=LogBounds(entries_max=1_000, age_max_ms=10**12))
    app = with_control(api, store, ControlAccess(TOKEN, frozenset({HOST})), clock, bits)
    try:
        with running(app) as url:
            yield Bench(url, store, clock)
    finally:
        store.close()
        engine.forget(folder)
