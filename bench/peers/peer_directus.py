"""Directus on SQLite: items of a collection, with its revisions.

Source: Directus 11 documentation: "Items" (update multiple items), "Collections", configuration
options (ADMIN_TOKEN, DB_CLIENT, TELEMETRY).
"""

import contextlib
import os
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.peers.exchange import Address, fetch, inner, prepared
from bench.peers.failure import PeerFailed, last_words
from bench.peers.install import install_node
from bench.peers.measure import Batch, Target
from bench.peers.peer import Peer, Stage, Subject
from bench.peers.server import free_address, running
from bench.peers.work import (
    FILLERS,
    PROPERTIES,
    RECORDS_PER_BATCH,
    Kind,
    Value,
    epoch_ms,
    random_rows,
)

# The package's `directus` command asks the network for a newer version at every start; this is
# the program that it starts afterwards.
_PROGRAM = "node_modules/@directus/api/dist/cli/run.js"

BOOTSTRAP_TIMEOUT_S = 120.0

# Directus' type of a field, and the conversions that its field settings have to name.
_FIELD_TYPES: Mapping[Kind, tuple[str, list[str]]] = {
    "select": ("string", []),
    "number": ("float", []),
    "date": ("date", []),
    "datetime": ("timestamp", []),
    "bool": ("boolean", ["cast-boolean"]),
    "multi": ("csv", ["cast-csv"]),
    "string": ("string", []),
}


@contextlib.contextmanager
def started(stage: Stage) -> Iterator[Target]:
    """A new Directus project whose collection is made by its API and filled by SQL."""
    address = free_address()
    token = secrets.token_hex()
    headers = {"Authorization": f"Bearer {token}"}
    environment = _environment(stage.folder, address, token)
    command: list[str | Path] = ["node", stage.installed / _PROGRAM]
    _bootstrap(command, stage.folder, environment)
    with running([*command, "start"], stage.folder, environment, address, "/server/ping") as pid:
        fetch(address, "POST", "/collections", headers, _collection())
        _fill(stage)
        yield Target(
            address=address,
            pid=pid,
            ids=[str(number) for number in range(1, stage.rows + 1)],
            records_per_request=RECORDS_PER_BATCH,
            requests_max=60,
            request=lambda batch: _patch(address, headers, batch),
            read=lambda record_id: _item(address, headers, record_id),
        )


def _environment(folder: Path, address: Address, token: str) -> dict[str, str]:
    return {
        "HOST": address[0],
        "PORT": str(address[1]),
        "PUBLIC_URL": f"http://{address[0]}:{address[1]}",
        "SECRET": secrets.token_hex(),
        "DB_CLIENT": "sqlite3",
        "DB_FILENAME": str(folder / "directus.db"),
        "ADMIN_EMAIL": "admin@example.com",
        "ADMIN_PASSWORD": secrets.token_hex(),
        "ADMIN_TOKEN": token,
        "TELEMETRY": "false",
        "LOG_LEVEL": "warn",
    }


def _bootstrap(command: list[str | Path], folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [*command, "bootstrap"],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BOOTSTRAP_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise PeerFailed(f"bootstrap ended with {done.returncode}: {last_words(done.stdout)}")


def _collection() -> dict[str, object]:
    """The request that makes the collection; `meta` present means that revisions are kept."""
    key: dict[str, object] = {"is_primary_key": True, "has_auto_increment": True}
    fields = [{"field": "id", "type": "integer", "schema": key, "meta": {}}]
    for prop in PROPERTIES:
        field_type, special = _FIELD_TYPES[prop.kind]
        fields.append(
            {"field": prop.name, "type": field_type, "schema": {}, "meta": {"special": special}}
        )
    fields += [{"field": name, "type": "string", "schema": {}, "meta": {}} for name in FILLERS]
    return {"collection": "records", "schema": {}, "meta": {}, "fields": fields}


def _fill(stage: Stage) -> None:
    """Writes the rows past Directus, which needs minutes for them; it is idle meanwhile."""
    kinds = {prop.name: prop.kind for prop in PROPERTIES}
    names = ["id", *kinds, *FILLERS]
    statement = (
        f"INSERT INTO records ({', '.join(names)}) "
        f"VALUES ({', '.join(f':{name}' for name in names)})"
    )
    with contextlib.closing(sqlite3.connect(stage.folder / "directus.db")) as database, database:
        database.executemany(
            statement,
            (
                {name: _stored(kinds.get(name), value) for name, value in row.items()}
                for row in random_rows(stage.rows, stage.rng)
            ),
        )


def _stored(kind: Kind | None, value: Value) -> str | int:
    """The value as Directus itself stores it: observed in a file that 11.3.5 wrote."""
    if isinstance(value, list):
        return ",".join(value)
    return epoch_ms(value) if kind in ("date", "datetime") else value


def _patch(address: Address, headers: Mapping[str, str], batch: Batch) -> bytes:
    items = [{"id": int(record_id), **update} for record_id, update in batch.items()]
    return prepared(address, "PATCH", "/items/records", headers, items)


def _item(address: Address, headers: Mapping[str, str], record_id: str) -> Mapping[str, object]:
    return inner(fetch(address, "GET", f"/items/records/{record_id}", headers), "data")


DIRECTUS = Peer(
    Subject(
        name="directus",
        version="11.3.5",
        call="PATCH /items/{collection} of 100 items",
        promises="one durable SQLite transaction (rollback journal), types validated, a revision "
        "and an activity row per item, answer with the records",
    ),
    rows_max=None,
    install=install_node,
    started=started,
)
