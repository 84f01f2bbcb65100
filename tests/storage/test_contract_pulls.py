"""The promises of `storage/contract` that copying a portal rests on."""

import pytest

from moyeu.catalog.object_types import object_type_by_id
from moyeu.catalog.properties import standard_properties
from moyeu.storage.contract import WriteTransaction
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import OTHER_PORTAL, PORTAL, SERVICES, Database, DeliberateError, furnish

_TYPE = object_type_by_id(SERVICES)
assert _TYPE is not None
NAME = next(each.name for each in standard_properties(_TYPE) if each.guessed)


def state(database: Database, portal_id: int = PORTAL) -> str | None:
    return database.read(lambda each: each.pull_state(portal_id))


def test_a_portal_that_was_never_pulled_has_no_state(database: Database) -> None:
    assert state(database) is None


def test_the_state_of_a_pull_is_the_last_one_put(open_database: OpenDatabase) -> None:
    database = open_database()
    furnish(database)
    database.write(lambda each: each.put_pull_state(PORTAL, '{"n":1}'))
    database.write(lambda each: each.put_pull_state(PORTAL, '{"n":2}'))
    database.close()

    again = open_database()

    assert state(again) == '{"n":2}'
    assert state(again, OTHER_PORTAL) is None


def test_the_state_is_undone_with_its_work(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_pull_state(PORTAL, "{}")
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert state(database) is None


def names(database: Database, portal_id: int = PORTAL) -> set[str]:
    return set(database.read(lambda each: each.definitions(portal_id, SERVICES)).properties)


def test_a_property_of_the_catalog_can_be_taken_away(open_database: OpenDatabase) -> None:
    database = open_database()
    furnish(database)
    assert NAME in names(database)
    before = database.read(lambda each: each.count_custom_properties(PORTAL))

    database.write(lambda each: each.remove_standard_property(PORTAL, SERVICES, NAME))

    database.close()
    again = open_database()
    assert NAME not in names(again)
    assert NAME in names(again, OTHER_PORTAL)
    assert again.read(lambda each: each.count_custom_properties(PORTAL)) == before
    own = again.read(lambda each: each.own_definitions(PORTAL))
    assert [each.document for each in own if each.name == NAME] == ["null"]


def test_a_property_that_was_taken_away_comes_back_with_a_definition(database: Database) -> None:
    definition = database.read(lambda each: each.definitions(PORTAL, SERVICES)).properties[NAME]
    database.write(lambda each: each.remove_standard_property(PORTAL, SERVICES, NAME))

    database.write(lambda each: each.put_property(PORTAL, SERVICES, definition))

    assert NAME in names(database)
