"""The figures of one peer: how many records per second, at which cost, and whether it is true.

A phase sends its prepared requests over a fixed number of connections until they are used up or
the time is over, whichever is first; every request has its own random ids and values.
"""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.peers.exchange import Address, Connection
from bench.peers.failure import PeerFailed
from bench.peers.server import cpu_s
from bench.peers.work import PROPERTIES, Update, is_same, random_update

CONCURRENCIES = (1, 8)
PHASE_S = 5.0
WARM_UP_S = 2.0
SAMPLE_RECORDS = 25

Batch = Mapping[str, Update]
"""Record id → its new values; no id twice."""


@dataclass(frozen=True)
class Target:
    """A peer that runs and has its rows."""

    address: Address
    pid: int | None
    """The server's process, for its CPU time; None if it is not known."""
    ids: Sequence[str]
    records_per_request: int
    requests_max: int
    """Requests of one phase: somewhat more than the peer answers in PHASE_S."""
    request: Callable[[Batch], bytes]
    read: Callable[[str], Mapping[str, object]]
    """Record id → property name → value, as the peer shows them."""


@dataclass(frozen=True)
class Phase:
    """What one phase gave; times per record are None without any written record."""

    concurrency: int
    requests: int
    records: int
    seconds: float
    records_per_s: float
    server_cpu_ms_per_record: float | None
    client_cpu_ms_per_record: float | None
    answer_ms_p50: float | None
    answer_ms_p99: float | None
    refused: Mapping[str, int]
    """Status → how many requests were answered with it instead of 200."""


@dataclass(frozen=True)
class Verification:
    """Values of the last phase that were read back, and those that were not what was written."""

    records: int
    """0 if every record was also in a request that was refused, so that nothing is certain."""
    wrong: Sequence[str]


@dataclass(frozen=True)
class Figures:
    """Everything that is measured of one peer."""

    phases: Sequence[Phase]
    verification: Verification


@dataclass(frozen=True)
class _Sent:
    status: int
    begun_s: float
    ended_s: float
    batch: Batch


@dataclass
class _Load:
    """The requests of a phase, handed out to its connections one by one."""

    waiting: Iterator[tuple[bytes, Batch]]
    stop_at_s: float
    sent: list[_Sent] = field(default_factory=list)

    async def send_all(self, address: Address) -> None:
        connection = Connection(address)
        try:
            for request, batch in self.waiting:
                begun_s = time.perf_counter()
                status = await connection.exchange(request)
                ended_s = time.perf_counter()
                self.sent.append(_Sent(status, begun_s, ended_s, batch))
                if ended_s > self.stop_at_s:
                    return
        finally:
            await connection.close()


def measure(target: Target, rng: random.Random) -> Figures:
    """All phases, a short warm-up before the first, and the check of the last one's values.

    Raises PeerFailed when no request of a phase was answered with 200.
    """
    _send(target, 1, _prepare(target, target.requests_max // 2, rng), WARM_UP_S)
    phases = []
    sent: Sequence[_Sent] = ()
    for concurrency in CONCURRENCIES:
        phase, sent = _phase(target, concurrency, rng)
        if not phase.records:
            raise PeerFailed(f"no request was answered with 200, but {dict(phase.refused)}")
        phases.append(phase)
    return Figures(phases, _verify(target, sent, rng))


def _prepare(target: Target, count: int, rng: random.Random) -> list[tuple[bytes, Batch]]:
    chosen = (rng.sample(target.ids, target.records_per_request) for _ in range(count))
    batches = ({record_id: random_update(rng) for record_id in ids} for ids in chosen)
    return [(target.request(batch), batch) for batch in batches]


def _send(
    target: Target, concurrency: int, requests: Sequence[tuple[bytes, Batch]], seconds: float
) -> list[_Sent]:
    async def send() -> list[_Sent]:
        load = _Load(iter(requests), time.perf_counter() + seconds)
        await asyncio.gather(*(load.send_all(target.address) for _ in range(concurrency)))
        return load.sent

    return asyncio.run(send())


def _phase(target: Target, concurrency: int, rng: random.Random) -> tuple[Phase, list[_Sent]]:
    requests = _prepare(target, target.requests_max, rng)
    server_cpu_s = _cpu_s(target)
    client_cpu_s = time.process_time()
    begun = time.perf_counter()
    sent = _send(target, concurrency, requests, PHASE_S)
    seconds = time.perf_counter() - begun
    client_cpu_s = time.process_time() - client_cpu_s
    server_cpu_s = _cpu_s(target) - server_cpu_s
    records = sum(len(one.batch) for one in sent if one.status == 200)
    times = sorted((one.ended_s - one.begun_s) * 1000 for one in sent)
    return (
        Phase(
            concurrency=concurrency,
            requests=len(sent),
            records=records,
            seconds=seconds,
            records_per_s=records / seconds,
            server_cpu_ms_per_record=_ms_per(server_cpu_s, records) if target.pid else None,
            client_cpu_ms_per_record=_ms_per(client_cpu_s, records),
            answer_ms_p50=_quantile(times, 0.50),
            answer_ms_p99=_quantile(times, 0.99),
            refused=dict(Counter(str(one.status) for one in sent if one.status != 200)),
        ),
        sent,
    )


def _cpu_s(target: Target) -> float:
    return 0.0 if target.pid is None else cpu_s(target.pid)


def _ms_per(seconds: float, records: int) -> float | None:
    return seconds * 1000 / records if records else None


def _quantile(ascending: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all values do not exceed."""
    return ascending[math.ceil(share * len(ascending)) - 1] if ascending else None


def _verify(target: Target, sent: Sequence[_Sent], rng: random.Random) -> Verification:
    """Reads back some records of a phase, none that was in a request that was refused."""
    writes: dict[str, list[_Sent]] = {}
    for one in sent:
        for record_id in one.batch:
            writes.setdefault(record_id, []).append(one)
    certain = sorted(
        record_id for record_id, ones in writes.items() if all(one.status == 200 for one in ones)
    )
    chosen = rng.sample(certain, min(SAMPLE_RECORDS, len(certain)))
    wrong = [
        difference
        for record_id in chosen
        for difference in _mismatch(record_id, writes[record_id], target.read(record_id))
    ]
    return Verification(len(chosen), wrong)


def _mismatch(record_id: str, writes: Sequence[_Sent], read: Mapping[str, object]) -> list[str]:
    """How a record differs from its last write; empty if it holds that of any possible last one.

    Of two writes that were under way together either may have been the last.
    """
    last_begun_s = max(write.begun_s for write in writes)
    possible = [write.batch[record_id] for write in writes if write.ended_s >= last_begun_s]
    mismatches = [list(_differences(record_id, update, read)) for update in possible]
    return min(mismatches, key=len)


def _differences(record_id: str, written: Update, read: Mapping[str, object]) -> Iterator[str]:
    for prop in PROPERTIES:
        shown = read.get(prop.name)
        if not is_same(prop.kind, written[prop.name], shown):
            yield f"record {record_id}, {prop.name}: wrote {written[prop.name]!r}, read {shown!r}"
