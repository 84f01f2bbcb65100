"""Clients that really write at the same time, and what each of them saw.

The properties `note` and `word` of the contacts are registers; every write puts a text into them
that nobody else ever writes, so each value tells whose it is. Some calls take a few records that
all want, some take all hundred in one batch; some fail on purpose, so that their outcome is
unknown. Other calls make records that want the same few unique values, and archive them again.
"""

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan
from moyeu.operations.definitions import create_properties
from moyeu.operations.portals import known_scopes
from moyeu.operations.record_reads import ReadBatch, read_records
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.operations.upserts import upsert_records
from moyeu.storage.contract import (
    Portal,
    Store,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from tests.conftest import START_MS
from tests.simulation.answers import LOCKED
from tests.simulation.faults import KINDS, Trouble, troubled_by
from tests.simulation.steps import own
from tests.simulation.world import CODE, MARK, NOTE, OWN_NAMES, WORD
from tests.storage.scene import APP, CONTACTS

PORTAL_ID: Final = 3003
WALL: Final = 100
"""Records that are written and read as a whole: the size of a batch."""

_HOT: Final = 6
"""Of them those that all clients want."""

_WANTED_CODES: Final = tuple(f"code{number}" for number in range(6))
_TROUBLE_CHANCE: Final = 0.15

Register = tuple[int, str]
"""A property of a record."""

Outcome = Literal["done", "refused", "unknown"]


@dataclass(slots=True)
class Event:
    """One call of a client: a transaction, as it looks from outside.

    invoked, returned: numbers that ascend over all clients. writes: values by register, "" where
    the record is not known before the answer; each value once. passing: values that the same batch
    wrote over. reads: what the answer told of registers that the call did not write. made: (id,
    mark) of records that it was told it made.
    """

    client: int
    name: str
    invoked: int
    returned: int = 0
    outcome: Outcome = "unknown"
    values: dict[str, Register | None] = field(default_factory=dict)
    passing: frozenset[str] = frozenset()
    reads: dict[Register, str] = field(default_factory=dict)
    made: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.name} [{self.invoked}, {self.returned}] {self.outcome}"


class Scene:
    """A portal with the wall of records, and all that happened to it."""

    def __init__(self, seed: int) -> None:
        self.events: list[Event] = []
        self.ids: list[int] = []
        self._seed = seed
        self._moments = itertools.count(1)
        self._caller = Caller(PORTAL_ID, APP, None, known_scopes())

    def occasion(self, name: str) -> Occasion:
        """The next moment; name: of the call."""
        return Occasion(self._caller, START_MS + next(self._moments), name)

    async def build(self, store: Store) -> None:
        """Makes the portal and its records."""
        await store.write(lambda each: each.add_portal(Portal(PORTAL_ID, "registers", APP, 0)))
        given = [own(name, CONTACTS) for name in sorted(OWN_NAMES)]
        await create_properties(store, self.occasion("founding"), CONTACTS, given)
        inputs = [
            RecordInput("", {MARK: f"wall{place}", CODE: f"wall{place}"}) for place in range(WALL)
        ]
        made = await create_records(
            store, self.occasion("founding"), CONTACTS, inputs, dates_normalised=False
        )
        assert isinstance(made, WritePlan), made
        self.ids = [each.record.record_id for each in made.results]

    async def happen(self, stores: Sequence[Store], clients: int, calls: int) -> None:
        """All clients at once, each with so many calls one after the other."""
        async with asyncio.TaskGroup() as group:
            for client in range(clients):
                group.create_task(self._act(client, stores[client % len(stores)], calls))

    async def _act(self, client: int, store: Store, calls: int) -> None:
        chance = random.Random(f"{self._seed} {client}")
        one = _Client(self, store, client, chance)
        for number in range(calls):
            event = Event(client, f"{client}.{number}", next(self._moments))
            self.events.append(event)
            trouble = None
            if chance.random() < _TROUBLE_CHANCE:
                trouble = Trouble(chance.choice(KINDS))
            with troubled_by(trouble):
                event.outcome = await one.call(event)
            event.returned = next(self._moments)


class _Client:
    """One client, which does one thing after the other."""

    def __init__(self, scene: Scene, store: Store, number: int, chance: random.Random) -> None:
        self._scene = scene
        self._store = store
        self._number = number
        self._chance = chance
        self._made: list[int] = []
        self._kinds = {
            self._read_few: 6,
            self._read_all: 4,
            self._update_few: 8,
            self._update_all: 3,
            self._upsert: 4,
            self._create: 3,
            self._archive: 1,
        }

    async def call(self, event: Event) -> Outcome:
        """Does something; what it was told goes into the event."""
        (kind,) = self._chance.choices(list(self._kinds), list(self._kinds.values()))
        try:
            refused = await kind(event)
        except (StoreFullError, StoreUnavailableError):
            return "refused"
        except StoreError:
            return "unknown"
        return "refused" if refused else "done"

    # --- reading -----------------------------------------------------------------------------

    async def _read_few(self, event: Event) -> bool:
        return await self._read(event, self._chance.sample(self._scene.ids[:_HOT], 3))

    async def _read_all(self, event: Event) -> bool:
        return await self._read(event, self._scene.ids)

    async def _read(self, event: Event, ids: Sequence[int]) -> bool:
        texts = [str(each) for each in ids]
        found = await read_records(
            self._store, PORTAL_ID, CONTACTS, texts, None, archived=False, with_history=False
        )
        assert isinstance(found, ReadBatch), found
        assert found.missing is None, found.missing
        for each in found.records:
            self._note(event, each.record)
        return False

    def _note(self, event: Event, record: StoredRecord) -> None:
        written = {each for each in event.values.values() if each is not None}
        for name in (NOTE, WORD):
            register = record.record_id, name
            if register not in written:
                event.reads[register] = record.properties.get(name, "")

    # --- writing -----------------------------------------------------------------------------

    async def _update_few(self, event: Event) -> bool:
        places = self._chance.sample(range(_HOT), self._chance.randint(1, 4))
        return await self._update(event, places)

    async def _update_all(self, event: Event) -> bool:
        places = list(range(WALL))
        self._chance.shuffle(places)
        return await self._update(event, places)

    async def _update(self, event: Event, places: Sequence[int]) -> bool:
        """By ids and by codes; the first record by both, so that the batch writes it twice."""
        name = self._chance.choice((NOTE, WORD))
        inputs = []
        passing = f"{event.name}.passing"
        if len(places) < WALL and self._chance.random() < 0.4:
            event.passing = frozenset({passing})
            inputs.append(RecordInput(f"wall{places[0]}", {name: passing}, CODE))
        for number, place in enumerate(places):
            record_id, value = self._scene.ids[place], f"{event.name}.{number}"
            event.values[value] = record_id, name
            by_code = number > 0 and self._chance.random() < 0.3
            text = f"wall{place}" if by_code else str(record_id)
            inputs.append(RecordInput(text, {name: value}, CODE if by_code else None))
        made = await update_records(
            self._store,
            self._scene.occasion(event.name),
            CONTACTS,
            inputs,
            dates_normalised=False,
        )
        return self._took(event, made, locked_only=True)

    def _took(self, event: Event, made: WritePlan | Problem, *, locked_only: bool) -> bool:
        if isinstance(made, Problem):
            kind = type(made).__name__
            assert kind in LOCKED or not locked_only, made
            return True
        assert made.missing is None
        for result in made.results:
            record = result.record
            for value, register in event.values.items():
                if register is None and value in record.properties.values():
                    event.values[value] = record.record_id, NOTE
            self._note(event, record)
            if result.made:
                event.made += ((record.record_id, record.properties[MARK]),)
                self._made.append(record.record_id)
        return False

    async def _create(self, event: Event) -> bool:
        """Records that want a unique value, of which some have to lose."""
        inputs = []
        for number in range(self._chance.randint(1, 3)):
            value = f"{event.name}.{number}"
            event.values[value] = None
            properties: dict[str, str | None] = {MARK: value, NOTE: value}
            if self._chance.random() < 0.4:
                properties[CODE] = self._chance.choice(_WANTED_CODES)
            inputs.append(RecordInput("", properties))
        made = await create_records(
            self._store,
            self._scene.occasion(event.name),
            CONTACTS,
            inputs,
            dates_normalised=False,
        )
        return self._took(event, made, locked_only=False)

    async def _upsert(self, event: Event) -> bool:
        """Records by unique values that others want too."""
        codes = self._chance.sample(_WANTED_CODES, self._chance.randint(1, 3))
        inputs = []
        for number, code in enumerate(codes):
            value = f"{event.name}.{number}"
            event.values[value] = None
            inputs.append(RecordInput(code, {MARK: value, NOTE: value}, CODE))
        made = await upsert_records(
            self._store,
            self._scene.occasion(event.name),
            CONTACTS,
            inputs,
            dates_normalised=False,
        )
        return self._took(event, made, locked_only=True)

    async def _archive(self, event: Event) -> bool:
        """Records that the client made itself."""
        ids = [str(each) for each in self._made[-2:]]
        problem = await archive_records(
            self._store, self._scene.occasion(event.name), CONTACTS, ids
        )
        return problem is not None
