"""What a database of the fault tests holds, read beside a server if one runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw
import psycopg

from moyeu.crm.associations import Association, AssociationTypes, association_types_of
from moyeu.crm.history import RecordWrite
from moyeu.crm.lists.definitions import ListDefinition, ListMembership
from moyeu.crm.records import StoredRecord
from moyeu.storage.contract import ReadTransaction
from moyeu.storage.postgresql.connections import open_connection
from moyeu.storage.postgresql.memory import Memory
from moyeu.storage.postgresql.transaction import PostgresqlReadTransaction
from moyeu.storage.sql.definitions import Snapshots
from moyeu.storage.sqlite.transaction import SqliteReadTransaction
from tests.faults.databases import Database
from tests.faults.ledger import Way
from tests.faults.load import Contact, Start
from tests.faults.portal import (
    COMPANIES_ID,
    CONTACTS_ID,
    MARK,
    PORTAL_ID,
    SEED,
    SERVICES_ID,
    SKU,
    STAGE,
    TYPE_NAMES,
)

_PAGE = 500

_VALUES: Final = (
    "SELECT object_type_id, property, value, record_id FROM unique_value WHERE portal_id = {}"
)
_HAS_AMCHECK: Final = "SELECT to_regprocedure('bt_index_check(regclass, boolean)') IS NOT NULL"
_AMCHECK: Final = """
SELECT bt_index_check(i.indexrelid, true) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
WHERE c.relnamespace = current_schema()::regnamespace
"""

T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """The contents.

    records: by type and id, archived ones too. writes: ascending by number. values: rows of the
    unique index. merged: survivor by id. stages: the ids of the stages of partner services.
    labels: those from contacts to companies, by name. audits: what happened to each stage, oldest
    first.
    """

    verdict: str
    records: dict[str, dict[int, StoredRecord]]
    histories: dict[int, list[RecordWrite]]
    writes: list[RecordWrite]
    values: dict[str, dict[tuple[str, str], int]]
    associations: list[Association]
    association_types: AssociationTypes
    merged: dict[int, int]
    next_record_id: int
    stages: frozenset[str]
    labels: dict[str, Way]
    lists: dict[int, ListDefinition]
    memberships: list[ListMembership]
    audits: dict[str, list[str]]
    everything: dict[int, StoredRecord] = field(default_factory=dict)

    def survivor(self, record_id: int) -> int:
        """The id under which a record lives on."""
        return self.merged.get(record_id, record_id)

    def is_defined(self, name: str) -> bool:
        """Whether there is such a stage or label."""
        return name in self.stages or name in self.labels

    def is_active(self, record_id: int) -> bool:
        """Whether it is there and not archived."""
        record = self.everything.get(record_id)
        return record is not None and record.archived_at_ms is None

    def linked(self) -> dict[int, dict[int, set[Way]]]:
        """By contact and company the types that they are associated by."""
        linked: dict[int, dict[int, set[Way]]] = {}
        for row in self.associations:
            ends = (row.from_object_type_id, row.to_object_type_id)
            kind = self.association_types.find(row.category, row.type_id)
            if ends == (CONTACTS_ID, COMPANIES_ID) and kind is not None:
                way = Way(row.category, row.type_id, kind.inverse_id)
                linked.setdefault(row.from_record_id, {}).setdefault(row.to_record_id, set()).add(
                    way
                )
        return linked

    def members(self) -> dict[int, set[int]]:
        """Record ids by list."""
        members: dict[int, set[int]] = {}
        for each in self.memberships:
            members.setdefault(each.list_id, set()).add(each.record_id)
        return members

    def skus(self) -> dict[int, str]:
        """Of the partner services, by record id."""
        records = self.records[SERVICES_ID]
        return {key: each.properties[SKU] for key, each in records.items()}

    def start(self) -> Start:
        """What new clients may go on with."""
        services, companies = self.records[SERVICES_ID], self.records[COMPANIES_ID]
        contacts = self.records[CONTACTS_ID]
        seeded = {key for key, each in companies.items() if each.properties[MARK].startswith(SEED)}
        return Start(
            self.skus(),
            {key: each.properties[STAGE] for key, each in services.items()},
            sorted(self.stages),
            {key: _contact(each) for key, each in contacts.items() if each.archived_at_ms is None},
            [key for key, each in contacts.items() if each.archived_at_ms is not None],
            [
                key
                for key, each in companies.items()
                if key not in seeded and each.archived_at_ms is None
            ],
            sorted(seeded),
            self.linked(),
            self.members(),
            self.labels,
        )


def _contact(record: StoredRecord) -> Contact:
    texts = [
        record.properties.get("email", ""),
        *record.properties.get("hs_additional_emails", "").split(";"),
    ]
    return Contact(tuple(filter(None, texts)), record.properties.get(SKU, ""))


def read_database(database: Database) -> Found:
    """Everything of the test portal."""
    return _read_postgresql(database) if isinstance(database, str) else _read_sqlite(database)


def _read_sqlite(database: Path) -> Found:
    connection = apsw.Connection(str(database))
    try:
        connection.set_busy_timeout(5_000)
        connection.pragma("query_only", True)
        connection.execute("BEGIN")
        transaction = SqliteReadTransaction(connection, Snapshots(), lambda snapshot: None)
        found = _read(transaction, lambda: connection.execute(_VALUES.format("?"), (PORTAL_ID,)))
        found.verdict = str(connection.pragma("integrity_check"))
        return found
    finally:
        connection.close()


def _read_postgresql(url: str) -> Found:
    with open_connection(url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        transaction = PostgresqlReadTransaction(connection, Memory())
        values = _VALUES.format("%s").encode()
        found = _read(transaction, lambda: connection.execute(values, (PORTAL_ID,)))
        found.verdict = _verdict(connection)
        return found


def _verdict(connection: psycopg.Connection[Any]) -> str:
    """Of the extension amcheck on all indexes against their tables; "ok" where it is missing."""
    try:
        if connection.execute(_HAS_AMCHECK).fetchall() == [(True,)]:
            connection.execute(_AMCHECK).fetchall()
    except psycopg.DatabaseError as error:
        return str(error)
    return "ok"


def _read(transaction: ReadTransaction, rows_of_values: Callable[[], Iterable[Any]]) -> Found:
    records = {type_id: _records(transaction, type_id) for type_id in TYPE_NAMES}
    histories: dict[int, list[RecordWrite]] = {}
    for type_id, of_type in records.items():
        histories |= transaction.history(PORTAL_ID, type_id, list(of_type.values()))
    audits: dict[str, list[str]] = {}
    for type_id, entry in transaction.pipeline_audits(PORTAL_ID):
        if type_id == SERVICES_ID and entry.stage_id:
            audits.setdefault(entry.stage_id, []).append(entry.action)
    types = association_types_of(transaction.object_types(PORTAL_ID))
    pipelines = transaction.definitions(PORTAL_ID, SERVICES_ID).pipelines
    values: dict[str, dict[tuple[str, str], int]] = {type_id: {} for type_id in TYPE_NAMES}
    for type_id, name, value, owner in rows_of_values():
        values[type_id][name, value] = owner
    return Found(
        verdict="",
        records=records,
        histories=histories,
        writes=_paged(
            lambda last: transaction.writes_after(PORTAL_ID, last.number if last else 0, _PAGE)
        ),
        values=values,
        associations=_paged(lambda last: transaction.associations_after(PORTAL_ID, last, _PAGE)),
        association_types=types,
        merged={
            record_id: survivor_id
            for _, record_id, survivor_id in _paged(
                lambda last: transaction.merged_after(PORTAL_ID, *(last or ("", 0))[:2], _PAGE)
            )
        },
        next_record_id=transaction.counters(PORTAL_ID).next_record_id,
        stages=frozenset(stage.id for each in pipelines for stage in each.stages),
        labels=_labels(types),
        lists={each.id: each for each in transaction.all_lists(PORTAL_ID)},
        memberships=_paged(
            lambda last: transaction.memberships_after(
                PORTAL_ID, *((last.list_id, last.record_id) if last else (0, 0)), _PAGE
            )
        ),
        audits=audits,
        everything={key: each for of_type in records.values() for key, each in of_type.items()},
    )


def _labels(types: AssociationTypes) -> dict[str, Way]:
    return {
        each.name: Way(each.category, each.type_id, each.inverse_id)
        for each in types.own()
        if (each.from_object_type_id, each.to_object_type_id) == (CONTACTS_ID, COMPANIES_ID)
    }


def _paged(read: Callable[[T | None], list[T]]) -> list[T]:
    found: list[T] = []
    while page := read(found[-1] if found else None):
        found.extend(page)
    return found


def _records(transaction: ReadTransaction, type_id: str) -> dict[int, StoredRecord]:
    pages = [
        _paged(
            lambda last, archived=archived: transaction.page(  # type: ignore[misc]
                PORTAL_ID, type_id, last.record_id + 1 if last else 0, _PAGE, archived=archived
            )
        )
        for archived in (False, True)
    ]
    return {each.record_id: each for page in pages for each in page}
