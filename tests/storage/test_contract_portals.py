"""The promises of `storage/contract` about all that is stored: it lasts, by portal."""

from dataclasses import replace

from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.records import UniqueMove
from moyeu.storage.contract import ReadTransaction, WriteTransaction
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    Database,
    caller,
    change,
    furnish,
    insert,
    occasion,
    owner,
    record,
    take_codes,
    text_property,
    token,
    write_values,
)

# --- after closing ----------------------------------------------------------------------------


def test_everything_is_there_after_closing_and_opening_again(open_database: OpenDatabase) -> None:
    first = open_database()
    furnish(first)
    insert(first, record(1, {"hs_name": "a", "code": "A"}), record(2))
    take_codes(first, {"A": 1})
    write_values(first, 1, {"hs_name": "b"}, at_ms=NOW_MS + 1)
    first.write(lambda each: each.add_token(token()))
    first.write(lambda each: each.add_owner(PORTAL, owner()))
    first.write(lambda each: each.merge_away(PORTAL, SERVICES, 2, 1))
    given = first.write(lambda each: each.new_record_ids(PORTAL, 10))
    before = everything(first, PORTAL)
    first.close()

    second = open_database()

    assert everything(second, PORTAL) == before
    assert "code" in second.read(lambda each: each.definitions(PORTAL, SERVICES)).properties
    assert second.write(lambda each: each.new_record_ids(PORTAL, 1))[0] > given[-1]
    insert(second, record(3))
    numbers = [each.number for each in second.read(lambda each: each.writes_after(PORTAL, 0, 99))]
    assert numbers == sorted(set(numbers))


def test_a_token_keeps_for_whom_it_acts(database: Database) -> None:
    user = replace(caller(), user_id=7, may_edit_associations=False)
    of_user = replace(token("pat-na1-user"), caller=user)
    of_app = replace(token("pat-na1-app"), created_at_ms=NOW_MS + 1)
    for each in (of_user, of_app):
        database.write(lambda transaction, each=each: transaction.add_token(each))  # type: ignore[misc]  # the default binds this round's token

    assert database.read(lambda each: each.tokens(PORTAL))[-2:] == [of_user, of_app]
    assert database.read(lambda each: each.caller_of(of_user.hash)) == user
    assert user.lacks_edit_associations
    assert not of_app.caller.lacks_edit_associations


# --- portals are isolated ---------------------------------------------------------------------


def everything(database: Database, portal_id: int) -> list[object]:
    """What every read of the contract answers about a portal."""

    def work(transaction: ReadTransaction) -> list[object]:
        keys = [("code", "A"), ("code", "B"), ("tag", "a")]
        records = transaction.records(portal_id, SERVICES, range(20))
        return [
            transaction.tokens(portal_id),
            transaction.owners(portal_id),
            list(transaction.definitions(portal_id, SERVICES).properties.values()),
            transaction.definitions(portal_id, SERVICES).groups,
            records,
            transaction.records_by_value(portal_id, SERVICES, keys),
            transaction.value_owners(portal_id, SERVICES, keys),
            transaction.merged_into(portal_id, SERVICES, range(20)),
            transaction.page(portal_id, SERVICES, 0, 100, archived=False),
            transaction.page(portal_id, SERVICES, 0, 100, archived=True),
            transaction.history(portal_id, SERVICES, list(records.values())),
            transaction.count_records(portal_id, SERVICES),
            transaction.writes_after(portal_id, 0, 100),
        ]

    return database.read(work)


def every_write(transaction: WriteTransaction) -> None:
    """Every write of the contract in `PORTAL`, on the ids and values that the other portal has."""
    at = occasion(now_ms=NOW_MS + 100)
    transaction.add_token(token("another-9999"))
    transaction.remove_token(PORTAL, token(f"{PORTAL}-9999", PORTAL).hash)
    transaction.remove_token(PORTAL, token(f"{OTHER_PORTAL}-9999", OTHER_PORTAL).hash)
    transaction.add_owner(PORTAL, replace(owner(), email="changed@example.com"))
    transaction.new_record_ids(PORTAL, 5)
    transaction.reserve_record_id(PORTAL, 99_999_999_999)
    transaction.put_property(PORTAL, SERVICES, text_property("note"))
    transaction.put_group(PORTAL, SERVICES, PropertyGroup("billing", "Billing", 7))
    transaction.index_values(PORTAL, SERVICES, "tag", 0, 100)
    transaction.drop_index(PORTAL, SERVICES, "tag")
    of = transaction.records(PORTAL, SERVICES, [1])[1]
    transaction.change_records(at, SERVICES, [change(of, {"hs_name": "x"}, NOW_MS + 100, None)])
    moves = [UniqueMove("code", 1, "A", "B"), UniqueMove("code", 2, "B", "A")]
    transaction.move_unique_values(PORTAL, SERVICES, moves)
    transaction.insert_records(at, SERVICES, [record(10)], SERVICES_MODIFIED)
    transaction.archive_records(at, SERVICES, [1, 3])
    transaction.merge_away(PORTAL, SERVICES, 2, 10)


def fill(database: Database, portal_id: int) -> None:
    """Gives a portal something of everything, with the same ids and values in each."""
    records = [record(1, {"code": "A", "tag": "a"}), record(2, {"code": "B"}), record(3)]
    insert(database, *records, portal_id=portal_id)
    take_codes(database, {"A": 1, "B": 2}, portal_id)

    def work(transaction: WriteTransaction) -> None:
        transaction.add_token(token(f"{portal_id}-9999", portal_id))
        transaction.add_owner(portal_id, owner())
        transaction.index_values(portal_id, SERVICES, "tag", 0, 100)
        transaction.merge_away(portal_id, SERVICES, 3, 1)

    database.write(work)
    insert(database, record(3), portal_id=portal_id)


def test_no_write_in_one_portal_shows_in_another(database: Database) -> None:
    for portal_id in (PORTAL, OTHER_PORTAL):
        fill(database, portal_id)
    there_before = everything(database, OTHER_PORTAL)
    here_before = everything(database, PORTAL)

    database.write(every_write)

    assert everything(database, OTHER_PORTAL) == there_before
    unchanged = [
        position
        for position, (before, after) in enumerate(
            zip(here_before, everything(database, PORTAL), strict=True)
        )
        if before == after
    ]
    assert unchanged == []
