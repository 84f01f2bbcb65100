"""What engines promise of the request log: what was asked and answered, for people who look.

It is no part of what is durable. Entries are kept beside the data, in batches and off the path of
the requests; what waits is lost with the process, and trouble with the log is logged and nobody's
error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

NO_PORTAL: Final = 0
"""The log of requests that never reached a portal: no token, no route."""

BODY_BYTES_MAX: Final = 1024 * 1024
"""Of each body that is kept; what is longer is cut there."""


class RuleNote(msgspec.Struct, frozen=True, gc=False):
    """A problem that decided, by the name of its rule in `catalog.rules`.

    keys: what the answer calls the inputs that it is about: trace ids, record ids, names. inputs:
    their places from 0, where those are known at once. Neither where it is the whole call.
    property: of a problem of a property value.
    """

    rule: str
    keys: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    property: str | None = None


class LoggedRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request and its answer; credentials are masked.

    number: ascending within the portal, 0 before it is kept. at_ms: the portal's clock. path,
    query: as sent. version, route, operation: of the endpoint, where there is one; the route is a
    template. object_type_id: that the path names. token_hint: the beginning of the token, of one
    that stands for somebody. inputs_ok, inputs_failed: of a batch, else one of them is 1.
    stages: microseconds by name, `auth`, `body`, `decode`, `wait`, `work`, `commit` and `encode`.
    statements: of the database. request_bytes, response_bytes: of the whole bodies before the
    answer is compressed; the bodies themselves are cut at BODY_BYTES_MAX, and empty where they
    were not asked for. HTTP headers keep their order, names in lower case.
    """

    portal_id: int
    number: int = 0
    correlation_id: str
    at_ms: int
    method: str
    path: str
    query: str = ""
    version: str | None = None
    route: str | None = None
    operation: str | None = None
    object_type_id: str | None = None
    app_id: int | None = None
    user_id: int | None = None
    token_hint: str | None = None
    status: int
    inputs_ok: int = 0
    inputs_failed: int = 0
    duration_us: int = 0
    stages: Mapping[str, int] = {}
    statements: int = 0
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    request_bytes: int = 0
    response_body: bytes = b""
    response_bytes: int = 0
    notes: tuple[RuleNote, ...] = ()

    @property
    def is_request_truncated(self) -> bool:
        """Whether the body that came was longer than what is kept."""
        return self.request_bytes > BODY_BYTES_MAX

    @property
    def is_response_truncated(self) -> bool:
        """Whether the body of the answer was longer than what is kept."""
        return self.response_bytes > BODY_BYTES_MAX


@dataclass(frozen=True, slots=True)
class LogBounds:
    """How much is kept of each portal: so many entries, none older than age_max_ms."""

    entries_max: int
    age_max_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which entries are wanted; None asks for nothing.

    status_class: 2 for 200 to 299. path_part: stands in the path. text: stands in the path, the
    query, a header, a note or a body. since_ms, until_ms: inclusive, of the portal's clock.
    before: a number; only lower ones. with_bodies: whether bodies are answered too.
    """

    status: int | None = None
    status_class: int | None = None
    method: str | None = None
    path_part: str | None = None
    version: str | None = None
    object_type_id: str | None = None
    correlation_id: str | None = None
    text: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    before: int | None = None
    limit: int = 100
    with_bodies: bool = False


class RequestLogStore(Protocol):
    """The request log of an open database."""

    def log_requests(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """Hands entries over to be kept, without waiting; never raises.

        They are numbered in this order. When more come than can be kept, the oldest that wait are
        dropped. The oldest that are kept go when there are more than the bounds say.
        """
        ...

    async def logged_requests(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """A portal's entries that are wanted, newest first.

        Sees everything that this process has logged before the call, and what others have kept.
        """
        ...

    async def requests_correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """The entries with that correlation id, bodies included, whichever portal they are of."""
        ...

    async def clear_requests(self, portal_id: int) -> None:
        """Forgets the entries of a portal, also those that wait to be kept."""
        ...
