"""The rules of associations that are given when a record is created.

`named_targets` and `targets_with_limits` say what must be read, `Links` judges each input and
collects the rows to add and to remove.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.associations import (
    Association,
    AssociationTypes,
    InlineAssociation,
    both_directions,
)
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    ManyForOneToOne,
    Problem,
    WrongAssociationDirection,
)
from moyeu.crm.records import read_record_id


def named_targets(
    types: AssociationTypes, from_type_id: str, wanted: Iterable[InlineAssociation]
) -> dict[str, list[int]]:
    """The record ids that are to be associated, by object type, each once."""
    found: dict[str, dict[int, None]] = {}
    for to_id, kind in _known(types, wanted):
        record_id = read_record_id(to_id)
        if kind.from_object_type_id == from_type_id and record_id is not None:
            found.setdefault(kind.to_object_type_id, {})[record_id] = None
    return {type_id: list(ids) for type_id, ids in found.items()}


def targets_with_limits(
    types: AssociationTypes, from_type_id: str, targets: Mapping[str, Sequence[int]]
) -> dict[str, Sequence[int]]:
    """Those targets that may have at most one record of the type, so that theirs must be read.

    targets, and the answer: record ids by object type.
    """
    return {
        to_type_id: ids
        for to_type_id, ids in targets.items()
        if any(each.one_to_one for each in types.between(to_type_id, from_type_id))
    }


def _known(
    types: AssociationTypes, wanted: Iterable[InlineAssociation]
) -> Iterator[tuple[str, AssociationType]]:
    for each in wanted:
        for spec in each.types:
            kind = types.find(*spec)
            if kind is not None:
                yield each.to_id, kind


class Links:
    """The associations of the records that one call creates, in the order of the inputs.

    there: the active records among the targets, by object type. rows: the associations of the
    targets that may have at most one.
    """

    def __init__(
        self,
        types: AssociationTypes,
        from_type_id: str,
        there: Mapping[str, frozenset[int]],
        rows: Mapping[int, Sequence[Association]],
    ) -> None:
        self._types = types
        self._from_type_id = from_type_id
        self._there = there
        # Dictionaries, because they are sets that keep their order.
        self._rows = {record_id: dict.fromkeys(each) for record_id, each in rows.items()}
        self._added: dict[Association, None] = {}
        self._removed: dict[Association, None] = {}

    @property
    def added(self) -> list[Association]:
        """The rows to add, both directions."""
        return list(self._added)

    @property
    def removed(self) -> list[Association]:
        """The rows to remove, both directions: what was one to one with another record."""
        return list(self._removed)

    def problem_of(self, wanted: Sequence[InlineAssociation]) -> Problem | None:
        """What is wrong with the associations of one input.

        Order (a guess): unknown types, types of another direction, several records for a one to
        one type, records that are not there. An archived or merged record is not there (a guess).
        """
        types, from_type_id = self._types, self._from_type_id
        unknown = [spec for each in wanted for spec in each.types if types.find(*spec) is None]
        if unknown:
            return AssociationTypesUnknown(tuple(dict.fromkeys(unknown)))
        known = list(_known(types, wanted))
        for _, kind in known:
            if kind.from_object_type_id != from_type_id:
                return WrongAssociationDirection(from_type_id, kind.from_object_type_id, kind.key)
        return _too_many(known) or self._absent(known)

    def _absent(self, known: Iterable[tuple[str, AssociationType]]) -> Problem | None:
        absent: dict[tuple[str, str], None] = {}
        for to_id, kind in known:
            there = self._there.get(kind.to_object_type_id, frozenset())
            if read_record_id(to_id) not in there:
                absent[self._types.upper_name(kind.to_object_type_id), to_id] = None
        return AssociationTargetsInvalid(tuple(absent)) if absent else None

    def link(self, record_id: int, wanted: Sequence[InlineAssociation]) -> None:
        """Associates a new record as an input without a problem wants it.

        The unlabelled type comes along; where the pair has a primary type, the first record is
        the primary one (observed for one pair when set by default, else a guess).
        """
        for to_id, kind in _known(self._types, wanted):
            target = int(to_id)
            default = self._types.default(kind.from_object_type_id, kind.to_object_type_id)
            assert default is not None, f"no unlabelled type beside {kind.name}"
            self._add(default, record_id, target)
            self._make_first_primary(kind, record_id, target)
            self._add(kind, record_id, target)

    def _make_first_primary(self, kind: AssociationType, record_id: int, target: int) -> None:
        primary = self._types.primary(kind.from_object_type_id, kind.to_object_type_id)
        if primary is None:
            return
        holder, held = (
            (record_id, primary.key) if primary.one_to_one else (target, primary.inverse_key)
        )
        if not any((each.category, each.type_id) == held for each in self._rows.get(holder, ())):
            self._add(primary, record_id, target)

    def _add(self, kind: AssociationType, record_id: int, target: int) -> None:
        way, back = both_directions(self._types, kind, record_id, target)
        if way in self._rows.get(record_id, ()):
            return
        self._make_room(kind, record_id)
        self._make_room(self._types.inverse(kind), target)
        for row in (way, back):
            self._rows.setdefault(row.from_record_id, {})[row] = None
            self._added[row] = None

    def _make_room(self, kind: AssociationType, record_id: int) -> None:
        """Ends the one association that a one to one type allows: the new one takes its place.

        Documented for primary types, a guess for others.
        """
        if not kind.one_to_one:
            return
        for row in list(self._rows.get(record_id, ())):
            if (row.category, row.type_id) == kind.key:
                self._remove(kind, row)

    def _remove(self, kind: AssociationType, row: Association) -> None:
        for each in both_directions(self._types, kind, row.from_record_id, row.to_record_id):
            self._rows.get(each.from_record_id, {}).pop(each, None)
            if each in self._added:
                del self._added[each]
            else:
                self._removed[each] = None


def _too_many(known: Iterable[tuple[str, AssociationType]]) -> Problem | None:
    # Observed for line item to deal; that primary types are judged the same way is a guess.
    ids: dict[TypeKey, dict[str, None]] = {}
    for to_id, kind in known:
        if kind.one_to_one:
            ids.setdefault(kind.key, {})[to_id] = None
    for key, to_ids in ids.items():
        if len(to_ids) > 1:
            return ManyForOneToOne(tuple(to_ids), key)
    return None
