"""hubspot-api-client 12.0.0, the official client for v3."""

import datetime
import json
from typing import Any

import pytest
from hubspot import HubSpot  # type: ignore[import-untyped] # the package has no types
from hubspot.crm import objects, properties  # type: ignore[import-untyped] # as above

from tests.conftest import PortalUnderTest, RecordKey

SERVICES = "partner_services"
UNKNOWN_ID = "999999999999"


def _batch(*inputs: dict[str, Any]) -> Any:
    return objects.BatchInputSimplePublicObjectBatchInput(
        inputs=[objects.SimplePublicObjectBatchInput(**each) for each in inputs]
    )


def _body(error: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(error.body)
    return body


# --- batch update ----------------------------------------------------------------------------


def test_a_batch_of_updates_by_id_and_by_unique_value_answers_200(
    v3: Any, services: list[RecordKey]
) -> None:
    answer, status, headers = v3.crm.objects.batch_api.update_with_http_info(
        SERVICES,
        _batch(
            {"id": services[0].id, "properties": {"city": "Nantes", "hours": "12.5"}},
            {"id": "S-1", "id_property": "sku", "properties": {"city": "Brest"}},
        ),
    )

    assert status == 200
    assert isinstance(answer, objects.BatchResponseSimplePublicObject)
    assert answer.status == "COMPLETE"
    assert answer.started_at <= answer.completed_at
    assert [each.id for each in answer.results] == [services[0].id, services[1].id]
    assert [each.properties["city"] for each in answer.results] == ["Nantes", "Brest"]
    assert answer.results[0].properties["hours"] == "12.5"
    assert answer.results[0].archived is False
    assert answer.results[0].updated_at > answer.results[0].created_at
    assert headers["x-hubspot-correlation-id"]


def test_the_times_of_a_record_are_parsed_to_the_millisecond_in_utc(
    v3: Any, services: list[RecordKey]
) -> None:
    (record,) = v3.crm.objects.batch_api.update(
        SERVICES, _batch({"id": services[0].id, "properties": {"city": "Nantes"}})
    ).results

    assert record.created_at == datetime.datetime.fromisoformat(services[0].created_at)
    assert record.created_at.utcoffset() == datetime.timedelta(0)
    assert record.properties["hs_lastmodifieddate"].endswith("Z")
    assert record.updated_at == datetime.datetime.fromisoformat(
        record.properties["hs_lastmodifieddate"]
    )


def test_unknown_ids_of_a_batch_make_it_a_207_with_one_error_for_them_all(
    v3: Any, services: list[RecordKey]
) -> None:
    answer, status, _ = v3.crm.objects.batch_api.update_with_http_info(
        SERVICES,
        _batch(
            {"id": services[0].id, "properties": {"city": "Nantes"}},
            {"id": UNKNOWN_ID, "properties": {"city": "Brest"}},
            {"id": "999999999998", "properties": {"city": "Brest"}},
        ),
    )

    assert status == 207
    assert isinstance(answer, objects.BatchResponseSimplePublicObjectWithErrors)
    assert [each.id for each in answer.results] == [services[0].id]
    assert answer.num_errors == 1
    (error,) = answer.errors
    assert error.status == "error"
    assert error.category == "OBJECT_NOT_FOUND"
    assert error.context["ids"] == [UNKNOWN_ID, "999999999998"]


def test_with_trace_ids_each_bad_input_is_listed_and_the_good_ones_are_written(
    v3: Any, services: list[RecordKey]
) -> None:
    answer, status, _ = v3.crm.objects.batch_api.update_with_http_info(
        SERVICES,
        _batch(
            {
                "id": services[0].id,
                "properties": {"city": "Nantes"},
                "object_write_trace_id": "good",
            },
            {
                "id": services[1].id,
                "properties": {"hours": "many"},
                "object_write_trace_id": "not a number",
            },
            {
                "id": UNKNOWN_ID,
                "properties": {"city": "Nantes"},
                "object_write_trace_id": "nobody",
            },
            {
                "id": services[2].id,
                "properties": {"sku": "S-3"},
                "object_write_trace_id": "taken",
            },
        ),
    )

    assert status == 207
    assert [each.object_write_trace_id for each in answer.results] == ["good"]
    traces = [each.context["objectWriteTraceId"] for each in answer.errors]
    assert sorted(traces) == [["nobody"], ["not a number"], ["taken"]]
    assert answer.num_errors == 3


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"nothing_like_it": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hours": "many"}, "INVALID_INTEGER"),
        ({"start": "yesterday"}, "INVALID_LONG"),
        ({"hs_object_id": "1"}, "READ_ONLY_VALUE"),
    ],
)
def test_a_bad_value_raises_an_api_exception_that_names_it(
    v3: Any, services: list[RecordKey], values: dict[str, str], part: str
) -> None:
    with pytest.raises(objects.ApiException) as caught:
        v3.crm.objects.batch_api.update(
            SERVICES, _batch({"id": services[0].id, "properties": values})
        )

    body = _body(caught.value)
    assert caught.value.status == 400
    assert caught.value.reason == "Bad Request"
    assert body["category"] == "VALIDATION_ERROR"
    assert body["status"] == "error"
    assert body["correlationId"] == caught.value.headers["x-hubspot-correlation-id"]
    assert part in caught.value.body


def test_a_taken_unique_value_raises_an_api_exception_that_names_the_holder(
    v3: Any, services: list[RecordKey]
) -> None:
    with pytest.raises(objects.ApiException) as caught:
        v3.crm.objects.batch_api.update(
            SERVICES, _batch({"id": services[0].id, "properties": {"sku": "S-4"}})
        )

    assert caught.value.status == 400
    assert f"{services[4].id} already has that value" in _body(caught.value)["message"]


def test_more_than_a_hundred_inputs_raise_an_api_exception(
    v3: Any, services: list[RecordKey]
) -> None:
    inputs = [{"id": str(number), "properties": {"city": "x"}} for number in range(1, 102)]

    with pytest.raises(objects.ApiException) as caught:
        v3.crm.objects.batch_api.update(SERVICES, _batch(*inputs))

    assert caught.value.status == 400
    assert "100" in _body(caught.value)["message"]


# --- one record ------------------------------------------------------------------------------


def test_a_patch_answers_the_changed_record(v3: Any, services: list[RecordKey]) -> None:
    record = v3.crm.objects.basic_api.update(
        SERVICES,
        "S-2",
        objects.SimplePublicObjectInput(properties={"city": "Metz"}),
        id_property="sku",
    )

    assert record.id == services[2].id
    assert record.properties["city"] == "Metz"


def test_a_record_is_read_by_id_and_by_unique_value(v3: Any, services: list[RecordKey]) -> None:
    by_id = v3.crm.objects.basic_api.get_by_id(
        SERVICES, services[3].id, properties=["sku", "remark"]
    )
    by_value = v3.crm.objects.basic_api.get_by_id(SERVICES, "S-3", id_property="sku")

    assert by_id.id == by_value.id == services[3].id
    assert by_id.properties["sku"] == "S-3"
    assert by_id.properties["remark"] is None
    assert by_id.created_at == by_value.created_at


def test_the_history_of_a_property_is_read_newest_first(v3: Any, services: list[RecordKey]) -> None:
    v3.crm.objects.batch_api.update(
        SERVICES, _batch({"id": services[0].id, "properties": {"city": "Nantes"}})
    )

    record = v3.crm.objects.basic_api.get_by_id(
        SERVICES, services[0].id, properties_with_history=["city"]
    )

    history = record.properties_with_history["city"]
    assert [each.value for each in history] == ["Nantes", "Lyon"]
    assert history[0].timestamp > history[1].timestamp
    assert history[0].source_type == "INTEGRATION"


@pytest.mark.parametrize(
    ("record_id", "id_property"), [(UNKNOWN_ID, None), ("S-99", "sku"), ("not-a-number", None)]
)
def test_a_record_that_is_not_there_raises_404(
    v3: Any, services: list[RecordKey], record_id: str, id_property: str | None
) -> None:
    options = {"id_property": id_property} if id_property else {}

    with pytest.raises(objects.ApiException) as caught:
        v3.crm.objects.basic_api.get_by_id(SERVICES, record_id, **options)

    assert caught.value.status == 404


# --- reading many ----------------------------------------------------------------------------


def test_pages_follow_each_other_until_all_records_were_seen(
    v3: Any, services: list[RecordKey]
) -> None:
    seen = []
    after: str | None = None
    while True:
        options: dict[str, str] = {"after": after} if after else {}
        page = v3.crm.objects.basic_api.get_page(
            SERVICES, limit=2, properties=["sku", "city"], **options
        )
        seen.extend(page.results)
        if page.paging is None:
            break
        after = page.paging.next.after
        assert page.paging.next.link.startswith("http")

    assert [each.id for each in seen] == [each.id for each in services]
    assert [each.properties["sku"] for each in seen] == [f"S-{n}" for n in range(5)]


def test_get_all_gathers_every_page(
    v3: Any, portal: PortalUnderTest, services: list[RecordKey]
) -> None:
    for number in range(120):
        portal.add_record(SERVICES, {"sku": f"more-{number}"})

    assert len(v3.crm.objects.get_all(SERVICES)) == 125


def test_a_batch_read_answers_what_is_there_and_names_what_is_not(
    v3: Any, services: list[RecordKey]
) -> None:
    asked = objects.BatchReadInputSimplePublicObjectId(
        properties=["city"],
        properties_with_history=[],
        id_property="sku",
        inputs=[objects.SimplePublicObjectId(id=each) for each in ("S-1", "S-77", "S-0")],
    )

    answer, status, _ = v3.crm.objects.batch_api.read_with_http_info(SERVICES, asked)

    assert status == 207
    assert [each.id for each in answer.results] == [services[1].id, services[0].id]
    assert answer.errors[0].context["ids"] == ["S-77"]


# --- creating and archiving ------------------------------------------------------------------


def test_contacts_are_created_archived_and_gone(v3: Any, portal: PortalUnderTest) -> None:
    contacts = v3.crm.contacts
    made = contacts.basic_api.create(
        objects.SimplePublicObjectInputForCreate(
            properties={"email": "ada@example.com", "firstname": "Ada"}, associations=[]
        )
    )

    contacts.basic_api.archive(made.id)

    with pytest.raises(Exception, match="404") as caught:
        contacts.basic_api.get_by_id(made.id)
    archived = contacts.basic_api.get_by_id(made.id, archived=True)
    assert getattr(caught.value, "status", None) == 404
    assert archived.archived
    assert archived.archived_at >= archived.created_at


# --- property definitions --------------------------------------------------------------------


def test_a_unique_property_is_created_listed_used_changed_and_archived(
    v3: Any, services: list[RecordKey]
) -> None:
    api = v3.crm.properties
    group = api.groups_api.create(
        SERVICES, properties.PropertyGroupCreate(name="audit", label="Audit", display_order=-1)
    )
    made = api.core_api.create(
        SERVICES,
        properties.PropertyCreate(
            name="audit_no",
            label="Audit number",
            type="string",
            field_type="text",
            group_name=group.name,
            has_unique_value=True,
        ),
    )
    assert made.has_unique_value
    assert made.archived is False
    assert isinstance(made.created_at, datetime.datetime)

    v3.crm.objects.batch_api.update(
        SERVICES, _batch({"id": services[0].id, "properties": {"audit_no": "A-1"}})
    )
    found = v3.crm.objects.basic_api.get_by_id(SERVICES, "A-1", id_property="audit_no")
    assert found.id == services[0].id

    changed = api.core_api.update(
        SERVICES, "audit_no", properties.PropertyUpdate(label="Number of the audit")
    )
    assert changed.label == "Number of the audit"
    assert changed.has_unique_value
    assert api.core_api.get_by_name(SERVICES, "audit_no").label == changed.label

    api.core_api.archive(SERVICES, "audit_no")

    assert "audit_no" not in {each.name for each in api.core_api.get_all(SERVICES).results}
    archived = api.core_api.get_all(SERVICES, archived=True).results
    assert [each.name for each in archived if each.name == "audit_no"] == ["audit_no"]


def test_every_standard_property_is_parsed_by_the_client(v3: Any, portal: PortalUnderTest) -> None:
    for object_type in ("contacts", "companies", "deals", "tickets", SERVICES):
        found = v3.crm.properties.core_api.get_all(object_type).results

        assert len(found) > 10
        assert all(each.name and each.type and each.field_type for each in found)


def test_a_property_that_exists_raises_409(v3: Any, services: list[RecordKey]) -> None:
    with pytest.raises(properties.ApiException) as caught:
        v3.crm.properties.core_api.create(
            SERVICES,
            properties.PropertyCreate(
                name="sku",
                label="SKU",
                type="string",
                field_type="text",
                group_name="partner_service_information",
            ),
        )

    assert caught.value.status == 409


def test_a_property_that_is_not_there_raises_404(v3: Any, portal: PortalUnderTest) -> None:
    with pytest.raises(properties.ApiException) as caught:
        v3.crm.properties.core_api.get_by_name(SERVICES, "nothing_like_it")

    assert caught.value.status == 404


def test_properties_are_made_read_and_archived_in_a_batch(v3: Any, portal: PortalUnderTest) -> None:
    api = v3.crm.properties.batch_api
    names = ["first_one", "second_one"]
    made = api.create(
        SERVICES,
        properties.BatchInputPropertyCreate(
            inputs=[
                properties.PropertyCreate(
                    name=name,
                    label=name,
                    type="string",
                    field_type="text",
                    group_name="partner_service_information",
                )
                for name in names
            ]
        ),
    )
    read = api.read(
        SERVICES,
        properties.BatchReadInputPropertyName(
            archived=False, inputs=[properties.PropertyName(name=name) for name in names]
        ),
    )
    api.archive(
        SERVICES,
        properties.BatchInputPropertyName(
            inputs=[properties.PropertyName(name=name) for name in names]
        ),
    )

    assert [each.name for each in made.results] == names
    assert [each.name for each in read.results] == names
    left = v3.crm.properties.core_api.get_all(SERVICES).results
    assert not set(names) & {each.name for each in left}


def test_groups_are_listed_read_changed_and_archived(v3: Any, portal: PortalUnderTest) -> None:
    api = v3.crm.properties.groups_api
    api.create(SERVICES, properties.PropertyGroupCreate(name="audit", label="Audit"))

    changed = api.update(SERVICES, "audit", properties.PropertyGroupUpdate(label="Audits"))

    assert changed.label == "Audits"
    assert api.get_by_name(SERVICES, "audit").label == "Audits"
    assert "audit" in {each.name for each in api.get_all(SERVICES).results}
    api.archive(SERVICES, "audit")
    assert "audit" not in {each.name for each in api.get_all(SERVICES).results}


# --- who may not -----------------------------------------------------------------------------


def test_an_unknown_token_raises_401(portal: PortalUnderTest) -> None:
    stranger = HubSpot(access_token="pat-na1-nobody", host=portal.url)

    with pytest.raises(objects.ApiException) as caught:
        stranger.crm.objects.basic_api.get_page(SERVICES)

    assert caught.value.status == 401
    assert _body(caught.value)["category"] == "INVALID_AUTHENTICATION"


def test_a_token_without_the_scope_raises_403_with_the_scope_it_needs(
    portal: PortalUnderTest,
) -> None:
    token = portal.token_with(["crm.objects.partner-services.read"])
    reader = HubSpot(access_token=token, host=portal.url)

    reader.crm.objects.basic_api.get_page(SERVICES)
    with pytest.raises(objects.ApiException) as caught:
        reader.crm.objects.batch_api.update(SERVICES, _batch({"id": "1", "properties": {"a": "b"}}))

    body = _body(caught.value)
    assert caught.value.status == 403
    assert body["category"] == "MISSING_SCOPES"
    assert body["errors"][0]["context"]["requiredGranularScopes"] == [
        "crm.objects.partner-services.write"
    ]
