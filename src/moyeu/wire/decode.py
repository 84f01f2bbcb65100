"""Request bodies into the inputs of operations.

Batch update and upsert have a quick path: msgspec reads the body in one pass, and whenever it
refuses, or the body holds something that only the reference reader judges, that reader
(`wire/jackson`) reads it again and has the last word. Both agree on every body that the quick path
accepts.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from moyeu.catalog.limits import PROPERTY_NAME_CHARACTERS_MAX
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

Fields = dict[str, Any]

T = TypeVar("T")

ASIDE_BYTES_MIN = 65_536
"""Bodies above this size are decoded in a thread; a full batch of usual values is below it."""

NUMBER_CHARACTERS_MAX = 1_000
"""Characters of a JSON number; Jackson's default."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WHITE_SPACE = b" \t\r\n"

_WIRE_NAMES = {"id_property": "idProperty", "trace_id": "objectWriteTraceId"}


class _TextInput(RecordInput, frozen=True, gc=False, rename=_WIRE_NAMES):
    id: str
    properties: dict[str, str | None] = msgspec.field(default_factory=dict)
    id_property: str | None = None
    trace_id: str | None = None
    # An update has none; a body that does is for the reference reader, which skips them.
    associations: tuple[()] = ()


class _TextBatch(msgspec.Struct, gc=False):
    inputs: list[_TextInput]


class _RawInput(msgspec.Struct, frozen=True, rename=_WIRE_NAMES):
    id: msgspec.Raw
    properties: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    id_property: str | None = None
    trace_id: str | None = None


class _RawBatch(msgspec.Struct):
    inputs: list[_RawInput]


_decode_texts = msgspec.json.Decoder(_TextBatch).decode
_decode_raws = msgspec.json.Decoder(_RawBatch).decode
_decode_text = msgspec.json.Decoder(str).decode


class _NotPlainError(Exception):
    """The body needs the reference reader."""


async def decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    """What `decode` makes of the body; large bodies are read beside the event loop.

    The reference reader takes about half a second per megabyte, in which others must be served.
    """
    if len(body) <= ASIDE_BYTES_MIN:
        return decode(body)
    return await asyncio.to_thread(decode, body)


def decode_batch_update(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch update, in order."""
    return _decode_batch(body, BATCH_UPDATE)


def decode_batch_upsert(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch upsert, in order."""
    return _decode_batch(body, BATCH_UPSERT)


def _decode_batch(body: bytes, shape: Record) -> Sequence[RecordInput] | JsonProblem:
    try:
        return _decode_plain(body)
    except (msgspec.MsgspecError, _NotPlainError, UnicodeDecodeError, RecursionError):
        # Not a failure that is passed over: the reader below judges the same bytes.
        return _read_inputs(body, shape)


def _decode_plain(body: bytes) -> Sequence[RecordInput]:
    if b"\\u0000" in body:
        raise _NotPlainError
    inputs: Sequence[RecordInput]
    try:
        inputs = _decode_texts(body).inputs
    except msgspec.ValidationError:
        # Numbers and booleans among the texts: their spelling is kept.
        inputs = [_spell_out(each) for each in _decode_raws(body).inputs]
    _check_names(inputs)
    _check_no_duplicate_fields(body, inputs)
    return inputs


def _spell_out(given: _RawInput) -> RecordInput:
    id_text = _text_of(given.id)
    if id_text is None:
        raise _NotPlainError
    properties = {name: _text_of(raw) for name, raw in given.properties.items()}
    return RecordInput(id_text, properties, given.id_property, given.trace_id)


def _text_of(raw: msgspec.Raw) -> str | None:
    spelled = bytes(raw)
    if spelled.startswith(b'"'):
        return _decode_text(spelled)
    text = spelled.decode()
    if text == "null":
        return None
    if text in ("true", "false"):
        return text
    if len(text) > NUMBER_CHARACTERS_MAX or not _NUMBER.fullmatch(text):
        raise _NotPlainError
    return text


def _check_names(inputs: Sequence[RecordInput]) -> None:
    names: set[str] = set()
    for each in inputs:
        names.update(each.properties)
    for name in names:
        if len(name) > PROPERTY_NAME_CHARACTERS_MAX or name != name.lower():
            raise _NotPlainError


def _check_no_duplicate_fields(body: bytes, inputs: Sequence[RecordInput]) -> None:
    """Counts fields: `":` without white space stands at least once for each field in the text.

    Every decoded field stands for one; when the numbers are equal, none was named twice and none
    was skipped. Otherwise the fields of each object are compared one by one.
    """
    written = body.translate(None, _WHITE_SPACE).count(b'":')
    decoded = 1
    for each in inputs:
        if not each.properties:
            decoded = -1
            break
        decoded += 2 + len(each.properties)
        decoded += (each.id_property is not None) + (each.trace_id is not None)
    if written == decoded:
        return
    try:
        json.loads(
            body, object_pairs_hook=_distinct, parse_int=_skip_number, parse_float=_skip_number
        )
    except ValueError as error:
        raise _NotPlainError from error


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _NotPlainError


def _skip_number(text: str) -> None:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _NotPlainError


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
    found = read_json(body, UPDATE)
    if isinstance(found, JsonProblem):
        return found
    properties: dict[str, str | None] = cast(Fields, found).get("properties") or {}
    return properties


def decode_create(body: bytes) -> RecordInput | JsonProblem:
    """The one input of a create."""
    found = read_json(body, CREATE)
    return found if isinstance(found, JsonProblem) else _input(cast(Fields, found))


def decode_batch_create(body: bytes) -> Sequence[RecordInput] | JsonProblem:
    """The inputs of a batch create, in order."""
    return _read_inputs(body, BATCH_CREATE)


class BatchRead(msgspec.Struct, frozen=True):
    """What a batch read asks for."""

    ids: tuple[str, ...]
    id_property: str | None
    properties: tuple[str, ...]
    properties_with_history: tuple[str, ...]


def decode_batch_read(body: bytes) -> BatchRead | JsonProblem:
    """The ids and the wished properties of a batch read."""
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
