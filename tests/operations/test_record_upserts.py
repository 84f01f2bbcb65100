"""A batch upsert does what updates and creates do one by one (generated batches)."""

from dataclasses import dataclass
from itertools import count
from typing import Final

from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, WritePlan
from moyeu.operations.records import create_records, update_records
from moyeu.operations.upserts import upsert_records
from tests.crm.scene import MODIFIED
from tests.operations.scene import create_in, everything, furnish, history
from tests.storage.scene import NOW_MS, SERVICES, Database, occasion

STARTED: Final = (
    {"code": "A", "badge": "1", "note": "x"},
    {"code": "B", "tags": "a"},
    {"note": "y"},
)
"""The records that are there before the batch; the third one has no unique value."""

TEXTS: Final = {
    "note": ["", "x", "y"],
    "size": ["", "1", "big"],
    "tags": ["", "a", ";b", "c"],
    "code": ["", "A", "B", "C"],
    "badge": ["", "1", "2"],
    "hs_pipeline_stage": ["", "partner-service-open", "nowhere"],
}


@dataclass(frozen=True, slots=True)
class Named:
    """How an input names its record: by place among the records, or by a unique value."""

    text: str
    id_property: str | None


NAMES: Final = st.sampled_from(
    [
        *(Named(str(place), None) for place in range(4)),
        *(Named(value, "code") for value in "ABCD"),
        *(Named(value, "badge") for value in ("1", "2", " 3 ")),
    ]
)

BATCHES = st.lists(
    st.tuples(
        NAMES,
        st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(texts) for name, texts in TEXTS.items()}
        ),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda each: each[0],
)

portal_numbers = count(20_000)
AT_MS: Final = NOW_MS + 1


async def start(database: Database, portal_id: int) -> list[int]:
    """Makes the records of a portal; their ids by place, and one that names nothing."""
    made = await create_in(database, STARTED, NOW_MS, portal_id)
    assert isinstance(made, WritePlan)
    return [*(each.record.record_id for each in made.results), 5]


def input_of(
    named: Named, values: dict[str, str], record_ids: list[int], trace: str | None
) -> RecordInput:
    """An input of the upsert."""
    text = named.text if named.id_property else str(record_ids[int(named.text)])
    return RecordInput(text, dict(values), named.id_property, trace)


def holders(database: Database, portal_id: int) -> dict[tuple[str, str], str]:
    """The ids of the records that have unique values."""
    return {
        (name, value): str(each.record_id)
        for each in everything(database, portal_id).values()
        for name in ("code", "badge")
        if (value := each.properties.get(name))
    }


async def one_by_one(
    database: Database,
    portal_id: int,
    inputs: list[RecordInput],
    held: dict[tuple[str, str], str],
    *,
    traced: bool,
) -> bool:
    """Updates or creates each input alone; whether one of them was refused, which ends it.

    With trace ids a refused input is passed over. held: which record an input names.
    """
    refused = False
    at = occasion(portal_id, AT_MS)
    for each in inputs:
        plan: WritePlan | Problem
        record_id = held.get((each.id_property or "", each.id.strip()))
        if each.id_property is None or record_id is not None:
            alone = [RecordInput(record_id or each.id, each.properties)]
            plan = await update_records(database.store, at, SERVICES, alone, dates_normalised=False)
        else:
            alone = [RecordInput("", {each.id_property: each.id, **each.properties})]
            if not alone[0].properties[each.id_property]:
                # Of its own accord an upsert makes no record without a value to name it by.
                refused = True
                continue
            plan = await create_records(database.store, at, SERVICES, alone, dates_normalised=False)
        if isinstance(plan, Problem):
            refused = True
            if not traced:
                break
    return refused


def documents(database: Database, portal_id: int) -> list[dict[str, str]]:
    """The properties of all records in the order of their ids, without what ids are told by."""
    return [
        {name: value for name, value in each.properties.items() if name != "hs_object_id"}
        for _, each in sorted(everything(database, portal_id).items())
    ]


@settings(max_examples=100)
@generated(batch=BATCHES, traced=st.booleans())
def test_an_upsert_equals_updates_and_creates_one_by_one(
    database: Database, batch: list[tuple[Named, dict[str, str]]], traced: bool
) -> None:
    portal_id, other_portal = next(portal_numbers), next(portal_numbers)
    for each in (portal_id, other_portal):
        furnish(database, each)
    record_ids, other_ids = (
        database.run(start(database, each)) for each in (portal_id, other_portal)
    )
    before = documents(database, portal_id)

    def inputs(ids: list[int]) -> list[RecordInput]:
        return [
            input_of(named, values, ids, f"t{number}" if traced else None)
            for number, (named, values) in enumerate(batch)
        ]

    plan = database.run(
        upsert_records(
            database.store,
            occasion(portal_id, AT_MS),
            SERVICES,
            inputs(record_ids),
            dates_normalised=False,
        )
    )
    refused = database.run(
        one_by_one(
            database,
            other_portal,
            inputs(other_ids),
            holders(database, other_portal),
            traced=traced,
        )
    )

    if isinstance(plan, Problem):
        assert refused
        assert documents(database, portal_id) == before
        return
    assert traced or not refused
    assert documents(database, portal_id) == documents(database, other_portal)
    check_answer(database, portal_id, plan, record_ids)


def check_answer(
    database: Database, portal_id: int, plan: WritePlan, record_ids: list[int]
) -> None:
    """Asserts that the answer tells the records as they are, and which of them are new."""
    found = everything(database, portal_id)
    for each in plan.results:
        assert each.record.properties == found[each.record.record_id].properties
        assert each.is_new == (each.record.record_id not in record_ids)
    writes = history(database, list(found.values()), portal_id)
    for record_id, entries in writes.items():
        assert entries[0].number == found[record_id].last_write
        assert entries[0].changed.items() <= found[record_id].properties.items()
        assert MODIFIED not in entries[0].changed
