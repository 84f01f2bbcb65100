"""The words, categories and status codes of the refusals of schemas: one row per problem.

Sub-categories are observed 2026-10-05. The texts are those that went with them where the row does
not say that they are ours; their connecting words may be ours even then.
"""

from typing import Final

from moyeu.catalog.object_types import looks_like_type_id
from moyeu.crm import schema_problems as p
from moyeu.crm.problems import Problem
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render, unknown_type

_WIRE_FIELDS: Final[dict[p.DisplayField, str]] = {
    "primary": "primaryDisplayProperty",
    "secondary": "secondaryDisplayProperties",
    "required": "requiredProperties",
    "searchable": "searchableProperties",
}
_DISPLAY_CODES: Final[dict[p.DisplayField, str]] = {
    "primary": "ObjectSchemasSandboxesSyncErrorType.INVALID_PRIMARY_DISPLAY_PROPERTY",
    "secondary": "ObjectSchemasSandboxesSyncErrorType.INVALID_SECONDARY_DISPLAY_PROPERTY",
    "required": "InvalidPropertiesError.INVALID_REQUIRED_PROPERTIES",
    "searchable": "ObjectSchemasSandboxesSyncErrorType.INVALID_SEARCHABLE_PROPERTIES",
}


def _unknown(problem: p.UnknownObjectType, _portal_id: int, _type_id: str) -> Refusal:
    # Here the text does not name the id, and it has a category (observed on an update); that
    # other operations of schemas answer so too is a guess.
    if looks_like_type_id(problem.text):
        return Refusal(400, "Invalid object or event type id", VALIDATION)
    return unknown_type(problem.text, is_id=False)


def _hubspot_defined(_problem: p.HubSpotDefinedType, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2021 to 2024.
    return Refusal(
        400,
        "Cannot modify HubSpot defined object type",
        VALIDATION,
        sub_category="ObjectSchemaError.CANNOT_MODIFY_HUBSPOT_DEFINED_OBJECT_TYPE",
    )


def _name(problem: p.InvalidObjectTypeName, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"invalid object type name {problem.name}",
        VALIDATION,
        sub_category="InboundDbObjectTypeError.OBJECT_TYPE_NAME_FORMAT",
    )


def _label(problem: p.InvalidObjectTypeLabel, _portal_id: int, _type_id: str) -> Refusal:
    # The text is ours, the sub-category a guess: that of names.
    return Refusal(
        400,
        f"invalid object type label {problem.label}: labels have 1 to {problem.characters_max}"
        " characters",
        VALIDATION,
        sub_category="InboundDbObjectTypeError.OBJECT_TYPE_NAME_FORMAT",
    )


def _exists(problem: p.ObjectTypeExists, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        409,
        f"{problem.name} already exists",
        "OBJECT_ALREADY_EXISTS",
        sub_category="InboundDbObjectTypeError.OBJECT_TYPE_ALREADY_EXIST",
    )


def _too_many(problem: p.TooManyObjectTypes, portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Portal {portal_id} has reached its limit of {problem.count_max} custom object types",
        VALIDATION,
    )


def _no_primary(
    _problem: p.PrimaryDisplayPropertyMissing, _portal_id: int, _type_id: str
) -> Refusal:
    return Refusal(
        400,
        "A primary display property is required",
        VALIDATION,
        sub_category="ObjectSchemaError.PRIMARY_DISPLAY_PROPERTY_REQUIRED",
    )


def _unknown_display(
    problem: p.UnknownDisplayProperties, _portal_id: int, _type_id: str
) -> Refusal:
    # The text is ours.
    return _display(problem.field, ", ".join(problem.names))


def _repeated(problem: p.RepeatedDisplayProperty, _portal_id: int, _type_id: str) -> Refusal:
    # The text is ours, the sub-category a guess.
    return _display(problem.field, f"{problem.name} stands more than once")


def _too_many_display(
    problem: p.TooManyDisplayProperties, _portal_id: int, _type_id: str
) -> Refusal:
    # The text is ours, the sub-category a guess.
    return _display(problem.field, f"at most {problem.count_max} properties")


def _display(field: p.DisplayField, fault: str) -> Refusal:
    return Refusal(
        400,
        f"Invalid {_WIRE_FIELDS[field]}: {fault}",
        VALIDATION,
        sub_category=_DISPLAY_CODES[field],
    )


def _sensitive(_problem: p.SensitivePropertiesFixed, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "Sensitive properties support cannot be turned off",
        VALIDATION,
        sub_category="InboundDbObjectTypeError.SENSITIVE_PROPERTIES_SUPPORT_CANNOT_BE_TURNED_OFF",
    )


def _has_records(problem: p.ObjectTypeHasRecords, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Object type {problem.object_type_id} cannot be deleted until all object records are"
        " deleted",
        VALIDATION,
        sub_category="ObjectSchemaError.EXISTING_OBJECT_RECORDS",
    )


def _not_archived(_problem: p.NoArchivedObjectType, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, "Couldn't find soft-deleted object type(s)", VALIDATION)


def _name_taken(problem: p.AssociationNameTaken, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(400, f"An association named '{problem.name}' already exists", VALIDATION)


def _no_association(
    problem: p.SchemaAssociationNotFound, _portal_id: int, _type_id: str
) -> Refusal:
    # Ours; the status and the category are a guess.
    return Refusal(404, f"Couldn't find an association '{problem.identifier}'", NOT_FOUND)


SCHEMA_WORDS: Final[dict[type[Problem], Render]] = {
    p.UnknownObjectType: _unknown,
    p.HubSpotDefinedType: _hubspot_defined,
    p.InvalidObjectTypeName: _name,
    p.InvalidObjectTypeLabel: _label,
    p.ObjectTypeExists: _exists,
    p.TooManyObjectTypes: _too_many,
    p.PrimaryDisplayPropertyMissing: _no_primary,
    p.UnknownDisplayProperties: _unknown_display,
    p.RepeatedDisplayProperty: _repeated,
    p.TooManyDisplayProperties: _too_many_display,
    p.SensitivePropertiesFixed: _sensitive,
    p.ObjectTypeHasRecords: _has_records,
    p.NoArchivedObjectType: _not_archived,
    p.AssociationNameTaken: _name_taken,
    p.SchemaAssociationNotFound: _no_association,
}
"""As `RECORD_WORDS`, for problems of schemas."""


def schema_scope_missing(access: str) -> Refusal:
    """The refusal of a token without a scope for schemas: it has a form of its own here.

    Observed for a list: the scope's inner name stands in the context, and the links too. That a
    write names `custom-object-write` is a guess.
    """
    return Refusal(
        403,
        "One or more of the following scopes are required.",
        "MISSING_SCOPES",
        context={
            "requiredGranularScopes": [f"custom-object-{access}"],
            "links": ["https://developers.hubspot.com/scopes"],
        },
        rule="missing-scopes",
    )
