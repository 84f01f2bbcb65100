"""What a row of the control plane's table is, and what its handlers see."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.storage.contract import Store
from moyeu.wire.exchange import Answer, Query
from moyeu.wire.routes import Clock

PREFIX: Final = "/_moyeu/v1"


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request whose route is known and whose sender may call it.

    path: the variable segments by name. portal_id: that of the path, 0 where it names none.
    clock_ms, now_ms: the real time, in milliseconds since 1970. secret_bits: that many bits that
    nobody can guess.
    """

    store: Store
    path: Mapping[str, str]
    portal_id: int
    query: Query
    query_text: str
    body: bytes
    clock_ms: Clock
    now_ms: int
    secret_bits: Callable[[int], int]
    correlation_id: str
    base_url: str


ControlHandler = Callable[[ControlRequest], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """One row.

    template: below PREFIX. summary: what it does, for the index. reads_body: whether it has one;
    the body is JSON then.
    """

    method: str
    template: str
    summary: str
    handler: ControlHandler
    reads_body: bool = False
