"""Pipelines and their audits, as every engine keeps them."""

from dataclasses import replace
from typing import Final

import pytest

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.pipelines import Pipeline, Stage, standard_pipelines
from moyeu.crm.object_schemas import ObjectSchema
from moyeu.storage.contract import AuditEntry, ReadTransaction, WriteTransaction
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    definitions,
    insert,
    occasion,
    record,
)

STANDARD: Final = "default-partner-service-pipeline"
CAR: Final = ObjectSchema(
    object_type_id="2-2000001",
    name="car",
    label="Car",
    label_plural="Cars",
    primary_display_property="plate",
    created_at_ms=NOW_MS,
    updated_at_ms=NOW_MS,
)


def pipeline(pipeline_id: str = "p1", display_order: int = 1) -> Pipeline:
    """A pipeline with two stages."""
    metadata = (("isClosed", "true"), ("state", "CLOSED"))
    stages = (
        Stage(f"{pipeline_id}-a", "A", 0, (("isClosed", "false"),), False, NOW_MS, NOW_MS + 1),
        Stage(f"{pipeline_id}-b", "B", 4, metadata, False, NOW_MS, NOW_MS + 2),
    )
    return Pipeline(
        pipeline_id,
        f"Label {pipeline_id}",
        display_order,
        stages,
        "hs_pipeline_stage",
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS + 3,
    )


def put(database: Database, *pipelines: Pipeline, type_id: str = SERVICES) -> None:
    """Stores pipelines of one type."""

    def work(transaction: WriteTransaction) -> None:
        for each in pipelines:
            transaction.put_pipeline(PORTAL, type_id, each)

    database.write(work)


def ids(database: Database, type_id: str = SERVICES) -> list[str]:
    """The ids of a type's pipelines as the definitions list them."""
    return [each.id for each in definitions(database, type_id).pipelines]


# --- pipelines -------------------------------------------------------------------------------


def test_a_pipeline_is_kept_as_it_is(database: Database) -> None:
    put(database, pipeline())

    assert definitions(database).pipelines[1] == pipeline()


def test_pipelines_stand_in_display_order_beside_the_standard_ones(database: Database) -> None:
    put(database, pipeline("late", 7), pipeline("early", 2))

    assert ids(database) == [STANDARD, "early", "late"]


def test_a_pipeline_takes_the_place_of_the_one_with_its_id(database: Database) -> None:
    put(database, pipeline())
    renamed = replace(pipeline(), label="New", stages=pipeline().stages[:1])

    put(database, renamed)

    assert definitions(database).pipelines[1:] == (renamed,)


def test_a_standard_pipeline_can_be_changed(database: Database) -> None:
    (standard,) = definitions(database).pipelines
    changed = replace(standard, label="Ours")

    put(database, changed)

    assert definitions(database).pipelines == (changed,)


def test_a_pipeline_belongs_to_one_type_and_one_portal(database: Database) -> None:
    put(database, pipeline())

    tickets = find_object_type("tickets")
    assert tickets is not None
    other = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES))
    assert definitions(database, tickets.id).pipelines == standard_pipelines(tickets)
    assert [each.id for each in other.pipelines] == [STANDARD]


def test_a_removed_pipeline_is_gone(database: Database) -> None:
    put(database, pipeline("p1"), pipeline("p2", 2))

    database.write(lambda each: each.remove_pipeline(PORTAL, SERVICES, "p1"))

    assert ids(database) == [STANDARD, "p2"]


def test_a_removed_standard_pipeline_is_gone_and_may_come_back(database: Database) -> None:
    (standard,) = definitions(database).pipelines
    database.write(lambda each: each.remove_pipeline(PORTAL, SERVICES, STANDARD))
    assert ids(database) == []
    (own,) = [
        each
        for each in database.read(lambda each: each.own_definitions(PORTAL))
        if each.kind == "pipeline"
    ]
    assert (own.name, own.document) == (STANDARD, "null")

    put(database, standard)

    assert definitions(database).pipelines == (standard,)


def test_within_a_turn_the_changed_pipelines_are_seen(database: Database) -> None:
    def work(transaction: WriteTransaction) -> list[str]:
        transaction.put_pipeline(PORTAL, SERVICES, pipeline())
        transaction.remove_pipeline(PORTAL, SERVICES, STANDARD)
        return [each.id for each in transaction.definitions(PORTAL, SERVICES).pipelines]

    assert database.write(work) == ["p1"]


def test_work_that_fails_leaves_the_pipelines(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_pipeline(PORTAL, SERVICES, pipeline())
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert ids(database) == [STANDARD]


def test_a_stage_is_valid_as_soon_as_it_is_kept(database: Database) -> None:
    put(database, pipeline())
    keep = definitions(database).rules["hs_pipeline_stage"]

    assert keep("p1-b", NOW_MS) == "p1-b"


def test_a_custom_type_gets_its_two_properties_with_its_first_pipeline(
    database: Database,
) -> None:
    names = {"hs_pipeline", "hs_pipeline_stage"}
    database.write(lambda each: each.put_schema(PORTAL, CAR))
    assert names.isdisjoint(definitions(database, CAR.object_type_id).properties)

    def work(transaction: WriteTransaction) -> None:
        transaction.put_schema(PORTAL, replace(CAR, has_pipelines=True))
        transaction.put_pipeline(PORTAL, CAR.object_type_id, pipeline())

    database.write(work)

    described = definitions(database, CAR.object_type_id)
    assert names <= described.properties.keys()
    assert described.rules["hs_pipeline_stage"]("p1-a", NOW_MS) == "p1-a"
    assert described.rules["hs_pipeline"]("p1", NOW_MS) == "p1"


# --- audit -----------------------------------------------------------------------------------


def entry(stage_id: str, action: str, at_ms: int = NOW_MS, user_id: int | None = 9) -> AuditEntry:
    """One change of `p1` or of a stage of it."""
    return AuditEntry("p1", stage_id, action, at_ms, user_id, f'{{"is":"{action}"}}')


def audit(database: Database, stage_id: str = "", portal_id: int = PORTAL) -> list[AuditEntry]:
    """The changes of `p1` or of a stage of it."""

    def work(transaction: ReadTransaction) -> list[AuditEntry]:
        return transaction.pipeline_audit(portal_id, SERVICES, "p1", stage_id)

    return database.read(work)


def test_changes_come_newest_first_also_those_of_one_moment(database: Database) -> None:
    first, second, third = entry("", "CREATE"), entry("", "UPDATE"), entry("", "DELETE", NOW_MS + 1)
    database.write(lambda each: each.add_audit(PORTAL, SERVICES, [first, second]))

    database.write(lambda each: each.add_audit(PORTAL, SERVICES, [third]))

    assert audit(database) == [third, second, first]


def test_changes_of_a_stage_are_kept_apart(database: Database) -> None:
    of_stage = entry("a", "UPDATE", user_id=None)
    database.write(lambda each: each.add_audit(PORTAL, SERVICES, [entry("", "UPDATE"), of_stage]))

    assert audit(database, "a") == [of_stage]
    assert audit(database) == [entry("", "UPDATE")]
    assert audit(database, "b") == []
    assert audit(database, "a", OTHER_PORTAL) == []


def test_the_changes_of_a_removed_pipeline_stay(database: Database) -> None:
    put(database, pipeline())
    database.write(lambda each: each.add_audit(PORTAL, SERVICES, [entry("", "CREATE")]))

    database.write(lambda each: each.remove_pipeline(PORTAL, SERVICES, "p1"))

    assert audit(database) == [entry("", "CREATE")]


# --- records in stages -----------------------------------------------------------------------


def in_stages(database: Database, *stage_ids: str, count_max: int = 10) -> list[tuple[int, str]]:
    """Which records stand in the stages."""
    return database.read(
        lambda each: each.records_with_values(
            PORTAL, SERVICES, "hs_pipeline_stage", stage_ids, count_max
        )
    )


def test_active_records_in_a_stage_are_found_by_id(database: Database) -> None:
    stage = "hs_pipeline_stage"
    insert(
        database,
        record(12, {stage: "a"}),
        record(11, {stage: "b"}),
        record(13, {stage: "other"}),
        record(14, {"hs_name": "a"}),
        record(15, {stage: "a"}),
    )
    insert(database, record(21, {stage: "a"}), portal_id=OTHER_PORTAL)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [15]))

    assert in_stages(database, "a", "b") == [(11, "b"), (12, "a")]
    assert in_stages(database, "a", "b", count_max=1) == [(11, "b")]
    assert in_stages(database, "none") == []
