"""The time and the correlation id of one request, and what the portal's controls say about it."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.controls.faults import FaultAction, FaultKind, RequestFacts
from moyeu.crm.controls.portal import Decision
from moyeu.operations.controls import begin_request
from moyeu.storage.contract import Store
from moyeu.wire.endpoints import Endpoint
from moyeu.wire.routes import Clock, ObjectRoute


class Moment:
    """When a request came, by the clock of its portal once that is known.

    clock: tells how late it is by now. fault: what is done to the request. date: the `Date` header
    where the portal's clock is not the real one.
    """

    __slots__ = ("clock", "correlation_id", "date", "fault", "now_ms")

    def __init__(self, now_ms: int, random_bits: int, clock: Clock) -> None:
        self.now_ms = now_ms
        self.correlation_id = make_correlation_id(now_ms, random_bits)
        self.clock = clock
        self.fault: FaultAction | None = None
        self.date: bytes | None = None

    @property
    def fault_kind(self) -> FaultKind | None:
        """What kind of fault the request meets."""
        return None if self.fault is None else self.fault.kind

    def go_by(self, decision: Decision, random_bits: Callable[[int], int]) -> None:
        """Goes by the portal's controls from now on."""
        real_now_ms, real_clock, portal_now_ms = self.now_ms, self.clock, decision.now_ms
        clock = decision.controls.clock
        if clock.frozen_at_ms is not None:
            self.clock = lambda: portal_now_ms
        elif portal_now_ms != real_now_ms:
            self.clock = lambda: real_clock() + portal_now_ms - real_now_ms
        if clock.frozen_at_ms is not None or portal_now_ms != real_now_ms:
            self.date = _http_date(portal_now_ms)
        bits = decision.correlation_bits
        if bits is None:
            bits = random_bits(74)
        self.now_ms = portal_now_ms
        self.correlation_id = make_correlation_id(portal_now_ms, bits)
        self.fault = None if decision.fault is None else decision.fault.action


async def take_controls(
    moment: Moment,
    store: Store,
    portal_id: int,
    facts: RequestFacts,
    random_bits: Callable[[int], int],
) -> None:
    """Has the controls of a portal decide about a request, and waits as long as they say."""
    decision = await begin_request(store, portal_id, facts, moment.now_ms)
    if decision is None:
        return
    moment.go_by(decision, random_bits)
    if moment.fault is not None and moment.fault.delay_ms:
        await asyncio.sleep(moment.fault.delay_ms / 1_000)


def request_facts(method: str, endpoint: Endpoint, named_type: ObjectType | None) -> RequestFacts:
    """What the rules of a portal see of a request; named_type: which its path names."""
    route = endpoint.route
    return RequestFacts(
        method,
        endpoint.path,
        route.operation if isinstance(route, ObjectRoute) else route.name,
        None if named_type is None else named_type.id,
    )


def make_correlation_id(now_ms: int, random_bits: int) -> str:
    """A UUID of version 7 from a moment and 74 random bits (observed in 2026 answers)."""
    number = (now_ms & (2**48 - 1)) << 80 | 0x7 << 76 | (random_bits >> 62 & 0xFFF) << 64
    number |= 0b10 << 62 | random_bits & (2**62 - 1)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _http_date(now_ms: int) -> bytes:
    return formatdate(now_ms // 1_000, usegmt=True).encode("ascii")
