"""Request bodies of the association routes into the inputs of operations.

The class of a spec and the set that holds them are observed (2023); the names of the other Java
classes are guesses in the manner of the recorded ones. The fields, and which are required, are
those of the API descriptions of 2026. No body needs `inputs` (observed 2021: a batch of none).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar, cast

from moyeu.crm.association_writes import PairInput
from moyeu.crm.associations import AssociationSpec
from moyeu.wire.fields import Fields, read_fields
from moyeu.wire.jackson import TEXT, JsonProblem, ListOf, Record, batch_of, read_json
from moyeu.wire.jackson.object_bodies import ASSOCIATION_SPEC
from moyeu.wire.plain_associations import (
    plain_named_pairs,
    plain_pairs,
    plain_reads,
    plain_removals,
    plain_typed_pairs,
)
from moyeu.wire.plain_bodies import NOT_PLAIN

T = TypeVar("T")

Reads = list[tuple[str, str | None]]
"""Record ids, each with where its page begins."""

_PACKAGE: Final = "com.hubspot.inbounddb.publicobject.core.v2."

_ID: Final = Record(f"{_PACKAGE}PublicObjectId$Json", {"id": TEXT}, required=("id",))
_SPECS: Final = ListOf(ASSOCIATION_SPEC, "java.util.HashSet")
_PAIR: Final = {"from": _ID, "to": _ID}

NAMED_READS: Final = batch_of(_ID)
NAMED_PAIRS: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicAssociation$Json",
        {**_PAIR, "type": TEXT},
        required=("from", "to", "type"),
    )
)
READS: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicFetchAssociationsBatchRequest$Json",
        {"id": TEXT, "after": TEXT},
        required=("id",),
    )
)
PAIRS: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicAssociationMultiPost$Json",
        {**_PAIR, "types": ListOf(ASSOCIATION_SPEC)},
        required=("from", "to", "types"),
    )
)
DEFAULT_PAIRS: Final = batch_of(
    Record(f"{_PACKAGE}PublicDefaultAssociationMultiPost$Json", _PAIR, required=("from", "to"))
)
REMOVALS: Final = batch_of(
    Record(
        f"{_PACKAGE}PublicAssociationMultiArchive$Json",
        {"from": _ID, "to": ListOf(_ID)},
        required=("from", "to"),
    )
)


def decode_specs(body: bytes) -> tuple[AssociationSpec, ...] | JsonProblem:
    """The types of one pair, each once; a body `null` is none (a guess, as for other bodies)."""
    found = read_json(b"" if body.strip() == b"null" else body, _SPECS)
    return found if isinstance(found, JsonProblem) else _specs(cast(list[Fields], found))


def decode_named_reads(body: bytes) -> Reads | JsonProblem:
    """The record ids of a batch read of v3, which passes `after` over (observed 2022)."""
    try:
        return [(record_id, None) for record_id, _ in plain_reads(body)]
    except NOT_PLAIN:
        # Not a failure that is passed over, here and below: the reader judges the same bytes.
        return read_named_reads(body)


def read_named_reads(body: bytes) -> Reads | JsonProblem:
    """As `decode_named_reads`, by the reference reader alone; so the others below."""
    return _inputs(body, NAMED_READS, lambda each: iter([(each["id"], None)]))


def decode_reads(body: bytes) -> Reads | JsonProblem:
    """The record ids of a batch read, and where the page of each begins."""
    try:
        return plain_reads(body)
    except NOT_PLAIN:
        return read_reads(body)


def read_reads(body: bytes) -> Reads | JsonProblem:
    """By the reference reader."""
    return _inputs(body, READS, lambda each: iter([(each["id"], each.get("after"))]))


def decode_named_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """Pairs with the name of their type: what v3 creates and archives."""
    try:
        return plain_named_pairs(body)
    except NOT_PLAIN:
        return read_named_pairs(body)


def read_named_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """By the reference reader."""
    return _inputs(body, NAMED_PAIRS, lambda each: iter([_pair(each, None, each["type"])]))


def decode_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """Pairs with the types to add or to remove."""
    try:
        return plain_typed_pairs(body)
    except NOT_PLAIN:
        return read_pairs(body)


def read_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """By the reference reader."""
    return _inputs(body, PAIRS, lambda each: iter([_pair(each, _specs(each["types"]), None)]))


def decode_default_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """Pairs to be associated in the most generic way."""
    try:
        return plain_pairs(body)
    except NOT_PLAIN:
        return read_default_pairs(body)


def read_default_pairs(body: bytes) -> list[PairInput] | JsonProblem:
    """By the reference reader."""
    return _inputs(body, DEFAULT_PAIRS, lambda each: iter([_pair(each, None, None)]))


def decode_removals(body: bytes) -> list[PairInput] | JsonProblem:
    """Pairs that are to have no association any more: one for each record to let go of."""
    try:
        return plain_removals(body)
    except NOT_PLAIN:
        return read_removals(body)


def read_removals(body: bytes) -> list[PairInput] | JsonProblem:
    """By the reference reader."""
    return _inputs(body, REMOVALS, _removals)


def _inputs(
    body: bytes, shape: Record, make: Callable[[Fields], Iterator[T]]
) -> list[T] | JsonProblem:
    fields = read_fields(body, shape)
    if isinstance(fields, JsonProblem):
        return fields
    return [made for each in fields.get("inputs") or () for made in make(each)]


def _pair(fields: Fields, specs: tuple[AssociationSpec, ...] | None, name: str | None) -> PairInput:
    return PairInput(fields["from"]["id"], fields["to"]["id"], specs, name)


def _removals(fields: Fields) -> Iterator[PairInput]:
    for to in fields["to"]:
        yield PairInput(fields["from"]["id"], to["id"], None, None)


def _specs(given: Sequence[Fields]) -> tuple[AssociationSpec, ...]:
    specs = (
        AssociationSpec(each["associationCategory"], each["associationTypeId"]) for each in given
    )
    return tuple(dict.fromkeys(specs))
