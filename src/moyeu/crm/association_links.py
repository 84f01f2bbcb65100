"""The rules that hold whenever records are associated: on create, one by one and in batches.

`Needs` says what must be read, `Linker` then changes the associations that it knows of and collects
the rows to add and to remove. It keeps these laws:

* a row has its inverse, the row of the other direction;
* a pair that is associated at all has the unlabelled type (documented, observed);
* a record has one association at most of a one to one type, such as its primary company. A new one
  takes the place of the old one (documented for primary types, a guess for others);
* where a pair of object types has a primary type and the record has no primary yet, the record
  that it is associated with becomes it (observed for the default type, a guess for others). A
  primary that is archived does not count (a guess);
* nobody gets more associations of a type than the limits say; those beyond a limit that was set
  later stay (documented).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.association_problems import AssociationLimitExceeded
from moyeu.crm.associations import Association, AssociationTypes, both_directions

TypePair = tuple[str, str]
"""Object type ids: (from, to)."""

KeysOf = dict[TypePair, tuple[tuple[TypeKey, ...], dict[int, None]]]
"""Association types between two object types, with records of the first."""

Way = tuple[AssociationType, int, int]
"""An association to be made: its type, the from-record and the to-record."""

NO_ID = 0
"""Stands for a record that has no id yet, or was given one that no record can have."""


@dataclass(slots=True)
class Needs:
    """What must be read before ways can be planned. Dictionaries are sets that keep their order.

    pairs: the pairs whose associations are changed. held: types that are one to one, with the
    records that may have one. counted: types with a limit, with the records that may come to it.
    """

    pairs: dict[TypePair, dict[tuple[int, int], None]] = field(default_factory=dict)
    held: KeysOf = field(default_factory=dict)
    counted: KeysOf = field(default_factory=dict)


def ends_of(ways: Iterable[Way]) -> dict[str, dict[int, None]]:
    """The records that ways lead from and to, by object type, without `NO_ID`."""
    ids: dict[str, dict[int, None]] = {}
    for kind, from_id, to_id in ways:
        if from_id != NO_ID:
            ids.setdefault(kind.from_object_type_id, {})[from_id] = None
        if to_id != NO_ID:
            ids.setdefault(kind.to_object_type_id, {})[to_id] = None
    return ids


def needs_of(
    types: AssociationTypes, ways: Iterable[Way], there: Mapping[str, frozenset[int]]
) -> Needs:
    """What must be read for these ways; there: which of `ends_of` are active.

    Nothing is read of `NO_ID`, nor for ways from or to a record that is not there: they are
    refused. A call may name types between any object types, and few of them fit its records.
    """
    needs = Needs()
    sides: dict[TypePair, dict[int, None]] = {}
    for kind, from_id, to_id in ways:
        pair = own, other = pair_of(kind)
        if not (_may_be(own, from_id, there) and _may_be(other, to_id, there)):
            continue
        if from_id != NO_ID:
            sides.setdefault(pair, {})[from_id] = None
        if to_id != NO_ID:
            sides.setdefault((other, own), {})[to_id] = None
        if NO_ID not in (from_id, to_id):
            needs.pairs.setdefault(pair, {})[from_id, to_id] = None
    for (own, other), ids in sides.items():
        if keys := _held_keys(types, own, other):
            needs.held[own, other] = keys, ids
        if keys := _counted_keys(types, own, other):
            needs.counted[own, other] = keys, ids
    return needs


def _may_be(type_id: str, record_id: int, there: Mapping[str, frozenset[int]]) -> bool:
    return record_id == NO_ID or record_id in there.get(type_id, ())


def pair_of(kind: AssociationType) -> TypePair:
    """The object types that the type leads from and to."""
    return kind.from_object_type_id, kind.to_object_type_id


def _held_keys(types: AssociationTypes, own: str, other: str) -> tuple[TypeKey, ...]:
    return tuple(each.key for each in types.between(own, other) if each.one_to_one)


def _counted_keys(types: AssociationTypes, own: str, other: str) -> tuple[TypeKey, ...]:
    return tuple(each.key for each in types.between(own, other) if types.limit_of(each) is not None)


@dataclass(frozen=True, slots=True)
class Known:
    """What was read. there: active records by object type, those at the other end of `held` rows
    too. rows: the associations of the pairs and of `pairs_that_end`, and those of one to one types.
    counts: how many associations of a type lead from a record, for types with a limit.
    """

    there: Mapping[str, frozenset[int]]
    rows: Iterable[Association] = ()
    counts: Mapping[tuple[int, TypeKey], int] = field(default_factory=dict)


class Linker:
    """Associations as a call changes them, way by way."""

    def __init__(self, types: AssociationTypes, known: Known) -> None:
        self.types = types
        self._there = known.there
        self._rows: set[Association] = set()
        self._held: dict[tuple[int, TypeKey], Association] = {}
        self._counts: defaultdict[tuple[int, TypeKey], int] = defaultdict(int, known.counts)
        # Dictionaries, because they are sets that keep their order.
        self._added: dict[Association, None] = {}
        self._removed: dict[Association, None] = {}
        for row in known.rows:
            kind = types.find(row.category, row.type_id)
            # An association type of a custom object can be removed while records have it.
            if kind is not None:
                for each in both_directions(types, kind, row.from_record_id, row.to_record_id):
                    self._enter(each)

    @property
    def added(self) -> list[Association]:
        """The rows to add, both directions."""
        return list(self._added)

    @property
    def removed(self) -> list[Association]:
        """The rows to remove, both directions."""
        return list(self._removed)

    def is_there(self, object_type_id: str, record_id: int | None) -> bool:
        """Whether there is such a record; an archived or merged one is not there (a guess)."""
        return record_id in self._there.get(object_type_id, ())

    def exceeded(self, ways: Iterable[Way]) -> AssociationLimitExceeded | None:
        """The first limit that these ways together would go beyond."""
        more: defaultdict[tuple[int, TypeKey], int] = defaultdict(int)
        seen = set()
        for asked, from_id, to_id in ways:
            for kind in (self._default(asked), asked):
                if (kind, from_id, to_id) in seen or self._has(kind, from_id, to_id):
                    continue
                seen.add((kind, from_id, to_id))
                for way, own_id in ((kind, from_id), (self.types.inverse(kind), to_id)):
                    more[own_id, way.key] += 1
                    if self._is_beyond(way, own_id, more[own_id, way.key]):
                        return self._limit_problem(way, own_id)
        return None

    def _is_beyond(self, kind: AssociationType, record_id: int, more: int) -> bool:
        # One that is one to one takes the place of another, so it never becomes more.
        limit = None if kind.one_to_one else self.types.limit_of(kind)
        return limit is not None and self._counts[record_id, kind.key] + more > limit

    def _limit_problem(self, kind: AssociationType, record_id: int) -> AssociationLimitExceeded:
        limit = self.types.limit_of(kind)
        assert limit is not None
        return AssociationLimitExceeded(
            self.types.upper_name(kind.from_object_type_id),
            "" if record_id == NO_ID else str(record_id),
            kind.to_object_type_id,
            kind.key,
            limit,
        )

    def link(self, kind: AssociationType, from_id: int, to_id: int) -> None:
        """Associates two records by a type; a type that they have already stays."""
        self._add(self._default(kind), from_id, to_id)
        if (primary := self._first_primary(kind, from_id, to_id)) is not None:
            self._add(primary, from_id, to_id)
        self._add(kind, from_id, to_id)

    def keep_only(self, kinds: Sequence[AssociationType], from_id: int, to_id: int) -> None:
        """Removes what a pair has beside these types, which lead from and to the same types.

        The unlabelled type stays.
        """
        kept = {self._default(kinds[0]).key, *(each.key for each in kinds)}
        for each in self.types.between(*pair_of(kinds[0])):
            if each.key not in kept:
                self.unlink(each, from_id, to_id)

    def unlink(self, kind: AssociationType, from_id: int, to_id: int) -> None:
        """Removes one type from a pair, with its inverse; a type that is not there is passed over.

        The unlabelled type alone may not be removed while others are there.
        """
        if not self._has(kind, from_id, to_id):
            return
        for row in both_directions(self.types, kind, from_id, to_id):
            self._leave(row)
            if row in self._added:
                del self._added[row]
            else:
                self._removed[row] = None

    def _default(self, kind: AssociationType) -> AssociationType:
        found = self.types.default(*pair_of(kind))
        assert found is not None, f"no unlabelled type beside {kind.name}"
        return found

    def _first_primary(
        self, kind: AssociationType, from_id: int, to_id: int
    ) -> AssociationType | None:
        """The primary type of the pair, if the record that may have one primary has none."""
        primary = self.types.primary(*pair_of(kind))
        if primary is None:
            return None
        back = self.types.inverse(primary)
        held = self._held.get((from_id, primary.key) if primary.one_to_one else (to_id, back.key))
        if held is not None and self._is_seen(held):
            return None
        # Nobody asked for it, so where a limit forbids it, it is left out (a guess).
        if self._is_beyond(primary, from_id, 1) or self._is_beyond(back, to_id, 1):
            return None
        return primary

    def _is_seen(self, row: Association) -> bool:
        # What this call adds may lead to a record that it makes.
        return row in self._added or self.is_there(row.to_object_type_id, row.to_record_id)

    def _add(self, kind: AssociationType, from_id: int, to_id: int) -> None:
        if self._has(kind, from_id, to_id):
            return
        self._make_room(kind, from_id)
        self._make_room(self.types.inverse(kind), to_id)
        for row in both_directions(self.types, kind, from_id, to_id):
            self._enter(row)
            self._counts[row.from_record_id, (row.category, row.type_id)] += 1
            if row in self._removed:
                del self._removed[row]
            else:
                self._added[row] = None

    def _make_room(self, kind: AssociationType, record_id: int) -> None:
        held = self._held.get((record_id, kind.key))
        if held is None:
            return
        # Without the unlabelled type the pair is not associated at all.
        gone = self.types.between(*pair_of(kind)) if kind.kind == "unlabeled" else (kind,)
        for each in gone:
            self.unlink(each, record_id, held.to_record_id)

    def _has(self, kind: AssociationType, from_id: int, to_id: int) -> bool:
        return both_directions(self.types, kind, from_id, to_id)[0] in self._rows

    def _enter(self, row: Association) -> None:
        self._rows.add(row)
        kind = self.types.find(row.category, row.type_id)
        if kind is not None and kind.one_to_one:
            self._held[row.from_record_id, kind.key] = row

    def _leave(self, row: Association) -> None:
        key = row.category, row.type_id
        self._rows.discard(row)
        self._counts[row.from_record_id, key] -= 1
        if self._held.get((row.from_record_id, key)) == row:
            del self._held[row.from_record_id, key]


def pairs_that_end(
    types: AssociationTypes, held: Iterable[Association]
) -> dict[TypePair, dict[tuple[int, int], None]]:
    """The pairs that lose all their associations if a `held` row gives way to another."""
    pairs: dict[TypePair, dict[tuple[int, int], None]] = {}
    for row in held:
        kind = types.find(row.category, row.type_id)
        if kind is not None and kind.kind == "unlabeled":
            pairs.setdefault(pair_of(kind), {})[row.from_record_id, row.to_record_id] = None
    return pairs


def other_ends(rows: Iterable[Association]) -> dict[str, dict[int, None]]:
    """The ids of the records that rows lead to, by object type."""
    ids: dict[str, dict[int, None]] = {}
    for row in rows:
        ids.setdefault(row.to_object_type_id, {})[row.to_record_id] = None
    return ids
