"""The usual request bodies, read by msgspec in one pass.

Whatever only the reference reader (`wire/jackson`) judges is left to it: the functions here raise
one of `NOT_PLAIN` for it. Both agree on every body that is accepted here.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from moyeu.catalog.limits import PROPERTY_NAME_CHARACTERS_MAX
from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput
from moyeu.wire.jackson import INT
from moyeu.wire.jackson.object_bodies import ASSOCIATION_CATEGORIES
from moyeu.wire.jackson.scanner import DEPTH_MAX, NAME_MAX

NUMBER_CHARACTERS_MAX = 1_000
"""Characters of a JSON number; Jackson's default."""

V = TypeVar("V")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WHITE_SPACE = b" \t\r\n"

_WIRE_NAMES = {"id_property": "idProperty", "trace_id": "objectWriteTraceId"}


class NotPlainError(Exception):
    """The body needs the reference reader."""


NOT_PLAIN: Final = (
    msgspec.MsgspecError,
    NotPlainError,
    UnicodeDecodeError,
    RecursionError,
)
"""What the functions here raise for a body that the reference reader has to judge."""


# --- shapes -----------------------------------------------------------------------------------


class _TextUpdate(RecordInput, frozen=True, gc=False, rename=_WIRE_NAMES):
    id: str
    properties: dict[str, str | None] = msgspec.field(default_factory=dict)
    id_property: str | None = None
    trace_id: str | None = None
    # An update has none; a body that does is for the reference reader, which skips them.
    associations: tuple[()] = ()


class _RawUpdate(msgspec.Struct, gc=False, rename=_WIRE_NAMES):
    id: msgspec.Raw
    properties: dict[str, msgspec.Raw] = {}
    id_property: str | None = None
    trace_id: str | None = None


class Target(msgspec.Struct, gc=False):
    """A record of an association; ids are often written as numbers, and their spelling is kept."""

    id: msgspec.Raw


class Spec(msgspec.Struct, gc=False, rename="camel"):
    """An association type."""

    association_category: str
    association_type_id: Annotated[int, msgspec.Meta(ge=INT.minimum, le=INT.maximum)]


class _Associated(msgspec.Struct, gc=False):
    to: Target
    types: list[Spec]


class _Create(msgspec.Struct, Generic[V], gc=False, rename=_WIRE_NAMES):
    properties: dict[str, V] = {}
    associations: list[_Associated] | UnsetType = UNSET
    trace_id: str | None = None


class _RecordId(msgspec.Struct, Generic[V], gc=False):
    id: V


class _Read(msgspec.Struct, Generic[V], gc=False, rename="camel"):
    inputs: list[_RecordId[V]]
    properties: list[str] | UnsetType = UNSET
    properties_with_history: list[str] | UnsetType = UNSET
    id_property: str | UnsetType | None = UNSET


class Batch(msgspec.Struct, Generic[V], gc=False):
    """The body `{"inputs": [item, …]}`."""

    inputs: list[V]


_decode_text_updates = msgspec.json.Decoder(Batch[_TextUpdate]).decode
_decode_raw_updates = msgspec.json.Decoder(Batch[_RawUpdate]).decode
_decode_text_creates = msgspec.json.Decoder(Batch[_Create[str | None]]).decode
_decode_raw_creates = msgspec.json.Decoder(Batch[_Create[msgspec.Raw]]).decode
_decode_text_create = msgspec.json.Decoder(_Create[str | None]).decode
_decode_raw_create = msgspec.json.Decoder(_Create[msgspec.Raw]).decode
_decode_text_read = msgspec.json.Decoder(_Read[str]).decode
_decode_raw_read = msgspec.json.Decoder(_Read[msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


# --- bodies -----------------------------------------------------------------------------------


def plain_updates(body: bytes) -> Sequence[RecordInput]:
    """The inputs of a batch update or upsert, in order."""
    check_no_null_character(body)
    inputs: Sequence[RecordInput]
    try:
        inputs = _decode_text_updates(body).inputs
    except msgspec.ValidationError:
        # Numbers and booleans among the texts: their spelling is kept.
        inputs = [_spell_out(each) for each in _decode_raw_updates(body).inputs]
    _check_names(inputs)
    check_no_duplicate_fields(body, 1 + _count_update_fields(inputs))
    return inputs


def plain_creates(body: bytes) -> Sequence[RecordInput]:
    """The inputs of a batch create, in order."""
    check_no_null_character(body)
    try:
        texts = _decode_text_creates(body).inputs
        inputs = [_created(each, each.properties) for each in texts]
        fields = _count_create_fields(texts)
    except msgspec.ValidationError:
        raws = _decode_raw_creates(body).inputs
        inputs = [_created(each, _spelled(each.properties)) for each in raws]
        fields = _count_create_fields(raws)
    _check_names(inputs)
    check_no_duplicate_fields(body, 1 + fields)
    return inputs


def plain_create(body: bytes) -> RecordInput:
    """The input of a create, which has no id; or of an update, whose id the path has."""
    check_no_null_character(body)
    try:
        text = _decode_text_create(body)
        given = _created(text, text.properties)
        fields = _count_create_fields([text])
    except msgspec.ValidationError:
        raw = _decode_raw_create(body)
        given = _created(raw, _spelled(raw.properties))
        fields = _count_create_fields([raw])
    _check_names([given])
    check_no_duplicate_fields(body, fields)
    return given


class BatchRead(msgspec.Struct, frozen=True):
    """What a batch read asks for."""

    ids: tuple[str, ...]
    id_property: str | None
    properties: tuple[str, ...]
    properties_with_history: tuple[str, ...]


def plain_read(body: bytes) -> BatchRead:
    """The ids and the wished properties of a batch read, or the ids of a batch archive."""
    check_no_null_character(body)
    found: _Read[str] | _Read[msgspec.Raw]
    try:
        found = _decode_text_read(body)
        ids = tuple(each.id for each in found.inputs)
    except msgspec.ValidationError:
        found = _decode_raw_read(body)
        ids = tuple(id_of(each.id) for each in found.inputs)
    beside = (found.properties, found.properties_with_history, found.id_property)
    fields = 1 + len(ids) + sum(each is not UNSET for each in beside)
    check_no_duplicate_fields(body, fields)
    return BatchRead(
        ids,
        None if found.id_property is UNSET else found.id_property,
        tuple(filter(None, found.properties or ())),
        tuple(filter(None, found.properties_with_history or ())),
    )


# --- parts ------------------------------------------------------------------------------------


def _spell_out(given: _RawUpdate) -> RecordInput:
    return RecordInput(
        id_of(given.id), _spelled(given.properties), given.id_property, given.trace_id
    )


def _created(given: _Create[Any], properties: dict[str, str | None]) -> RecordInput:
    associations = tuple(map(_association, given.associations)) if given.associations else ()
    return RecordInput("", properties, None, given.trace_id, associations)


def _association(given: _Associated) -> InlineAssociation:
    return InlineAssociation(id_of(given.to.id), tuple(map(spec_of, given.types)))


def spec_of(given: Spec) -> AssociationSpec:
    """The association type; one of a category that does not exist is not plain."""
    if given.association_category not in ASSOCIATION_CATEGORIES:
        raise NotPlainError
    return AssociationSpec(given.association_category, given.association_type_id)


def _spelled(properties: Mapping[str, msgspec.Raw]) -> dict[str, str | None]:
    return {name: _text_of(raw) for name, raw in properties.items()}


def id_of(raw: msgspec.Raw) -> str:
    """An id as it was spelled."""
    text = _text_of(raw)
    if text is None:
        raise NotPlainError
    return text


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
        raise NotPlainError
    return text


# --- what msgspec lets pass -------------------------------------------------------------------


def check_no_null_character(body: bytes) -> None:
    """Leaves a body to the reference reader that may have a null character in a text."""
    if b"\\u0000" in body:
        raise NotPlainError


def _check_names(inputs: Iterable[RecordInput]) -> None:
    names: set[str] = set()
    for each in inputs:
        names.update(each.properties)
    for name in names:
        if len(name) > PROPERTY_NAME_CHARACTERS_MAX or name != name.lower():
            raise NotPlainError
        # The limit is one of UTF-16 units.
        if len(name) * 2 > PROPERTY_NAME_CHARACTERS_MAX and not name.isascii():
            raise NotPlainError


_UNCOUNTED: Final = -1_000_000
"""No text has so few fields, so that they are compared one by one."""


def _count_update_fields(inputs: Iterable[RecordInput]) -> int:
    count = 0
    for each in inputs:
        if not each.properties:
            return _UNCOUNTED
        count += 2 + len(each.properties)
        count += (each.id_property is not None) + (each.trace_id is not None)
    return count


def _count_create_fields(inputs: Iterable[_Create[Any]]) -> int:
    count = 0
    for each in inputs:
        if not each.properties:
            return _UNCOUNTED
        count += 1 + len(each.properties) + (each.trace_id is not None)
        if each.associations is not UNSET:
            count += 1 + sum(3 + 2 * len(one.types) for one in each.associations)
    return count


def check_no_duplicate_fields(body: bytes, decoded: int) -> None:
    """Counts fields: `":` without white space stands at least once for each field in the text.

    decoded: the fields that were decoded. When the numbers are equal, none was named twice and
    none was skipped. Otherwise the fields of each object are compared one by one, and what
    was skipped is held to the limits of the reference reader.
    """
    if body.translate(None, _WHITE_SPACE).count(b'":') == decoded:
        return
    # As many brackets as may be open at once are never too deep.
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        raise NotPlainError
    try:
        # As text, because of bytes this reader takes surrogates that UTF-8 does not have.
        json.loads(
            body.decode(),
            object_pairs_hook=_distinct,
            parse_int=_skip_number,
            parse_float=_skip_number,
        )
    except ValueError as error:
        raise NotPlainError from error


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs) or any(len(name) * 2 > NAME_MAX for name in names):
        raise NotPlainError


def _skip_number(text: str) -> None:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise NotPlainError
