"""Schemas at the wire: bodies, and that every problem has its words."""

import inspect

import pytest

from moyeu.crm import schema_problems
from moyeu.crm.definition_inputs import GivenOption, NewProperty
from moyeu.crm.object_schemas import ObjectSchema, object_type_of
from moyeu.crm.problems import Problem
from moyeu.crm.schemas import NewSchema, SchemaChange
from moyeu.operations.schemas import DescribedType, SchemaWish
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.schema_answers import definition_body, schema_body
from moyeu.wire.schema_bodies import (
    SchemasAsked,
    decode_schema_batch_read,
    decode_schema_create,
    decode_schema_update,
)
from moyeu.wire.schema_words import SCHEMA_WORDS


def test_every_problem_of_schemas_has_words() -> None:
    every = {
        each
        for _, each in inspect.getmembers(schema_problems, inspect.isclass)
        if issubclass(each, Problem) and each is not Problem
    }

    assert SCHEMA_WORDS.keys() == every


def test_users_are_told_as_numbers_where_they_are_asked_for() -> None:
    schema = ObjectSchema(
        object_type_id="2-1",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        created_at_ms=0,
        updated_at_ms=0,
        created_user_id="7",
        updated_user_id="8",
    )
    described = DescribedType(object_type_of(42, schema), schema)

    with_users = schema_body(described)
    without = schema_body(described, audit=False)

    assert (with_users["createdByUserId"], with_users["updatedByUserId"]) == (7, 8)
    assert with_users.keys() - without.keys() == {"createdByUserId", "updatedByUserId"}
    assert definition_body(described, 42).keys() - with_users.keys() == {"portalId"}


def test_a_create_is_decoded_with_its_defaults() -> None:
    body = b"""{"name": "car", "labels": {"singular": "Car", "plural": "Cars"},
        "primaryDisplayProperty": "model", "description": null, "requiredProperties": null,
        "secondaryDisplayProperties": ["vin"], "searchableProperties": [],
        "associatedObjects": ["0-1"], "metaType": "PORTAL_SPECIFIC",
        "properties": [
            {"name": "model", "label": "Model", "isPrimaryDisplayLabel": true},
            {"name": "fuel", "label": "Fuel", "type": "enumeration", "fieldType": "radio",
             "groupName": "other", "hasUniqueValue": false, "displayOrder": 3,
             "options": [{"label": "Wind", "value": "wind", "displayOrder": null}]},
            {"name": "driver", "label": "Driver", "type": "enumeration", "fieldType": "select",
             "referencedObjectType": "OWNER", "options": []}]}"""

    assert decode_schema_create(body) == NewSchema(
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="model",
        secondary_display_properties=("vin",),
        associated_objects=("0-1",),
        properties=(
            NewProperty(
                name="model", label="Model", type="string", field_type="text", group_name=""
            ),
            NewProperty(
                name="fuel",
                label="Fuel",
                type="enumeration",
                field_type="radio",
                group_name="other",
                display_order=3,
                options=(GivenOption("wind", "Wind"),),
            ),
            NewProperty(
                name="driver",
                label="Driver",
                type="enumeration",
                field_type="select",
                group_name="",
                referenced_object_type="OWNER",
                external_options=True,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (b"{}", SchemaChange()),
        (b'{"labels": null, "requiredProperties": null, "restorable": null}', SchemaChange()),
        (b'{"labels": {"plural": "Autos"}}', SchemaChange(label_plural="Autos")),
        (b'{"requiredProperties": []}', SchemaChange(required_properties=())),
        (
            b'{"searchableProperties": null, "secondaryDisplayProperties": []}',
            SchemaChange(secondary_display_properties=()),
        ),
        (
            b'{"description": "", "clearDescription": true, "allowsSensitiveProperties": false}',
            SchemaChange(description="", clear_description=True, allows_sensitive_properties=False),
        ),
        (b'{"name": "x", "objectTypeId": 7}', SchemaChange()),
    ],
)
def test_an_update_is_decoded(body: bytes, change: SchemaChange) -> None:
    assert decode_schema_update(body) == change


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"{}", SchemasAsked((), SchemaWish(), audit=True)),
        (
            b'{"inputs": ["p_car", 2], "includePropertyDefinitions": false}',
            SchemasAsked(("p_car", "2"), SchemaWish(properties=False), audit=True),
        ),
        (
            b'{"includeAssociationDefinitions": false, "includeAuditMetadata": false}',
            SchemasAsked((), SchemaWish(associations=False), audit=False),
        ),
    ],
)
def test_a_batch_read_is_decoded(body: bytes, asked: SchemasAsked) -> None:
    assert decode_schema_batch_read(body) == asked


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"name": "x"}',
        b'{"labels": {}}',
        b'{"name": "x", "labels": {"singular": "x"}}',
    ],
)
def test_a_create_without_what_it_needs_is_refused(body: bytes) -> None:
    assert isinstance(decode_schema_create(body), JsonProblem)
