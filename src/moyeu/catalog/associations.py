"""The association types that every portal has: one row per direction.

Types of custom objects and a portal's own labels are not rows here; they have the same shape.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec

from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.tables import read_table

AssociationCategory = Literal["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"]
"""Who defined an association type; type ids are unique only within a category (observed)."""

CATEGORY_NUMBERS: Final[Mapping[str, int]] = {
    "HUBSPOT_DEFINED": 0,
    "USER_DEFINED": 1,
    "INTEGRATOR_DEFINED": 2,
}
"""How cursors and texts write a category: 0 is observed 2022 and 2026, the others are a guess."""

AssociationKind = Literal["unlabeled", "primary", "labeled"]
"""Every associated pair has the unlabelled type; others stand beside it (documented, observed)."""

TypeKey = tuple[str, int]
"""(category, type id)"""

# Ids of types that no source lists, far above the published ones (which end at 1357): a GUESS.
_DEFAULT_IDS_FROM: Final = 9_000_000
_RANKS_MAX: Final = 500
_INVERSE_IDS_FROM: Final = 9_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationType:
    """One association type in its direction.

    name: as v3 writes it. label: None where there is none or where its text is not published.
    inverse_id: the type id of the other direction in the same category; equal to `type_id` for
    most types between records of one type. one_to_one: a from-record has at most one such
    association. guessed: the id is ours.
    """

    category: AssociationCategory = "HUBSPOT_DEFINED"
    type_id: int
    from_object_type_id: str
    to_object_type_id: str
    kind: AssociationKind
    name: str
    label: str | None = None
    inverse_id: int
    one_to_one: bool = False
    guessed: bool = False

    @property
    def key(self) -> TypeKey:
        """What identifies the type."""
        return self.category, self.type_id

    @property
    def inverse_key(self) -> TypeKey:
        """What identifies the type of the other direction."""
        return self.category, self.inverse_id


class _Row(msgspec.Struct, forbid_unknown_fields=True, rename={"from_word": "from"}):
    """A row of the table; `from_word` and `to` are words of the `types` list."""

    from_word: str
    to: str
    id: int
    inverse: int | None = None
    kind: AssociationKind = "unlabeled"
    name: str | None = None
    name_evidence: Literal["OBSERVED", "FIXTURE", "GUESS"] = "GUESS"
    label: str | None = None
    label_evidence: str = ""
    one_to_one: bool = False


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    types_note: str
    types: tuple[tuple[str, str], ...]
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AssociationIndex:
    """Association types by key and by pair of object type ids."""

    by_key: Mapping[TypeKey, AssociationType]
    by_pair: Mapping[tuple[str, str], tuple[AssociationType, ...]]


def index_association_types(types: Iterable[AssociationType]) -> AssociationIndex:
    """The index of types, each pair in ascending order of category and id."""
    by_pair: defaultdict[tuple[str, str], list[AssociationType]] = defaultdict(list)
    by_key = {}
    for each in sorted(types, key=lambda each: each.key):
        by_key[each.key] = each
        by_pair[each.from_object_type_id, each.to_object_type_id].append(each)
    return AssociationIndex(by_key, {pair: tuple(found) for pair, found in by_pair.items()})


@cache
def standard_associations() -> AssociationIndex:
    """HubSpot's own association types.

    The listed ones, the other direction of those that are listed in one direction only, and the
    unlabelled type of every pair of object types that is not listed: their ids are ours.
    """
    listed = _listed()
    unlisted = _unlisted_defaults(listed) + [_back(each) for each in listed if _lacks_back(each)]
    return index_association_types([*listed, *unlisted])


def type_word(object_type_id: str) -> str | None:
    """The word for one of HubSpot's object types in names: `meeting_event`; None if unknown."""
    return _words().get(object_type_id)


@cache
def _table() -> _Table:
    return read_table("association_types", _Table)


@cache
def _words() -> dict[str, str]:
    return {type_id: word for word, type_id in _table().types}


@cache
def _ranks() -> dict[str, int]:
    return {type_id: rank for rank, (_, type_id) in enumerate(_table().types)}


def _listed() -> list[AssociationType]:
    table = _table()
    type_ids = dict(table.types)
    with_primary = {(row.from_word, row.to) for row in table.rows if row.kind == "primary"}
    defaults = {(row.from_word, row.to): row.id for row in table.rows if row.kind == "unlabeled"}

    def name_of(row: _Row) -> str:
        beside_primary = row.kind == "unlabeled" and (row.from_word, row.to) in with_primary
        return row.name or f"{row.from_word}_to_{row.to}{'_unlabeled' * beside_primary}"

    def inverse_of(row: _Row) -> int:
        if row.inverse is not None:
            return row.inverse
        if row.kind != "unlabeled":
            return _inverse_id_of_one_way(row.id)
        return defaults.get((row.to, row.from_word)) or _default_id(
            type_ids[row.to], type_ids[row.from_word]
        )

    return [
        AssociationType(
            type_id=row.id,
            from_object_type_id=type_ids[row.from_word],
            to_object_type_id=type_ids[row.to],
            kind=row.kind,
            name=name_of(row),
            label=row.label,
            inverse_id=inverse_of(row),
            one_to_one=row.one_to_one,
        )
        for row in table.rows
    ]


def _default_id(from_id: str, to_id: str) -> int:
    ranks = _ranks()
    return _DEFAULT_IDS_FROM + _RANKS_MAX * ranks[from_id] + ranks[to_id]


def _inverse_id_of_one_way(type_id: int) -> int:
    return _INVERSE_IDS_FROM + type_id


def _unlisted_defaults(listed: list[AssociationType]) -> list[AssociationType]:
    defaults = {
        (each.from_object_type_id, each.to_object_type_id): each.type_id
        for each in listed
        if each.kind == "unlabeled"
    }
    served = [each.id for each in OBJECT_TYPES]
    pairs = dict.fromkeys((to_id, from_id) for from_id, to_id in defaults)
    pairs |= dict.fromkeys((from_id, to_id) for from_id in served for to_id in served)
    words = _words()
    return [
        AssociationType(
            type_id=_default_id(from_id, to_id),
            from_object_type_id=from_id,
            to_object_type_id=to_id,
            kind="unlabeled",
            name=f"{words[from_id]}_to_{words[to_id]}",
            inverse_id=defaults.get((to_id, from_id)) or _default_id(to_id, from_id),
            guessed=True,
        )
        for from_id, to_id in pairs
        if (from_id, to_id) not in defaults
    ]


def _lacks_back(each: AssociationType) -> bool:
    return each.inverse_id == _inverse_id_of_one_way(each.type_id)


def _back(each: AssociationType) -> AssociationType:
    words = _words()
    from_word, to_word = words[each.from_object_type_id], words[each.to_object_type_id]
    # By analogy with `Contact with Primary Company`, the observed label of 2.
    label = f"{from_word.title()} with Primary {to_word.title()}"
    return AssociationType(
        type_id=each.inverse_id,
        from_object_type_id=each.to_object_type_id,
        to_object_type_id=each.from_object_type_id,
        kind=each.kind,
        name=f"{to_word}_to_{from_word}_{each.kind}",
        label=label if each.kind == "primary" else None,
        inverse_id=each.type_id,
        guessed=True,
    )
