"""The server that is measured: the application over one database, on a free loopback port.

    python bench/server.py DATABASE [--log ENTRIES] [--stages FILE]

Prints `{"port": …}` when it is ready; ends on SIGTERM. With `--stages` it measures what each stage
of a batch update costs (see `stages.py`), which slows it down by a few per cent. With `--log` it
keeps the last so many requests.
"""

import argparse
import json
import sys
from pathlib import Path

# As a script this file stands in the folder of its own package; with the repository's root in
# place of that folder it finds the package, whether the project is installed or not.
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from moyeu.app import build_app, settle_memory
from moyeu.storage.contract import LogBounds
from moyeu.storage.sqlite import open_store
from moyeu.wire.edge import Edge

_LOG_AGE_MAX_MS = 7 * 24 * 3_600 * 1_000


def main() -> int:
    """Serves until it is told to stop; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--log", type=int)
    parser.add_argument("--stages", type=Path)
    options = parser.parse_args()
    if options.stages is None:
        return serve(options.database, options.log)
    from bench.stages import Stages  # noqa: PLC0415 — it must not weigh on a measured server

    stages = Stages()
    stages.install()
    status = serve(options.database, options.log)
    options.stages.write_text(json.dumps(stages.report()))
    return status


def serve(database: Path, log_entries: int | None) -> int:
    """Serves the application over the database until SIGTERM; the exit status."""
    store = open_store(database)
    bounds = None if log_entries is None else LogBounds(log_entries, _LOG_AGE_MAX_MS)
    try:
        edge = Edge(build_app(store, log_bounds=bounds), on_ready=_tell_port)
        settle_memory()
        return edge.run()
    finally:
        store.close()


def _tell_port(edge: Edge) -> None:
    print(json.dumps({"port": edge.port}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
