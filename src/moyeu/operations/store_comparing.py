"""What two databases have of a portal, compared: how much of each kind, and a checksum of it.

Both are read through the contract, in the order of the lines of an archive, so the engines may
differ in everything that is not a promise.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from moyeu.operations.archive_lines import SectionName, render_line
from moyeu.operations.archives import SECTIONS, Told, header_of
from moyeu.operations.store_copying import jobs_of
from moyeu.storage.contract import Portal, ReadTransaction, Store

Kind = Literal["portal", "token"] | SectionName
"""What is compared: the portal itself with its counters, census and jobs; its tokens; its lines."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How many there are of a kind, and the SHA-256 of them one after the other, hexadecimal."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of a portal in both databases."""

    source: Digest
    target: Digest

    @property
    def is_same(self) -> bool:
        """Whether both have the same."""
        return self.source == self.target


def sum_of(digests: Iterable[Digest]) -> Digest:
    """One digest for those of several portals."""
    count, digest = 0, hashlib.sha256()
    for each in digests:
        count += each.count
        digest.update(each.sha256.encode())
    return Digest(count, digest.hexdigest())


async def compare_portal(
    source: Store, target: Store, portal_id: int, on_progress: Told
) -> Mapping[Kind, Compared]:
    """What both databases have of a portal, each at one moment; nothing of one that is not there.

    on_progress: told how many lines of both were read.
    """
    done = [0, 0]

    def telling(side: int) -> Told:
        def told(count: int) -> None:
            done[side] = count
            on_progress(sum(done))

        return told

    ours, theirs = await asyncio.gather(
        digests_of(source, portal_id, telling(0)), digests_of(target, portal_id, telling(1))
    )
    return {kind: Compared(ours[kind], theirs[kind]) for kind in ours}


async def digests_of(store: Store, portal_id: int, on_progress: Told) -> Mapping[Kind, Digest]:
    """The digest of each kind of a portal, all of one moment."""

    def work(transaction: ReadTransaction) -> Mapping[Kind, Digest]:
        made: dict[Kind, Digest] = {}
        done = 0
        for kind, pages in _pages(transaction, portal_id):
            digest, count = hashlib.sha256(), 0
            for page in pages:
                digest.update(b"".join(page))
                count += len(page)
                on_progress(done + count)
            made[kind] = Digest(count, digest.hexdigest())
            done += count
        return made

    return await store.read(work)


def _pages(
    transaction: ReadTransaction, portal_id: int
) -> Iterator[tuple[Kind, Iterable[Sequence[bytes]]]]:
    """Every kind of a portal, page by page."""
    portals = [each for each in transaction.portals() if each.id == portal_id]
    yield "portal", [[_portal_line(transaction, each)] for each in portals]
    yield "token", [_token_lines(transaction, each) for each in portals]
    for section, pages in SECTIONS.items():
        yield (
            section,
            ([*map(render_line, page)] for each in portals for page in pages(transaction, each.id)),
        )


def _portal_line(transaction: ReadTransaction, portal: Portal) -> bytes:
    more = (
        transaction.search_lag_ms(portal.id),
        transaction.pull_state(portal.id),
        transaction.controls(portal.id),
        jobs_of(transaction, portal.id),
    )
    return render_line(header_of(transaction, portal)) + msgspec.json.encode(more)


def _token_lines(transaction: ReadTransaction, portal: Portal) -> list[bytes]:
    tokens = sorted(transaction.tokens(portal.id), key=lambda each: each.hash)
    return [_encode(each) for each in tokens]


_encode = msgspec.json.Encoder(order="deterministic").encode
