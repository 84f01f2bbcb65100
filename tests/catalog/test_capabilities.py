"""Operations per object type and version."""

from dataclasses import replace

import pytest

from moyeu.catalog.capabilities import (
    OPERATIONS,
    READ_OPERATIONS,
    Operation,
    _table,
    capability,
    source_and_evidence,
    types_offering,
)
from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType, find_object_type
from moyeu.catalog.versions import RECORD_VERSIONS

ALWAYS_FOR_PARTNER_SERVICES: tuple[Operation, ...] = (
    "list",
    "read",
    "update",
    "batch_read",
    "batch_update",
    "search",
)
ONLY_BY_TEMPLATE: tuple[Operation, ...] = (
    "create",
    "archive",
    "batch_create",
    "batch_upsert",
    "batch_archive",
    "merge",
    "gdpr_delete",
)


def named(name: str) -> ObjectType:
    found = find_object_type(name)
    assert found is not None
    return found


def test_every_row_names_a_known_type_and_version_once() -> None:
    rows = [(row.object_type, row.version) for row in _table().rows]
    types = {object_type.name for object_type in OBJECT_TYPES} | {"custom_objects"}

    assert len(set(rows)) == len(rows)
    assert {name for name, _ in rows} <= types
    assert {version for _, version in rows} == {version.name for version in RECORD_VERSIONS}


def test_every_listed_operation_is_known_and_has_an_answer() -> None:
    answers = {(answer.version, answer.operation) for answer in _table().answers}

    for row in _table().rows:
        operations = row.operations.split()
        unscoped = row.operations_without_scopes
        assert len(set(operations)) == len(operations)
        assert set(operations) <= set(OPERATIONS)
        assert unscoped == "all" or set(unscoped.split()) <= set(operations)
        assert {(row.version, operation) for operation in operations} <= answers


def test_every_capability_has_a_success_code_and_a_scope() -> None:
    for version in RECORD_VERSIONS:
        for object_type in OBJECT_TYPES:
            for operation in OPERATIONS:
                offered = capability(version.name, object_type, operation)
                if offered is None:
                    continue
                assert offered.success
                assert set(offered.success) <= {200, 201, 204, 207}
                assert offered.scopes
                assert list(offered.query) == sorted(offered.query)


@pytest.mark.parametrize("version", [version.name for version in RECORD_VERSIONS])
@pytest.mark.parametrize("operation", ALWAYS_FOR_PARTNER_SERVICES)
def test_partner_services_are_read_updated_and_searched_everywhere(
    version: str, operation: Operation
) -> None:
    offered = capability(version, named("partner_services"), operation)

    assert offered is not None
    verb = "read" if operation in READ_OPERATIONS else "write"
    assert offered.scopes == (f"crm.objects.partner-services.{verb}",)


@pytest.mark.parametrize("operation", ONLY_BY_TEMPLATE)
def test_partner_services_are_made_and_archived_only_where_a_template_says_so(
    operation: Operation,
) -> None:
    partner_services = named("partner_services")
    offering = [
        version.name
        for version in RECORD_VERSIONS
        if capability(version.name, partner_services, operation) is not None
    ]

    assert offering == ["2025-09", "2026-09-beta"]


def test_the_evidence_tells_a_template_from_a_description() -> None:
    partner_services = named("partner_services")

    by_template = capability("2025-09", partner_services, "create")
    described = capability("v3", partner_services, "batch_update")

    assert by_template is not None
    assert by_template.evidence == "GENERIC"
    assert described is not None
    assert described.evidence == "SPEC"
    assert described.success == (200, 207)


def test_scopes_of_the_type_stand_in_for_a_long_generic_list() -> None:
    offered = capability("2026-09-beta", named("partner_services"), "batch_update")

    assert offered is not None
    assert offered.scopes_guessed
    assert offered.scopes == ("crm.objects.partner-services.write",)


def test_activities_need_the_scopes_of_contacts() -> None:
    offered = capability("v3", named("notes"), "create")

    assert offered is not None
    assert offered.scopes == ("crm.objects.contacts.write",)
    assert not offered.scopes_guessed


def test_custom_types_have_what_custom_objects_have_and_their_own_scopes() -> None:
    custom = replace(
        named("partner_services"),
        id="2-77",
        name="boats",
        read_scopes=("crm.objects.custom.read",),
        write_scopes=("crm.objects.custom.write",),
    )

    created = capability("v3", custom, "create")

    assert created is not None
    assert created.success == (201,)
    assert created.scopes == ("crm.objects.custom.write",)
    assert capability("v3", custom, "gdpr_delete") is None


def test_an_unknown_version_or_an_undescribed_type_offers_nothing() -> None:
    assert capability("2024-01", named("contacts"), "read") is None
    assert capability("v3", named("marketing_events"), "read") is None


def test_types_offering_are_upper_case_ascending_and_leave_out_the_refused() -> None:
    offering = types_offering("v3", "batch_create")

    assert list(offering) == sorted(offering)
    assert {"CALL", "CART", "CONTACT", "MEETING_EVENT"} <= set(offering)
    assert not {"FEEDBACK_SUBMISSION", "PARTNER_SERVICE", "PARTNER_CLIENT"} & set(offering)
    assert types_offering("v3", "gdpr_delete") == ("APPOINTMENT", "CONTACT")


def test_the_table_says_where_it_comes_from_and_what_its_marks_mean() -> None:
    source, evidence = source_and_evidence()

    assert "API descriptions" in source
    assert "SPEC" in evidence
    assert "GENERIC" in evidence
