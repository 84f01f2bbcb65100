"""The promises of `storage/contract` about what testers set for a portal."""

from dataclasses import replace

import pytest

from moyeu.storage.contract import WriteTransaction
from moyeu.storage.sql.portals import FIRST_RECORD_ID
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    furnish,
    insert,
    record,
    token,
)


def put(database: Database, document: str | None, portal_id: int = PORTAL) -> None:
    """Sets the controls of a portal."""
    database.write(lambda each: each.put_controls(portal_id, document))


def controls(database: Database, portal_id: int = PORTAL) -> str | None:
    """The controls of a portal."""
    return database.read(lambda each: each.controls(portal_id))


def is_controlled(database: Database, token_hash: bytes) -> bool:
    """Whether a token's caller is, as a request is told."""
    found = database.store.cached_caller(token_hash)
    if found is None:
        found = database.run(database.store.caller_of(token_hash))
    assert found is not None
    return found.is_controlled


def test_controls_are_kept_by_portal(database: Database) -> None:
    assert controls(database) is None

    put(database, '{"seed":1}')
    put(database, '{"seed":2}')
    put(database, '{"é":"\\u0000"}', OTHER_PORTAL)

    assert controls(database) == '{"seed":2}'
    assert controls(database, OTHER_PORTAL) == '{"é":"\\u0000"}'
    put(database, None)
    assert controls(database) is None
    assert controls(database, OTHER_PORTAL) is not None


def test_controls_are_there_after_opening_again(open_database: OpenDatabase) -> None:
    first = open_database()
    furnish(first)
    own = token("pat-na1-own")
    first.write(lambda each: each.add_token(own))
    put(first, "{}")
    first.close()

    second = open_database()

    assert controls(second) == "{}"
    assert is_controlled(second, own.hash)


def test_the_callers_of_a_portal_know_at_once_whether_it_has_controls(database: Database) -> None:
    own, foreign = token("pat-na1-own"), token("pat-na1-foreign", OTHER_PORTAL)
    for each in (own, foreign):
        database.write(lambda transaction, each=each: transaction.add_token(each))  # type: ignore[misc]  # the default binds this round's token
    assert not is_controlled(database, own.hash)
    assert not is_controlled(database, foreign.hash)

    put(database, "{}")

    assert is_controlled(database, own.hash)
    assert not is_controlled(database, foreign.hash)
    (kept,) = [
        each for each in database.read(lambda each: each.tokens(PORTAL)) if each.hash == own.hash
    ]
    assert kept.caller == replace(own.caller, is_controlled=True)
    put(database, None)
    assert not is_controlled(database, own.hash)


def test_a_token_that_is_added_later_has_the_portals_controls(database: Database) -> None:
    put(database, "{}")
    own, foreign = token("pat-na1-own"), token("pat-na1-foreign", OTHER_PORTAL)
    claimed = replace(foreign, caller=replace(foreign.caller, is_controlled=True))

    database.write(lambda each: each.add_token(own))
    database.write(lambda each: each.add_token(claimed))

    assert is_controlled(database, own.hash)
    assert not is_controlled(database, foreign.hash)


def test_controls_that_are_undone_are_not_known(database: Database) -> None:
    own = token("pat-na1-own")
    database.write(lambda each: each.add_token(own))
    assert not is_controlled(database, own.hash)

    def put_and_fail(transaction: WriteTransaction) -> None:
        transaction.put_controls(PORTAL, "{}")
        raise LookupError

    with pytest.raises(LookupError):
        database.write(put_and_fail)

    assert controls(database) is None
    assert not is_controlled(database, own.hash)


def test_a_removed_portal_leaves_no_controls(database: Database) -> None:
    put(database, "{}")

    database.write(lambda each: each.remove_portal(PORTAL))

    assert controls(database) is None


def test_record_ids_of_a_controlled_portal_have_no_gaps(open_database: OpenDatabase) -> None:
    given: list[int] = []
    for turn in range(2):
        database = open_database()
        if turn == 0:
            furnish(database)
        put(database, "{}")
        for count in (1, 3):
            given += database.write(lambda each, count=count: each.new_record_ids(PORTAL, count))  # type: ignore[misc]  # the default binds this round's count
        database.close()

    assert given == [*range(FIRST_RECORD_ID, FIRST_RECORD_ID + 8)]


def test_ids_are_given_once_whether_controlled_or_not(database: Database) -> None:
    given: list[int] = []
    for document in (None, "{}", "{}", None, None, "{}"):
        put(database, document)
        given += database.write(lambda each: each.new_record_ids(PORTAL, 2))

    assert len(given) == len(set(given)) == 12


def test_records_of_a_controlled_portal_are_written_as_ever(database: Database) -> None:
    put(database, "{}")

    insert(database, record(1, {"hs_name": "a"}))

    written = database.read(lambda each: each.records(PORTAL, SERVICES, [1]))[1]
    assert written.properties["hs_name"] == "a"
    assert written.created_at_ms <= NOW_MS
