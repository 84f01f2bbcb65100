"""The harness against a small stand-in for Moyeu: `python -m pytest bench/peers`.

No peer is installed or started here.
"""

import asyncio
import dataclasses
import json
import random
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.peers import peer_moyeu, report
from bench.peers.exchange import Address, Connection, prepared
from bench.peers.failure import PeerFailed, reason
from bench.peers.measure import Figures, Phase, Target, Verification, measure
from bench.peers.peer import Subject
from bench.peers.report import Row
from bench.peers.server import cpu_s, free_address, running
from bench.peers.work import (
    FILLERS,
    PROPERTIES,
    Kind,
    Value,
    epoch_ms,
    is_same,
    random_rows,
    random_update,
)

_RECORDS = 450


class _StandIn(ThreadingHTTPServer):
    """Lists, updates and shows partner services; `kept` is how it treats what it accepts."""

    daemon_threads = True

    def __init__(self, kept: str, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept = kept
        self.status = status
        self.records: dict[str, dict[str, str]] = {
            str(number): {} for number in range(1, _RECORDS + 1)
        }

    @property
    def address(self) -> Address:
        return "127.0.0.1", self.server_port


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _StandIn

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        fields = dict(urllib.parse.parse_qsl(query))
        record_id = path.rpartition("/")[2]
        if record_id != "partner_services":
            self._answer({"properties": self.server.records[record_id]})
            return
        first = int(fields.get("after", "1"))
        last = min(first + int(fields["limit"]), _RECORDS + 1)
        paging = {"paging": {"next": {"after": str(last)}}} if last <= _RECORDS else {}
        self._answer({"results": [{"id": str(n)} for n in range(first, last)], **paging})

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for one in content["inputs"]:
            if self.server.kept == "all":
                self.server.records[one["id"]].update(one["properties"])
        self._answer({"status": "COMPLETE"}, self.server.status)

    def _answer(self, content: object, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keeps the output of the tests clean."""


@pytest.fixture
def serve() -> Iterator["_Serve"]:
    """Starts stand-ins and stops them at the end."""
    started = _Serve()
    yield started
    for server in started.servers:
        server.shutdown()
        server.server_close()


class _Serve:
    def __init__(self) -> None:
        self.servers: list[_StandIn] = []

    def __call__(self, kept: str = "all", status: int = 200) -> _StandIn:
        server = _StandIn(kept, status)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)
        return server


def _target(server: _StandIn, requests_max: int = 2) -> Target:
    moyeu = peer_moyeu.Running(server.address, "token", None)
    found = peer_moyeu.target(moyeu, ids_max=10_000)
    return dataclasses.replace(found, requests_max=requests_max)


def test_all_pages_of_the_list_are_followed(serve: _Serve) -> None:
    assert len(_target(serve()).ids) == _RECORDS


def test_every_accepted_update_is_counted_and_read_back(serve: _Serve) -> None:
    figures = measure(_target(serve()), random.Random(1))

    assert [phase.concurrency for phase in figures.phases] == [1, 8]
    assert [phase.records for phase in figures.phases] == [200, 200]
    assert figures.verification.records == 25
    assert figures.verification.wrong == []


def test_records_that_are_written_again_and_again_are_read_back(serve: _Serve) -> None:
    target = _target(serve(), requests_max=24)
    few = dataclasses.replace(target, ids=target.ids[:100])

    figures = measure(few, random.Random(1))

    assert figures.verification.records == 25
    assert figures.verification.wrong == []


def test_a_server_that_forgets_what_it_accepted_is_found_out(serve: _Serve) -> None:
    figures = measure(_target(serve(kept="none")), random.Random(1))

    assert len(figures.verification.wrong) == 25 * len(PROPERTIES)


def test_a_server_that_accepts_nothing_has_no_figures(serve: _Serve) -> None:
    with pytest.raises(PeerFailed, match="429"):
        measure(_target(serve(status=429)), random.Random(1))


def test_fewer_records_than_a_batch_are_refused(serve: _Serve) -> None:
    server = serve()

    with pytest.raises(PeerFailed, match="only 99"):
        peer_moyeu.target(peer_moyeu.Running(server.address, "token", None), ids_max=99)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n"
        b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["length", "chunks", "chunks and a trailer", "closed afterwards"],
)
def test_a_connection_is_ready_for_the_next_request_after_an_answer(answer: bytes) -> None:
    handlers: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(b"{}"))
            writer.write(answer)
            if b"close" in answer:
                break
        writer.close()
        await writer.wait_closed()

    async def twice() -> list[int]:
        async with await asyncio.start_server(
            lambda *streams: handlers.append(asyncio.ensure_future(handle(*streams))),
            "127.0.0.1",
            0,
        ) as server:
            address = server.sockets[0].getsockname()
            connection = Connection(address)
            request = prepared(address, "POST", "/", {}, {})
            statuses = [await connection.exchange(request) for _ in range(2)]
            await connection.close()
            await asyncio.gather(*handlers)
        return statuses

    assert asyncio.run(twice()) == [200, 200]


@pytest.mark.parametrize(
    ("kind", "written", "read", "same"),
    [
        ("bool", True, "true", True),
        ("bool", True, 1, True),
        ("bool", True, "false", False),
        ("bool", False, False, True),
        ("bool", False, None, False),
        ("number", 120, "120", True),
        ("number", 120, 120.0, True),
        ("number", 120, 121, False),
        ("datetime", "2026-05-31T10:20:30.000Z", "2026-05-31T10:20:30Z", True),
        ("datetime", "2026-05-31T10:20:30.000Z", "2026-05-31T10:20:30.001Z", False),
        ("multi", ["email", "chat"], "chat;email", True),
        ("multi", ["email", "chat"], ["email", "chat"], True),
        ("multi", ["email", "chat"], "email", False),
        ("string", "Lead 1", "Lead 2", False),
        ("date", "2026-05-31", "2026-05-31", True),
    ],
)
def test_a_value_is_recognised_in_another_form_but_not_another_value(
    kind: Kind, written: Value, read: object, same: bool
) -> None:
    assert is_same(kind, written, read) is same


def test_an_update_changes_seven_properties_and_a_row_has_twenty_four_columns() -> None:
    rng = random.Random(1)

    assert len(random_update(rng)) == 7
    assert {len(row) for row in random_rows(3, rng)} == {8 + len(FILLERS)} == {24}


def test_a_date_is_its_midnight_in_utc() -> None:
    assert epoch_ms("2026-05-31") == epoch_ms("2026-05-31T00:00:00.000Z") == 1_780_185_600_000


def test_the_cpu_time_of_a_process_has_that_of_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None

    process.stdout.readline()
    used = cpu_s(process.pid)
    process.communicate(b"\n")

    assert used >= 0.29


def test_a_server_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    begun = time.monotonic()

    with (
        pytest.raises(PeerFailed, match="ended with 1: no such database"),
        running(command, tmp_path, {}, free_address(), "/"),
    ):
        pytest.fail("it runs")

    assert time.monotonic() - begun < 30


def test_a_server_is_stopped_at_the_end(tmp_path: Path) -> None:
    address = free_address()
    command = [sys.executable, "-m", "http.server", "--bind", address[0], str(address[1])]

    with running(command, tmp_path, {}, address, "/") as pid:
        assert cpu_s(pid) > 0

    with pytest.raises(FileNotFoundError):
        cpu_s(pid)


def test_a_reason_has_no_addresses_and_no_line_breaks() -> None:
    told = reason(OSError("cannot reach https://example.com/a/b,\nsee the log"))

    assert told == "OSError: cannot reach (address) see the log"


def test_the_table_compares_with_moyeu_and_gives_the_reason_for_a_gap() -> None:
    moyeu, half, gone = (Subject(name, "1", "call", "promise") for name in ("moyeu", "half", "no"))
    rows = [
        Row(moyeu, 10, _figures(2000.0)),
        Row(half, 10, _figures(1000.0)),
        Row(gone, None, reason="needs node"),
    ]

    table = report.render_table(rows)

    assert "| half | 1 | 10 | 8 | 1,000 | 0.5000 |" in table
    assert "- no: not measured: needs node" in table
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


def _figures(records_per_s: float) -> Figures:
    phase = Phase(8, 1, 100, 1.0, records_per_s, None, 0.1, 1.0, 2.0, {"503": 2})
    return Figures([phase], Verification(25, []))
