"""The usual bodies of batches of associations, read by msgspec in one pass.

As in `plain_bodies`: whatever is unusual raises one of `NOT_PLAIN` and is left to the reference
reader. A full batch is read about twenty times as fast as by that one.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from moyeu.crm.association_writes import PairInput
from moyeu.wire.plain_bodies import (
    Batch,
    Spec,
    Target,
    check_no_duplicate_fields,
    check_no_null_character,
    id_of,
    spec_of,
)

_WIRE_NAMES = {"from_": "from"}

_FIELDS_OF_A_PAIR = 4
"""`from` and `to`, each with its `id`."""


class _Read(msgspec.Struct, gc=False):
    id: msgspec.Raw
    after: str | UnsetType | None = UNSET


class _Pair(msgspec.Struct, gc=False, rename=_WIRE_NAMES):
    from_: Target
    to: Target


class _NamedPair(_Pair, gc=False, rename=_WIRE_NAMES):
    type: str


class _TypedPair(_Pair, gc=False, rename=_WIRE_NAMES):
    types: list[Spec]


class _Removal(msgspec.Struct, gc=False, rename=_WIRE_NAMES):
    from_: Target
    to: list[Target]


_decode_reads = msgspec.json.Decoder(Batch[_Read]).decode
_decode_pairs = msgspec.json.Decoder(Batch[_Pair]).decode
_decode_named = msgspec.json.Decoder(Batch[_NamedPair]).decode
_decode_typed = msgspec.json.Decoder(Batch[_TypedPair]).decode
_decode_removals = msgspec.json.Decoder(Batch[_Removal]).decode


def plain_reads(body: bytes) -> list[tuple[str, str | None]]:
    """Record ids, each with where its page begins."""
    check_no_null_character(body)
    given = _decode_reads(body).inputs
    fields = len(given) + sum(each.after is not UNSET for each in given)
    check_no_duplicate_fields(body, 1 + fields)
    return [(id_of(each.id), None if each.after is UNSET else each.after) for each in given]


def plain_pairs(body: bytes) -> list[PairInput]:
    """Pairs without a type."""
    check_no_null_character(body)
    given = _decode_pairs(body).inputs
    check_no_duplicate_fields(body, 1 + len(given) * _FIELDS_OF_A_PAIR)
    return [PairInput(*_ids(each)) for each in given]


def plain_named_pairs(body: bytes) -> list[PairInput]:
    """Pairs with the name of a type."""
    check_no_null_character(body)
    given = _decode_named(body).inputs
    check_no_duplicate_fields(body, 1 + len(given) * (_FIELDS_OF_A_PAIR + 1))
    return [PairInput(*_ids(each), name=each.type) for each in given]


def plain_typed_pairs(body: bytes) -> list[PairInput]:
    """Pairs with types, each once."""
    check_no_null_character(body)
    given = _decode_typed(body).inputs
    types = sum(len(each.types) for each in given)
    check_no_duplicate_fields(body, 1 + len(given) * (_FIELDS_OF_A_PAIR + 1) + 2 * types)
    return [
        PairInput(*_ids(each), tuple(dict.fromkeys(map(spec_of, each.types)))) for each in given
    ]


def plain_removals(body: bytes) -> list[PairInput]:
    """Each record with each of those that it is to be let go of."""
    check_no_null_character(body)
    given = _decode_removals(body).inputs
    check_no_duplicate_fields(body, 1 + sum(3 + len(each.to) for each in given))
    return [pair for each in given for pair in _removed(id_of(each.from_.id), each.to)]


def _ids(given: _Pair) -> tuple[str, str]:
    return id_of(given.from_.id), id_of(given.to.id)


def _removed(from_id: str, targets: Iterable[Target]) -> list[PairInput]:
    return [PairInput(from_id, id_of(each.id)) for each in targets]
