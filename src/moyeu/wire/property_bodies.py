"""Request bodies of the property routes into the inputs of operations.

The names of Java classes are guesses in the manner of the recorded ones; the fields and the
allowed words are those of the API descriptions of 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from moyeu.catalog.properties import DataSensitivity
from moyeu.crm.definition_inputs import NewProperty, PropertyChange
from moyeu.crm.property_groups import GroupChange, NewGroup
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
    read_json,
)

Fields = dict[str, Any]

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

_INNER_NAMES: Final = {
    "fieldType": "field_type",
    "groupName": "group_name",
    "displayOrder": "display_order",
    "hasUniqueValue": "has_unique_value",
    "formField": "form_field",
    "calculationFormula": "calculation_formula",
    "showCurrencySymbol": "show_currency_symbol",
    "currencyPropertyName": "currency_property_name",
    "numberDisplayHint": "number_display_hint",
    "textDisplayHint": "text_display_hint",
    "referencedObjectType": "referenced_object_type",
    "externalOptions": "external_options",
    "dataSensitivity": "data_sensitivity",
}


@dataclass(frozen=True, slots=True)
class PropertiesAsked:
    """The body of a batch read."""

    names: tuple[str, ...]
    archived: bool
    sensitivity: DataSensitivity


class _OptionsAsWritten(msgspec.Struct):
    options: msgspec.Raw


def decode_property_create(body: bytes) -> NewProperty | JsonProblem:
    """The property of a create; `null` is as if the field had not been given."""
    fields = _read(body, PROPERTY_CREATE)
    return fields if isinstance(fields, JsonProblem) else _new_property(fields)


def decode_property_update(body: bytes) -> PropertyChange | JsonProblem:
    """The change of an update; `null` keeps a value (observed 2026-09), of `options` too."""
    fields = _read(body, PROPERTY_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    # The reader turns a list that is `null` into an empty one, which would remove all options.
    if fields.get("options") == [] and _are_options_null(body):
        del fields["options"]
    return msgspec.convert(_inner(fields), PropertyChange)


def _are_options_null(body: bytes) -> bool:
    return bytes(msgspec.json.decode(body, type=_OptionsAsWritten).options) == b"null"


def decode_batch_create(body: bytes) -> list[NewProperty] | JsonProblem:
    """The properties of a batch create, in order."""
    fields = _read(body, BATCH_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    return [_new_property(each) for each in fields.get("inputs") or []]


def decode_batch_read(body: bytes) -> PropertiesAsked | JsonProblem:
    """The names of a batch read, in order, and which properties may be found."""
    fields = _read(body, BATCH_READ)
    if isinstance(fields, JsonProblem):
        return fields
    return PropertiesAsked(
        _names(fields),
        bool(fields.get("archived")),
        fields.get("dataSensitivity") or "non_sensitive",
    )


def decode_batch_archive(body: bytes) -> tuple[str, ...] | JsonProblem:
    """The names of a batch archive, in order."""
    fields = _read(body, BATCH_ARCHIVE)
    return fields if isinstance(fields, JsonProblem) else _names(fields)


def decode_group_create(body: bytes) -> NewGroup | JsonProblem:
    """The group of a create."""
    fields = _read(body, GROUP_CREATE)
    return fields if isinstance(fields, JsonProblem) else msgspec.convert(_inner(fields), NewGroup)


def decode_group_update(body: bytes) -> GroupChange | JsonProblem:
    """The change of a group; `null` keeps a value (a guess: as for properties)."""
    fields = _read(body, GROUP_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(_inner(fields), GroupChange)


def _read(body: bytes, shape: Record) -> Fields | JsonProblem:
    found = read_json(body, shape)
    return found if isinstance(found, JsonProblem) else cast(Fields, found)


def _new_property(fields: Fields) -> NewProperty:
    return msgspec.convert(_inner(fields), NewProperty)


def _inner(fields: Fields) -> Fields:
    """The fields that have a value, under the names that they have inside."""
    inner = {
        _INNER_NAMES.get(name, name): value for name, value in fields.items() if value is not None
    }
    if "options" in inner:
        inner["options"] = [_inner(each) for each in inner["options"]]
    return inner


def _names(fields: Fields) -> tuple[str, ...]:
    return tuple(each["name"] for each in fields.get("inputs") or [])
