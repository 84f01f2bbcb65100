"""Request bodies into the inputs of operations.

The bodies of records have a quick path (`plain_bodies`), which leaves whatever is unusual to the
reference reader (`jackson`). That reads the same bytes again and has the last word.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput
from moyeu.wire.jackson import (
    BATCH_ARCHIVE,
    BATCH_CREATE,
    BATCH_READ,
    BATCH_UPDATE,
    BATCH_UPSERT,
    CREATE,
    GDPR_DELETE,
    MERGE,
    UPDATE,
    JsonProblem,
    Record,
    read_json,
)
from moyeu.wire.plain_bodies import (
    NOT_PLAIN,
    BatchRead,
    plain_create,
    plain_creates,
    plain_read,
    plain_updates,
)

Fields = dict[str, Any]

T = TypeVar("T")

ASIDE_BYTES_MIN = 65_536
"""Bodies above this size are decoded in a thread; a full batch of usual values is below it."""


async def decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    """What `decode` makes of the body; large bodies are read beside the event loop.

    The reference reader takes about half a second per megabyte, in which others must be served.
    """
    if len(body) <= ASIDE_BYTES_MIN:
        return decode(body)
    return await asyncio.to_thread(decode, body)


def decode_batch_update(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch update, in order."""
    try:
        return plain_updates(body)
    except NOT_PLAIN:
        # Not a failure that is passed over, here and below: the reader judges the same bytes.
        return _read_inputs(body, BATCH_UPDATE)


def decode_batch_upsert(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch upsert, in order."""
    try:
        return plain_updates(body)
    except NOT_PLAIN:
        return _read_inputs(body, BATCH_UPSERT)


def decode_batch_create(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch create, in order."""
    try:
        return plain_creates(body)
    except NOT_PLAIN:
        return _read_inputs(body, BATCH_CREATE)


def _read_inputs(body: bytes, shape: Record) -> Sequence[RecordInput] | JsonProblem:
    found = read_json(body, shape)
    if isinstance(found, JsonProblem):
        return found
    return [_input(each) for each in cast(Fields, found).get("inputs") or []]


def _input(fields: Mapping[str, Any]) -> RecordInput:
    return RecordInput(
        fields.get("id") or "",
        fields.get("properties") or {},
        fields.get("idProperty"),
        fields.get("objectWriteTraceId"),
        tuple(_association(each) for each in fields.get("associations") or ()),
    )


def _association(fields: Mapping[str, Any]) -> InlineAssociation:
    return InlineAssociation(
        fields["to"]["id"],
        tuple(
            AssociationSpec(each["associationCategory"], each["associationTypeId"])
            for each in fields["types"]
        ),
    )


def decode_update(body: bytes) -> dict[str, str | None] | JsonProblem:
    """The properties of an update of one record."""
    found = _decode_one(body, UPDATE)
    return found if isinstance(found, JsonProblem) else found.properties


def decode_create(body: bytes) -> RecordInput | JsonProblem:
    """The one input of a create."""
    return _decode_one(body, CREATE)


def _decode_one(body: bytes, shape: Record) -> RecordInput | JsonProblem:
    try:
        return plain_create(body)
    except NOT_PLAIN:
        found = read_json(body, shape)
    return found if isinstance(found, JsonProblem) else _input(cast(Fields, found))


def decode_batch_read(body: bytes) -> BatchRead | JsonProblem:
    """The ids and the wished properties of a batch read."""
    try:
        return plain_read(body)
    except NOT_PLAIN:
        return _read_batch_read(body)


def _read_batch_read(body: bytes) -> BatchRead | JsonProblem:
    found = read_json(body, BATCH_READ)
    if isinstance(found, JsonProblem):
        return found
    fields = cast(Fields, found)
    return BatchRead(
        tuple(each["id"] for each in fields.get("inputs") or []),
        fields.get("idProperty"),
        tuple(name for name in fields.get("properties") or [] if name),
        tuple(name for name in fields.get("propertiesWithHistory") or [] if name),
    )


def decode_batch_archive(body: bytes) -> tuple[str, ...] | JsonProblem:
    """The ids of a batch archive."""
    try:
        return plain_read(body).ids
    except NOT_PLAIN:
        found = read_json(body, BATCH_ARCHIVE)
    if isinstance(found, JsonProblem):
        return found
    return tuple(each["id"] for each in cast(Fields, found).get("inputs") or [])


def decode_merge(body: bytes) -> tuple[str, str] | JsonProblem:
    """The id of the primary record and that of the record to merge into it."""
    found = read_json(body, MERGE)
    if isinstance(found, JsonProblem):
        return found
    fields = cast(Fields, found)
    return fields["primaryObjectId"], fields["objectIdToMerge"]


class ErasedRecord(msgspec.Struct, frozen=True):
    """Which record is to be erased: its id, or the value of an id property."""

    id: str
    id_property: str | None


def decode_gdpr_delete(body: bytes) -> ErasedRecord | JsonProblem:
    """The record that is to be erased for good."""
    found = read_json(body, GDPR_DELETE)
    if isinstance(found, JsonProblem):
        return found
    fields = cast(Fields, found)
    return ErasedRecord(fields["objectId"], fields.get("idProperty"))
