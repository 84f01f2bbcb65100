"""Schemas as HubSpot writes them. The order of keys is a guess: no whole answer is recorded."""

from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.values.moment import render_ms
from moyeu.operations.schemas import DescribedType
from moyeu.wire.bodies import Json, moment, present
from moyeu.wire.property_answers import property_body


def schema_body(described: DescribedType, *, audit: bool = True) -> Json:
    """A type with its properties and associations, both empty where they were not asked for.

    audit: whether the users are told; times always are (a guess).
    """
    return {
        **_type_body(described, audit=audit),
        "properties": [property_body(each) for each in described.properties],
        "associations": [association_body(each) for each in described.associations],
    }


def definition_body(described: DescribedType, portal_id: int) -> Json:
    """A type without properties and associations, as an update answers it."""
    return {**_type_body(described, audit=True), "portalId": portal_id}


def _type_body(described: DescribedType, *, audit: bool) -> Json:
    object_type, schema = described.object_type, described.schema
    return {
        "labels": {"singular": object_type.label, "plural": object_type.label_plural},
        "requiredProperties": list(object_type.required_properties),
        "searchableProperties": list(object_type.searchable_properties),
        "primaryDisplayProperty": object_type.primary_display_property,
        "secondaryDisplayProperties": list(object_type.secondary_display_properties),
        "description": None if schema is None else schema.description,
        "archived": schema is not None and schema.archived_at_ms is not None,
        "restorable": schema is None or schema.restorable,
        "allowsSensitiveProperties": schema is None or schema.allows_sensitive_properties,
        "id": object_type.id.partition("-")[2],
        "fullyQualifiedName": object_type.upper_name,
        **({} if schema is None else _audit(schema, with_users=audit)),
        "objectTypeId": object_type.id,
        # Of HubSpot's own types: a guess.
        "name": object_type.name if object_type.is_custom else object_type.upper_name,
    }


def _audit(schema: ObjectSchema, *, with_users: bool) -> Json:
    """Times and, where a user wrote, its id; one is absent where an app acted for itself."""
    users = (schema.created_user_id, schema.updated_user_id) if with_users else (None, None)
    created, updated = (None if user is None else int(user) for user in users)
    return present(
        {
            "createdAt": render_ms(schema.created_at_ms),
            "updatedAt": render_ms(schema.updated_at_ms),
            "createdByUserId": created,
            "updatedByUserId": updated,
        }
    )


def association_body(row: SchemaAssociation) -> Json:
    """One direction of an association."""
    return present(
        {
            "fromObjectTypeId": row.from_object_type_id,
            "toObjectTypeId": row.to_object_type_id,
            "name": row.name,
            "id": row.id,
            "createdAt": moment(row.created_at_ms),
            "updatedAt": moment(row.updated_at_ms),
        }
    )
