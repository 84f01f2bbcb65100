"""HubSpot's own property definitions and groups."""

from dataclasses import replace

import pytest

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType, find_object_type
from moyeu.catalog.properties import (
    STANDARD_PROPERTY_CREATED_AT_MS,
    PropertyDefinition,
    standard_groups,
    standard_properties,
    standard_properties_provenance,
)

CORE_TOTAL = 30

every_type = pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda row: row.name)


def named(name: str) -> ObjectType:
    found = find_object_type(name)
    assert found is not None
    return found


def definition(type_name: str, name: str) -> PropertyDefinition:
    return {row.name: row for row in standard_properties(named(type_name))}[name]


@every_type
def test_definitions_are_ascending_by_name_and_unique(object_type: ObjectType) -> None:
    names = [row.name for row in standard_properties(object_type)]

    assert names == sorted(set(names))
    assert all(name == name.lower() and len(name) < 100 for name in names)


@every_type
def test_every_property_is_in_a_group_of_its_type(object_type: ObjectType) -> None:
    groups = standard_groups(object_type)
    group_names = [group.name for group in groups]

    assert len(set(group_names)) == len(group_names)
    assert [group.display_order for group in groups] == list(range(len(groups)))
    assert {row.group_name for row in standard_properties(object_type)} <= set(group_names)


@every_type
def test_properties_that_the_type_names_are_defined(object_type: ObjectType) -> None:
    defined = {row.name for row in standard_properties(object_type)}
    pipeline_names = (object_type.pipeline_property, object_type.stage_property)

    assert set(object_type.default_properties) <= defined
    assert set(object_type.always_properties) <= defined
    assert {object_type.primary_display_property} <= defined
    assert set(object_type.secondary_display_properties) <= defined
    assert set(object_type.required_properties) <= defined
    assert set(object_type.id_properties) <= defined
    assert set(object_type.searchable_properties) <= defined
    assert {name for name in pipeline_names if name is not None} <= defined


@every_type
def test_the_options_of_a_property_are_unique_and_in_display_order(object_type: ObjectType) -> None:
    for row in standard_properties(object_type):
        values = [option.value for option in row.options]
        assert len(set(values)) == len(values), row.name
        assert [option.display_order for option in row.options] == list(range(len(values)))
        if row.type == "bool":
            assert set(values) <= {"true", "false"}, row.name


@every_type
def test_record_ids_and_dates_of_a_record_cannot_be_written(object_type: ObjectType) -> None:
    by_name = {row.name: row for row in standard_properties(object_type)}

    assert by_name["hs_object_id"].read_only_value
    assert by_name[object_type.modified_property].read_only_value
    assert all(row.hubspot_defined for row in by_name.values())
    assert all(row.archived_at_ms is None for row in by_name.values())


@every_type
def test_every_type_says_where_its_properties_come_from(object_type: ObjectType) -> None:
    provenance = standard_properties_provenance(object_type)

    assert provenance.source
    assert provenance.evidence


def test_a_type_without_a_table_has_the_core_set_in_one_group() -> None:
    forecasts = named("forecasts")

    assert len(standard_properties(forecasts)) == CORE_TOTAL
    (group,) = standard_groups(forecasts)
    assert (group.name, group.label) == ("forecast_information", "Forecast information")


def test_a_custom_type_has_the_core_set_even_under_the_name_of_a_table() -> None:
    custom = replace(named("contacts"), id="2-77", singular="person", label="Person")

    assert len(standard_properties(custom)) == CORE_TOTAL
    (group,) = standard_groups(custom)
    assert (group.name, group.label) == ("contacts_information", "Person Information")


def test_recorded_portals_had_this_many_properties() -> None:
    # Four properties of contacts were met in answers later than the recorded list.
    assert len(standard_properties(named("contacts"))) == 352 + 4
    assert len(standard_properties(named("companies"))) == 245


def test_placeholders_of_partner_services_are_marked_as_guessed() -> None:
    guessed = {row.name for row in standard_properties(named("partner_services")) if row.guessed}

    assert {"hs_name", "hs_status", "hs_pipeline", "hs_pipeline_stage"} <= guessed
    assert not definition("partner_services", "hs_object_id").guessed
    assert "GUESS" in standard_properties_provenance(named("partner_services")).evidence


def test_the_owner_is_an_enumeration_whose_options_live_elsewhere() -> None:
    owner = definition("partner_services", "hubspot_owner_id")

    assert (owner.type, owner.field_type) == ("enumeration", "select")
    assert owner.external_options
    assert owner.options == ()
    assert owner.referenced_object_type == "OWNER"


def test_an_option_list_that_is_too_long_keeps_its_count() -> None:
    keywords = definition("companies", "hs_keywords")

    assert keywords.options == ()
    assert keywords.options_total == 1583


def test_only_the_creation_key_of_contacts_says_that_it_is_unique() -> None:
    unique = [row.name for row in standard_properties(named("contacts")) if row.has_unique_value]

    assert unique == ["hs_unique_creation_key"]


def test_some_definitions_have_times_and_some_have_none() -> None:
    assert definition("contacts", "email").created_at_ms == STANDARD_PROPERTY_CREATED_AT_MS
    assert definition("contacts", "hs_object_id").created_at_ms is None
    assert definition("contacts", "hs_object_id").updated_at_ms is None


def test_create_dates_of_contacts_are_read_only_and_of_deals_are_not() -> None:
    assert definition("contacts", "createdate").read_only_value
    assert definition("companies", "createdate").read_only_value
    assert not definition("deals", "createdate").read_only_value


def test_a_definition_made_by_a_client_has_the_recorded_defaults() -> None:
    made = PropertyDefinition(
        name="colour", label="Colour", type="string", field_type="text", group_name="g"
    )

    assert made.display_order == -1
    assert made.description == ""
    assert not made.hubspot_defined
    assert not made.read_only_definition
    assert made.archivable
    assert made.data_sensitivity == "non_sensitive"
