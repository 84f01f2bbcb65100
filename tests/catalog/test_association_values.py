"""The table of values that follow from associations."""

import pytest

from moyeu.catalog.association_values import (
    AssociationValue,
    association_values,
    told_elsewhere,
    values_of_type,
)
from moyeu.catalog.associations import standard_associations
from moyeu.catalog.object_types import object_type_by_id, object_type_named
from moyeu.catalog.properties import standard_properties


@pytest.mark.parametrize("value", association_values().values(), ids=lambda each: each.name)
def test_a_row_names_a_number_that_the_type_has(value: AssociationValue) -> None:
    object_type = object_type_by_id(value.object_type_id)
    assert object_type is not None
    (definition,) = [each for each in standard_properties(object_type) if each.name == value.name]

    assert definition.type == "number"


def test_every_property_that_counts_associated_records_of_a_served_type_has_a_row() -> None:
    # What else is counted has no association type, or more than associations decide it.
    others = {
        "hs_num_associated_active_deal_registrations",
        "hs_num_associated_deal_registrations",
        "hs_num_associated_deal_splits",
        "hs_num_associated_conversations",
        "hs_num_associated_queue_objects",
    }
    for name in ("contacts", "companies", "deals", "tickets", "tasks"):
        object_type = object_type_named(name)
        rows = {each.name for each in values_of_type(object_type.id)}
        named = {
            each.name for each in standard_properties(object_type) if "num_associated" in each.name
        }
        assert named - others <= rows


def test_a_type_is_told_of_by_the_inverse_types() -> None:
    keys = standard_associations().by_key
    for type_id in ("0-1", "0-2", "0-3", "0-5", "0-8"):
        told = [keys[each.inverse_key] for each in told_elsewhere(type_id)]
        assert told
        assert {each.key for each in told} == {
            value.kind.key
            for value in association_values().values()
            if value.kind.to_object_type_id == type_id
        }


def test_most_types_have_no_values_and_are_told_of_nowhere() -> None:
    for name in ("notes", "products", "partner_services", "calls"):
        type_id = object_type_named(name).id
        assert values_of_type(type_id) == ()
        assert told_elsewhere(type_id) == ()
