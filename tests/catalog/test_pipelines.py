"""The pipelines of a new portal."""

from dataclasses import replace

import pytest

from moyeu.catalog.object_types import (
    OBJECT_TYPES,
    ObjectType,
    find_object_type,
    object_type_by_id,
)
from moyeu.catalog.pipelines import _table, pipeline_rules, standard_pipelines
from moyeu.catalog.properties import standard_properties

WITH_PIPELINES = [row for row in OBJECT_TYPES if standard_pipelines(row)]

every_type = pytest.mark.parametrize("object_type", WITH_PIPELINES, ids=lambda row: row.name)


def named(name: str) -> ObjectType:
    found = find_object_type(name)
    assert found is not None
    return found


def test_every_row_of_the_table_belongs_to_a_known_type() -> None:
    assert {row.object_type for row in _table().pipelines} == {row.name for row in WITH_PIPELINES}


def test_every_type_with_pipelines_has_one_and_two_more_have_the_lifecycle() -> None:
    with_pipelines = {row.name for row in OBJECT_TYPES if row.has_pipelines}

    assert {row.name for row in WITH_PIPELINES} == with_pipelines | {"contacts", "companies"}


@every_type
def test_the_stage_property_is_defined(object_type: ObjectType) -> None:
    defined = {row.name for row in standard_properties(object_type)}

    for pipeline in standard_pipelines(object_type):
        assert pipeline.stage_property in defined
        if object_type.has_pipelines:
            assert pipeline.stage_property == object_type.stage_property


@every_type
def test_stage_ids_are_unique_in_a_type_and_orders_count_from_zero(object_type: ObjectType) -> None:
    pipelines = standard_pipelines(object_type)
    ids = [stage.id for pipeline in pipelines for stage in pipeline.stages]

    assert len(set(ids)) == len(ids)
    assert [pipeline.display_order for pipeline in pipelines] == list(range(len(pipelines)))
    for pipeline in pipelines:
        orders = [stage.display_order for stage in pipeline.stages]
        assert orders == list(range(len(pipeline.stages)))
        assert len({stage.label for stage in pipeline.stages}) == len(pipeline.stages)
        assert pipeline.evidence


@every_type
def test_a_stage_has_the_metadata_that_the_rules_of_its_type_name(object_type: ObjectType) -> None:
    rules = pipeline_rules(object_type)

    assert rules is not None
    for pipeline in standard_pipelines(object_type):
        assert pipeline.stage_property == rules.stage_property
        for stage in pipeline.stages:
            metadata = dict(stage.metadata)
            assert metadata.keys() == {"isClosed", rules.metadata_key} - {None}


@every_type
def test_a_stage_is_closed_exactly_when_its_state_or_probability_says_so(
    object_type: ObjectType,
) -> None:
    for pipeline in standard_pipelines(object_type):
        for stage in pipeline.stages:
            metadata = dict(stage.metadata)
            closed = metadata.pop("isClosed") == "true"
            expected = any(
                value in {"0.0", "1.0"} if key == "probability" else value == "CLOSED"
                for key, value in metadata.items()
            )
            assert closed == expected


# --- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda row: row.name)
def test_a_type_has_rules_exactly_when_it_has_pipelines(object_type: ObjectType) -> None:
    assert (pipeline_rules(object_type) is not None) == bool(standard_pipelines(object_type))


@pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda row: row.name)
def test_the_stage_property_of_the_rules_is_that_of_the_type(object_type: ObjectType) -> None:
    rules = pipeline_rules(object_type)

    if rules is not None and object_type.has_pipelines:
        assert rules.stage_property == object_type.stage_property


def test_every_row_of_rules_is_for_a_known_type() -> None:
    names = {row.object_type for row in _table().rules}

    assert names - {row.name for row in WITH_PIPELINES} == {"custom", "other"}
    assert all(row.evidence for row in _table().rules)
    assert all((row.metadata_key is None) == (row.metadata_kind is None) for row in _table().rules)


def test_ids_are_shared_both_ways() -> None:
    for row in WITH_PIPELINES:
        rules = pipeline_rules(row)
        assert rules is not None
        for type_id in rules.ids_shared_with:
            other = object_type_by_id(type_id)
            assert other is not None
            others = pipeline_rules(other)
            assert others is not None
            assert row.id in others.ids_shared_with


def test_stages_are_limited_by_type() -> None:
    # Documented 2025-11.
    limits = {
        name: rules.stages_max
        for name in ("deals", "tickets", "appointments", "courses", "listings", "leads")
        if (rules := pipeline_rules(named(name)))
    }

    assert limits == {
        "deals": 100,
        "tickets": 100,
        "appointments": 30,
        "courses": 30,
        "listings": 30,
        "leads": 30,
    }


def test_every_custom_type_may_have_pipelines_whatever_its_name() -> None:
    rules = pipeline_rules(replace(named("deals"), id="2-77"))

    assert rules is not None
    assert (rules.metadata_key, rules.stages_max) == ("state", 100)


def test_pipeline_ids_are_unique_across_types() -> None:
    ids = [pipeline.id for row in WITH_PIPELINES for pipeline in standard_pipelines(row)]

    assert len(set(ids)) == len(ids)


def test_deals_begin_with_the_sales_pipeline() -> None:
    (pipeline,) = standard_pipelines(named("deals"))

    assert (pipeline.id, pipeline.label) == ("default", "Sales Pipeline")
    assert pipeline.stages[0].id == "appointmentscheduled"
    assert pipeline.stages[0].metadata == (("isClosed", "false"), ("probability", "0.2"))
    assert not pipeline.guessed


def test_the_pipeline_of_partner_services_is_marked_as_guessed() -> None:
    (pipeline,) = standard_pipelines(named("partner_services"))

    assert pipeline.guessed
    assert pipeline.evidence.startswith("GUESS")


def test_a_custom_type_has_no_pipeline_even_under_the_name_of_another() -> None:
    assert standard_pipelines(replace(named("deals"), id="2-77")) == ()
