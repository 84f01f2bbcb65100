"""What comes back with a record: from an archive of its portal, or out of the archived ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.records import StoredRecord, UniqueKey, held_values


def restored_values(definitions: TypeDefinitions, record: StoredRecord) -> list[UniqueKey]:
    """The unique values that a restored record takes: none when it is archived."""
    if record.archived_at_ms is not None:
        return []
    return unarchived_values(definitions, record.properties)


def unarchived_values(
    definitions: TypeDefinitions, properties: Mapping[str, str]
) -> list[UniqueKey]:
    """The unique values that an active record with these properties holds.

    An archived property that is unique keeps its values; one that is not may have equal ones.
    """
    kept = {name for name, each in definitions.archived.items() if each.has_unique_value}
    return held_values(definitions, properties, definitions.unique_names | kept)


@dataclass(frozen=True, slots=True)
class ValueTakenMeanwhile:
    """An archived record stays archived, because an active one has a unique value of it now."""

    record_id: int
    name: str
    value: str
    owner_id: int


@dataclass(frozen=True, slots=True)
class Unarchiving:
    """Which archived records become active again, and which cannot; both in the order asked."""

    record_ids: tuple[int, ...]
    taken: tuple[ValueTakenMeanwhile, ...]


def plan_unarchiving(
    definitions: TypeDefinitions,
    records: Sequence[StoredRecord],
    owners: Mapping[UniqueKey, int],
) -> Unarchiving:
    """Judges archived records one after the other; owners: record id by unique value.

    Of two with the same value the first gets it.
    """
    held = dict(owners)
    back: list[int] = []
    taken: list[ValueTakenMeanwhile] = []
    for each in records:
        values = unarchived_values(definitions, each.properties)
        lost = next((key for key in values if key in held), None)
        if lost is not None:
            taken.append(ValueTakenMeanwhile(each.record_id, *lost, held[lost]))
            continue
        back.append(each.record_id)
        held |= dict.fromkeys(values, each.record_id)
    return Unarchiving(tuple(back), tuple(taken))
