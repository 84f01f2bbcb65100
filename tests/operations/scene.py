"""Operations on partner services as plain calls, and portals to call them on."""

from collections.abc import Iterable, Mapping, Sequence

from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.storage.contract import ReadTransaction, WriteTransaction
from tests.crm.scene import OWN_PROPERTIES
from tests.storage.scene import NOW_MS, PORTAL, SERVICES, Database, occasion, portal, text_property

TEXT_NAMES = tuple(f"p{number}" for number in range(8))
"""Text properties, one for each of the clients that write beside one another."""


def furnish(database: Database, portal_id: int) -> None:
    """A portal whose partner services have the properties of the scene of the rules."""

    def work(transaction: WriteTransaction) -> None:
        transaction.add_portal(portal(portal_id))
        for each in (*OWN_PROPERTIES, *map(text_property, TEXT_NAMES)):
            transaction.put_property(portal_id, SERVICES, each)

    database.write(work)


async def update_in(
    database: Database,
    inputs: Iterable[RecordInput],
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> WritePlan | Problem:
    """A batch update beside others."""
    return await update_records(
        database.store, occasion(portal_id, now_ms), SERVICES, list(inputs), dates_normalised=False
    )


def update(
    database: Database,
    inputs: Iterable[RecordInput],
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> WritePlan | Problem:
    """A batch update."""
    return database.run(update_in(database, inputs, now_ms, portal_id))


def updated(database: Database, inputs: Iterable[RecordInput], now_ms: int = NOW_MS) -> WritePlan:
    """A batch update that is not refused."""
    made = update(database, inputs, now_ms)
    assert isinstance(made, WritePlan), made
    return made


async def create_in(
    database: Database,
    documents: Iterable[Mapping[str, str]],
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> WritePlan | Problem:
    """A batch create beside others."""
    inputs = [RecordInput("", dict(each)) for each in documents]
    return await create_records(
        database.store, occasion(portal_id, now_ms), SERVICES, inputs, dates_normalised=False
    )


def created(
    database: Database, *documents: Mapping[str, str], portal_id: int = PORTAL
) -> list[int]:
    """Creates records that are all fine; their ids in input order."""
    made = database.run(create_in(database, documents, NOW_MS, portal_id))
    assert isinstance(made, WritePlan), made
    return [each.record.record_id for each in made.results]


def everything(database: Database, portal_id: int = PORTAL) -> dict[int, StoredRecord]:
    """All partner services of a portal, archived ones included."""

    def work(transaction: ReadTransaction) -> list[StoredRecord]:
        return [
            each
            for archived in (False, True)
            for each in transaction.page(portal_id, SERVICES, 0, 10_000, archived=archived)
        ]

    return {each.record_id: each for each in database.read(work)}


def history(
    database: Database, records: Sequence[StoredRecord], portal_id: int = PORTAL
) -> dict[int, list[RecordWrite]]:
    """All writes of records, newest first."""
    return database.read(lambda each: each.history(portal_id, SERVICES, records))


def archive(
    database: Database,
    record_ids: Sequence[int | str],
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> Problem | None:
    """Archives records."""
    at = occasion(portal_id, now_ms)
    texts = [str(each) for each in record_ids]
    return database.run(archive_records(database.store, at, SERVICES, texts))


def one(database: Database, record_id: int) -> StoredRecord:
    """A record as it is now."""
    return everything(database)[record_id]


def all_writes(database: Database) -> list[RecordWrite]:
    """The whole history of the portal."""
    return database.read(lambda each: each.writes_after(PORTAL, 0, 100_000))
