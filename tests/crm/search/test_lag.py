"""Records as they were a while ago."""

from collections.abc import Mapping

import pytest

from moyeu.crm.history import RecordWrite
from moyeu.crm.records import StoredRecord
from moyeu.crm.search.lag import as_of
from moyeu.crm.values.moment import render_ms
from tests.crm.scene import object_type

T0_MS = 1_790_000_000_000


class _CountedValues(dict[str, str]):
    """Values that count how often they are asked whether a name is among them."""

    asked = 0

    def __contains__(self, name: object) -> bool:
        """As of every dictionary."""
        _CountedValues.asked += 1
        return super().__contains__(name)


def write(number: int, at_ms: int, changed: Mapping[str, str]) -> RecordWrite:
    """A write of record 1; the first has number 1."""
    return RecordWrite(
        number=number,
        object_type_id="0-164",
        record_id=1,
        previous=number - 1,
        written_at_ms=T0_MS + at_ms,
        changed=_CountedValues(changed),
        source_type="INTEGRATION",
        source_id="1",
        user_id=None,
        correlation_id="",
        trace_id=None,
    )


def seen(writes: list[RecordWrite], at_ms: int, archived_at_ms: int | None = None) -> object:
    """What a search sees of the record: its values, its last change, its last write."""
    properties = {name: value for each in writes for name, value in each.changed.items()}
    newest = writes[-1]
    record = StoredRecord(1, properties, T0_MS, newest.written_at_ms, archived_at_ms, newest.number)
    found = as_of(record, writes[::-1], T0_MS + at_ms, object_type())
    if found is None:
        return None
    assert found.archived_at_ms is None
    assert found.properties["hs_lastmodifieddate"] == render_ms(found.updated_at_ms)
    values = {name: value for name, value in found.properties.items() if not name.startswith("hs_")}
    return values, found.updated_at_ms - T0_MS, found.last_write


WRITES = [
    write(1, 0, {"hs_object_id": "1", "note": "a", "size": "1"}),
    write(2, 10, {"note": "b"}),
    write(3, 20, {"note": "", "fee": "5"}),
]


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (-1, None),
        (0, ({"note": "a", "size": "1"}, 0, 1)),
        (9, ({"note": "a", "size": "1"}, 0, 1)),
        (10, ({"note": "b", "size": "1"}, 10, 2)),
        (19, ({"note": "b", "size": "1"}, 10, 2)),
    ],
)
def test_a_record_is_seen_as_it_was(at_ms: int, expected: object) -> None:
    assert seen(WRITES, at_ms) == expected


@pytest.mark.parametrize(("at_ms", "is_seen"), [(14, True), (15, False), (16, False)])
def test_an_archived_record_is_seen_until_then(at_ms: int, is_seen: bool) -> None:
    assert (seen(WRITES, at_ms, archived_at_ms=T0_MS + 15) is not None) is is_seen


def test_what_a_copied_record_had_before_its_first_entry_is_lost_where_it_was_written() -> None:
    first = write(1, 10, {"note": "b"})
    record = StoredRecord(1, {"note": "b", "size": "1"}, T0_MS, T0_MS + 10, None, 1)

    found = as_of(record, [first], T0_MS + 9, object_type())

    assert found is not None
    assert "note" not in found.properties
    assert found.properties["size"] == "1"


def test_a_long_history_is_gone_through_once() -> None:
    old = [write(number, number, {"size": str(number)}) for number in range(1, 1_001)]
    new = write(1_001, 2_000, {f"p{number}": "x" for number in range(100)})
    _CountedValues.asked = 0

    assert seen([*old, new], 1_500) == ({"size": "1000"}, 1_000, 1_000)
    assert _CountedValues.asked <= 1_100
