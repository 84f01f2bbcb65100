"""The rules of associations that are given when a record is created.

`inline_ways` says what is asked for, so that it can be read; `Links` judges each input and
collects the rows to add and to remove. The rules that hold for other calls too are those of
`crm.association_links`.
"""

from collections.abc import Iterable, Iterator, Sequence

from moyeu.catalog.associations import AssociationType
from moyeu.crm.association_links import NO_ID, Known, Linker, Way
from moyeu.crm.association_writes import many_for_one_to_one
from moyeu.crm.associations import Association, AssociationTypes, InlineAssociation
from moyeu.crm.problems import (
    AssociationTargetsInvalid,
    AssociationTypesUnknown,
    Problem,
    WrongAssociationDirection,
)
from moyeu.crm.records import read_record_id


def inline_ways(
    types: AssociationTypes, from_type_id: str, wanted: Iterable[InlineAssociation]
) -> list[Way]:
    """What new records are to be associated with, as far as it makes sense."""
    return [
        (kind, NO_ID, record_id)
        for to_id, kind in _known(types, wanted)
        if kind.from_object_type_id == from_type_id
        and (record_id := read_record_id(to_id)) is not None
    ]


def _known(
    types: AssociationTypes, wanted: Iterable[InlineAssociation]
) -> Iterator[tuple[str, AssociationType]]:
    for each in wanted:
        for spec in each.types:
            kind = types.find(*spec)
            if kind is not None:
                yield each.to_id, kind


class Links:
    """The associations of the records that one call creates, in the order of the inputs."""

    def __init__(self, types: AssociationTypes, from_type_id: str, known: Known) -> None:
        self._types = types
        self._from_type_id = from_type_id
        self._linker = Linker(types, known)

    @property
    def added(self) -> list[Association]:
        """The rows to add, both directions."""
        return self._linker.added

    @property
    def removed(self) -> list[Association]:
        """The rows to remove, both directions: what was one to one with another record."""
        return self._linker.removed

    def problem_of(self, wanted: Sequence[InlineAssociation]) -> Problem | None:
        """What is wrong with the associations of one input.

        Order (a guess): unknown types, types of another direction, several records for a one to
        one type, records that are not there, limits.
        """
        types, from_type_id = self._types, self._from_type_id
        unknown = [spec for each in wanted for spec in each.types if types.find(*spec) is None]
        if unknown:
            return AssociationTypesUnknown(tuple(dict.fromkeys(unknown)))
        known = list(_known(types, wanted))
        for _, kind in known:
            if kind.from_object_type_id != from_type_id:
                return WrongAssociationDirection(from_type_id, kind.from_object_type_id, kind.key)
        return (
            many_for_one_to_one(("", to_id, (kind,)) for to_id, kind in known)
            or self._absent(known)
            or self._linker.exceeded(inline_ways(types, from_type_id, wanted))
        )

    def _absent(self, known: Iterable[tuple[str, AssociationType]]) -> Problem | None:
        absent: dict[tuple[str, str], None] = {}
        for to_id, kind in known:
            if not self._linker.is_there(kind.to_object_type_id, read_record_id(to_id)):
                absent[self._types.upper_name(kind.to_object_type_id), to_id] = None
        return AssociationTargetsInvalid(tuple(absent)) if absent else None

    def link(self, record_id: int, wanted: Sequence[InlineAssociation]) -> None:
        """Associates a new record as an input without a problem wants it."""
        for to_id, kind in _known(self._types, wanted):
            self._linker.link(kind, record_id, int(to_id))
