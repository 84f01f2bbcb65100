"""Whatever is written, records, history and unique values agree (generated calls)."""

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import Final

from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from moyeu.crm.history import fold_history
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan
from moyeu.operations.records import archive_records, create_records
from moyeu.storage.contract import ReadTransaction
from tests.crm.scene import MODIFIED, UNIQUE_NAMES, given
from tests.operations.scene import (
    everything,
    furnish,
    history,
    update_in,
)
from tests.storage.scene import (
    NOW_MS,
    SERVICES,
    Database,
    occasion,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One call: what it does, to which records (by their place), with which values, and when."""

    kind: str
    places: tuple[int, ...]
    values: dict[str, str]
    clock_ms: int
    by_value: bool
    traced: bool


TEXTS: Final = {
    "note": ["", "x", "y", " x ", "Ü\1\"'"],
    "size": ["", "1", "1.0", " 1 "],
    "tags": ["", "a", ";b", "a;c", ";"],
    "code": ["", "A", "B", "a"],
    "badge": ["", "1", "2"],
    "begins": ["", "2024-05-31", "0"],
    "hs_pipeline_stage": ["", "partner-service-open", "partner-service-closed"],
}

CODES: Final = ("A", "B", "a", "b", "A;", "Z")
"""Values of `code` that an update names records by; only the first three can belong to one."""

STEPS = st.builds(
    Step,
    kind=st.sampled_from(["create", "update", "update", "update", "archive"]),
    places=st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True).map(tuple),
    values=st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(texts) for name, texts in TEXTS.items()}
    ),
    clock_ms=st.sampled_from([0, 1, 999, 60_000, -1, -86_400_000]),
    by_value=st.booleans(),
    traced=st.booleans(),
)

portal_numbers = count(10_000)


class Happening:
    """A portal of its own in which the steps of one example are taken."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.portal_id = next(portal_numbers)
        self.now_ms = NOW_MS
        self.record_ids: list[int] = []
        self.times: dict[int, int] = {}
        furnish(database, self.portal_id)

    async def take(self, step: Step) -> None:
        """Carries out a step; a refusal is as good an outcome as any."""
        self.now_ms += step.clock_ms
        at = occasion(self.portal_id, self.now_ms)
        store = self.database.store
        if step.kind == "create":
            inputs = [
                RecordInput("", dict(step.values), None, f"t{each}" if step.traced else None)
                for each in step.places
            ]
            made = await create_records(store, at, SERVICES, inputs, dates_normalised=False)
            if isinstance(made, WritePlan):
                self.record_ids += [each.record.record_id for each in made.results]
        elif step.kind == "update":
            await update_in(self.database, self.inputs(step), self.now_ms, self.portal_id)
        else:
            chosen = [str(self.record_ids[each]) for each in self.known(step)]
            await archive_records(store, at, SERVICES, chosen)

    def known(self, step: Step) -> list[int]:
        """The places of a step at which there is a record."""
        return [each for each in step.places if each < len(self.record_ids)]

    def inputs(self, step: Step) -> list[RecordInput]:
        """The inputs of an update, by id or by unique value; some name nothing."""
        known = self.known(step)
        inputs = []
        for each in step.places:
            trace = f"t{each}" if step.traced else None
            if step.by_value:
                inputs.append(given(CODES[each], dict(step.values), "code", trace))
            else:
                record_id = self.record_ids[each] if each in known else f"x{each}"
                inputs.append(given(record_id, dict(step.values), None, trace))
        return inputs

    def check(self) -> None:
        """Asserts what is true of every portal at every moment."""
        found = everything(self.database, self.portal_id)
        writes = history(self.database, list(found.values()), self.portal_id)
        assert set(found) == set(self.record_ids)
        for record_id, each in found.items():
            entries = writes[record_id]
            assert fold_history(reversed(entries), MODIFIED) == each.properties
            assert entries[0].number == each.last_write
            assert entries[0].written_at_ms == each.updated_at_ms
            assert each.properties["hs_object_id"] == str(record_id)
            assert self.times.get(record_id, 0) <= each.updated_at_ms
            self.times[record_id] = each.updated_at_ms
        self.check_unique_values([each for each in found.values() if each.archived_at_ms is None])

    def check_unique_values(self, active: list[StoredRecord]) -> None:
        """Asserts that the index holds exactly the unique values of the active records."""
        held = [
            ((name, value), each.record_id)
            for each in active
            for name in UNIQUE_NAMES
            if (value := each.properties.get(name))
        ]

        def owners(transaction: ReadTransaction) -> dict[tuple[str, str], int]:
            keys = [(name, text) for name in UNIQUE_NAMES for text in TEXTS[name]]
            return transaction.value_owners(self.portal_id, SERVICES, keys)

        assert len(dict(held)) == len(held), "two active records have one unique value"
        assert self.database.read(owners) == dict(held)


@settings(max_examples=40)
@generated(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_whatever_is_written_records_history_and_unique_values_agree(
    database: Database, steps: list[Step]
) -> None:
    happening = Happening(database)

    for step in steps:
        database.run(happening.take(step))
        happening.check()


@settings(max_examples=20)
@generated(clients=st.lists(st.lists(STEPS, min_size=1, max_size=5), min_size=2, max_size=4))
def test_they_agree_beside_other_writers_too(database: Database, clients: list[list[Step]]) -> None:
    happening = Happening(database)

    async def client(steps: list[Step]) -> None:
        for step in steps:
            await happening.take(step)

    async def everybody() -> None:
        await asyncio.gather(*(client(steps) for steps in clients))

    database.run(everybody())

    happening.check()
