"""What every storage engine promises about making archived records active again."""

import msgspec
import pytest

from moyeu.crm.search.conditions import AllOf
from moyeu.storage.contract import RecordSearch, WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    code_owners,
    insert,
    occasion,
    record,
    stored,
    take_codes,
)


@pytest.fixture
def database(database: Database) -> Database:
    """Services 1 to 3, of which 1 and 2 are archived; a contact and another portal's have ids 1."""
    insert(database, record(1, {"code": "A"}), record(2, {"code": "B"}), record(3))
    take_codes(database, {"A": 1, "B": 2})
    insert(database, record(1), type_id=CONTACTS)
    insert(database, record(1, {"code": "A"}), portal_id=OTHER_PORTAL)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1, 2]))
    database.write(lambda each: each.archive_records(occasion(), CONTACTS, [1]))
    database.write(lambda each: each.archive_records(occasion(OTHER_PORTAL), SERVICES, [1]))
    return database


def unarchive(database: Database, *ids: int) -> int:
    return database.write(lambda each: each.unarchive_records(occasion(), SERVICES, ids))


def archived(database: Database, record_id: int, *, portal_id: int = PORTAL) -> bool:
    return stored(database, record_id, portal_id).archived_at_ms is not None


def found(database: Database) -> tuple[int, list[int]]:
    """All services that a search finds."""
    search = RecordSearch(PORTAL, SERVICES, AllOf(()), None, 0, 100)
    answer = database.run(database.store.search(search))
    return answer.total, [each.record_id for each in answer.records]


def test_only_archived_records_of_the_type_and_portal_come_back(database: Database) -> None:
    assert unarchive(database, 2, 3, 9, 2, 1) == 2

    assert not archived(database, 1)
    assert not archived(database, 2)
    assert archived(database, 1, portal_id=OTHER_PORTAL)
    assert stored(database, 1, type_id=CONTACTS).archived_at_ms is not None
    assert unarchive(database, 1, 2, 3) == 0


def test_they_are_as_they_were_and_hold_their_values_again(database: Database) -> None:
    before = stored(database, 1)

    unarchive(database, 1)

    assert stored(database, 1) == msgspec.structs.replace(before, archived_at_ms=None)
    assert code_owners(database, "A", "B") == {"A": 1}
    assert code_owners(database, "A", portal_id=OTHER_PORTAL) == {}


def test_searches_and_pages_find_them_again(database: Database) -> None:
    assert found(database) == (1, [3])

    unarchive(database, 2)

    assert found(database) == (2, [2, 3])
    page = database.read(lambda each: each.page(PORTAL, SERVICES, 0, 10, archived=False))
    assert [each.record_id for each in page] == [2, 3]


def test_a_failed_turn_leaves_them_archived(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.unarchive_records(occasion(), SERVICES, [1])
        assert transaction.value_owners(PORTAL, SERVICES, [("code", "A")]) == {("code", "A"): 1}
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert archived(database, 1)
    assert code_owners(database, "A") == {}
    assert found(database) == (1, [3])
