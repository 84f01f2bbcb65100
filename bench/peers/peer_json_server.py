"""json-server: the entries of one JSON file, one PATCH each, because it has no batch.

Source: json-server 0.17 README.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bench.peers.exchange import Address, fetch, prepared
from bench.peers.install import install_node
from bench.peers.measure import Batch, Target
from bench.peers.peer import Peer, Stage, Subject
from bench.peers.server import free_address, running
from bench.peers.work import random_rows


@contextlib.contextmanager
def started(stage: Stage) -> Iterator[Target]:
    """Serves `db.json`, without its request log."""
    rows = list(random_rows(stage.rows, stage.rng))
    (stage.folder / "db.json").write_text(json.dumps({"records": rows}))
    address = free_address()
    program = stage.installed / "node_modules" / "json-server" / "lib" / "cli" / "bin.js"
    command: list[str | Path] = [
        "node",
        program,
        "db.json",
        "--host",
        address[0],
        "--port",
        str(address[1]),
    ]
    with running([*command, "--quiet"], stage.folder, {}, address, "/records/1") as pid:
        yield Target(
            address=address,
            pid=pid,
            ids=[str(number) for number in range(1, stage.rows + 1)],
            records_per_request=1,
            requests_max=3000,
            request=lambda batch: _patch(address, batch),
            read=lambda record_id: fetch(address, "GET", f"/records/{record_id}", {}),
        )


def _patch(address: Address, batch: Batch) -> bytes:
    ((record_id, update),) = batch.items()
    return prepared(address, "PATCH", f"/records/{record_id}", {}, update)


JSON_SERVER = Peer(
    Subject(
        name="json-server",
        version="0.17.4",
        call="PATCH /{collection}/{id}, one record per request",
        promises="rewrites its whole file, not durable, values not validated, "
        "answer with the record",
    ),
    # The cost of a write is the size of the file: 1,000 records make about 1 MB.
    rows_max=1_000,
    install=install_node,
    started=started,
)
