"""Properties whose values HubSpot takes from the associations of a record: one row each."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from moyeu.catalog.associations import AssociationType, TypeKey, standard_associations
from moyeu.catalog.object_types import object_type_named
from moyeu.catalog.tables import read_table

Evidence = Literal["OBSERVED", "DOCUMENTED", "GUESS"]

Tells = Literal["count", "id"]
"""How many active records are associated, or the id of one of them."""


@dataclass(frozen=True, slots=True)
class AssociationValue:
    """A property that tells of the associations of one type, which lead from its record.

    One type of association stands for one property only.
    """

    name: str
    kind: AssociationType
    tells: Tells
    evidence: Evidence

    @property
    def object_type_id(self) -> str:
        """The type of the records that have the property."""
        return self.kind.from_object_type_id


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """A row of the table. association: the id of one of HubSpot's own association types."""

    object_type: str
    property: str
    association: int
    tells: Tells
    evidence: Evidence
    note: str = ""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    rows: tuple[_Row, ...]


@cache
def association_values() -> Mapping[TypeKey, AssociationValue]:
    """All rows, by the association type that they tell of."""
    table = read_table("association_values", _Table)
    found = {}
    for row in table.rows:
        kind = standard_associations().by_key["HUBSPOT_DEFINED", row.association]
        assert kind.from_object_type_id == object_type_named(row.object_type).id, row
        found[kind.key] = AssociationValue(row.property, kind, row.tells, row.evidence)
    assert len(found) == len(table.rows), "one property for each association type"
    return found


def values_of_type(object_type_id: str) -> tuple[AssociationValue, ...]:
    """The properties of one object type that tell of associations; most types have none."""
    return _by_type().get(object_type_id, ())


def told_elsewhere(object_type_id: str) -> tuple[AssociationType, ...]:
    """The association types from one object type that a value at their other end tells of.

    Ascending by id. Where such a record comes or goes, those values change; most types have none.
    """
    return _told_elsewhere().get(object_type_id, ())


@cache
def _by_type() -> Mapping[str, tuple[AssociationValue, ...]]:
    found: defaultdict[str, list[AssociationValue]] = defaultdict(list)
    for each in association_values().values():
        found[each.object_type_id].append(each)
    return {type_id: tuple(values) for type_id, values in found.items()}


@cache
def _told_elsewhere() -> Mapping[str, tuple[AssociationType, ...]]:
    found: defaultdict[str, list[AssociationType]] = defaultdict(list)
    for each in association_values().values():
        inverse = standard_associations().by_key[each.kind.inverse_key]
        found[inverse.from_object_type_id].append(inverse)
    return {
        type_id: tuple(sorted(kinds, key=lambda each: each.key)) for type_id, kinds in found.items()
    }
