"""The history of records: what was written when, by whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from moyeu.crm.values.moment import render_ms


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One write of one record.

    number: unique and ascending within the portal. changed: the values written, "" for a cleared
    one. source_type and source_id as HubSpot names them (`INTEGRATION`, the app id).
    previous: number of the record's write before this one, 0 for its first.
    """

    number: int
    object_type_id: str
    record_id: int
    previous: int
    written_at_ms: int
    changed: dict[str, str]
    source_type: str
    source_id: str
    user_id: int | None
    correlation_id: str
    trace_id: str | None


def fold_history(writes: Iterable[RecordWrite], modified_property: str) -> dict[str, str]:
    """The properties that a record has after its writes, oldest first.

    The time of the last change is not kept in the entries: it is the entry's own time.
    """
    properties: dict[str, str] = {}
    for write in writes:
        properties.update(write.changed)
        properties[modified_property] = render_ms(write.written_at_ms)
    return properties
