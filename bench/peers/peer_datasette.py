"""Datasette: rows of an SQLite table, written by its JSON API.

Source: Datasette 1.0 alpha documentation, "The JSON write API" (upsert, API tokens, the setting
max_insert_rows, which is 100 as it comes).
"""

import contextlib
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.peers.exchange import Address, fetch, inner, prepared
from bench.peers.install import install_python
from bench.peers.measure import Batch, Target
from bench.peers.peer import Peer, Stage, Subject
from bench.peers.server import free_address, running
from bench.peers.work import FILLERS, PROPERTIES, RECORDS_PER_BATCH, Kind, Value, random_rows

_SECRET = "bench"  # Signs the token of this one run on a loopback port.

_SQL_TYPES: Mapping[Kind, str] = {"number": "REAL", "bool": "INTEGER"}


@contextlib.contextmanager
def started(stage: Stage) -> Iterator[Target]:
    """Serves `crm.db` in WAL mode, as Datasette's documentation advises for writing."""
    _fill(stage)
    address = free_address()
    program = stage.installed / "venv" / "bin" / "datasette"
    headers = {"Authorization": f"Bearer {_token(program)}"}
    command: list[str | Path] = [
        program,
        "serve",
        "crm.db",
        "--host",
        address[0],
        "--port",
        str(address[1]),
    ]
    with running(
        [*command, "--root", "--secret", _SECRET], stage.folder, {}, address, "/-/versions.json"
    ) as pid:
        yield Target(
            address=address,
            pid=pid,
            ids=[str(number) for number in range(1, stage.rows + 1)],
            records_per_request=RECORDS_PER_BATCH,
            requests_max=600,
            request=lambda batch: _upsert(address, headers, batch),
            read=lambda record_id: _row(address, headers, record_id),
        )


def _token(program: Path) -> str:
    command: list[str | Path] = [program, "create-token", "root", "--secret", _SECRET]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _fill(stage: Stage) -> None:
    columns = [f"{prop.name} {_SQL_TYPES.get(prop.kind, 'TEXT')}" for prop in PROPERTIES]
    columns += [f"{name} TEXT" for name in FILLERS]
    holes = ", ".join("?" * (1 + len(columns)))
    with contextlib.closing(sqlite3.connect(stage.folder / "crm.db")) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"CREATE TABLE records (id INTEGER PRIMARY KEY, {', '.join(columns)})")
        database.executemany(
            f"INSERT INTO records VALUES ({holes})",
            (
                [_spelled(value) for value in row.values()]
                for row in random_rows(stage.rows, stage.rng)
            ),
        )


def _spelled(value: Value) -> str | int:
    """SQLite has no bool and no list: 0 or 1, and text joined by `;`."""
    if isinstance(value, list):
        return ";".join(value)
    return int(value) if isinstance(value, bool) else value


def _upsert(address: Address, headers: Mapping[str, str], batch: Batch) -> bytes:
    rows = [
        {"id": int(record_id), **{name: _spelled(value) for name, value in update.items()}}
        for record_id, update in batch.items()
    ]
    return prepared(address, "POST", "/crm/records/-/upsert", headers, {"rows": rows})


def _row(address: Address, headers: Mapping[str, str], record_id: str) -> Mapping[str, object]:
    answer = fetch(address, "GET", f"/crm/records/{record_id}.json?_shape=object", headers)
    return inner(answer, record_id)


DATASETTE = Peer(
    Subject(
        name="datasette",
        version="1.0a41",
        call="POST /{database}/{table}/-/upsert of 100 rows",
        promises="one durable SQLite transaction (WAL); no history, values not validated, "
        "answer without the records",
    ),
    rows_max=None,
    install=install_python,
    started=started,
)
