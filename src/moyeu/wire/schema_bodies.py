"""Request bodies of the schema routes into the inputs of operations.

The names of Java classes are guesses in the manner of the recorded ones; the fields are those of
the API descriptions of 2026. What a create needs is observed 2026-10-05: the descriptions require
more and leave the primary display property optional, the live API is the other way round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from moyeu.crm.schema_associations import NewAssociation
from moyeu.crm.schemas import NewSchema, SchemaChange
from moyeu.operations.schemas import SchemaWish
from moyeu.wire.fields import Fields, inner_fields, read_fields, without_nulls
from moyeu.wire.jackson import (
    FLAG,
    TEXT,
    TEXT_LIST,
    JsonProblem,
    ListOf,
    Record,
    Shape,
)
from moyeu.wire.property_bodies import PROPERTY_CREATE

_PACKAGE: Final = "com.hubspot.inbounddb.schemas."
_LABELS: Final = {"singular": TEXT, "plural": TEXT}

_DISPLAY: Final[Mapping[str, Shape]] = {
    "description": TEXT,
    "primaryDisplayProperty": TEXT,
    "secondaryDisplayProperties": TEXT_LIST,
    "requiredProperties": TEXT_LIST,
    "searchableProperties": TEXT_LIST,
    "allowsSensitiveProperties": FLAG,
}
# Type and field type may be left out (documented), the group too (a guess).
_PROPERTY: Final = Record(
    f"{_PACKAGE}ObjectTypePropertyCreate$Json",
    {
        name: PROPERTY_CREATE.fields[name]
        for name in (
            "name",
            "label",
            "type",
            "fieldType",
            "groupName",
            "description",
            "options",
            "referencedObjectType",
            "displayOrder",
            "hasUniqueValue",
            "hidden",
            "formField",
            "showCurrencySymbol",
            "numberDisplayHint",
            "textDisplayHint",
        )
    },
    required=("name", "label"),
)
SCHEMA_CREATE: Final = Record(
    f"{_PACKAGE}ObjectSchemaEgg$Json",
    {
        "name": TEXT,
        # That both labels must be there is a guess.
        "labels": Record(
            f"{_PACKAGE}ObjectTypeDefinitionLabels$Json", _LABELS, required=("singular", "plural")
        ),
        **_DISPLAY,
        "properties": ListOf(_PROPERTY),
        "associatedObjects": TEXT_LIST,
    },
    required=("name", "labels"),
)
SCHEMA_UPDATE: Final = Record(
    f"{_PACKAGE}ObjectTypeDefinitionPatch$Json",
    {
        "labels": Record(f"{_PACKAGE}ObjectTypeDefinitionLabels$Json", _LABELS),
        **_DISPLAY,
        "restorable": FLAG,
        "clearDescription": FLAG,
    },
)
SCHEMA_BATCH_READ: Final = Record(
    f"{_PACKAGE}BatchInputObjectTypes$Json",
    {
        "inputs": TEXT_LIST,
        "includePropertyDefinitions": FLAG,
        "includeAssociationDefinitions": FLAG,
        "includeAuditMetadata": FLAG,
    },
)
ASSOCIATION_CREATE: Final = Record(
    f"{_PACKAGE}AssociationDefinitionEgg$Json",
    {"fromObjectTypeId": TEXT, "toObjectTypeId": TEXT, "name": TEXT},
    required=("fromObjectTypeId", "toObjectTypeId"),
)


@dataclass(frozen=True, slots=True)
class SchemasAsked:
    """The body of a batch read; `audit`: whether it asks for the users that wrote."""

    texts: tuple[str, ...]
    wish: SchemaWish
    audit: bool


def decode_schema_create(body: bytes) -> NewSchema | JsonProblem:
    """The schema of a create; `null` is as if the field had not been given."""
    fields = read_fields(body, SCHEMA_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    properties = [_property_fields(each) for each in fields.get("properties") or ()]
    return msgspec.convert(_schema_fields(fields) | {"properties": properties}, NewSchema)


def decode_schema_update(body: bytes) -> SchemaChange | JsonProblem:
    """The change of an update; `null` keeps a value, of lists too (a guess: as for properties)."""
    fields = read_fields(body, SCHEMA_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(_schema_fields(without_nulls(fields, body)), SchemaChange)


def decode_schema_batch_read(body: bytes) -> SchemasAsked | JsonProblem:
    """The types of a batch read, in order; what it does not say is included (a guess)."""
    fields = read_fields(body, SCHEMA_BATCH_READ)
    if isinstance(fields, JsonProblem):
        return fields
    return SchemasAsked(
        tuple(fields.get("inputs") or ()),
        SchemaWish(
            fields.get("includePropertyDefinitions") is not False,
            fields.get("includeAssociationDefinitions") is not False,
        ),
        fields.get("includeAuditMetadata") is not False,
    )


def decode_association_create(body: bytes) -> NewAssociation | JsonProblem:
    """The association of a create."""
    fields = read_fields(body, ASSOCIATION_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    return NewAssociation(fields["fromObjectTypeId"], fields["toObjectTypeId"], fields.get("name"))


def _schema_fields(fields: Fields) -> Fields:
    """The fields of a schema with its labels as two of them."""
    inner = inner_fields(fields)
    labels = inner.pop("labels", None) or {}
    named = {"label": labels.get("singular"), "label_plural": labels.get("plural")}
    return inner | {name: value for name, value in named.items() if value is not None}


def _property_fields(fields: Fields) -> Fields:
    """A property as text of one line where nothing is said (documented).

    An enumeration of another type's records has its options elsewhere (a guess: no field of a
    schema's properties says so).
    """
    inner = inner_fields(fields)
    options = [inner_fields(each) for each in inner.get("options") or ()]
    is_enumeration = inner.get("type") == "enumeration"
    defaults = {
        "type": "string",
        "field_type": "text",
        "group_name": "",
        "external_options": (is_enumeration and "referenced_object_type" in inner and not options),
    }
    return defaults | inner | {"options": options}
