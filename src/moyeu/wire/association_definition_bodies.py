"""Request bodies of the routes of labels and limits for associations into inputs of operations.

The names of Java classes are guesses in the manner of the recorded ones; the fields, and which are
required, are those of the API descriptions of 2026.
"""

from typing import Final

import msgspec

from moyeu.crm.association_labels import LabelChange, NewLabel
from moyeu.crm.association_limits import LimitInput
from moyeu.crm.associations import AssociationSpec
from moyeu.wire.fields import inner_fields, read_fields
from moyeu.wire.jackson import INT, TEXT, Choice, JsonProblem, Record, batch_of

_PACKAGE: Final = "com.hubspot.inbounddb.associations.base."

LABEL_CREATE: Final = Record(
    f"{_PACKAGE}PublicAssociationDefinitionCreateRequest$Json",
    {"inverseLabel": TEXT, "label": TEXT, "name": TEXT},
    required=("label", "name"),
)
LABEL_UPDATE: Final = Record(
    f"{_PACKAGE}PublicAssociationDefinitionUpdateRequest$Json",
    {"inverseLabel": TEXT, "associationTypeId": INT, "label": TEXT},
    required=("associationTypeId", "label"),
)
_CATEGORY: Final = Choice(
    f"{_PACKAGE}AssociationCategory", ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED")
)
LIMITS: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicAssociationDefinitionConfigurationRequest$Json",
        {"category": _CATEGORY, "typeId": INT, "maxToObjectIds": INT},
        required=("category", "typeId", "maxToObjectIds"),
    )
)
LIMITS_PURGE: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicAssociationSpec$Json",
        {"category": TEXT, "typeId": INT},
        required=("category", "typeId"),
    )
)


def decode_label_create(body: bytes) -> NewLabel | JsonProblem:
    """The label of a create."""
    fields = read_fields(body, LABEL_CREATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(inner_fields(fields), NewLabel)


def decode_label_update(body: bytes) -> LabelChange | JsonProblem:
    """The new texts of a label."""
    fields = read_fields(body, LABEL_UPDATE)
    if isinstance(fields, JsonProblem):
        return fields
    return msgspec.convert(inner_fields(fields), LabelChange)


def decode_limits(body: bytes) -> list[LimitInput] | JsonProblem:
    """The limits of a batch, in order."""
    fields = read_fields(body, LIMITS)
    if isinstance(fields, JsonProblem):
        return fields
    return [
        LimitInput(each["category"], each["typeId"], each["maxToObjectIds"])
        for each in fields.get("inputs") or ()
    ]


def decode_limits_purge(body: bytes) -> list[AssociationSpec] | JsonProblem:
    """The association types whose limits a batch removes, in order."""
    fields = read_fields(body, LIMITS_PURGE)
    if isinstance(fields, JsonProblem):
        return fields
    return [
        AssociationSpec(each["category"], each["typeId"]) for each in fields.get("inputs") or ()
    ]
