"""HubSpot's own object types and how they are found."""

import re

import pytest

from moyeu.catalog.object_types import (
    OBJECT_TYPES,
    ObjectType,
    find_object_type,
    looks_like_type_id,
    object_type_by_id,
)


def test_names_and_ids_are_unique_across_types() -> None:
    ids = [object_type.id for object_type in OBJECT_TYPES]
    upper_names = [object_type.upper_name for object_type in OBJECT_TYPES]
    names = [
        name
        for object_type in OBJECT_TYPES
        for name in {object_type.name, object_type.singular, *object_type.other_names}
    ]

    assert len(set(ids)) == len(ids)
    assert len(set(upper_names)) == len(upper_names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda row: row.name)
def test_a_row_is_consistent(object_type: ObjectType) -> None:
    assert looks_like_type_id(object_type.id)
    assert not object_type.is_custom
    assert re.fullmatch(r"[a-z_]+", object_type.name)
    assert re.fullmatch(r"[A-Z_]+", object_type.upper_name)
    assert list(object_type.default_properties) == sorted(set(object_type.default_properties))
    assert set(object_type.always_properties) <= set(object_type.default_properties)
    assert (object_type.pipeline_property is not None) == object_type.has_pipelines
    assert (object_type.stage_property is not None) == object_type.has_pipelines
    assert object_type.read_scopes
    assert object_type.write_scopes
    assert object_type.evidence in {"DOCUMENTED", "GUESS"}
    assert object_type.id_evidence in {"DOCUMENTED", "GUESS", "PLACEHOLDER"}
    assert object_type.scopes_evidence


@pytest.mark.parametrize(
    "text",
    ["partner_services", "partner_service", "PARTNER_SERVICE", "Partner_Services", "0-164"],
)
def test_a_type_is_found_by_plural_singular_any_case_and_id(text: str) -> None:
    found = find_object_type(text)

    assert found is not None
    assert found.name == "partner_services"


def test_payments_is_another_name_of_commerce_payments() -> None:
    assert find_object_type("payments") is find_object_type("0-101")
    assert find_object_type("payments") is find_object_type("commerce_payments")


@pytest.mark.parametrize(
    "text", ["", "butterflies", "contact s", "0-1 ", "0-99999", "2-1", "MEETING_EVENT"]
)
def test_other_text_names_no_type(text: str) -> None:
    assert find_object_type(text) is None


def test_an_unknown_type_id_differs_from_an_unknown_name() -> None:
    assert looks_like_type_id("0-99999")
    assert looks_like_type_id("2-123")
    assert not looks_like_type_id("butterflies")
    assert not looks_like_type_id("0-")
    assert not looks_like_type_id("0-1\n")
    assert not looks_like_type_id("٠-١")


def test_a_type_is_found_by_its_id_and_not_by_its_name() -> None:
    deals = object_type_by_id("0-3")

    assert deals is not None
    assert deals.name == "deals"
    assert object_type_by_id("deals") is None


def test_partner_services_have_the_core_default_set_and_hyphenated_scopes() -> None:
    partner_services = object_type_by_id("0-164")

    assert partner_services is not None
    assert partner_services.upper_name == "PARTNER_SERVICE"
    assert partner_services.default_properties == (
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
    )
    assert partner_services.read_scopes == ("crm.objects.partner-services.read",)
    assert partner_services.write_scopes == ("crm.objects.partner-services.write",)
    assert partner_services.stage_property == "hs_pipeline_stage"
    assert partner_services.id_evidence == "GUESS"


@pytest.mark.parametrize(
    ("name", "always"),
    [
        ("contacts", ("createdate", "hs_object_id", "lastmodifieddate")),
        ("companies", ("createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("deals", ("createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("tickets", ("createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("products", ("createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("line_items", ("createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("quotes", ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")),
        ("notes", ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")),
    ],
)
def test_three_properties_are_always_returned(name: str, always: tuple[str, ...]) -> None:
    object_type = find_object_type(name)

    assert object_type is not None
    assert object_type.always_properties == always


def test_contacts_add_name_and_email_to_the_default_set() -> None:
    contacts = object_type_by_id("0-1")

    assert contacts is not None
    assert contacts.default_properties == (
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    )
    assert contacts.id_properties == ("email",)
