"""What holds for the rules of every type."""

import pytest

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType
from moyeu.crm.type_rules import type_rules
from tests.crm.type_rules.portal import definitions

WITH_RULES = (
    "calls",
    "communications",
    "companies",
    "contacts",
    "deals",
    "emails",
    "meetings",
    "notes",
    "tasks",
    "tickets",
)


def test_these_types_have_rules() -> None:
    found = {each.name for each in OBJECT_TYPES if type_rules(each.id).derivation is not None}

    assert found == set(WITH_RULES)


def test_types_without_rules_derive_nothing() -> None:
    assert definitions("partner_services").derivations == ()
    assert type_rules("2-1").derivation is None


@pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda each: each.name)
def test_rules_name_only_properties_that_exist(object_type: ObjectType) -> None:
    described, rules = definitions(object_type.name), type_rules(object_type.id)
    named = {
        *rules.value_rules,
        *rules.shown_with,
        *rules.always_shown,
        *rules.never_shown,
        *(name for reasons in rules.shown_with.values() for name in reasons),
    }

    assert named <= described.properties.keys()


@pytest.mark.parametrize("type_name", WITH_RULES)
def test_a_value_is_never_set_for_a_property_that_is_archived(type_name: str) -> None:
    described = definitions(type_name)
    make = type_rules(described.object_type.id).derivation
    assert make is not None
    created = described.object_type.created_property
    few = {name: described.properties[name] for name in ("hs_object_id", created)}
    values = {"hs_object_id": "1", created: "2026-03-12T07:36:25Z"}

    make(described.pipelines, few)({}, values, 1_773_300_985_514)

    assert values.keys() == few.keys()
