"""The line between the parent of workers and one of them: a pair of connected sockets.

From the parent comes first one line, the order: what the worker is told to do; later, perhaps,
`DRAIN`. From the worker comes one line once it answers requests. When the line ends, the other
process is gone.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from typing import Final

DRAIN: Final = b"drain\n"
"""Accept no connection any more, answer what comes on the open ones, and end."""

HELD_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""What a terminal or a service manager may send to all processes at once.

A worker is born with all of them blocked, so that none can hit it half-made.
"""

_LOG: Final = logging.getLogger("moyeu.workers")


class ParentLine:
    """The worker's end.

    Of the signals only SIGTERM reaches the worker: it stops as its server says. What a terminal
    sends is for the parent.
    """

    def __init__(self, line: socket.socket) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self._line = line

    def order(self) -> bytes:
        """What the worker is told to do; b"" when the parent is gone. Waits for it."""
        with self._line.makefile("rb", buffering=0) as file:
            return file.readline()

    def watch(self, drain: Callable[[], None]) -> None:
        """From now on calls `drain` when the parent says so or is gone; within a running loop."""
        loop = asyncio.get_running_loop()

        def hear() -> None:
            said = self._line.recv(len(DRAIN))
            if not said:
                loop.remove_reader(self._line)
                _LOG.warning("the parent process is gone, the worker stops")
            drain()

        loop.add_reader(self._line, hear)

    def tell_ready(self, text: bytes = b"") -> None:
        """Tells the parent, with a text without line breaks, that requests are answered."""
        # Of a parent that is gone `watch` hears.
        with contextlib.suppress(BrokenPipeError):
            self._line.sendall(text + b"\n")
