"""Operations that want the same thing at the same time, in the one order and in the other.

All calls have checked what needs no record and wait for the writer's turn when the first of them
gets it, so each but the first finds something else than it expected.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

import pytest

from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.crm.associations import Association, default_associations
from moyeu.crm.pipeline_inputs import GivenPipeline, GivenStage
from moyeu.crm.pipeline_problems import (
    PipelineIdTaken,
    PipelineLabelTaken,
    StageLabelTaken,
    StagesInUse,
)
from moyeu.crm.problems import (
    InvalidStage,
    InvalidValues,
    NotAUniqueProperty,
    NotMergeable,
    Problem,
    RecordNotFound,
    UnknownProperty,
)
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan, WrittenRecord
from moyeu.crm.schema_problems import ObjectTypeHasRecords, UnknownObjectType
from moyeu.crm.schemas import NewSchema
from moyeu.operations.definitions import archive_property
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.pipelines import create_pipeline, create_stage, delete_stage
from moyeu.operations.records import archive_records, create_records, update_record, update_records
from moyeu.operations.schemas import DescribedType, archive_schema, create_schema, purge_schema
from moyeu.operations.upserts import upsert_records
from moyeu.storage.contract import Store
from tests.operations.scene import created, everything
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    PORTAL,
    SERVICES,
    WAIT_MAX_S,
    Database,
    HeldTurn,
    occasion,
)

Call = Callable[[Store], Coroutine[Any, Any, Any]]
"""An operation without its store."""

COMPANIES: Final = "0-2"
PIPELINE: Final = "default-partner-service-pipeline"
EMAIL: Final = "new@example.com"
AT: Final = occasion(now_ms=NOW_MS + 1)


class Lined:
    """A store that tells when work was handed to it.

    before: what ends before any work goes on to the store, where there is such a thing.
    """

    def __init__(self, store: Store, before: "asyncio.Task[Any] | None") -> None:
        self.waits = asyncio.Event()
        self._store = store
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        """Hands on the work."""
        self.waits.set()
        if self._before is not None:
            await asyncio.wait([self._before])
        return await self._store.write(work)


def race(database: Database, *calls: Call) -> list[Any]:
    """What the calls answer when each got its turn right after the one before it.

    All have come to their turn before the first one gets it. In a store that others share, who
    comes first is not always served first: there each call waits for the end of the one before.
    """

    async def all_at_once() -> list[Any]:
        turn = HeldTurn()
        held = await turn.take(database.store)
        tasks: list[asyncio.Task[Any]] = []
        for call in calls:
            before = tasks[-1] if tasks and database.store.is_shared else None
            lined = Lined(database.store, before)
            tasks.append(asyncio.create_task(call(cast(Store, lined))))
            await asyncio.wait_for(lined.waits.wait(), WAIT_MAX_S)
        turn.may_end.set()
        await held
        return await asyncio.gather(*tasks)

    return database.run(all_at_once())


# --- the calls -------------------------------------------------------------------------------


def updating(record_id: int, **values: str) -> Call:
    """An update of a partner service."""
    inputs = [RecordInput(str(record_id), dict(values))]
    return lambda store: update_records(store, AT, SERVICES, inputs, dates_normalised=False)


def creating(type_id: str = SERVICES, **values: str) -> Call:
    """A create of one record."""
    inputs = [RecordInput("", dict(values))]
    return lambda store: create_records(store, AT, type_id, inputs, dates_normalised=False)


def upserting(text: str, id_property: str, type_id: str = CONTACTS, **values: str) -> Call:
    """An upsert of one record."""
    inputs = [RecordInput(text, dict(values), id_property)]
    return lambda store: upsert_records(store, AT, type_id, inputs, dates_normalised=False)


def merging(primary: int, other: int, type_id: str = SERVICES) -> Call:
    """A merge."""
    return lambda store: merge_records(store, AT, type_id, str(primary), str(other))


def archiving(record_id: int) -> Call:
    """An archive of a partner service."""
    return lambda store: archive_records(store, AT, SERVICES, [str(record_id)])


def erasing(record_id: int) -> Call:
    """A gdpr-delete of a partner service."""
    return lambda store: erase_record(store, AT, SERVICES, str(record_id), None)


def removing_stage(*, in_use_refused: bool) -> Call:
    """A deletion of the stage `second`."""
    return lambda store: delete_stage(
        store, AT, SERVICES, PIPELINE, "second", in_use_refused=in_use_refused
    )


def archiving_property(name: str) -> Call:
    """An archive of a property of partner services."""
    return lambda store: archive_property(store, AT, SERVICES, name)


def archiving_type(type_id: str) -> Call:
    """An archive of a custom type."""
    return lambda store: archive_schema(store, AT, type_id)


# --- upserts ---------------------------------------------------------------------------------


def contacts(database: Database) -> list[StoredRecord]:
    """All active contacts."""
    return database.read(lambda each: each.page(PORTAL, CONTACTS, 0, 100, archived=False))


def test_of_many_upserts_of_one_new_email_one_makes_the_record_and_the_others_update_it(
    database: Database,
) -> None:
    plans = race(
        database, *(upserting(EMAIL, "email", firstname=f"n{number}") for number in range(8))
    )

    assert all(isinstance(each, WritePlan) for each in plans)
    assert [each.results[0].is_new for each in plans] == [True] + [False] * 7
    (record,) = contacts(database)
    assert record.properties["firstname"] == "n7"
    assert {each.results[0].record.record_id for each in plans} == {record.record_id}


def test_an_upsert_behind_a_create_of_its_email_updates_what_was_made(database: Database) -> None:
    made, plan = race(
        database,
        creating(CONTACTS, email=EMAIL, firstname="a"),
        upserting(EMAIL, "email", firstname="b"),
    )

    assert isinstance(made, WritePlan)
    assert [each.is_new for each in plan.results] == [False]
    assert [each.properties["firstname"] for each in contacts(database)] == ["b"]


def test_an_upsert_behind_the_merge_of_its_contact_updates_what_it_became(
    database: Database,
) -> None:
    first, other = (
        database.run(creating(CONTACTS, email=text)(database.store)).results[0].record.record_id
        for text in ("one@example.com", "two@example.com")
    )

    merged, plan = race(
        database,
        merging(first, other, CONTACTS),
        upserting("two@example.com", "email", firstname="b"),
    )

    assert [each.is_new for each in plan.results] == [False]
    (record,) = contacts(database)
    assert record.record_id == merged.record.record_id
    assert record.properties["firstname"] == "b"
    assert record.properties["email"] == "one@example.com"


# --- merges ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", ["primary", "other", "crossed", "same"])
def test_of_two_merges_that_share_a_record_the_second_is_refused(
    database: Database, shared: str
) -> None:
    one, two, three = created(database, {"code": "A"}, {"code": "B"}, {"code": "C"})
    pairs, refusal = {
        "primary": ((one, three), NotMergeable("primaryObjectId", str(one))),
        "other": ((three, two), NotMergeable("objectIdToMerge", str(two))),
        "crossed": ((two, three), NotMergeable("primaryObjectId", str(two))),
        "same": ((one, two), NotMergeable("primaryObjectId", str(one))),
    }[shared]

    made, refused = race(database, merging(one, two), merging(*pairs))

    assert isinstance(made, WrittenRecord)
    assert refused == refusal
    assert set(everything(database)) == {three, made.record.record_id}


def test_an_update_before_the_merge_of_its_record_is_merged(database: Database) -> None:
    one, two = created(database, {"code": "A"}, {"badge": "7"})

    plan, made = race(database, updating(two, note="late"), merging(one, two))

    assert len(plan.results) == 1
    assert everything(database)[made.record.record_id].properties["note"] == "late"


def test_an_update_behind_the_merge_of_its_record_writes_nothing(database: Database) -> None:
    one, two = created(database, {"code": "A"}, {"badge": "7"})
    alone = RecordInput(str(two), {"note": "late"})

    made, plan, single = race(
        database,
        merging(one, two),
        updating(two, note="late"),
        lambda store: update_record(store, AT, SERVICES, alone, dates_normalised=False),
    )

    assert isinstance(plan, WritePlan)
    assert plan == WritePlan()
    assert single == RecordNotFound()
    assert "note" not in everything(database)[made.record.record_id].properties


def test_a_merge_behind_the_archive_or_erasure_of_a_record_is_refused(database: Database) -> None:
    one, two, three = created(database, {"code": "A"}, {"code": "B"}, {"code": "C"})

    _, _, first, second = race(
        database, archiving(one), erasing(two), merging(one, three), merging(three, two)
    )

    assert first == NotMergeable("primaryObjectId", str(one))
    assert second == NotMergeable("objectIdToMerge", str(two))


def test_an_archive_behind_a_merge_passes_over_what_was_merged_and_an_erasure_takes_all(
    database: Database,
) -> None:
    one, two, three = created(database, {"code": "A"}, {"code": "B"}, {"code": "C"})

    made, archived = race(database, merging(one, two), archiving(two))
    again, erased = race(database, merging(made.record.record_id, three), erasing(one))

    assert archived is None
    assert isinstance(again, WrittenRecord)
    assert erased is None
    assert everything(database) == {}
    # Nothing is left of those that were merged before either.
    assert database.read(lambda each: each.writes_after(PORTAL, 0, 100)) == []


def test_of_two_primary_companies_a_merge_keeps_that_of_the_primary_contact(
    database: Database,
) -> None:
    one, two, first, second = (
        database.run(creating(type_id)(database.store)).results[0].record.record_id
        for type_id in (CONTACTS, CONTACTS, COMPANIES, COMPANIES)
    )
    types = database.read(lambda each: each.object_types(PORTAL))
    rows = [
        row
        for contact, company in ((one, first), (two, second))
        for row in default_associations(types, CONTACTS, contact, COMPANIES, company, primary=True)
    ]
    database.write(lambda each: each.put_associations(PORTAL, rows))

    (made,) = race(database, merging(one, two, CONTACTS))

    found = database.read(lambda each: each.associations_after(PORTAL, None, 100))
    survivor = made.record.record_id
    assert sorted(found) == sorted(
        default_associations(types, CONTACTS, survivor, COMPANIES, first, primary=True)
        + default_associations(types, CONTACTS, survivor, COMPANIES, second)
    )
    assert all(isinstance(each, Association) for each in found)


# --- stages and pipelines --------------------------------------------------------------------


def add_stage(database: Database) -> None:
    """A stage `second` of the pipeline of partner services."""
    given = GivenStage("Second", 5, {}, "second")
    made = database.run(create_stage(database.store, occasion(), SERVICES, PIPELINE, given))
    assert isinstance(made, Stage), made


def stage_ids(database: Database) -> set[str]:
    """The stages of partner services."""
    found = database.read(lambda each: each.definitions(PORTAL, SERVICES)).pipelines
    return {stage.id for each in found for stage in each.stages}


def test_a_write_behind_the_deletion_of_its_stage_is_refused(database: Database) -> None:
    (record_id,) = created(database, {"code": "A"})
    add_stage(database)

    deleted, *refused = race(
        database,
        removing_stage(in_use_refused=True),
        updating(record_id, hs_pipeline_stage="second"),
        creating(hs_pipeline_stage="second"),
        upserting("A", "code", SERVICES, hs_pipeline_stage="second"),
        upserting("B", "code", SERVICES, hs_pipeline_stage="second"),
    )

    assert deleted is None
    for each in refused:
        assert isinstance(each, InvalidValues)
        assert [type(one) for one in each.problems] == [InvalidStage]
    assert "second" not in stage_ids(database)
    assert everything(database).keys() == {record_id}


@pytest.mark.parametrize("in_use_refused", [True, False])
def test_a_deletion_behind_a_write_of_its_stage_knows_of_it(
    database: Database, in_use_refused: bool
) -> None:
    (record_id,) = created(database, {"code": "A"})
    add_stage(database)

    plan, deleted = race(
        database,
        updating(record_id, hs_pipeline_stage="second"),
        removing_stage(in_use_refused=in_use_refused),
    )

    assert isinstance(plan, WritePlan)
    assert deleted == (StagesInUse(("second",), (str(record_id),)) if in_use_refused else None)
    assert ("second" in stage_ids(database)) == in_use_refused
    assert everything(database)[record_id].properties["hs_pipeline_stage"] == "second"


def test_of_two_pipelines_with_one_label_or_id_one_is_made(database: Database) -> None:
    def making(label: str, pipeline_id: str | None) -> Call:
        stages = (GivenStage("One", 0, {}),)
        given = GivenPipeline(label, 3, stages, pipeline_id)
        return lambda store: create_pipeline(store, AT, SERVICES, given)

    made, label_taken, id_taken = race(
        database, making("Twin", "twin"), making("TWIN", None), making("Other", "twin")
    )

    assert isinstance(made, Pipeline)
    assert label_taken == PipelineLabelTaken("TWIN")
    assert id_taken == PipelineIdTaken("twin")
    found = database.read(lambda each: each.definitions(PORTAL, SERVICES)).pipelines
    assert [each.id for each in found if each.id != PIPELINE] == ["twin"]


def test_of_two_stages_with_one_label_one_is_made(database: Database) -> None:
    def making(label: str) -> Call:
        given = GivenStage(label, 5, {})
        return lambda store: create_stage(store, AT, SERVICES, PIPELINE, given)

    made, refused = race(database, making("Twin"), making(" twin"))

    assert isinstance(made, Stage)
    assert refused == StageLabelTaken(" twin", whole=False)
    assert len(stage_ids(database)) == 3


# --- schemas and properties ------------------------------------------------------------------


def car(database: Database) -> str:
    """The id of a custom type."""
    given = NewSchema(
        name="car", label="Car", label_plural="Cars", primary_display_property="hs_object_id"
    )
    made = database.run(create_schema(database.store, occasion(), given))
    assert isinstance(made, DescribedType), made
    return made.object_type.id


def of_type(database: Database, type_id: str) -> list[StoredRecord]:
    """The active records of a custom type."""
    return database.read(lambda each: each.page(PORTAL, type_id, 0, 10, archived=False))


def test_an_archive_of_a_schema_behind_a_create_of_its_record_is_refused(
    database: Database,
) -> None:
    type_id = car(database)

    made, archived = race(database, creating(type_id), archiving_type(type_id))

    assert isinstance(made, WritePlan)
    assert archived == ObjectTypeHasRecords(type_id)
    assert len(of_type(database, type_id)) == 1


def test_writes_behind_the_archive_of_their_schema_are_refused(database: Database) -> None:
    type_id = car(database)

    archived, *refused = race(
        database,
        archiving_type(type_id),
        creating(type_id),
        lambda store: update_records(
            store, AT, type_id, [RecordInput("1", {})], dates_normalised=False
        ),
        lambda store: upsert_records(
            store, AT, type_id, [RecordInput("1", {})], dates_normalised=False
        ),
        merging(1, 2, type_id),
    )

    assert archived is None
    assert refused == [UnknownObjectType(type_id)] * 4
    assert of_type(database, type_id) == []


def test_a_create_behind_the_purge_of_its_schema_is_refused(database: Database) -> None:
    type_id = car(database)

    archived, purged, refused, merged = race(
        database,
        archiving_type(type_id),
        lambda store: purge_schema(store, PORTAL, type_id),
        creating(type_id),
        merging(1, 2, type_id),
    )

    assert (archived, purged) == (None, None)
    assert refused == merged == UnknownObjectType(type_id)
    counted = database.read(lambda each: each.census(PORTAL))
    assert (counted.records, counted.writes) == (0, 0)


def test_a_write_behind_the_archive_of_its_property_is_refused(database: Database) -> None:
    (record_id,) = created(database, {"code": "A", "note": "x"})

    _, _, *refused = race(
        database,
        archiving_property("note"),
        archiving_property("code"),
        updating(record_id, note="y"),
        creating(note="y"),
        upserting("A", "code", SERVICES, size="1"),
    )

    unknown = InvalidValues((UnknownProperty("note", None),))
    assert refused == [unknown, unknown, NotAUniqueProperty(SERVICES, "code")]
    (record,) = everything(database).values()
    assert record.properties["note"] == "x"


def test_an_archive_of_a_property_behind_a_write_of_it_keeps_the_value(database: Database) -> None:
    (record_id,) = created(database, {"note": "x"})

    plan, archived = race(database, updating(record_id, note="y"), archiving_property("note"))

    assert isinstance(plan, WritePlan)
    assert not isinstance(archived, Problem)
    assert everything(database)[record_id].properties["note"] == "y"
