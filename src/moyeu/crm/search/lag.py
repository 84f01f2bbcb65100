"""Records as they were a while ago: what a search sees that runs behind the writes."""

from collections.abc import Sequence

import msgspec

from moyeu.catalog.object_types import RECORD_ID, ObjectType
from moyeu.crm.history import RecordWrite, fold_history
from moyeu.crm.records import StoredRecord
from moyeu.crm.values.moment import read_iso, render_ms


def as_of(
    record: StoredRecord, writes: Sequence[RecordWrite], moment_ms: int, object_type: ObjectType
) -> StoredRecord | None:
    """The record as it was at a moment, None where it was not there yet or archived already.

    writes: all of the record, newest first. A value that was there before the first entry of the
    history (of a record that was copied from elsewhere) and written since is lost: it counts as
    none. All of it is a guess: how far HubSpot's search runs behind is documented, not how.
    """
    if record.archived_at_ms is not None and record.archived_at_ms <= moment_ms:
        return None
    earlier = [each for each in writes if each.written_at_ms <= moment_ms]
    later = [each for each in writes if each.written_at_ms > moment_ms]
    if not later:
        # A restored record has no entries; its times are what it was restored with.
        is_newer = not earlier and min(record.created_at_ms, record.updated_at_ms) > moment_ms
        return None if is_newer else msgspec.structs.replace(record, archived_at_ms=None)
    # The first entry of a record that was made here has all its values.
    if not earlier and RECORD_ID in later[-1].changed:
        return None
    properties = dict(record.properties)
    known = fold_history(reversed(earlier), object_type.modified_property)
    for name in {name for each in later for name in each.changed}:
        if name in known:
            properties[name] = known[name]
        else:
            properties.pop(name, None)
    updated_at_ms = earlier[0].written_at_ms if earlier else record.created_at_ms
    properties[object_type.modified_property] = render_ms(updated_at_ms)
    created_at_ms = read_iso(properties.get(object_type.created_property, ""))
    return StoredRecord(
        record.record_id,
        properties,
        record.created_at_ms if created_at_ms is None else created_at_ms,
        updated_at_ms,
        None,
        earlier[0].number if earlier else 0,
    )
