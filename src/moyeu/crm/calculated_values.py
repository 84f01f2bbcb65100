"""What a new formula changes in the records that are there already."""

from collections.abc import Iterable, Set

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.formulas import formula_filling
from moyeu.crm.records import Change, StoredRecord
from moyeu.crm.values.moment import render_ms


def plan_filling(
    records: Iterable[StoredRecord],
    names: Set[str],
    definitions: TypeDefinitions,
    now_ms: int,
) -> list[Change]:
    """The changes that give each record the values of these calculated properties.

    Values that depend on them follow; a record whose values are right already is left out. That
    the record counts as modified, and that `timestamp(…)` has no value because nothing tells when
    the property was last written, are guesses.
    """
    derive = formula_filling(definitions.properties, names)
    if derive is None:
        return []
    changes = []
    for record in records:
        changed: dict[str, str] = {}
        derive(record.properties, changed, now_ms)
        if changed:
            changes.append(_change(record, changed, definitions, now_ms))
    return changes


def derived_change(
    record: StoredRecord, changed: dict[str, str], definitions: TypeDefinitions, now_ms: int
) -> Change:
    """The change of values that nobody wrote, with all that is derived from them.

    changed: at least one value; is added to in place.
    """
    for derive in definitions.derivations:
        derive(record.properties, changed, now_ms)
    return _change(record, changed, definitions, now_ms)


def _change(
    record: StoredRecord, changed: dict[str, str], definitions: TypeDefinitions, now_ms: int
) -> Change:
    # A record's time never goes back, even when the clock does.
    updated_at_ms = max(record.updated_at_ms, now_ms)
    modified = {definitions.object_type.modified_property: render_ms(updated_at_ms)}
    return Change(
        record.record_id,
        {**record.properties, **changed, **modified},
        changed,
        record.created_at_ms,
        updated_at_ms,
        record.last_write,
    )
