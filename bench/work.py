"""The jobs: batches that update seven properties of random records, or that create or upsert them.

No HTTP and no SQL here; the client and the floor draw from the same functions. Values are the
canonical texts that a record keeps, so what is read back equals what was written.
"""

import datetime
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Values = Mapping[str, str]
"""Property name → value text."""
Batch = Sequence[tuple[int, Values]]
"""(record id, new values of all of `PROPERTY_VALUES`); no id twice."""
Upserts = Sequence[tuple[str, Values]]
"""(`external_id`, values of the record that has it or is to have it); no external id twice."""


class Ids(NamedTuple):
    """The seeded records of a portal; companies are in those of `related.py` alone."""

    records: range
    companies: range = range(0)


SERVICE_TIERS = ("starter", "growth", "enterprise")
CHANNELS = ("email", "ads", "seo", "social")
KEY = "external_id"
"""The unique property."""
NOTES = tuple(f"note_{number:02}" for number in range(1, 9))

_FIRST_DAY = datetime.date(2020, 1, 1)
_DAYS = 3_650
_MS_PER_DAY = 86_400_000


def _day(rng: random.Random) -> str:
    return (_FIRST_DAY + datetime.timedelta(days=rng.randrange(_DAYS))).isoformat()


def _moment(rng: random.Random) -> str:
    seconds, ms = divmod(rng.randrange(_MS_PER_DAY), 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{ms:03}" if ms else ""
    return f"{_day(rng)}T{hour:02}:{minute:02}:{second:02}{fraction}Z"


def _channels(rng: random.Random) -> str:
    chosen = rng.getrandbits(len(CHANNELS)) or 1
    return ";".join(name for bit, name in enumerate(CHANNELS) if chosen >> bit & 1)


PROPERTY_VALUES: Mapping[str, Callable[[random.Random], str]] = {
    "account_lead": lambda rng: f"Lead {rng.getrandbits(64):016x}",
    "monthly_fee": lambda rng: str(rng.randrange(100, 1_000_000)),
    "service_tier": lambda rng: rng.choice(SERVICE_TIERS),
    "kickoff_date": _day,
    "next_review_at": _moment,
    "is_retainer": lambda rng: rng.choice(("true", "false")),
    "channels": _channels,
}
"""One property of each type. Values are drawn without looking at the old ones, so a bool stays as
it is in every second update and a select in every third."""


def random_values(rng: random.Random) -> Values:
    """A new value for each of the seven properties."""
    return {name: draw(rng) for name, draw in PROPERTY_VALUES.items()}


def random_batch(rng: random.Random, record_ids: range, inputs: int) -> Batch:
    """New values for that many different records."""
    return [(record_id, random_values(rng)) for record_id in rng.sample(record_ids, inputs)]


def random_record(rng: random.Random) -> Values:
    """The values of a record that is not there yet, without its `external_id`."""
    number = rng.getrandbits(24)
    notes = {name: f"{name} of record {number:07}" for name in NOTES}
    return {**random_values(rng), **notes}


def random_creates(rng: random.Random, inputs: int) -> Sequence[Values]:
    """That many new records; a record never has the external id of another."""
    return [{KEY: _new_external_id(rng), **random_record(rng)} for _ in range(inputs)]


def random_upserts(rng: random.Random, record_ids: range, inputs: int) -> Upserts:
    """New values for different seeded records and, in the other half, records that are new."""
    known = inputs // 2
    drawn = [
        *(
            (external_id(record_id, record_ids), values)
            for record_id, values in random_batch(rng, record_ids, known)
        ),
        *((_new_external_id(rng), random_record(rng)) for _ in range(inputs - known)),
    ]
    rng.shuffle(drawn)
    return drawn


def _new_external_id(rng: random.Random) -> str:
    return f"new-{rng.getrandbits(64):016x}"


def external_id(record_id: int, record_ids: range) -> str:
    """The unique value of a seeded record: `ext-1` for the first one."""
    return f"ext-{record_id - record_ids.start + 1}"
