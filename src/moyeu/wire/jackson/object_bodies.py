"""The bodies of the object routes.

Class names marked "observed" stand in recorded answers, the others are guesses that follow the
names of the schemas in HubSpot's API descriptions.
"""

from typing import Final

from moyeu.wire.jackson.shapes import (
    INT,
    TEXT,
    TEXT_LIST,
    Choice,
    ListOf,
    Record,
    Shape,
    TextMap,
)

_CORE: Final = "com.hubspot.inbounddb.publicobject.core.v2."
_BATCH: Final = "com.hubspot.apiutils.core.models.batch.BatchInput$Json"

PROPERTY_VALUES: Final = TextMap(property_names=True)
"""The `properties` of a record as it is written."""


def batch_of(item: Record, **others: Shape) -> Record:
    """The body `{"inputs": [item, …]}`, with `others` beside it; no field of it is required.

    A body without `inputs` is a batch of none: observed in 2020 and 2026 (answer 200, COMPLETE).
    """
    return Record(_BATCH, {"inputs": ListOf(item), **others})


# Observed: the class of a spec and the text about its two fields (2023). That the outer fields are
# required, as older API descriptions say, is a guess: the newest ones do not.
_ASSOCIATIONS: Final = "com.hubspot.inbounddb.associations.base."
ASSOCIATION_CATEGORIES: Final = ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED", "WORK")
ASSOCIATION_SPEC: Final = Record(
    f"{_ASSOCIATIONS}AssociationSpec$Json",
    {
        "associationCategory": Choice(
            f"{_ASSOCIATIONS}AssociationCategory", ASSOCIATION_CATEGORIES
        ),
        "associationTypeId": INT,
    },
    required=("associationCategory", "associationTypeId"),
)
_ASSOCIATED: Final = ListOf(
    Record(
        f"{_CORE}PublicAssociationsForObject$Json",
        {
            "to": Record(f"{_CORE}PublicObjectId$Json", {"id": TEXT}, required=("id",)),
            "types": ListOf(ASSOCIATION_SPEC),
        },
        required=("to", "types"),
    )
)

# Observed: the batch class (2022, 2024), `SimplePublicObjectInput`, `…InputForCreate` and
# `…BatchInput`. The body of batch read may have a class of its own; the only recorded answer
# that is attributed to that route names the common one.
UPDATE: Final = Record(
    f"{_CORE}SimplePublicObjectInput$Json",
    {"properties": PROPERTY_VALUES, "objectWriteTraceId": TEXT},
)
CREATE: Final = Record(
    f"{_CORE}SimplePublicObjectInputForCreate$Json",
    {"properties": PROPERTY_VALUES, "associations": _ASSOCIATED, "objectWriteTraceId": TEXT},
)
BATCH_UPDATE: Final = batch_of(
    Record(
        f"{_CORE}SimplePublicObjectBatchInput$Json",
        {
            "id": TEXT,
            "properties": PROPERTY_VALUES,
            "idProperty": TEXT,
            "objectWriteTraceId": TEXT,
        },
        required=("id",),
    )
)
BATCH_UPSERT: Final = batch_of(
    Record(
        f"{_CORE}SimplePublicObjectBatchInputUpsert$Json",
        {
            "id": TEXT,
            "properties": PROPERTY_VALUES,
            "idProperty": TEXT,
            "objectWriteTraceId": TEXT,
        },
        required=("id",),
    )
)
BATCH_CREATE: Final = batch_of(
    Record(
        f"{_CORE}SimplePublicObjectBatchInputForCreate$Json",
        {"properties": PROPERTY_VALUES, "associations": _ASSOCIATED, "objectWriteTraceId": TEXT},
    )
)
_RECORD_ID: Final = Record(
    f"{_CORE}SimplePublicObjectId$Json",
    {"id": TEXT},
    required=("id",),
)
BATCH_READ: Final = batch_of(
    _RECORD_ID,
    properties=TEXT_LIST,
    propertiesWithHistory=TEXT_LIST,
    idProperty=TEXT,
)
BATCH_ARCHIVE: Final = batch_of(_RECORD_ID)
MERGE: Final = Record(
    f"{_CORE}PublicMergeInput$Json",
    {"primaryObjectId": TEXT, "objectIdToMerge": TEXT},
    required=("primaryObjectId", "objectIdToMerge"),
)
GDPR_DELETE: Final = Record(
    f"{_CORE}PublicGdprDeleteInput$Json",
    {"objectId": TEXT, "idProperty": TEXT},
    required=("objectId",),
)
