"""hubspot-sdk 0.1.0a9: records of four object types from create to archive, in 2026-03.

Contacts, companies and deals have resources of their own in it; a custom object goes through
`crm.objects.custom`, which takes the object type by name. All answers are parsed strictly, which
refuses null values: properties are asked for where they have one.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import hubspot_sdk
import pytest
from hubspot_sdk.types.crm import (
    SimplePublicObject,
    SimplePublicObjectWithAssociations,
    SimplePublicUpsertObject,
)

from tests.clients.subjects import Subject, each_subject

UNKNOWN_ID = "999999999999"


@dataclass(frozen=True, slots=True)
class Records:
    """The part of the client for one object type, and how its calls name that type."""

    api: Any
    subject: Subject
    type: Mapping[str, str]

    def create(self, number: int) -> Any:
        """Creates the record of that number."""
        return self.api.create(properties=self.subject.values(number), associations=[], **self.type)

    def batch(self, operation: str, *inputs: Mapping[str, Any], **fields: Any) -> tuple[Any, int]:
        """The answer to a batch operation, and its status."""
        call = getattr(self.api.batch.with_raw_response, operation)
        raw = call(inputs=list(inputs), **fields, **self.type)
        return raw.parse(), raw.status_code

    def batch_create(self, *inputs: Mapping[str, Any]) -> tuple[Any, int]:
        """The answer to a batch create, and its status."""
        return self.batch("create", *({"associations": [], **each} for each in inputs))

    def upsert(self, *inputs: Mapping[str, Any]) -> tuple[Any, int]:
        """The answer to an upsert by the subject's key, and its status."""
        return self.batch("upsert", *({"id_property": self.subject.key, **each} for each in inputs))

    def batch_read(self, *ids: str) -> tuple[Any, int]:
        """The answer to a batch read by id, and its status."""
        return self.batch(
            "get",
            *({"id": each} for each in ids),
            properties=[self.subject.title],
            properties_with_history=[],
        )

    def get(self, record_id: str, *properties: str) -> Any:
        """The record of that id."""
        return self.api.get(record_id, properties=properties, **self.type)

    def listed(self, **fields: Any) -> list[Any]:
        """All records of the type, from as many pages as it takes."""
        return list(self.api.list(limit=3, properties=[self.subject.title], **fields, **self.type))


@pytest.fixture
def records(dated: hubspot_sdk.HubSpot, subject: Subject) -> Records:
    """The subject's part of the client, in a portal where its key is defined."""
    if subject.is_custom:
        _create_schema(dated, subject)
        return Records(dated.crm.objects.custom, subject, {"object_type": subject.object_type})
    if not subject.is_key_standard:
        _create_key(dated, subject)
    return Records(getattr(dated.crm.objects, subject.object_type), subject, {})


def _create_schema(client: hubspot_sdk.HubSpot, subject: Subject) -> None:
    client.crm.object_schemas.create(
        name="car",
        labels={"singular": "Car", "plural": "Cars"},
        primary_display_property=subject.title,
        secondary_display_properties=[],
        required_properties=[subject.title],
        searchable_properties=[],
        associated_objects=["0-1"],
        allows_sensitive_properties=False,
        properties=[
            {
                "name": name,
                "label": name,
                "type": "string",
                "field_type": "text",
                "has_unique_value": name == subject.key,
            }
            for name in (subject.title, subject.key, subject.note)
        ],
    )


def _create_key(client: hubspot_sdk.HubSpot, subject: Subject) -> None:
    (first, *_) = client.crm.properties.groups.list(subject.object_type).results
    client.crm.properties.create(
        subject.object_type,
        name=subject.key,
        label=subject.key,
        type="string",
        field_type="text",
        group_name=first.name,
        has_unique_value=True,
    )


def _body(error: hubspot_sdk.APIStatusError) -> Mapping[str, Any]:
    assert isinstance(error.body, dict)
    return error.body


@each_subject
def test_records_live_from_create_to_archive(records: Records, subject: Subject) -> None:
    made = records.create(0)
    assert isinstance(made, SimplePublicObject)
    assert made.properties[subject.key] == subject.key_of(0)
    assert made.created_at.utcoffset() == datetime.timedelta(0)
    answer, status = records.batch_create(*({"properties": subject.values(n)} for n in (1, 2)))
    assert (status, answer.status) == (201, "COMPLETE")
    by_key = {each.properties[subject.key]: each.id for each in answer.results}
    one, two = by_key[subject.key_of(1)], by_key[subject.key_of(2)]

    read = records.get(made.id, subject.title, subject.key)
    assert isinstance(read, SimplePublicObjectWithAssociations)
    assert read.properties[subject.title] == "Record 0"

    changed = records.api.update(made.id, properties={subject.note: "blue"}, **records.type)
    assert changed.properties[subject.note] == "blue"
    assert changed.updated_at > made.updated_at
    answer, status = records.batch(
        "update",
        {"id": one, "properties": {subject.note: "red"}},
        {"id": two, "properties": {subject.note: "grey"}},
    )
    assert (status, [each.id for each in answer.results]) == (200, [one, two])

    answer, status = records.upsert(
        {"id": subject.key_of(1), "properties": {subject.title: "Known"}},
        {"id": subject.key_of(3), "properties": {subject.title: "New"}},
    )
    assert status == 200
    assert all(isinstance(each, SimplePublicUpsertObject) for each in answer.results)
    found = {each.properties[subject.title]: each for each in answer.results}
    assert (found["Known"].id, found["Known"].new, found["New"].new) == (one, False, True)

    ids = [made.id, one, two, found["New"].id]
    titles = ["Record 0", "Known", "Record 2", "New"]
    listed = records.listed()
    assert [each.id for each in listed] == ids
    assert [each.properties[subject.title] for each in listed] == titles
    answer, status = records.batch_read(*ids)
    assert status == 200
    assert [each.properties[subject.title] for each in answer.results] == titles

    merged = records.api.merge(primary_object_id=one, object_id_to_merge=two, **records.type).id
    assert [records.get(each, subject.title).id for each in (one, two)] == [merged, merged]
    survivor = records.get(merged, "hs_merged_object_ids")
    assert two in survivor.properties["hs_merged_object_ids"].split(";")

    records.api.delete(merged, **records.type)
    records.api.batch.delete(inputs=[{"id": ids[3]}], **records.type)
    assert [each.id for each in records.listed()] == [made.id]
    archived = records.listed(archived=True)
    assert {each.id for each in archived} >= {merged, ids[3]}
    assert all(each.archived and each.archived_at for each in archived)


@each_subject
def test_a_taken_key_raises_an_error_with_hubspots_body(records: Records, subject: Subject) -> None:
    holder = records.create(0)
    raised: type[hubspot_sdk.APIStatusError] = hubspot_sdk.BadRequestError
    category = "VALIDATION_ERROR"
    if subject.is_key_standard:
        raised, category = hubspot_sdk.ConflictError, "CONFLICT"

    with pytest.raises(raised) as caught:
        records.create(0)

    body = _body(caught.value)
    assert body["category"] == category
    assert holder.id in body["message"]
    assert body["correlationId"] == caught.value.response.headers["x-hubspot-correlation-id"]


@each_subject
def test_a_part_of_a_batch_that_fails_is_a_207_with_errors(
    records: Records, subject: Subject
) -> None:
    made = records.create(0)
    bad = {"properties": {"nothing_like_it": "x"}, "object_write_trace_id": "bad"}

    created, created_status = records.batch_create(
        {"properties": subject.values(1), "object_write_trace_id": "good"}, bad
    )
    upserted, upserted_status = records.upsert(
        {
            "id": subject.key_of(0),
            "properties": {subject.title: "Known"},
            "object_write_trace_id": "good",
        },
        {"id": subject.key_of(9), **bad},
    )
    read, read_status = records.batch_read(made.id, UNKNOWN_ID)

    assert (created_status, upserted_status, read_status) == (207, 207, 207)
    assert [each.properties[subject.key] for each in created.results] == [subject.key_of(1)]
    assert [each.object_write_trace_id for each in upserted.results] == ["good"]
    for answer in (created, upserted):
        (error,) = answer.model_extra["errors"]
        assert error["category"] == "VALIDATION_ERROR"
        assert error["context"]["objectWriteTraceId"] == ["bad"]
    assert [each.id for each in read.results] == [made.id]
    assert read.model_extra["errors"][0]["context"] == {"ids": [UNKNOWN_ID]}


@each_subject
def test_an_archived_record_raises_not_found(records: Records, subject: Subject) -> None:
    made = records.create(0)
    records.api.delete(made.id, **records.type)

    with pytest.raises(hubspot_sdk.NotFoundError):
        records.get(made.id)
