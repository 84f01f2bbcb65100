"""hubspot-sdk 0.1.0a9, the new official client for 2026-03, in strict mode where that can be."""

import datetime
from collections.abc import Mapping

import hubspot_sdk
import pytest

from tests.clients.conftest import SERVICES, sdk
from tests.conftest import PortalUnderTest, RecordKey

UNKNOWN_ID = "999999999999"


def _category(error: hubspot_sdk.APIStatusError) -> object:
    assert isinstance(error.body, dict)
    return error.body["category"]


# --- batch update ----------------------------------------------------------------------------


def test_a_batch_of_updates_by_id_and_by_unique_value_is_parsed_strictly(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    answer = dated.crm.objects.partner_services.batch.update(
        inputs=[
            {
                "id": services[0].id,
                "properties": {"city": "Nantes", "start": "2026-11-25"},
                "object_write_trace_id": "first",
            },
            {"id": "S-1", "id_property": "sku", "properties": {"city": "Brest"}},
        ]
    )

    assert answer.status == "COMPLETE"
    assert answer.started_at <= answer.completed_at
    assert [each.id for each in answer.results] == [services[0].id, services[1].id]
    assert [each.properties["city"] for each in answer.results] == ["Nantes", "Brest"]
    assert answer.results[0].properties["start"] == "2026-11-25"
    assert answer.results[0].object_write_trace_id == "first"
    assert answer.results[0].created_at == datetime.datetime.fromisoformat(services[0].created_at)


def test_a_batch_with_unknown_ids_is_parsed_and_shows_its_errors(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    raw = dated.crm.objects.partner_services.batch.with_raw_response.update(
        inputs=[
            {"id": services[0].id, "properties": {"city": "Nantes"}},
            {"id": UNKNOWN_ID, "properties": {"city": "Brest"}},
        ]
    )

    answer = raw.parse()
    assert raw.status_code == 207
    assert [each.id for each in answer.results] == [services[0].id]
    extra = answer.model_extra or {}
    assert extra["numErrors"] == 1
    assert extra["errors"][0]["context"] == {"ids": [UNKNOWN_ID]}


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"nothing_like_it": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hours": "many"}, "INVALID_INTEGER"),
        ({"sku": "S-4"}, "already has that value"),
    ],
)
def test_a_refused_batch_raises_bad_request_with_hubspots_body(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey], values: dict[str, str], part: str
) -> None:
    with pytest.raises(hubspot_sdk.BadRequestError) as caught:
        dated.crm.objects.partner_services.batch.update(
            inputs=[{"id": services[0].id, "properties": values}]
        )

    assert _category(caught.value) == "VALIDATION_ERROR"
    assert part in str(caught.value)
    assert caught.value.response.headers["x-hubspot-correlation-id"] in str(caught.value.body)


def test_unknown_unique_values_raise_not_found(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    with pytest.raises(hubspot_sdk.NotFoundError) as caught:
        dated.crm.objects.partner_services.batch.update(
            inputs=[{"id": "S-99", "id_property": "sku", "properties": {"city": "Brest"}}]
        )

    assert _category(caught.value) == "OBJECT_NOT_FOUND"


# --- one record ------------------------------------------------------------------------------


def test_a_patch_answers_the_changed_record(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    record = dated.crm.objects.partner_services.update(
        "S-2", id_property="sku", properties={"city": "Metz"}
    )

    assert record.id == services[2].id
    assert record.properties["city"] == "Metz"
    assert record.updated_at > record.created_at


def test_a_record_is_read_by_id_and_by_unique_value_strictly(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    by_id = dated.crm.objects.partner_services.get(services[3].id, properties=["sku", "city"])
    by_value = dated.crm.objects.partner_services.get(
        "S-3", id_property="sku", properties_with_history=["city"]
    )

    assert by_id.id == by_value.id == services[3].id
    assert by_id.properties["sku"] == "S-3"
    assert by_value.properties_with_history is not None
    assert [each.value for each in by_value.properties_with_history["city"]] == ["Lyon"]


def test_a_property_without_a_value_is_null_which_the_strict_mode_refuses(
    dated: hubspot_sdk.HubSpot, lenient: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    record = lenient.crm.objects.partner_services.get(services[0].id, properties=["remark"])

    values: Mapping[str, str | None] = record.properties
    assert values["remark"] is None
    with pytest.raises(hubspot_sdk.APIResponseValidationError):
        dated.crm.objects.partner_services.get(services[0].id, properties=["remark"])


@pytest.mark.parametrize("record_id", [UNKNOWN_ID, "not-a-number"])
def test_a_record_that_is_not_there_raises_not_found(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey], record_id: str
) -> None:
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.objects.partner_services.get(record_id)


# --- reading many ----------------------------------------------------------------------------


def test_iterating_over_a_list_follows_all_pages(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest
) -> None:
    made = [
        portal.add_record("contacts", {"email": f"c{number}@example.com"}).id
        for number in range(25)
    ]

    listed = list(dated.crm.objects.contacts.list(limit=10, properties=["email", "createdate"]))

    assert [each.id for each in listed] == made
    assert [each.properties["email"] for each in listed] == [
        f"c{number}@example.com" for number in range(25)
    ]


def test_a_batch_read_is_parsed_strictly(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    answer = dated.crm.objects.partner_services.batch.get(
        inputs=[{"id": "S-1"}, {"id": "S-0"}],
        id_property="sku",
        properties=["sku", "city"],
        properties_with_history=[],
    )

    assert [each.id for each in answer.results] == [services[1].id, services[0].id]
    assert answer.results[0].properties["city"] == "Lyon"


def test_contacts_are_created_changed_and_archived(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest
) -> None:
    contacts = dated.crm.objects.contacts
    made = contacts.create(
        properties={"email": "ada@example.com", "firstname": "Ada"}, associations=[]
    )
    contacts.update(made.id, properties={"firstname": "Augusta"})

    contacts.delete(made.id)

    with pytest.raises(hubspot_sdk.NotFoundError):
        contacts.get(made.id)
    archived = contacts.get(made.id, archived=True, properties=["firstname"])
    assert archived.archived
    assert archived.archived_at is not None
    assert archived.properties["firstname"] == "Augusta"


# --- property definitions --------------------------------------------------------------------


def test_every_standard_property_is_parsed_strictly(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest
) -> None:
    for object_type in ("contacts", "companies", "deals", "tickets", SERVICES):
        found = dated.crm.properties.list(object_type).results

        assert len(found) > 10
        assert {each.name for each in found} >= {"hs_object_id", "hs_object_source"}


def test_a_unique_property_is_created_read_changed_and_archived(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    group = dated.crm.properties.groups.create(SERVICES, name="audit", label="Audit")
    made = dated.crm.properties.create(
        SERVICES,
        name="audit_no",
        label="Audit number",
        type="string",
        field_type="text",
        group_name=group.name,
        has_unique_value=True,
    )
    assert made.has_unique_value
    assert made.created_at is not None

    dated.crm.objects.partner_services.update(services[0].id, properties={"audit_no": "A-1"})
    changed = dated.crm.properties.update("audit_no", object_type=SERVICES, label="Number")
    read = dated.crm.properties.get("audit_no", object_type=SERVICES)
    assert changed.label == read.label == "Number"

    dated.crm.properties.delete("audit_no", object_type=SERVICES)

    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.properties.get("audit_no", object_type=SERVICES)
    archived = dated.crm.properties.list(SERVICES, archived=True).results
    assert [each.name for each in archived] == ["audit_no"]
    assert archived[0].archived_at is not None


def test_a_property_that_exists_raises_conflict(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    with pytest.raises(hubspot_sdk.ConflictError):
        dated.crm.properties.create(
            SERVICES,
            name="sku",
            label="SKU",
            type="string",
            field_type="text",
            group_name="partner_service_information",
        )


def test_groups_are_listed_read_changed_and_archived(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest
) -> None:
    groups = dated.crm.properties.groups
    groups.create(SERVICES, name="audit", label="Audit", display_order=-1)

    changed = groups.update("audit", object_type=SERVICES, label="Audits")

    assert changed.label == "Audits"
    assert groups.get("audit", object_type=SERVICES).label == "Audits"
    assert "audit" in {each.name for each in groups.list(SERVICES).results}
    groups.delete("audit", object_type=SERVICES)
    assert "audit" not in {each.name for each in groups.list(SERVICES).results}


# --- who may not -----------------------------------------------------------------------------


def test_an_unknown_token_raises_an_authentication_error(portal: PortalUnderTest) -> None:
    with (
        sdk(portal, "pat-na1-nobody", strict=True) as stranger,
        pytest.raises(hubspot_sdk.AuthenticationError) as caught,
    ):
        stranger.crm.objects.contacts.list()

    assert _category(caught.value) == "INVALID_AUTHENTICATION"


def test_a_token_without_the_scope_raises_permission_denied(portal: PortalUnderTest) -> None:
    token = portal.token_with(["crm.objects.contacts.read"])
    with (
        sdk(portal, token, strict=True) as reader,
        pytest.raises(hubspot_sdk.PermissionDeniedError) as caught,
    ):
        reader.crm.objects.partner_services.batch.update(
            inputs=[{"id": "1", "properties": {"city": "Brest"}}]
        )

    assert _category(caught.value) == "MISSING_SCOPES"
    assert "crm.objects.partner-services.write" in str(caught.value.body)
