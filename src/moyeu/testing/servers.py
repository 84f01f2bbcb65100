"""A server for tests in their own process, with a control plane and a request log."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from moyeu.app import build_app, system_clock_ms, with_control
from moyeu.operations.job_runner import JobRunner
from moyeu.storage.contract import LogBounds
from moyeu.storage.sqlite import open_store
from moyeu.testing.client import ControlClient
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.edge import running

_LOG: Final = LogBounds(entries_max=10_000, age_max_ms=24 * 3_600 * 1_000)


@contextmanager
def serving(folder: Path) -> Iterator[ControlClient]:
    """A server on a free port of 127.0.0.1 and a SQLite database in an existing folder."""
    store = open_store(folder / "moyeu.db")
    try:
        token = secrets.token_hex(16)
        app = with_control(build_app(store, log_bounds=_LOG), store, ControlAccess(token))
        runner = JobRunner(store, system_clock_ms)
        with running(app, startup=runner.start, shutdown=runner.stop) as url:
            yield ControlClient(url, token)
    finally:
        store.close()
