"""The reference reader of JSON request bodies: exact values, and Jackson's own words on errors.

Shapes say what a body may hold (`shapes`), the bodies of the object routes are declared in
`object_bodies`, `read_json` reads one body. What is not here: status codes, the envelope of an
error, and every rule that needs a definition or the store.
"""

from moyeu.wire.jackson.object_bodies import (
    BATCH_ARCHIVE,
    BATCH_CREATE,
    BATCH_READ,
    BATCH_UPDATE,
    BATCH_UPSERT,
    CREATE,
    GDPR_DELETE,
    MERGE,
    PROPERTY_VALUES,
    UPDATE,
    batch_of,
)
from moyeu.wire.jackson.reader import JsonProblem, JsonValue, read_json
from moyeu.wire.jackson.shapes import (
    ANY,
    FLAG,
    INT,
    LONG,
    TEXT,
    TEXT_LIST,
    TEXT_MAP,
    Any,
    Choice,
    Count,
    Flag,
    ListOf,
    Record,
    Shape,
    Text,
    TextMap,
)

__all__ = [
    "ANY",
    "BATCH_ARCHIVE",
    "BATCH_CREATE",
    "BATCH_READ",
    "BATCH_UPDATE",
    "BATCH_UPSERT",
    "CREATE",
    "FLAG",
    "GDPR_DELETE",
    "INT",
    "LONG",
    "MERGE",
    "PROPERTY_VALUES",
    "TEXT",
    "TEXT_LIST",
    "TEXT_MAP",
    "UPDATE",
    "Any",
    "Choice",
    "Count",
    "Flag",
    "JsonProblem",
    "JsonValue",
    "ListOf",
    "Record",
    "Shape",
    "Text",
    "TextMap",
    "batch_of",
    "read_json",
]
