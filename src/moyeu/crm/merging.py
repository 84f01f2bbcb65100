"""The rules of a merge: two records of a type become a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import MergeWithItself, NotMergeable, Problem
from moyeu.crm.records import StoredRecord, UniqueMove, held_values, read_record_id
from moyeu.crm.values.moment import render_ms

MERGED_IDS: Final = "hs_merged_object_ids"
"""The property that names all records that went into one, joined by `;` (observed)."""


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The record that two become, and the unique values that it takes after they left them."""

    record: StoredRecord
    moves: list[UniqueMove]


def check_merge(primary_id: str, other_id: str) -> tuple[int, int] | Problem:
    """The record ids that a merge names, or why it names none."""
    if primary_id == other_id:
        return MergeWithItself()
    primary, other = read_record_id(primary_id), read_record_id(other_id)
    if primary is None:
        return NotMergeable("primaryObjectId", primary_id)
    if other is None:
        return NotMergeable("objectIdToMerge", other_id)
    return primary, other


def plan_merge(
    definitions: TypeDefinitions,
    primary: StoredRecord,
    other: StoredRecord,
    record_id: int,
    occasion: Occasion,
) -> MergePlan:
    """The record with the new id `record_id`: the primary's values, its gaps filled from the other.

    Source: the guide to merging records (documented): the primary's values win, a further e-mail
    is kept beside the main one. The older time of creation is kept: a guess. What HubSpot derives
    from values is derived from the filled ones and that time, as if the primary had been updated:
    a guess.
    """
    object_type = definitions.object_type
    older = min(primary, other, key=lambda each: each.created_at_ms)
    filled = _gaps_filled(definitions, primary.properties, other.properties)
    filled[RECORD_ID] = str(record_id)
    if older is not primary:
        created_property = object_type.created_property
        filled[created_property] = older.properties[created_property]
    for derive in definitions.derivations:
        derive(primary.properties, filled, occasion.now_ms)
    properties = {**primary.properties, **filled}
    for name, further_name in object_type.further_values:
        _keep_further_values(name, further_name, properties, primary, other)
    updated_at_ms = max(occasion.now_ms, primary.updated_at_ms, other.updated_at_ms)
    properties |= {
        object_type.modified_property: render_ms(updated_at_ms),
        RECORD_ID: str(record_id),
    }
    if MERGED_IDS in definitions.properties:
        properties[MERGED_IDS] = ";".join(dict.fromkeys([*_lineage(primary), *_lineage(other)]))
    record = StoredRecord(
        record_id, properties, older.created_at_ms, updated_at_ms, None, last_write=0
    )
    moves = [
        UniqueMove(name, record_id, None, value)
        for name, value in held_values(definitions, properties, definitions.unique_names)
    ]
    return MergePlan(record, moves)


def _gaps_filled(
    definitions: TypeDefinitions, primary: Mapping[str, str], other: Mapping[str, str]
) -> dict[str, str]:
    """The other record's values where the primary has none.

    Calculated ones are not among them: they follow from values, not from the other record.
    """
    own = {*definitions.object_type.always_properties, MERGED_IDS}
    calculated = {
        name
        for name, each in definitions.properties.items()
        if each.calculated or each.calculation_formula
    }
    return {
        name: value
        for name, value in other.items()
        if value and name not in own and name not in calculated and not primary.get(name)
    }


def _keep_further_values(
    name: str,
    further_name: str,
    properties: dict[str, str],
    primary: StoredRecord,
    other: StoredRecord,
) -> None:
    texts = [
        *primary.properties.get(further_name, "").split(";"),
        other.properties.get(name, ""),
        *other.properties.get(further_name, "").split(";"),
    ]
    main = properties.get(name, "")
    if further := [each for each in dict.fromkeys(texts) if each and each != main]:
        properties[further_name] = ";".join(further)


def _lineage(record: StoredRecord) -> list[str]:
    """The ids of the records that went into this one, and its own."""
    return [
        *filter(None, record.properties.get(MERGED_IDS, "").split(";")),
        str(record.record_id),
    ]
