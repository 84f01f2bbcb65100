"""The request log of PostgreSQL, which several processes keep together."""

import asyncio
from pathlib import Path

from moyeu.storage.contract import LogBounds, LoggedRequest, RequestFilter
from tests.storage.engines import engine_named
from tests.storage.scene import PORTAL, WAIT_MAX_S

BOUNDS = LogBounds(1_000, 10**12)


def entry(name: str) -> LoggedRequest:
    return LoggedRequest(
        portal_id=PORTAL, correlation_id=name, at_ms=0, method="GET", path="/", status=200
    )


def test_processes_number_the_entries_of_a_portal_together(tmp_path: Path) -> None:
    engine = engine_named("postgresql")
    stores = [engine.open(tmp_path, WAIT_MAX_S) for _ in range(3)]

    async def log_and_ask() -> list[list[LoggedRequest]]:
        for number in range(40):
            for place, store in enumerate(stores):
                store.log_requests([entry(f"{place}-{number}")], BOUNDS)
            await asyncio.sleep(0)
        asked = (each.logged_requests(PORTAL, RequestFilter(limit=500)) for each in stores)
        await asyncio.gather(*asked)
        return [await each.logged_requests(PORTAL, RequestFilter(limit=500)) for each in stores]

    try:
        answers = asyncio.run(log_and_ask())
    finally:
        for each in stores:
            each.close()
        engine.forget(tmp_path)

    for found in answers:
        assert [each.number for each in found] == list(range(120, 0, -1))
        for place in range(3):
            own = [each for each in found if each.correlation_id.startswith(f"{place}-")]
            assert [each.correlation_id for each in own] == [
                f"{place}-{number}" for number in reversed(range(40))
            ]
