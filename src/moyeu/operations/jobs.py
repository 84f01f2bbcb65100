"""Jobs: work in parts that is kept until it is finished, so that any process may die.

A job is kept in the transaction that made it necessary, and each part moves it on in its own
transaction. Whoever began it carries it out; when he does not come back, whoever looks for jobs
that are due takes it over (`job_runner`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from moyeu.crm.association_values import AssociationStart
from moyeu.crm.callers import Caller, Occasion
from moyeu.storage.contract import Job, Store, WriteTransaction

LEASE_MS: Final = 60_000
"""So long after each part others leave the job to whoever carries it out."""


class Origin(msgspec.Struct, frozen=True):
    """On whose behalf a job is done; `user_id` as of `Caller`."""

    app_id: int
    user_id: int | None
    correlation_id: str

    @classmethod
    def of(cls, occasion: Occasion) -> "Origin":
        """That of a request."""
        caller = occasion.caller
        return cls(caller.app_id, caller.user_id, occasion.correlation_id)

    def occasion(self, portal_id: int, now_ms: int) -> Occasion:
        """The moment of a part, by the same app and user."""
        caller = Caller(portal_id, self.app_id, self.user_id, frozenset())
        return Occasion(caller, now_ms, self.correlation_id)


class Fill(msgspec.Struct, frozen=True, tag="fill"):
    """Records of a type from an id on get the values of calculated properties."""

    origin: Origin
    type_id: str
    names: tuple[str, ...]
    from_id: int = 0


class Refresh(msgspec.Struct, frozen=True, tag="refresh"):
    """Values that follow from associations are worked out at the other end of some.

    type_id: of the records that the starts are of.
    """

    origin: Origin
    type_id: str
    starts: tuple[AssociationStart, ...]


class Removal(msgspec.Struct, frozen=True, tag="removal"):
    """A portal is removed, or the contents that a snapshot had under a negative id.

    contents_id: None for the portal itself. is_begun: it can no more be called off.
    """

    contents_id: int | None = None
    is_begun: bool = False

    @property
    def origin(self) -> Origin:
        """Nobody's: whoever runs the server wants it, and nothing tells of it afterwards."""
        return Origin(0, None, "")


State = Fill | Refresh | Removal

S = TypeVar("S", Fill, Refresh, Removal)

Part = Callable[[WriteTransaction, Occasion, S], S | None]
"""Does one part of a job; what is left, None at the end."""

_write_state = msgspec.json.Encoder().encode
read_state = msgspec.json.Decoder(State).decode


def begin(transaction: WriteTransaction, occasion: Occasion, state: Fill | Refresh) -> Job:
    """Keeps a job of a request, which has at most one of a kind and type."""
    kind = type(state).__name__.lower()
    job_id = f"{kind}/{state.type_id}/{occasion.correlation_id}"
    job = Job(occasion.caller.portal_id, job_id, state_text(state), occasion.now_ms + LEASE_MS)
    transaction.put_job(job)
    return job


async def carry_out(store: Store, job: Job, state: S, part: Part[S], now_ms: int) -> None:
    """Carries a job out, part by part, until it is finished or somebody else has taken it over.

    now_ms: the time now. Raises what a turn that does not come in time does.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    left: S | None = state
    while left is not None:
        moment_ms = now_ms + round((loop.time() - began) * 1_000)
        work = _part(job, left, part, moment_ms)
        left = await store.write(work)


def _part(job: Job, state: S, part: Part[S], now_ms: int) -> Callable[[WriteTransaction], S | None]:
    def work(transaction: WriteTransaction) -> S | None:
        kept = transaction.job(job.portal_id, job.id)
        if kept is None or kept.state != state_text(state):
            return None
        left = part(transaction, state.origin.occasion(job.portal_id, now_ms), state)
        if left is None:
            transaction.remove_job(job.portal_id, job.id)
        else:
            transaction.put_job(replace(job, state=state_text(left), due_at_ms=now_ms + LEASE_MS))
        return left

    return work


def state_text(state: State) -> str:
    """A state as a job keeps it."""
    return _write_state(state).decode()
