"""The portal of searches and associations: services with more to find in them, and companies.

What a record holds follows from its place, the number of seeded ones before it; so what a search
has to find is known without asking the server.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench import portal
from bench.portal import Seeded
from moyeu.crm.associations import Association, default_associations
from moyeu.crm.callers import Occasion
from moyeu.storage.contract import Store, WriteTransaction
from moyeu.storage.sqlite import open_store

CYCLE: Final = 10_000
"""What is found in a share of the places is found equally often in each row of so many."""

REGIONS: Final = 50
CASES: Final = 1_000
NAMES: Final = 100
"""So many first words a name may begin with, and as many second ones."""

HUBS: Final = 5
"""Companies that are associated with `LINKED_FEW` services; they stand after the first company."""
LINKED_FEW: Final = 1_000
LINKED_MANY: Final = 100_000
"""The first company is associated with the services of so many places."""
LATEST: Final = 100
"""Services that were made last, at `LATEST_MS`; all others a day before them or earlier."""
LATEST_MS: Final = 1_790_000_000_000

COMPANIES: Final = 2_000
_ORDINARY_FROM: Final = 1 + HUBS
_DAY_MS: Final = 86_400_000
# Prime, so that no two places of a portal have one rank.
_STEP: Final = 7_919
_FILLERS: Final = 8
_FIRST_SYLLABLES: Final = ("Ba", "De", "Fi", "Go", "Hu", "Ja", "Ke", "Li", "Mo", "Nu")
_SECOND_SYLLABLES: Final = ("pra", "que", "riv", "som", "tul", "var", "wex", "yip", "zor", "spu")


def seed_related(path: Path, count: int, rng_seed: int) -> Seeded:
    """A new database with `count` services, a multiple of `CYCLE`, companies and associations."""
    assert count % CYCLE == 0, count
    token = f"pat-bench-{secrets.token_hex(16)}"
    begun = time.perf_counter()
    store = open_store(path)
    try:
        company_ids, record_ids = asyncio.run(_fill(store, token, count, random.Random(rng_seed)))
    finally:
        store.close()
    return Seeded(
        path=path,
        token=token,
        record_ids=record_ids,
        seconds=time.perf_counter() - begun,
        company_ids=company_ids,
    )


# --- what a service holds, by its place --------------------------------------------------------


def region(number: int) -> str:
    """The option that the places with that rest by `REGIONS` hold."""
    return f"region_{number:02}"


def case(number: int) -> str:
    """The word that the places with that rest by `CASES` have in their summary."""
    return f"case{number:03}"


def rank_of(place: int, count: int) -> int:
    """A number below `count` that no other place has; the order by it looks random."""
    return place * _STEP % count


def places_by_rank(ranks: Sequence[int], count: int) -> list[int]:
    """The places that have these ranks, in that order."""
    back = pow(_STEP, -1, count)
    return [rank * back % count for rank in ranks]


def name_words(place: int) -> tuple[str, str]:
    """The words that a name begins with: any first with any second one within a cycle."""
    first, second = place % NAMES, place // NAMES % NAMES
    return _word(_FIRST_SYLLABLES, first), _word(_SECOND_SYLLABLES, second).title()


def _word(syllables: Sequence[str], number: int) -> str:
    return syllables[number // 10] + syllables[number % 10].lower()


def note(place: int) -> str:
    """The value of `note_01`, which is no other record's."""
    return f"note_01 of record {place + 1:07}"


def hub_places(hub: int, count: int) -> range:
    """The places that are associated with a hub, from 0 on; no two hubs share one."""
    return range(hub, count, count // LINKED_FEW)


def company_places(place: int, count: int) -> list[int]:
    """Which companies a service is associated with, ascending: their places."""
    if place >= LINKED_MANY:
        return [1 + hub for hub in _hubs_of(place, count)]
    ordinary = COMPANIES - _ORDINARY_FROM
    own = (_ORDINARY_FROM + (2 * place + each) % ordinary for each in range(2))
    return [0, *(1 + hub for hub in _hubs_of(place, count)), *sorted(own)]


def ordinary_companies(company_ids: range) -> range:
    """The companies that are no hubs."""
    return company_ids[_ORDINARY_FROM:]


def _hubs_of(place: int, count: int) -> Iterator[int]:
    hub = place % (count // LINKED_FEW)
    if hub < HUBS:
        yield hub


def _row(rng: random.Random, place: int, count: int) -> dict[str, str]:
    words = name_words(place)
    fillers = (f"{rng.randrange(5_000):04x}word" for _ in range(_FILLERS))
    return {
        **portal.random_row(rng, place + 1),
        "hs_name": f"{words[0]} {words[1]} {place}",
        "region": region(place % REGIONS),
        "rank": str(rank_of(place, count)),
        "summary": f"{case(place % CASES)}: {' '.join(fillers)}",
    }


# --- seeding -----------------------------------------------------------------------------------


async def _fill(store: Store, token: str, count: int, rng: random.Random) -> tuple[range, range]:
    first_ms = LATEST_MS - _DAY_MS - count
    await store.write(lambda transaction: _define(transaction, token, first_ms))
    names = [{"name": f"Company {number:05}"} for number in range(COMPANIES)]
    company_ids = await store.write(
        lambda transaction: portal.insert(
            transaction, portal.occasion(first_ms), portal.companies(), names
        )
    )
    first_id = company_ids.stop
    for places in _parts(count):
        now = portal.occasion(LATEST_MS if places.stop == count else first_ms + places.start)
        await store.write(
            lambda transaction, places=places, now=now: _insert(  # type: ignore[misc]
                transaction, now, rng, places, range(first_id, first_id + count), company_ids
            )
        )
    return company_ids, range(first_id, first_id + count)


def _parts(count: int) -> Iterator[range]:
    """All places, in parts that are written together; the last `LATEST` are the last part."""
    latest = count - LATEST
    for first in range(0, latest, portal.RECORDS_PER_WRITE):
        yield range(first, min(first + portal.RECORDS_PER_WRITE, latest))
    yield range(latest, count)


def _define(transaction: WriteTransaction, token: str, now_ms: int) -> None:
    portal.define(transaction, token, now_ms)
    regions = tuple(region(number) for number in range(REGIONS))
    for each in (
        portal.own_property("region", "enumeration", "select", regions),
        portal.own_property("rank", "number", "number"),
        portal.own_property("summary", "string", "textarea"),
    ):
        transaction.put_property(portal.PORTAL_ID, portal.object_type().id, each)


def _insert(
    transaction: WriteTransaction,
    now: Occasion,
    rng: random.Random,
    places: range,
    record_ids: range,
    company_ids: range,
) -> None:
    count = len(record_ids)
    rows = [_row(rng, place, count) for place in places]
    ids = portal.insert(transaction, now, portal.object_type(), rows)
    assert ids == record_ids[places.start : places.stop], ids
    types = transaction.object_types(portal.PORTAL_ID)
    associations: list[Association] = []
    for place in places:
        for company in company_places(place, count):
            associations += default_associations(
                types,
                portal.object_type().id,
                record_ids[place],
                portal.companies().id,
                company_ids[company],
            )
    transaction.put_associations(portal.PORTAL_ID, associations)
