"""One of several processes that serve one socket; started by `workers`, not by people.

Its command line names two open files: the listening socket, and the line to the parent.
"""

import asyncio
import socket
import sys

from moyeu.cli.console import print_error
from moyeu.cli.databases import opened
from moyeu.cli.exits import REFUSED, CommandError
from moyeu.cli.flags import settings_of
from moyeu.cli.logs import start_logging
from moyeu.cli.serving import edge_on, run
from moyeu.cli.worker_line import ParentLine
from moyeu.cli.worker_orders import WorkerReady, make_ready, read_order
from moyeu.operations.portals import list_portals
from moyeu.wire.edge import Edge


def serve(listener: socket.socket, line: ParentLine) -> int:
    """Serves as it is ordered until the line or a signal ends it; the exit code."""
    order = line.order()
    if not order:
        return REFUSED
    try:
        settings = settings_of(read_order(order)).settings
        start_logging(settings)
        with opened(settings) as store:
            ready = WorkerReady(is_empty=not asyncio.run(list_portals(store)))

            async def startup() -> None:
                line.watch(edge.stop)

            def on_ready(_edge: Edge) -> None:
                line.tell_ready(make_ready(ready))

            edge = edge_on(listener, store, settings, on_ready, startup)
            return run(edge)
    except CommandError as error:
        print_error(str(error))
        return error.code


if __name__ == "__main__":
    _listener, _line = (socket.socket(fileno=int(each)) for each in sys.argv[1:3])
    sys.exit(serve(_listener, ParentLine(_line)))
