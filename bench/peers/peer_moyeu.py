"""Moyeu itself over the API that it speaks: its demo portal, or one that runs on this machine."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.peers.exchange import Address, fetch, inner, prepared
from bench.peers.failure import PeerFailed
from bench.peers.measure import Batch, Target
from bench.peers.peer import MOYEU, Subject
from bench.peers.work import PROPERTIES, RECORDS_PER_BATCH, Value

_PATH = "/crm/v3/objects/partner_services"
_PAGE_RECORDS = 100
_START_MAX_S = 300
# The demo portal has records of several object types; ten in a hundred are partner services.
_RECORDS_PER_SERVICE = 10

SUBJECT = Subject(
    name=MOYEU,
    version="–",
    call=f"POST {_PATH}/batch/update of 100 inputs",
    promises="one durable SQLite transaction (WAL), values validated, a history of the changes, "
    "answer with the records",
)


@dataclass(frozen=True)
class Running:
    """A Moyeu that runs: plain HTTP, a token that may read and write partner services."""

    address: Address
    token: str
    pid: int | None


@contextlib.contextmanager
def started(folder: Path, services: int) -> Iterator[Running]:
    """The demo portal with that many partner services in a database of its own, and ten times as
    many records in all, until the end of the block.

    Raises PeerFailed when it does not answer in time.
    """
    credentials = folder / "credentials.json"
    command = [
        *(sys.executable, "-c", "from moyeu.cli.main import main; main()", "demo"),
        *("--port", "0", "--records", str(services * _RECORDS_PER_SERVICE)),
        *("--credentials", str(credentials)),
        *("--database", f"sqlite:///{folder / 'demo.db'}"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + _START_MAX_S
        while not credentials.exists():
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise PeerFailed("the demo portal does not answer")
            time.sleep(0.1)
        told = json.loads(credentials.read_text())
        yield Running(parse_address(told["url"]), told["token"], process.pid)
    finally:
        process.terminate()
        process.wait()


def parse_address(url: str) -> Address:
    """Host and port of `http://host:port`. Raises ValueError for anything else."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"not an address of plain HTTP: {url}")
    return parts.hostname, parts.port or 80


def target(moyeu: Running, ids_max: int) -> Target:
    """Its partner services, as far as `ids_max`, as records to be updated.

    Raises PeerFailed when it has fewer records than a batch or answers anything but 2xx.
    """
    headers = {"Authorization": f"Bearer {moyeu.token}"}
    ids = _ids(moyeu.address, headers, ids_max)
    if len(ids) < RECORDS_PER_BATCH:
        raise PeerFailed(f"has only {len(ids)} partner services, a batch needs 100")
    return Target(
        address=moyeu.address,
        pid=moyeu.pid,
        ids=ids,
        records_per_request=RECORDS_PER_BATCH,
        requests_max=2000,
        request=lambda batch: _update(moyeu.address, headers, batch),
        read=lambda record_id: _properties(moyeu.address, headers, record_id),
    )


def _ids(address: Address, headers: Mapping[str, str], ids_max: int) -> list[str]:
    ids, after = _page(address, headers, None)
    while after is not None and len(ids) < ids_max:
        more, after = _page(address, headers, after)
        ids += more
    return ids[:ids_max]


def _page(
    address: Address, headers: Mapping[str, str], after: str | None
) -> tuple[list[str], str | None]:
    """The ids of one page of the list and the cursor of the next one, if there is one."""
    fields = {"limit": str(_PAGE_RECORDS), "properties": "hs_object_id"}
    query = urllib.parse.urlencode(fields if after is None else {**fields, "after": after})
    answer = fetch(address, "GET", f"{_PATH}?{query}", headers)
    records = answer.get("results")
    if not isinstance(records, list):
        raise PeerFailed(f"GET {_PATH} was answered without results")
    following = inner(answer, "paging", "next").get("after")
    ids = [str(record["id"]) for record in records]
    return ids, None if following is None else str(following)


def _update(address: Address, headers: Mapping[str, str], batch: Batch) -> bytes:
    inputs = [
        {"id": record_id, "properties": {name: _spelled(value) for name, value in update.items()}}
        for record_id, update in batch.items()
    ]
    return prepared(address, "POST", f"{_PATH}/batch/update", headers, {"inputs": inputs})


def _spelled(value: Value) -> str:
    """Property values travel as text: `true`, `a;b`, digits."""
    if isinstance(value, list):
        return ";".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _properties(
    address: Address, headers: Mapping[str, str], record_id: str
) -> Mapping[str, object]:
    query = urllib.parse.urlencode({"properties": ",".join(prop.name for prop in PROPERTIES)})
    answer = fetch(address, "GET", f"{_PATH}/{record_id}?{query}", headers)
    return inner(answer, "properties")
