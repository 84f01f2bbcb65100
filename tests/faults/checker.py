"""Compares what is in the database with what the clients know."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from moyeu.catalog.object_types import object_type_by_id
from moyeu.crm.history import RecordWrite, fold_history
from moyeu.crm.records import StoredRecord
from moyeu.storage.sqlite.definitions import Snapshots
from moyeu.storage.sqlite.transaction import SqliteReadTransaction
from tests.faults.ledger import Batch, Ledger
from tests.faults.portal import MARK, PORTAL_ID, SERVICES_ID, SKU, TYPE_NAMES

_PAGE = 500


@dataclass(slots=True)
class Found:
    """What a database holds. writes: ascending by number. values: rows of the unique index."""

    records: dict[str, dict[int, StoredRecord]] = field(default_factory=dict)
    histories: dict[int, list[RecordWrite]] = field(default_factory=dict)
    writes: list[RecordWrite] = field(default_factory=list)
    values: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def skus(self) -> dict[int, str]:
        """Of the partner services, by record id."""
        records = self.records[SERVICES_ID]
        return {key: each.properties[SKU] for key, each in records.items()}


class Checker:
    """Looks at one database again and again; what it saw once must still be there."""

    def __init__(self, ledger: Ledger, complaints_max: int = 20) -> None:
        self._ledger = ledger
        self._complaints_max = complaints_max
        self._seen: list[RecordWrite] = []

    def check(self, database: Path) -> Found:
        """The contents; AssertionError listing everything that breaks a promise."""
        found = read_database(database)
        problems = [
            *found.complaints,
            *self._ledger.unexpected,
            *_records_without_their_history(found),
            *_unique_values_that_disagree(found),
            *self._changed_past(found),
            *self._broken_promises(found),
        ]
        assert not problems, "\n".join(problems[: self._complaints_max])
        return found

    def _changed_past(self, found: Found) -> Iterator[str]:
        """Write numbers are never reused and history is only appended to."""
        for earlier, now in zip(self._seen, found.writes, strict=False):
            if earlier != now:
                yield f"write {earlier.number} was {earlier} and is {now}"
        if len(found.writes) < len(self._seen):
            yield f"{len(self._seen) - len(found.writes)} writes that were seen are gone"
        self._seen = found.writes

    def _broken_promises(self, found: Found) -> Iterator[str]:
        by_mark: dict[str, RecordWrite] = {}
        for write in found.writes:
            mark = write.changed.get(MARK)
            if mark is None:
                continue
            if mark in by_mark:
                yield f"{mark} was applied twice: {by_mark[mark].number} and {write.number}"
            by_mark[mark] = write
        applied_to = _highest_numbers(self._ledger.acknowledged, by_mark)
        for batch in self._ledger.batches:
            writes = [by_mark[each.mark] for each in batch.inputs if each.mark in by_mark]
            yield from _misfits(batch, writes)
            _settle(batch, writes)
            before = applied_to[batch.sent_after]
            if writes and min(each.number for each in writes) <= before:
                yield f"{batch.name} was applied before one that had been answered earlier"


def _misfits(batch: Batch, writes: list[RecordWrite]) -> Iterator[str]:
    if batch.outcome == "applied" and len(writes) != len(batch.inputs):
        lost = len(batch.inputs) - len(writes)
        yield f"{batch.name} was acknowledged, {lost} of its {len(batch.inputs)} inputs are lost"
    if batch.outcome == "refused" and writes:
        yield f"{batch.name} was refused, but {len(writes)} inputs were applied"
    if batch.outcome in ("open", "unknown") and len(writes) not in (0, len(batch.inputs)):
        yield f"{batch.name} is there in part: {len(writes)} of {len(batch.inputs)} inputs"
    by_mark = {each.changed[MARK]: each for each in writes}
    for number, sent in enumerate(batch.inputs):
        write = by_mark.get(sent.mark)
        if write is None:
            continue
        wrong = {name for name, value in sent.values.items() if write.changed.get(name) != value}
        if wrong:
            yield f"{sent.mark} was written with other values of {sorted(wrong)}"
        if sent.record_id and write.record_id != sent.record_id:
            yield f"{sent.mark} was written to {write.record_id} instead of {sent.record_id}"
        if batch.created_ids and write.record_id != batch.created_ids[number]:
            yield f"{sent.mark} was answered as {batch.created_ids[number]}, is {write.record_id}"


def _settle(batch: Batch, writes: list[RecordWrite]) -> None:
    """Once looked at, an open outcome is known and has to stay so."""
    if batch.outcome in ("open", "unknown"):
        batch.outcome = "applied" if writes else "refused"


def _highest_numbers(acknowledged: list[Batch], by_mark: dict[str, RecordWrite]) -> list[int]:
    """The highest write number of the first n acknowledged batches, by n."""
    highest = [0]
    for batch in acknowledged:
        numbers = [by_mark[each.mark].number for each in batch.inputs if each.mark in by_mark]
        highest.append(max([highest[-1], *numbers]))
    return highest


def _records_without_their_history(found: Found) -> Iterator[str]:
    """Every record is the fold of its history, along its own chain and in the whole sequence."""
    by_record: dict[int, list[RecordWrite]] = {}
    for write in found.writes:
        by_record.setdefault(write.record_id, []).append(write)
    for type_id, records in found.records.items():
        object_type = object_type_by_id(type_id)
        assert object_type is not None
        for record_id, record in records.items():
            chain = found.histories[record_id][::-1]
            if chain != by_record.pop(record_id, []):
                yield f"the chain of {record_id} misses writes of the sequence"
            if fold_history(chain, object_type.modified_property) != record.properties:
                yield f"the properties of {record_id} are not the fold of its history"
    for record_id in by_record:
        yield f"there are writes of {record_id}, but no record"


def _unique_values_that_disagree(found: Found) -> Iterator[str]:
    for type_id, records in found.records.items():
        object_type = object_type_by_id(type_id)
        assert object_type is not None
        held: dict[tuple[str, str], int] = {}
        for record_id, record in records.items():
            for name in {SKU, *object_type.id_properties} & record.properties.keys():
                key = (name, record.properties[name])
                if key in held:
                    yield f"{key} is held by {held[key]} and {record_id}"
                held[key] = record_id
        if held != found.values[type_id]:
            differing = held.items() ^ found.values[type_id].items()
            yield f"the unique index of {TYPE_NAMES[type_id]} differs in {sorted(differing)[:6]}"


# --- reading ---------------------------------------------------------------------------------


def read_database(database: Path) -> Found:
    """Everything of the test portal, read beside a server if one runs."""
    connection = apsw.Connection(str(database))
    try:
        connection.set_busy_timeout(5_000)
        connection.pragma("query_only", True)
        connection.execute("BEGIN")
        return _read(connection)
    finally:
        connection.close()


def _read(connection: apsw.Connection) -> Found:
    found = Found()
    verdict = connection.pragma("integrity_check")
    if verdict != "ok":
        found.complaints.append(f"integrity check: {verdict}")
    transaction = SqliteReadTransaction(connection, Snapshots(), lambda snapshot: None)
    for type_id in TYPE_NAMES:
        found.records[type_id] = records = _records(transaction, type_id)
        found.histories |= transaction.history(PORTAL_ID, type_id, list(records.values()))
        rows = connection.execute(
            "SELECT property, value, record_id FROM unique_value"
            " WHERE portal_id = ? AND object_type_id = ?",
            (PORTAL_ID, type_id),
        )
        found.values[type_id] = {(name, value): owner for name, value, owner in rows}
    while page := transaction.writes_after(
        PORTAL_ID, found.writes[-1].number if found.writes else 0, _PAGE
    ):
        found.writes.extend(page)
    return found


def _records(transaction: SqliteReadTransaction, type_id: str) -> dict[int, StoredRecord]:
    records: dict[int, StoredRecord] = {}
    while page := transaction.page(
        PORTAL_ID, type_id, max(records, default=0) + 1, _PAGE, archived=False
    ):
        records |= {each.record_id: each for each in page}
    return records
