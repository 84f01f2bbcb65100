"""Scopes of the property routes."""

import pytest

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType, find_object_type
from moyeu.catalog.scopes import (
    DESCRIBED_READ_SCOPES,
    DESCRIBED_WRITE_SCOPES,
    GENERIC_PROPERTY_READ_SCOPES,
    GENERIC_PROPERTY_WRITE_SCOPES,
    property_read_scopes,
    property_write_scopes,
    read_scopes_named_in_refusal,
)


def named(name: str) -> ObjectType:
    found = find_object_type(name)
    assert found is not None
    return found


def test_the_described_lists_name_no_partner_scope() -> None:
    described = DESCRIBED_READ_SCOPES | DESCRIBED_WRITE_SCOPES

    assert not [scope for scope in described if "partner" in scope]


@pytest.mark.parametrize("object_type", OBJECT_TYPES, ids=lambda row: row.name)
def test_the_scopes_of_a_type_pass_the_first_step(object_type: ObjectType) -> None:
    assert set(property_read_scopes(object_type)) <= GENERIC_PROPERTY_READ_SCOPES
    assert set(property_write_scopes(object_type)) <= GENERIC_PROPERTY_WRITE_SCOPES


def test_a_refused_read_of_contacts_names_the_schema_scope_first() -> None:
    assert read_scopes_named_in_refusal(named("contacts")) == (
        "crm.schemas.contacts.read",
        "crm.objects.contacts.read",
    )


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("contacts", ("crm.schemas.contacts.write",)),
        ("partner_services", ("crm.objects.partner-services.write",)),
        ("tickets", ("crm.schemas.tickets.write", "tickets")),
        ("leads", ("crm.objects.leads.write",)),
        ("notes", ("crm.objects.notes.write",)),
        ("emails", ("crm.objects.emails.write",)),
    ],
)
def test_definitions_are_written_with_the_schema_scope_or_that_of_the_objects(
    name: str, scopes: tuple[str, ...]
) -> None:
    assert property_write_scopes(named(name)) == scopes


def test_partner_services_are_read_with_either_of_their_scopes() -> None:
    assert property_read_scopes(named("partner_services")) == (
        "crm.objects.partner-services.read",
        "crm.objects.partner-services.write",
    )


def test_activities_are_also_read_with_the_scopes_of_contacts() -> None:
    assert "crm.objects.contacts.read" in property_read_scopes(named("calls"))


def test_writing_a_record_of_contacts_is_not_enough_to_write_a_definition() -> None:
    assert "crm.objects.contacts.write" not in GENERIC_PROPERTY_WRITE_SCOPES
