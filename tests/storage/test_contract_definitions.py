"""The promises of `storage/contract` about portals, tokens, owners and definitions."""

from dataclasses import replace

import pytest

from moyeu.catalog.properties import PropertyGroup
from moyeu.storage.contract import ReadTransaction, WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    add_tokens,
    caller,
    code_owners,
    definitions,
    insert,
    owner,
    portal,
    record,
    stored,
    take_codes,
    text_property,
    token,
    unique_property,
)

# --- portals, tokens, owners ------------------------------------------------------------------


def test_portals_come_by_id(database: Database) -> None:
    database.write(lambda each: each.add_portal(portal(5)))

    found = database.read(lambda each: each.portals())

    assert found == [portal(5), portal(PORTAL), portal(OTHER_PORTAL)]


def test_a_portal_id_that_is_taken_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        database.write(lambda each: each.add_portal(portal()))


def test_tokens_come_oldest_first_and_are_those_of_the_portal(database: Database) -> None:
    younger, older = token("first-b", created_at_ms=2), token("second-a", created_at_ms=1)
    foreign = token("third", OTHER_PORTAL)
    add_tokens(database, younger, older, foreign)

    found = database.read(lambda each: each.tokens(PORTAL))

    assert found == [older, younger]


def test_a_token_stands_for_its_caller(database: Database) -> None:
    scopes = frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write"})
    added = replace(token(), caller=replace(caller(scopes=scopes), user_id=9))

    database.write(lambda each: each.add_token(added))

    assert database.read(lambda each: each.caller_of(added.hash)) == added.caller
    assert database.read(lambda each: each.caller_of(b"\0" * 32)) is None


def test_revoking_spares_other_tokens_and_other_portals(database: Database) -> None:
    gone, kept, foreign = token("a-1234"), token("b-1234"), token("c-1234", OTHER_PORTAL)
    add_tokens(database, gone, kept, foreign)

    assert database.write(lambda each: each.remove_token(PORTAL, gone.hash))

    assert database.read(lambda each: each.tokens(PORTAL)) == [kept]
    assert database.read(lambda each: each.tokens(OTHER_PORTAL)) == [foreign]
    assert not database.write(lambda each: each.remove_token(PORTAL, gone.hash))
    assert not database.write(lambda each: each.remove_token(PORTAL, foreign.hash))
    assert database.read(lambda each: each.tokens(OTHER_PORTAL)) == [foreign]


def test_owners_come_by_id_archived_ones_included(database: Database) -> None:
    second, first = owner("502", archived=True), owner("501")
    database.write(lambda each: each.add_owner(PORTAL, second))
    database.write(lambda each: each.add_owner(PORTAL, first))

    assert database.read(lambda each: each.owners(PORTAL)) == [first, second]
    assert database.read(lambda each: each.owners(OTHER_PORTAL)) == []


def test_an_owner_that_is_added_again_is_replaced(database: Database) -> None:
    changed = replace(owner(), email="new@example.com", user_id=12)

    database.write(lambda each: each.add_owner(PORTAL, owner()))
    database.write(lambda each: each.add_owner(PORTAL, changed))

    assert database.read(lambda each: each.owners(PORTAL)) == [changed]


# --- definitions ------------------------------------------------------------------------------


def test_a_new_portal_has_the_standard_definitions(database: Database) -> None:
    found = database.read(lambda each: each.definitions(OTHER_PORTAL, CONTACTS))

    assert found.portal_id == OTHER_PORTAL
    assert found.object_type.id == CONTACTS
    assert "firstname" in found.properties
    assert "email" in found.unique_names


def test_a_property_of_a_portal_stands_beside_the_standard_ones(database: Database) -> None:
    found = definitions(database)

    assert found.properties["code"] == unique_property("code")
    assert "hs_name" in found.properties
    assert list(found.properties) == sorted(found.properties)
    assert "code" in found.unique_names


def test_a_definition_that_is_put_again_is_replaced(database: Database) -> None:
    changed = replace(text_property("note"), label="Remark", description="For people")

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    database.write(lambda each: each.put_property(PORTAL, SERVICES, changed))

    found = definitions(database)
    assert found.properties["note"] == changed


def test_a_standard_definition_is_replaced_in_this_portal_alone(database: Database) -> None:
    changed = replace(text_property("hs_name"), label="Title of the service")

    database.write(lambda each: each.put_property(PORTAL, SERVICES, changed))

    here = definitions(database)
    there = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES))
    assert here.properties["hs_name"] == changed
    assert there.properties["hs_name"] != changed


def test_an_archived_definition_is_no_longer_active_and_its_values_stay(
    database: Database,
) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})
    archived = unique_property("code", archived_at_ms=NOW_MS)

    database.write(lambda each: each.put_property(PORTAL, SERVICES, archived))

    found = definitions(database)
    assert "code" not in found.properties
    assert found.archived["code"] == archived
    assert stored(database, 1).properties["code"] == "A"
    assert code_owners(database, "A") == {"A": 1}


def test_a_group_of_a_portal_stands_beside_the_standard_ones(database: Database) -> None:
    group = PropertyGroup("billing", "Billing", 7)

    database.write(lambda each: each.put_group(PORTAL, SERVICES, group))

    here = definitions(database).groups
    there = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES)).groups
    assert here == (*there, group)


def test_cached_definitions_are_renewed_by_a_committed_change(database: Database) -> None:
    definitions(database)
    before = database.store.cached_definitions(PORTAL, SERVICES)
    assert before is not None

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))

    cached = database.store.cached_definitions(PORTAL, SERVICES)
    assert cached is None or "note" in cached.properties
    found = definitions(database)
    assert "note" in found.properties
    assert "note" not in before.properties


def test_a_change_of_one_type_leaves_the_cached_snapshot_of_another(database: Database) -> None:
    contacts = definitions(database, CONTACTS)

    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))

    if database.store.is_shared:
        assert definitions(database, CONTACTS).properties == contacts.properties
    else:
        assert database.store.cached_definitions(PORTAL, CONTACTS) is contacts


def test_a_new_owner_renews_the_definitions_of_every_type_of_the_portal(
    database: Database,
) -> None:
    for type_id in (CONTACTS, SERVICES):
        definitions(database, type_id)

    database.write(lambda each: each.add_owner(PORTAL, owner("501")))

    for type_id in (CONTACTS, SERVICES):
        found = definitions(database, type_id)
        assert found.rules["hubspot_owner_id"]("501", NOW_MS) == "501"


def test_a_write_sees_its_own_definitions(database: Database) -> None:
    def work(transaction: WriteTransaction) -> tuple[bool, bool, bool]:
        before = "note" in transaction.definitions(PORTAL, SERVICES).properties
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        own = transaction.definitions(PORTAL, SERVICES)
        other = "note" in transaction.definitions(OTHER_PORTAL, SERVICES).properties
        return before, "note" in own.properties, other

    assert database.write(work) == (False, True, False)


def test_a_write_sees_its_own_owners_in_the_rules(database: Database) -> None:
    def work(transaction: WriteTransaction) -> object:
        transaction.definitions(PORTAL, SERVICES)
        transaction.add_owner(PORTAL, owner("777"))
        return transaction.definitions(PORTAL, SERVICES).rules["hubspot_owner_id"]("777", NOW_MS)

    assert database.write(work) == "777"


def test_definitions_of_work_that_raises_are_undone_for_everybody(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        assert "note" in transaction.definitions(PORTAL, SERVICES).properties
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    def names(transaction: ReadTransaction) -> bool:
        return "note" in transaction.definitions(PORTAL, SERVICES).properties

    assert database.read(names) is False
    assert database.write(names) is False


# --- counting ---------------------------------------------------------------------------------


def test_custom_properties_are_counted_by_type_without_archived_ones(database: Database) -> None:
    before = database.read(lambda each: each.count_custom_properties(PORTAL))

    def add(transaction: WriteTransaction) -> None:
        transaction.put_property(PORTAL, SERVICES, text_property("counted"))
        transaction.put_property(PORTAL, SERVICES, unique_property("gone", archived_at_ms=1))
        transaction.put_property(PORTAL, CONTACTS, text_property("counted"))
        transaction.put_property(
            PORTAL, CONTACTS, replace(text_property("firstname"), hubspot_defined=True)
        )
        transaction.put_property(OTHER_PORTAL, CONTACTS, text_property("foreign"))

    database.write(add)

    assert database.read(lambda each: each.count_custom_properties(PORTAL)) == {
        **before,
        SERVICES: before.get(SERVICES, 0) + 1,
        CONTACTS: 1,
    }
    assert CONTACTS not in before
