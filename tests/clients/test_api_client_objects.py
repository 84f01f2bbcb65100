"""hubspot-api-client 12.0.0: records of four object types from create to archive, in v3.

Contacts, companies and deals have classes of their own in it; a custom object goes through
`crm.objects`, which takes the object type as its first argument and has no merge.
"""

import datetime
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hubspot.crm import (  # type: ignore[import-untyped] # the package has no types
    companies,
    contacts,
    deals,
    objects,
    properties,
    schemas,
)

from tests.clients.subjects import Subject, each_subject

UNKNOWN_ID = "999999999999"
MODELS = {"contacts": contacts, "companies": companies, "deals": deals, "p_car": objects}


@dataclass(frozen=True, slots=True)
class Records:
    """The part of the client for one object type: its two APIs, its models, its first arguments."""

    client: Any
    subject: Subject
    models: Any
    basic: Any
    batch: Any
    first: tuple[str, ...]

    def create(self, number: int) -> Any:
        """Creates the record of that number."""
        given = self.models.SimplePublicObjectInputForCreate(
            properties=self.subject.values(number), associations=[]
        )
        return self.basic.create(*self.first, given)

    def batch_create(self, *inputs: dict[str, Any]) -> tuple[Any, int]:
        """The answer to a batch create, and its status."""
        model = self.models.SimplePublicObjectBatchInputForCreate
        given = self.models.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[model(associations=[], **each) for each in inputs]
        )
        answer, status, _ = self.batch.create_with_http_info(*self.first, given)
        return answer, status

    def batch_update(self, *inputs: dict[str, Any]) -> tuple[Any, int]:
        """The answer to a batch update, and its status."""
        given = self.models.BatchInputSimplePublicObjectBatchInput(
            inputs=[self.models.SimplePublicObjectBatchInput(**each) for each in inputs]
        )
        answer, status, _ = self.batch.update_with_http_info(*self.first, given)
        return answer, status

    def upsert(self, *inputs: dict[str, Any]) -> tuple[Any, int]:
        """The answer to an upsert by the subject's key, and its status."""
        model = self.models.SimplePublicObjectBatchInputUpsert
        given = self.models.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[model(id_property=self.subject.key, **each) for each in inputs]
        )
        answer, status, _ = self.batch.upsert_with_http_info(*self.first, given)
        return answer, status

    def batch_read(self, ids: list[str]) -> tuple[Any, int]:
        """The answer to a batch read by id, and its status."""
        given = self.models.BatchReadInputSimplePublicObjectId(
            properties=[self.subject.title, self.subject.note],
            properties_with_history=[],
            inputs=[self.models.SimplePublicObjectId(id=each) for each in ids],
        )
        answer, status, _ = self.batch.read_with_http_info(*self.first, given)
        return answer, status

    def merge(self, survivor_id: str, other_id: str) -> str:
        """Merges the second record into the first one; the id of what came of them."""
        if not self.subject.is_custom:
            given = self.models.PublicMergeInput(
                primary_object_id=survivor_id, object_id_to_merge=other_id
            )
            return str(self.basic.merge(given).id)
        answer = self.client.api_request(
            {
                "method": "POST",
                "path": f"/crm/v3/objects/{self.subject.object_type}/merge",
                "body": {"primaryObjectId": survivor_id, "objectIdToMerge": other_id},
            }
        )
        return str(answer.json()["id"])


@pytest.fixture
def records(v3: Any, subject: Subject) -> Records:
    """The subject's part of the client, in a portal where its key is defined."""
    models = MODELS[subject.object_type]
    if subject.is_custom:
        _create_schema(v3, subject)
        api = v3.crm.objects
        return Records(v3, subject, models, api.basic_api, api.batch_api, (subject.object_type,))
    if not subject.is_key_standard:
        _create_key(v3, subject)
    api = getattr(v3.crm, subject.object_type)
    return Records(v3, subject, models, api.basic_api, api.batch_api, ())


def _create_schema(v3: Any, subject: Subject) -> None:
    v3.crm.schemas.core_api.create(
        schemas.ObjectSchemaEgg(
            name="car",
            labels=schemas.ObjectTypeDefinitionLabels(singular="Car", plural="Cars"),
            primary_display_property=subject.title,
            required_properties=[subject.title],
            searchable_properties=[],
            secondary_display_properties=[],
            associated_objects=["CONTACT"],
            properties=[
                schemas.ObjectTypePropertyCreate(
                    name=name,
                    label=name,
                    type="string",
                    field_type="text",
                    has_unique_value=name == subject.key,
                )
                for name in (subject.title, subject.key, subject.note)
            ],
        )
    )


def _create_key(v3: Any, subject: Subject) -> None:
    (first, *_) = v3.crm.properties.groups_api.get_all(subject.object_type).results
    v3.crm.properties.core_api.create(
        subject.object_type,
        properties.PropertyCreate(
            name=subject.key,
            label=subject.key,
            type="string",
            field_type="text",
            group_name=first.name,
            has_unique_value=True,
        ),
    )


@each_subject
def test_records_live_from_create_to_archive(records: Records, subject: Subject) -> None:
    basic, models, first = records.basic, records.models, records.first

    made = records.create(0)
    assert isinstance(made, models.SimplePublicObject)
    assert made.properties[subject.key] == subject.key_of(0)
    assert made.created_at.utcoffset() == datetime.timedelta(0)
    answer, status = records.batch_create(*({"properties": subject.values(n)} for n in (1, 2)))
    assert (status, answer.status) == (201, "COMPLETE")
    assert isinstance(answer, models.BatchResponseSimplePublicObject)
    by_key = {each.properties[subject.key]: each.id for each in answer.results}
    one, two = by_key[subject.key_of(1)], by_key[subject.key_of(2)]

    read = basic.get_by_id(*first, made.id, properties=[subject.title, subject.note])
    assert isinstance(read, models.SimplePublicObjectWithAssociations)
    assert (read.properties[subject.title], read.properties[subject.note]) == ("Record 0", None)

    change = models.SimplePublicObjectInput(properties={subject.note: "blue"})
    changed = basic.update(*first, made.id, change)
    assert changed.properties[subject.note] == "blue"
    assert changed.updated_at > made.updated_at
    answer, status = records.batch_update(
        {"id": one, "properties": {subject.note: "red"}},
        {"id": two, "properties": {subject.note: "grey"}},
    )
    assert (status, [each.id for each in answer.results]) == (200, [one, two])

    answer, status = records.upsert(
        {"id": subject.key_of(1), "properties": {subject.title: "Known"}},
        {"id": subject.key_of(3), "properties": {subject.title: "New"}},
    )
    assert status == 200
    assert isinstance(answer, models.BatchResponseSimplePublicUpsertObject)
    found = {each.properties[subject.title]: each for each in answer.results}
    assert (found["Known"].id, found["Known"].new, found["New"].new) == (one, False, True)

    ids = [made.id, one, two, found["New"].id]
    page = basic.get_page(*first, limit=3)
    rest = basic.get_page(*first, limit=3, after=page.paging.next.after)
    assert [each.id for each in page.results + rest.results] == ids
    answer, status = records.batch_read(ids)
    assert status == 200
    assert [each.properties[subject.note] for each in answer.results] == [
        "blue",
        "red",
        "grey",
        None,
    ]

    merged = records.merge(one, two)
    assert basic.get_by_id(*first, two).id == basic.get_by_id(*first, one).id == merged
    survivor = basic.get_by_id(*first, merged, properties=["hs_merged_object_ids"])
    assert two in survivor.properties["hs_merged_object_ids"].split(";")

    basic.archive(*first, merged)
    records.batch.archive(
        *first,
        models.BatchInputSimplePublicObjectId(inputs=[models.SimplePublicObjectId(id=ids[3])]),
    )
    assert [each.id for each in basic.get_page(*first).results] == [made.id]
    archived = basic.get_page(*first, archived=True).results
    assert {each.id for each in archived} >= {merged, ids[3]}
    assert all(each.archived and each.archived_at for each in archived)


@each_subject
def test_a_taken_key_raises_an_api_exception_with_hubspots_body(
    records: Records, subject: Subject
) -> None:
    holder = records.create(0)

    with pytest.raises(records.models.ApiException) as caught:
        records.create(0)

    body = json.loads(caught.value.body)
    status, category = (409, "CONFLICT") if subject.is_key_standard else (400, "VALIDATION_ERROR")
    assert (caught.value.status, body["category"]) == (status, category)
    assert holder.id in body["message"]
    assert body["correlationId"] == caught.value.headers["x-hubspot-correlation-id"]


@each_subject
def test_a_part_of_a_batch_that_fails_is_a_207_with_errors(
    records: Records, subject: Subject
) -> None:
    models = records.models
    made = records.create(0)

    created, created_status = records.batch_create(
        {"properties": subject.values(1), "object_write_trace_id": "good"},
        {"properties": {"nothing_like_it": "x"}, "object_write_trace_id": "bad"},
    )
    upserted, upserted_status = records.upsert(
        {
            "id": subject.key_of(0),
            "properties": {subject.title: "Known"},
            "object_write_trace_id": "good",
        },
        {
            "id": subject.key_of(9),
            "properties": {"nothing_like_it": "x"},
            "object_write_trace_id": "bad",
        },
    )
    read, read_status = records.batch_read([made.id, UNKNOWN_ID])

    assert (created_status, upserted_status, read_status) == (207, 207, 207)
    assert isinstance(created, models.BatchResponseSimplePublicObjectWithErrors)
    assert isinstance(upserted, models.BatchResponseSimplePublicUpsertObjectWithErrors)
    assert [each.properties[subject.key] for each in created.results] == [subject.key_of(1)]
    assert [each.object_write_trace_id for each in upserted.results] == ["good"]
    for answer in (created, upserted):
        (error,) = answer.errors
        assert error.category == "VALIDATION_ERROR"
        assert error.context["objectWriteTraceId"] == ["bad"]
    assert [each.id for each in read.results] == [made.id]
    assert read.errors[0].context["ids"] == [UNKNOWN_ID]


@each_subject
def test_an_archived_record_raises_404(records: Records, subject: Subject) -> None:
    made = records.create(0)
    records.basic.archive(*records.first, made.id)

    with pytest.raises(records.models.ApiException) as caught:
        records.basic.get_by_id(*records.first, made.id)

    assert caught.value.status == 404
