"""What COMMIT may answer: a success that is less than the operator asked for is none."""

import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from moyeu.storage.contract import OutcomeUnknownError
from moyeu.storage.postgresql import open_store
from tests.postgres import private_server
from tests.storage.scene import WAIT_MAX_S, Database, furnish, insert, record, stored

_WAITING = """
SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'moyeu'
"""


def wait_for(found: Callable[[], list[tuple[int]]]) -> int:
    """The first of what is found in time."""
    give_up_at = time.monotonic() + WAIT_MAX_S
    while time.monotonic() < give_up_at:
        if rows := found():
            return rows[0][0]
        time.sleep(0.01)
    raise AssertionError("nobody waits for the standby")


@pytest.mark.parametrize("ending", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_whose_standby_was_not_waited_for_is_unknown(ending: str) -> None:
    with private_server() as server:
        store = open_store(server.url())
        database = Database(store)
        furnish(database)
        with psycopg.connect(server.url(), autocommit=True) as operator:
            operator.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            operator.execute("SELECT pg_reload_conf()")
            errors: list[Exception] = []

            def write() -> None:
                try:
                    insert(database, record(1, {"hs_name": "there"}))
                except OutcomeUnknownError as error:
                    errors.append(error)

            writing = threading.Thread(target=write)
            writing.start()
            pid = wait_for(lambda: operator.execute(_WAITING).fetchall())
            operator.execute(f"SELECT {ending}(%s)", [pid])
            writing.join(WAIT_MAX_S)

        assert len(errors) == 1
        assert stored(database, 1).properties["hs_name"] == "there"
        database.close()
