"""What the HTTP edge grants a client: sizes, counts and deadlines, each with its reason.

These bounds protect the process, they are not HubSpot's. All of them hold before the application
is called or while it waits for the client; how long an operation may take is not decided here.
"""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB


@dataclass(frozen=True, slots=True)
class EdgeLimits:
    """The bounds of one server; a name ends in its unit, the value itself is still allowed."""

    header_deadline_s: float = 10.0
    """From the first byte of a request (of the connection, for the first one) to the end of its
    headers. Honest clients need one round trip; the parser alone would wait for ever."""

    body_deadline_s: float = 30.0
    """From the end of the headers to the end of the body, not counting the time in which the
    server itself does not read."""

    body_rate_min_bytes_s: int = KIB
    """Bytes a second that a body must bring on average after the grace. Ends a trickling client
    long before the deadline."""

    body_rate_grace_s: float = 5.0
    """How long a body may bring nothing: a lost packet on a bad line costs seconds."""

    body_bytes_max: int = 10 * MIB
    """Bytes of one body, counted as they arrive, after chunk decoding. A hundred inputs with a
    thousand long values each stay below it."""

    bodies_bytes_max: int = 64 * MIB
    """Bytes of all bodies held at the same time. Many clients that send large bodies at once are
    answered 503 instead of bringing the process to the end of its memory."""

    header_bytes_max: int = 32 * KIB
    """Bytes of all header lines of a request. Four times what common proxies let pass."""

    headers_max: int = 100
    """Header lines of a request. The most talkative proxies add about thirty."""

    target_bytes_max: int = 16 * KIB
    """Bytes of the request target. HubSpot refuses about 400 `properties=` (observed 2021-2025),
    which is about this size."""

    pipelined_max: int = 128
    """Requests of one connection that wait for their turn. One read can hold thousands."""

    keep_alive_s: float = 75.0
    """How long a connection may rest between requests. Longer than the 60 s after which common
    load balancers close theirs, so that they never send into a closing connection."""

    connections_max: int = 2048
    """Open connections; further ones get 503 and are closed. Each costs some 10 KiB."""

    requests_max: int = 512
    """Requests in the application at the same time; further ones get 503. Waiting longer than
    their clients do would help nobody."""

    send_deadline_s: float = 30.0
    """How long a full send buffer may make too little progress: the client does not read."""

    send_rate_min_bytes_s: int = KIB
    """Bytes a second that a client must take from a full send buffer on average."""

    linger_s: float = 2.0
    """How long the bytes after a refused request are thrown away before the connection is closed.
    Closing at once would make the kernel reset it, and the client would not see the refusal."""

    drain_idle_s: float = 0.5
    """How long a connection must have rested before a server that stops closes it. Who sends one
    request after the other, even across an ocean, sends the next one sooner; its answer tells that
    the connection closes. As long again the half that the client may write stays open, so that a
    request that crosses the close meets an end without an answer, not a reset."""

    graceful_shutdown_s: float = 10.0
    """How long requests in flight may take to finish when the server stops."""

    @property
    def sweep_s(self) -> float:
        """The time between two looks at all deadlines: how late a connection may be closed."""
        shortest = min(
            self.header_deadline_s,
            self.body_deadline_s,
            self.body_rate_grace_s,
            self.keep_alive_s,
            self.send_deadline_s,
            self.linger_s,
        )
        return min(1.0, max(0.01, shortest / 4))
