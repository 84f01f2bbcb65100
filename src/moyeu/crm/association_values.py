"""The rules of values that follow from associations: whose change, and to what.

`catalog.association_values` says which properties these are. A record that is archived keeps what
it has, and is not counted by others (a guess).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from moyeu.catalog.association_values import (
    AssociationValue,
    association_values,
    told_elsewhere,
    values_of_type,
)
from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.associations import Association
from moyeu.crm.calculated_values import derived_change
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.records import Change, StoredRecord


class ActiveLinks(NamedTuple):
    """With how many active records a record is associated by one type, and the lowest of their ids.

    first_id: 0 where there is none.
    """

    total: int
    first_id: int


class AssociationStart(NamedTuple):
    """From where on the associations of one record by one type are asked for.

    first_id: the lowest id of a to-record that counts.
    """

    kind: AssociationType
    from_id: int
    first_id: int = 0


Touched = dict[TypeKey, dict[int, None]]
"""By association type the records whose value may have changed; a dictionary of ids is an ordered
set."""

LinksOf = Mapping[TypeKey, Mapping[int, ActiveLinks]]
"""By association type and record id; what there is none of may be left out."""


def touched_by(rows: Iterable[Association]) -> Touched:
    """Whose values change when these rows, of both directions, come or go."""
    values = association_values()
    touched: Touched = {}
    for row in rows:
        key = row.category, row.type_id
        if key in values:
            touched.setdefault(key, {})[row.from_record_id] = None
    return touched


def touched_at_other_end(rows: Iterable[Association]) -> Touched:
    """Whose values change when the records that these rows lead from come or go."""
    inverse_keys = {each.kind.inverse_key: each.kind.key for each in association_values().values()}
    touched: Touched = {}
    for row in rows:
        key = inverse_keys.get((row.category, row.type_id))
        if key is not None:
            touched.setdefault(key, {})[row.to_record_id] = None
    return touched


def links_of(rows: Iterable[Association]) -> LinksOf:
    """What the rows alone say of the records that they lead from; all lead to active records."""
    links: dict[TypeKey, dict[int, ActiveLinks]] = {}
    for row in rows:
        of_type = links.setdefault((row.category, row.type_id), {})
        before = of_type.get(row.from_record_id)
        of_type[row.from_record_id] = (
            ActiveLinks(1, row.to_record_id)
            if before is None
            else ActiveLinks(before.total + 1, min(before.first_id, row.to_record_id))
        )
    return links


def fill_new(
    definitions: TypeDefinitions, records: Iterable[StoredRecord], links: LinksOf, now_ms: int
) -> None:
    """Gives new records, not stored yet, the values that follow from their associations, in place.

    So the record has them from the beginning, and the answer to its create shows them: a guess, as
    HubSpot counts some of them a little later.
    """
    values = _active_values(definitions, links)
    for record in records:
        changed = _changed_values(record, values, links)
        if changed:
            for derive in definitions.derivations:
                derive(record.properties, changed, now_ms)
            record.properties.update(changed)


def plan_refresh(
    definitions: TypeDefinitions, records: Iterable[StoredRecord], links: LinksOf, now_ms: int
) -> list[Change]:
    """The changes that give active records the values that follow from their associations.

    links: of each association type the records whose value is worked out, those without any
    associations too. What is derived from the values follows, and the record counts as modified (a
    guess); no rule of the portal for values or records is asked. A record whose values are right
    already is left out.
    """
    values = _active_values(definitions, links)
    return [
        derived_change(record, changed, definitions, now_ms)
        for record in records
        if record.archived_at_ms is None and (changed := _changed_values(record, values, links))
    ]


def _active_values(definitions: TypeDefinitions, links: LinksOf) -> list[AssociationValue]:
    """The values that the links tell of; not those that the portal's type has no property for."""
    values = association_values()
    return [
        value
        for key in links
        if (value := values.get(key)) is not None
        and value.object_type_id == definitions.object_type.id
        and value.name in definitions.properties
    ]


def _changed_values(
    record: StoredRecord, values: Sequence[AssociationValue], links: LinksOf
) -> dict[str, str]:
    changed = {}
    for value in values:
        found = links[value.kind.key].get(record.record_id)
        if found is not None:
            text = _text(value, found)
            before = record.properties.get(value.name, "")
            # To have no value is as good as nought: nothing is written for it.
            if text != before and not (text == "0" and not before):
                changed[value.name] = text
    return changed


def _text(value: AssociationValue, links: ActiveLinks) -> str:
    if value.tells == "count":
        return str(links.total)
    # Of several parents the one with the lowest id: a guess.
    return str(links.first_id) if links.total else ""


def touched_of(object_type_id: str, record_ids: Iterable[int]) -> Touched:
    """All values of these records themselves."""
    ids = dict.fromkeys(record_ids)
    return {each.kind.key: ids for each in values_of_type(object_type_id)}


def starts_of(object_type_id: str, record_ids: Iterable[int]) -> list[AssociationStart]:
    """Where the records begin whose values change when these records come or go."""
    ids = list(dict.fromkeys(record_ids))
    return [AssociationStart(kind, each) for kind in told_elsewhere(object_type_id) for each in ids]


def starts_after(
    starts: Sequence[AssociationStart], rows: Iterable[Association], count_max: int
) -> list[AssociationStart]:
    """Where those starts go on that may lead further than the rows, of each at most `count_max`."""
    found: dict[tuple[int, TypeKey], list[int]] = {}
    for row in rows:
        found.setdefault((row.from_record_id, (row.category, row.type_id)), []).append(
            row.to_record_id
        )
    return [
        each._replace(first_id=max(ids) + 1)
        for each in starts
        if len(ids := found.get((each.from_id, each.kind.key), ())) == count_max
    ]
