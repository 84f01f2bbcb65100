"""The job: rows of 24 columns, of which seven get a new random value per update.

No peer and no HTTP here. Values are neutral (`Value`); each peer spells them in its own way.
"""

import datetime
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["select", "number", "date", "datetime", "bool", "multi", "string"]
"""What a value is; the peers have different words and types for each."""

Value = str | int | bool | list[str]
"""select, string: text. number: a whole number. date: `2026-05-31`. datetime: UTC text with three
digits of milliseconds, `2026-05-31T10:20:30.125Z`. multi: one to all options, in option order."""


@dataclass(frozen=True)
class Property:
    """One of the properties that every update changes; `options` only for select and multi."""

    name: str
    kind: Kind
    options: tuple[str, ...] = ()


# The names and options have to exist in the Moyeu that is measured; for the peers any would do.
PROPERTIES = (
    Property("service_tier", "select", ("starter", "growth", "enterprise")),
    Property("monthly_fee", "number"),
    Property("kickoff_date", "date"),
    Property("next_review_at", "datetime"),
    Property("is_retainer", "bool"),
    Property("channels", "multi", ("email", "ads", "seo", "social")),
    Property("account_lead", "string"),
)

# With the id and the seven above, 24 columns; they make a record weigh about 0.8 kB as JSON.
FILLERS = tuple(f"note_{number:02d}" for number in range(1, 17))

RECORDS_PER_BATCH = 100

Update = Mapping[str, Value]
"""Property name → new value, all of PROPERTIES."""

_FIRST_DAY = datetime.date(2020, 1, 1)
_FIRST_MOMENT = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_DAYS = 3650
_MS_PER_DAY = 86_400_000


def random_value(prop: Property, rng: random.Random) -> Value:
    """A value of the property's kind, drawn without looking at the old one.

    A bool is therefore left unchanged by every second update, a select by every fourth.
    """
    match prop.kind:
        case "select":
            return rng.choice(prop.options)
        case "number":
            return rng.randrange(100, 1_000_000)
        case "date":
            return (_FIRST_DAY + datetime.timedelta(days=rng.randrange(_DAYS))).isoformat()
        case "datetime":
            return moment_text(rng.randrange(_DAYS * _MS_PER_DAY))
        case "bool":
            return rng.random() < 0.5
        case "multi":
            chosen = set(rng.sample(prop.options, rng.randint(1, len(prop.options))))
            return [option for option in prop.options if option in chosen]
        case "string":
            return f"Lead {rng.getrandbits(64):016x}"


def moment_text(ms: int) -> str:
    """ISO 8601 in UTC with milliseconds, of a moment `ms` milliseconds after 2020 began."""
    moment = _FIRST_MOMENT + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def random_update(rng: random.Random) -> Update:
    """New values for all of PROPERTIES."""
    return {prop.name: random_value(prop, rng) for prop in PROPERTIES}


def random_rows(count: int, rng: random.Random) -> Iterator[dict[str, Value]]:
    """The rows that a peer begins with, ids from 1 to `count`, columns in table order."""
    for record_id in range(1, count + 1):
        fillers = {name: f"{name} of the record {record_id:07d}" for name in FILLERS}
        yield {"id": record_id, **random_update(rng), **fillers}


def epoch_ms(value: Value) -> int:
    """Milliseconds since 1970 of a date (its UTC midnight) or datetime."""
    moment = datetime.datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return round(moment.timestamp() * 1000)


def is_same(kind: Kind, written: Value, read: object) -> bool:
    """Whether what a peer shows denotes what was written, in whichever type and form it shows it.

    A bool may be JSON's, 0 or 1, or text; a multi a list or text joined by `;` or `,`; a datetime
    any ISO 8601 form of the same moment.
    """
    if read is None:
        return False
    text = str(read)
    match kind:
        case "bool":
            return text.lower() in (("true", "1") if written else ("false", "0"))
        case "number":
            return float(text) == written
        case "datetime":
            return epoch_ms(text) == epoch_ms(written)
        case "multi":
            shown = read if isinstance(read, list) else text.replace(",", ";").split(";")
            assert isinstance(written, list)
            return sorted(shown) == sorted(written)
        case "select" | "date" | "string":
            return text == written
