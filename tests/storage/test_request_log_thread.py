"""The thread that keeps requests, and the file that they are kept in."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from moyeu.storage.contract import LogBounds, LoggedRequest, RequestFilter, StoreError
from moyeu.storage.sql import request_log
from moyeu.storage.sql.request_log import RequestLog
from moyeu.storage.sqlite import open_store

BOUNDS = LogBounds(1_000, 10**12)


def entry(number: int) -> LoggedRequest:
    return LoggedRequest(
        portal_id=1,
        correlation_id=str(number),
        at_ms=number,
        method="GET",
        path="/",
        status=200,
        response_body=b"12345",
    )


class Backend:
    """Keeps entries in a list; fails, or waits, as it is told."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.batches = 0
        self.may_keep = threading.Event()
        self.may_keep.set()
        self.fails = False
        self.opened = 0

    def open(self) -> "Backend":
        self.opened += 1
        return self

    def keep(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        self.may_keep.wait(10)
        if self.fails:
            raise OSError("the disk is full")
        self.batches += 1
        self.kept += [each.correlation_id for each in entries]

    def find(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        if self.fails:
            raise OSError("the disk is gone")
        return []

    def correlated(self, correlation_id: str) -> list[LoggedRequest]:
        return []

    def clear(self, portal_id: int) -> None:
        self.kept.clear()

    def close(self) -> None:
        pass


def ask(log: RequestLog) -> None:
    """Asks something, so that all before it is kept."""
    asyncio.run(log.ask(lambda backend: backend.find(1, RequestFilter())))


def test_entries_are_kept_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "PAUSE_S", 10.0)
    backend = Backend()
    log = RequestLog(backend.open)

    for number in range(50):
        log.add([entry(number)], BOUNDS)
    ask(log)

    assert backend.kept == [str(number) for number in range(50)]
    assert backend.batches <= 2
    log.close()


def test_entries_are_kept_after_a_moment_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "PAUSE_S", 0.01)
    kept = threading.Event()
    backend = Backend()
    usual = backend.keep

    def keep(entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        usual(entries, bounds)
        kept.set()

    monkeypatch.setattr(backend, "keep", keep)
    log = RequestLog(backend.open)
    log.add([entry(1)], BOUNDS)

    assert kept.wait(10)
    log.close()


@pytest.mark.parametrize(("limit", "value"), [("_WAITING_MAX", 3), ("_WAITING_BYTES_MAX", 15)])
def test_the_oldest_that_wait_are_dropped_when_too_many_come(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limit: str, value: int
) -> None:
    monkeypatch.setattr(request_log, limit, value)
    backend = Backend()
    log = RequestLog(backend.open)
    backend.may_keep.clear()
    log.add([entry(0)], BOUNDS)
    # The thread has taken the first one, or has not; the others wait for it.
    for number in range(1, 10):
        log.add([entry(number)], BOUNDS)
    backend.may_keep.set()
    ask(log)
    log.close()

    assert backend.kept[-3:] == ["7", "8", "9"]
    assert log.dropped + len(backend.kept) == 10
    assert log.dropped >= 6
    told = [int(each.getMessage().split()[0]) for each in caplog.records]
    assert sum(told) == log.dropped


def test_trouble_is_logged_once_and_the_log_goes_on_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend = Backend()
    backend.fails = True
    log = RequestLog(backend.open)

    with caplog.at_level(logging.WARNING, "moyeu.storage"):
        for number in range(3):
            log.add([entry(number)], BOUNDS)
            with pytest.raises(StoreError, match="the disk is gone"):
                ask(log)
    backend.fails = False
    log.add([entry(3)], BOUNDS)
    ask(log)
    log.close()

    assert [each.getMessage() for each in caplog.records] == [
        "requests are not logged: the disk is full"
    ]
    assert backend.kept == ["3"]
    assert log.dropped == 3
    assert backend.opened > 1


def test_who_stops_waiting_for_an_answer_stops_nobody_else() -> None:
    backend = Backend()
    log = RequestLog(backend.open)
    backend.may_keep.clear()
    log.add([entry(0)], BOUNDS)

    async def leave() -> None:
        asking = asyncio.create_task(log.ask(lambda kept: kept.find(1, RequestFilter())))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(leave())
    backend.may_keep.set()
    ask(log)
    log.close()

    assert backend.kept == ["0"]


def test_a_closed_log_has_kept_all_and_answers_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "PAUSE_S", 10.0)
    backend = Backend()
    log = RequestLog(backend.open)
    log.add([entry(1)], BOUNDS)

    log.close()
    log.add([entry(2)], BOUNDS)

    assert backend.kept == ["1"]
    with pytest.raises(StoreError, match="closed"):
        ask(log)


@pytest.mark.parametrize("damage", [b"no database at all" * 1_000, b""])
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "moyeu.db-requests"
    path.write_bytes(damage)
    store = open_store(tmp_path / "moyeu.db")

    store.log_requests([entry(1)], BOUNDS)
    found = asyncio.run(store.logged_requests(1, RequestFilter()))
    store.close()

    assert [each.correlation_id for each in found] == ["1"]
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_a_database_that_nobody_logs_to_has_no_such_file(tmp_path: Path) -> None:
    open_store(tmp_path / "moyeu.db").close()

    assert not (tmp_path / "moyeu.db-requests").exists()
