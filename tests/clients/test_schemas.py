"""Custom object types through the official Python clients: schema, then records of it."""

from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import objects, schemas  # type: ignore[import-untyped] # the package has no types

from tests.conftest import PortalUnderTest

# --- hubspot-api-client, which speaks v3 -----------------------------------------------------


def _egg(**fields: Any) -> Any:
    given = {
        "name": "car",
        "labels": schemas.ObjectTypeDefinitionLabels(singular="Car", plural="Cars"),
        "primary_display_property": "model",
        "required_properties": ["model"],
        "searchable_properties": ["model", "vin"],
        "secondary_display_properties": ["vin"],
        "associated_objects": ["CONTACT"],
        "properties": [
            schemas.ObjectTypePropertyCreate(
                name="model", label="Model", type="string", field_type="text"
            ),
            schemas.ObjectTypePropertyCreate(
                name="vin", label="VIN", type="string", field_type="text", has_unique_value=True
            ),
            schemas.ObjectTypePropertyCreate(
                name="fuel",
                label="Fuel",
                type="enumeration",
                field_type="select",
                options=[
                    schemas.OptionInput(label="Wind", value="wind", display_order=0, hidden=False)
                ],
            ),
        ],
    }
    return schemas.ObjectSchemaEgg(**(given | fields))


def test_a_custom_object_lives_from_its_schema_to_its_archive(
    v3: Any, portal: PortalUnderTest
) -> None:
    core = v3.crm.schemas.core_api

    schema = core.create(_egg())

    assert schema.object_type_id == f"2-{schema.id}"
    assert schema.fully_qualified_name == f"p{portal.portal_id}_car"
    assert {"model", "vin", "fuel", "hs_object_id"} <= {each.name for each in schema.properties}
    contacts = [each for each in schema.associations if each.to_object_type_id == "0-1"]
    assert [each.from_object_type_id for each in contacts] == [schema.object_type_id]
    assert schema.created_at.tzinfo is not None

    records = v3.crm.objects
    name = schema.fully_qualified_name
    one = records.basic_api.create(
        name, objects.SimplePublicObjectInputForCreate(properties={"model": "A", "vin": "1"})
    )
    two = records.basic_api.create(
        "p_car", objects.SimplePublicObjectInputForCreate(properties={"model": "B", "vin": "2"})
    )
    read = records.basic_api.get_by_id(schema.object_type_id, one.id, properties=["model", "vin"])
    assert (read.properties["model"], read.properties["vin"]) == ("A", "1")
    records.basic_api.update(
        name, one.id, objects.SimplePublicObjectInput(properties={"fuel": "wind"})
    )
    batch = records.batch_api.update(
        name,
        objects.BatchInputSimplePublicObjectBatchInput(
            inputs=[
                objects.SimplePublicObjectBatchInput(
                    id="1", id_property="vin", properties={"model": "AA"}
                ),
                objects.SimplePublicObjectBatchInput(id=two.id, properties={"model": "BB"}),
            ]
        ),
    )
    assert [each.properties["model"] for each in batch.results] == ["AA", "BB"]

    with pytest.raises(schemas.ApiException) as caught:
        core.archive(name)
    assert caught.value.status == 400
    assert "EXISTING_OBJECT_RECORDS" in caught.value.body

    records.batch_api.archive(
        name,
        objects.BatchInputSimplePublicObjectId(
            inputs=[
                objects.SimplePublicObjectId(id=one.id),
                objects.SimplePublicObjectId(id=two.id),
            ]
        ),
    )
    core.archive(name)
    assert core.get_all().results == []
    (archived,) = core.get_all(archived=True).results
    assert archived.archived is True
    core.archive(name, archived=True)
    assert core.get_all(archived=True).results == []


def test_a_schema_is_changed_and_associated(v3: Any) -> None:
    core = v3.crm.schemas.core_api
    schema = core.create(_egg())

    changed = core.update(
        "p_car",
        schemas.ObjectTypeDefinitionPatch(
            labels=schemas.ObjectTypeDefinitionLabels(singular="Auto", plural="Autos"),
            secondary_display_properties=["fuel", "vin"],
        ),
    )
    made = core.create_association(
        schema.object_type_id,
        schemas.AssociationDefinitionEgg(
            from_object_type_id=schema.object_type_id, to_object_type_id="0-5", name="car_ticket"
        ),
    )

    read = core.get_by_id(schema.object_type_id)
    assert changed.labels.singular == read.labels.singular == "Auto"
    assert read.secondary_display_properties == ["fuel", "vin"]
    assert made.id in [each.id for each in read.associations]
    core.archive_association(schema.object_type_id, made.id)
    read = core.get_by_id(schema.object_type_id)
    assert made.id not in [each.id for each in read.associations]


def test_a_name_in_another_case_raises_a_conflict(v3: Any) -> None:
    v3.crm.schemas.core_api.create(_egg())

    with pytest.raises(schemas.ApiException) as caught:
        v3.crm.schemas.core_api.create(_egg(name="CAR"))

    assert caught.value.status == 409
    assert "OBJECT_ALREADY_EXISTS" in caught.value.body


def test_the_schema_of_contacts_is_read(v3: Any) -> None:
    schema = v3.crm.schemas.core_api.get_by_id("contacts")

    assert schema.object_type_id == "0-1"
    assert "email" in {each.name for each in schema.properties}
    assert "CONTACT_TO_COMPANY" in {each.name for each in schema.associations}


# --- hubspot-sdk, which speaks 2026-03 -------------------------------------------------------


def _create(client: hubspot_sdk.HubSpot) -> Any:
    return client.crm.object_schemas.create(
        name="car",
        labels={"singular": "Car", "plural": "Cars"},
        primary_display_property="model",
        secondary_display_properties=[],
        required_properties=["model"],
        searchable_properties=[],
        associated_objects=["0-1"],
        allows_sensitive_properties=False,
        properties=[
            {"name": "model", "label": "Model", "type": "string", "field_type": "text"},
            {"name": "doors", "label": "Doors", "type": "number", "field_type": "number"},
        ],
    )


def test_answers_about_schemas_are_parsed_strictly(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest
) -> None:
    made = _create(dated)

    assert made.searchable_properties == ["hs_object_id"]
    assert made.allows_sensitive_properties is False
    changed = dated.crm.object_schemas.update(
        made.object_type_id, clear_description=False, description="drives"
    )
    assert changed.description == "drives"
    assert changed.portal_id == portal.portal_id
    read = dated.crm.object_schemas.get("p_car", include_property_definitions=False)
    assert read.properties == []
    assert read.description == "drives"
    listed = dated.crm.object_schemas.list()
    assert [each.object_type_id for each in listed.results] == [made.object_type_id]
    batch = dated.crm.object_schemas.batch.get(
        inputs=[made.object_type_id],
        include_association_definitions=True,
        include_audit_metadata=True,
        include_property_definitions=True,
    )
    assert [each.name for each in batch.results] == ["car"]


def test_associations_of_a_schema_come_and_go(dated: hubspot_sdk.HubSpot) -> None:
    made = _create(dated)
    row = dated.crm.object_schemas.create_association(
        "p_car", from_object_type_id=made.object_type_id, to_object_type_id="0-3"
    )

    assert row.name == "car_to_deal"
    dated.crm.object_schemas.delete_association(row.id, object_type="p_car")
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.object_schemas.delete_association(row.id, object_type="p_car")


def test_a_schema_is_archived_and_purged(dated: hubspot_sdk.HubSpot) -> None:
    made = _create(dated)

    with pytest.raises(hubspot_sdk.BadRequestError):
        dated.crm.object_schemas.delete(made.object_type_id, archived=True)
    dated.crm.object_schemas.delete("p_car")
    dated.crm.object_schemas.delete(made.object_type_id, archived=True)

    assert dated.crm.object_schemas.list(archived=True).results == []


def test_the_object_library_is_parsed_strictly(dated: hubspot_sdk.HubSpot) -> None:
    everything = dated.crm.object_library.enablement.get_all()

    assert everything.enablement_by_object_type_id["0-421"] is True
    assert dated.crm.object_library.enablement.get_by_object_type_id("0-421").enablement is True
