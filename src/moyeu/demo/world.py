"""What all records of one making have in common; every record is a pure function of it.

The records are numbered from 0 within their object type. How many there are *in the story* may be
more than are made: somebody who wants contacts alone gets contacts of companies that nobody makes.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.crm.values.moment import DAY_MS
from moyeu.demo.families import Family

CONTACTS: Final = "0-1"
COMPANIES: Final = "0-2"
DEALS: Final = "0-3"
TICKETS: Final = "0-5"
PRODUCTS: Final = "0-7"
LINE_ITEMS: Final = "0-8"
TASKS: Final = "0-27"
NOTES: Final = "0-46"
CALLS: Final = "0-48"
PARTNER_CLIENTS: Final = "0-145"
PARTNER_SERVICES: Final = "0-164"
"""The object types that the story is about, by id."""

HISTORY_DAYS: Final = 1_095
"""The story is that many days long, and ends with the day before the one it is told on."""

QUARTER_HOUR_MS: Final = 900_000


class Link(NamedTuple):
    """A record that another one is associated with; primary: as its main one of that type."""

    object_type_id: str
    record_id: int
    primary: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """The values that a client would send for a record, when it was made, and what it hangs on."""

    values: dict[str, str]
    created_at_ms: int
    links: tuple[Link, ...] = ()


# eq=False: a world is itself and no other, so that facts of it may be kept.
@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One making of records.

    told: how many records of each type are in the story, at least one each. made: the record ids
    of those that are made, the first ones of the story. until_ms: all were made before it, a UTC
    midnight. mark: what tells unique values of this making from those of another; may be empty.
    owner_ids and pipelines: those of the portal, maybe none.
    """

    seed: int
    told: Mapping[str, int]
    made: Mapping[str, range]
    until_ms: int
    mark: str
    owner_ids: Sequence[str]
    pipelines: Mapping[str, Sequence[Pipeline]]

    @property
    def begin_ms(self) -> int:
        """When the story begins."""
        return self.until_ms - HISTORY_DAYS * DAY_MS

    def chance(self, object_type_id: str, number: int) -> random.Random:
        """The dice of one record: the same for the same seed."""
        return random.Random(f"{self.seed}:{object_type_id}:{number}")  # noqa: S311 — no secret is drawn here

    def family(self, parents: str, children: str) -> Family:
        """How the records of one type hang on those of another."""
        return Family(self.told[parents], self.told[children])

    def record_id(self, object_type_id: str, number: int) -> int | None:
        """The id of a record of the story; None when it is not made."""
        ids = self.made.get(object_type_id, range(0))
        return ids[number] if number < len(ids) else None

    def links(self, object_type_id: str, *numbers: int, primary: bool = False) -> tuple[Link, ...]:
        """Links to those of the records that are made."""
        ids = [self.record_id(object_type_id, number) for number in numbers]
        return tuple(Link(object_type_id, each, primary) for each in ids if each is not None)

    def owner_id(self, chance: random.Random) -> str | None:
        """Somebody to whom a record may belong."""
        return chance.choice(self.owner_ids) if self.owner_ids else None

    def pipeline(self, object_type_id: str, chance: random.Random) -> Pipeline | None:
        """One of the type's pipelines; None where it has none."""
        pipelines = self.pipelines[object_type_id]
        return chance.choice(pipelines) if pipelines else None

    def later(self, since_ms: int, share: float) -> int:
        """The moment when that share (below 1) of the time from then to the end has passed."""
        return since_ms + int((self.until_ms - since_ms) * share)


def given(values: Mapping[str, str | None]) -> dict[str, str]:
    """The values without those that nobody has."""
    return {name: value for name, value in values.items() if value is not None}


def staged(
    names: tuple[str, str],
    pipeline: Pipeline | None,
    stages: Sequence[Stage],
    share: float,
) -> dict[str, str]:
    """The values of a pipeline and a stage of it; none where there is no such stage.

    names: of the pipeline's and the stage's property. share: how far among the stages, below 1.
    """
    if pipeline is None or not stages:
        return {}
    return {names[0]: pipeline.id, names[1]: stages[int(len(stages) * share)].id}


def stages_of(pipeline: Pipeline | None, **metadata: str) -> list[Stage]:
    """The stages of a pipeline whose metadata say so, in display order."""
    if pipeline is None:
        return []
    return [each for each in pipeline.stages if metadata.items() <= dict(each.metadata).items()]
