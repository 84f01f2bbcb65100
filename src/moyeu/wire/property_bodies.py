"""Request bodies of the property routes into the inputs of operations.

The names of Java classes are guesses in the manner of the recorded ones; the fields and the
allowed words are those of the API descriptions of 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from moyeu.catalog.properties import DataSensitivity
from moyeu.crm.definition_inputs import NewProperty, PropertyChange
from moyeu.crm.property_groups import GroupChange, NewGroup
from moyeu.wire.fields import Fields, inner_fields, read_fields, without_nulls
from moyeu.wire.jackson import (
    FLAG,
    INT,
    TEXT,
    Choice,
    JsonProblem,
    ListOf,
    Record,
    Shape,
    batch_of,
)

_PACKAGE: Final = "com.hubspot.inbounddb.properties."

_TYPE: Final = Choice(
    f"{_PACKAGE}PropertyType",
    ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string"),
)
_SENSITIVITY: Final = Choice(
    f"{_PACKAGE}DataSensitivity", ("highly_sensitive", "non_sensitive", "sensitive")
)
# That an empty hint is refused is observed (2026-09); an enum refuses it.
_NUMBER_HINT: Final = Choice(
    f"{_PACKAGE}NumberDisplayHint",
    ("currency", "duration", "formatted", "percentage", "probability", "unformatted"),
)
_TEXT_HINT: Final = Choice(
    f"{_PACKAGE}TextDisplayHint",
    (
        "domain_name",
        "email",
        "ip_address",
        "multi_line",
        "phone_number",
        "physical_address",
        "postal_code",
        "unformatted_single_line",
    ),
)

# The descriptions also require `displayOrder` and `hidden`; real answers show that both may be
# left out (observed 2026-02-26).
_OPTION: Final = Record(
    f"{_PACKAGE}Option$Json",
    {"label": TEXT, "value": TEXT, "description": TEXT, "displayOrder": INT, "hidden": FLAG},
    required=("label", "value"),
)
# A field type outside of the described ones passes the decoder and is refused with its type
# (observed 2021-03), so it is no enum.
_WRITABLE: Final[Mapping[str, Shape]] = {
    "label": TEXT,
    "type": _TYPE,
    "fieldType": TEXT,
    "groupName": TEXT,
    "description": TEXT,
    "options": ListOf(_OPTION),
    "displayOrder": INT,
    "hasUniqueValue": FLAG,
    "hidden": FLAG,
    "formField": FLAG,
    "calculationFormula": TEXT,
    "showCurrencySymbol": FLAG,
    "currencyPropertyName": TEXT,
    "numberDisplayHint": _NUMBER_HINT,
    "textDisplayHint": _TEXT_HINT,
}
PROPERTY_CREATE: Final = Record(
    f"{_PACKAGE}PropertyCreate$Json",
    {
        "name": TEXT,
        **_WRITABLE,
        "referencedObjectType": TEXT,
        "externalOptions": FLAG,
        "dataSensitivity": _SENSITIVITY,
    },
    required=("name", "label", "type", "fieldType", "groupName"),
)
PROPERTY_UPDATE: Final = Record(f"{_PACKAGE}PropertyUpdate$Json", _WRITABLE)
_PROPERTY_NAME: Final = Record(f"{_PACKAGE}PropertyName$Json", {"name": TEXT}, required=("name",))
BATCH_CREATE: Final = batch_of(PROPERTY_CREATE)
# The descriptions require all three fields of a batch read; that a client may leave out those
# with a default is a guess.
BATCH_READ: Final = batch_of(_PROPERTY_NAME, archived=FLAG, dataSensitivity=_SENSITIVITY)
BATCH_ARCHIVE: Final = batch_of(_PROPERTY_NAME)
GROUP_CREATE: Final = Record(
    f"{_PACKAGE}PropertyGroupCreate$Json",
    {"name": TEXT, "label": TEXT, "displayOrder": INT},
    required=("name", "label"),
)
GROUP_UPDATE: Final = Record(
    f"{_PACKAGE}PropertyGroupUpdate$Json", {"label": TEXT, "displayOrder": INT}
)


@dataclass(frozen=True, slots=True)
class PropertiesAsked:
    """The body of a batch read."""

    names: tuple[str, ...]
    archived: bool
    sensitivity: DataSensitivity


def decode_property_create(body: bytes) -> NewProperty | JsonProblem:
    """The property of a create; `null` is as if the field had not been given."""
    fields = read_fields(body, PROPERTY_CREATE)
    return fields if isinstance(fields, JsonProblem) else _new_property(fields)


def decode_property_update(body: bytes) -> PropertyChange | JsonProblem:
    """The change of an update; `null` keeps a value (observed 2026-09), of `options` too."""
    fields = read_fields(body, PROPERTY_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(_inner(without_nulls(fields, body)), PropertyChange)


def decode_batch_create(body: bytes) -> list[NewProperty] | JsonProblem:
    """The properties of a batch create, in order."""
    fields = read_fields(body, BATCH_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    return [_new_property(each) for each in fields.get("inputs") or []]


def decode_batch_read(body: bytes) -> PropertiesAsked | JsonProblem:
    """The names of a batch read, in order, and which properties may be found."""
    fields = read_fields(body, BATCH_READ)
    if isinstance(fields, JsonProblem):
        return fields
    return PropertiesAsked(
        _names(fields),
        bool(fields.get("archived")),
        fields.get("dataSensitivity") or "non_sensitive",
    )


def decode_batch_archive(body: bytes) -> tuple[str, ...] | JsonProblem:
    """The names of a batch archive, in order."""
    fields = read_fields(body, BATCH_ARCHIVE)
    return fields if isinstance(fields, JsonProblem) else _names(fields)


def decode_group_create(body: bytes) -> NewGroup | JsonProblem:
    """The group of a create."""
    fields = read_fields(body, GROUP_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(inner_fields(fields), NewGroup)


def decode_group_update(body: bytes) -> GroupChange | JsonProblem:
    """The change of a group; `null` keeps a value (a guess: as for properties)."""
    fields = read_fields(body, GROUP_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(inner_fields(fields), GroupChange)


def _new_property(fields: Fields) -> NewProperty:
    return msgspec.convert(_inner(fields), NewProperty)


def _inner(fields: Fields) -> Fields:
    inner = inner_fields(fields)
    if "options" in inner:
        inner["options"] = [inner_fields(each) for each in inner["options"]]
    return inner


def _names(fields: Fields) -> tuple[str, ...]:
    return tuple(each["name"] for each in fields.get("inputs") or [])
