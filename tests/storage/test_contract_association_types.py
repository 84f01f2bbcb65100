"""What every storage engine promises about a portal's own association types and their limits."""

from dataclasses import replace
from typing import Final

import pytest

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.associations import association_types_of
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes, SchemaAssociation
from moyeu.storage.contract import StoredDefinition, WriteTransaction
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    Database,
    DeliberateError,
)


def label(type_id: int, from_type: str, to_type: str, inverse_id: int) -> AssociationType:
    return AssociationType(
        category="USER_DEFINED",
        type_id=type_id,
        from_object_type_id=from_type,
        to_object_type_id=to_type,
        kind="labeled",
        name="sponsor",
        label=f"Sponsor {type_id}",
        inverse_id=inverse_id,
    )


FORTH: Final = label(1, SERVICES, CONTACTS, 2)
BACK: Final = label(2, CONTACTS, SERVICES, 1)
TWIN: Final = label(3, PRODUCTS, PRODUCTS, 3)


def put(database: Database, *types: AssociationType, portal_id: int = PORTAL) -> None:
    database.write(lambda each: each.put_association_types(portal_id, types))


def limit(database: Database, kind: AssociationType, number: int | None) -> None:
    database.write(lambda each: each.put_association_limit(PORTAL, kind, number))


def types(database: Database, portal_id: int = PORTAL) -> PortalTypes:
    return database.read(lambda each: each.object_types(portal_id))


def limits(database: Database) -> dict[TypeKey, int]:
    return dict(types(database).association_limits)


def own(database: Database) -> list[StoredDefinition]:
    """Definitions of associations alone."""
    return [
        each
        for each in database.read(lambda one: one.own_definitions(PORTAL))
        if each.kind.startswith("association")
    ]


def test_a_portal_begins_without_types_and_limits_of_its_own(database: Database) -> None:
    assert types(database).labels == ()
    assert limits(database) == {}


def test_types_are_seen_afterwards_and_by_pair(database: Database) -> None:
    before = types(database)

    put(database, FORTH, BACK, TWIN)

    after = types(database)
    assert after is not before
    assert set(after.labels) == {FORTH, BACK, TWIN}
    known = association_types_of(after)
    assert known.between(SERVICES, CONTACTS)[-1] == FORTH
    assert known.find("USER_DEFINED", 2) == BACK
    assert known.inverse(FORTH) == BACK
    assert types(database, OTHER_PORTAL).labels == ()


def test_types_are_seen_within_their_own_transaction(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        assert transaction.object_types(PORTAL).labels == ()
        transaction.put_association_types(PORTAL, [FORTH, BACK])
        assert set(transaction.object_types(PORTAL).labels) == {FORTH, BACK}
        transaction.put_association_limit(PORTAL, FORTH, 5)
        assert transaction.object_types(PORTAL).association_limits == {FORTH.key: 5}
        transaction.remove_association_types(PORTAL, [FORTH, BACK])
        assert transaction.object_types(PORTAL).labels == ()
        assert transaction.object_types(PORTAL).association_limits == {}

    database.write(work)

    assert types(database).labels == ()


def test_a_type_is_replaced_by_its_key(database: Database) -> None:
    put(database, FORTH, BACK)
    renamed = label(1, SERVICES, CONTACTS, 2)
    put(database, renamed)

    assert set(types(database).labels) == {renamed, BACK}


def test_a_removed_type_takes_its_limit_along(database: Database) -> None:
    put(database, FORTH, BACK, TWIN)
    for kind in (FORTH, BACK, TWIN):
        limit(database, kind, 4)

    database.write(lambda each: each.remove_association_types(PORTAL, [FORTH, BACK]))

    assert types(database).labels == (TWIN,)
    assert limits(database) == {TWIN.key: 4}


def test_no_removed_id_is_below_the_counter(database: Database) -> None:
    foreign = replace(label(90, SERVICES, CONTACTS, 90), category="INTEGRATOR_DEFINED")
    put(database, FORTH, BACK, TWIN, foreign)

    def next_id(*removed: AssociationType) -> int:
        database.write(lambda each: each.remove_association_types(PORTAL, removed))
        return database.read(lambda each: each.counters(PORTAL)).next_association_type

    assert [next_id(), next_id(TWIN), next_id(FORTH, BACK), next_id(foreign)] == [1, 4, 4, 4]
    assert database.read(lambda each: each.counters(OTHER_PORTAL)).next_association_type == 1


def test_a_limit_is_set_changed_and_lifted(database: Database) -> None:
    put(database, FORTH, BACK)
    own_default = association_types_of(types(database)).default(CONTACTS, SERVICES)
    assert own_default is not None

    limit(database, FORTH, 4)
    limit(database, own_default, 9)
    assert limits(database) == {FORTH.key: 4, own_default.key: 9}
    assert association_types_of(types(database)).limit_of(FORTH) == 4
    assert association_types_of(types(database)).limit_of(BACK) is None

    limit(database, FORTH, 7)
    limit(database, own_default, None)
    limit(database, BACK, None)
    assert limits(database) == {FORTH.key: 7}


def test_a_failed_turn_leaves_types_and_limits_as_they_were(database: Database) -> None:
    put(database, FORTH, BACK)

    def work(transaction: WriteTransaction) -> None:
        transaction.put_association_types(PORTAL, [TWIN])
        transaction.put_association_limit(PORTAL, FORTH, 4)
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert set(types(database).labels) == {FORTH, BACK}
    assert limits(database) == {}


def test_definitions_go_to_another_portal_whole(database: Database) -> None:
    put(database, FORTH, BACK)
    limit(database, BACK, 3)
    told = own(database)
    assert [(each.kind, each.object_type_id, each.name) for each in told] == [
        ("association_limit", CONTACTS, "USER_DEFINED:2"),
        ("association_type", CONTACTS, "USER_DEFINED:2"),
        ("association_type", SERVICES, "USER_DEFINED:1"),
    ]
    types(database, OTHER_PORTAL)

    database.write(lambda each: each.restore_definitions(OTHER_PORTAL, told))

    restored = types(database, OTHER_PORTAL)
    assert set(restored.labels) == {FORTH, BACK}
    assert restored.association_limits == {BACK.key: 3}


def test_types_and_limits_are_there_after_a_restart(open_database: OpenDatabase) -> None:
    first = open_database()
    first.write(lambda each: each.put_association_types(PORTAL, [FORTH, BACK]))
    limit(first, FORTH, 2)
    first.store.close()

    again = open_database()

    assert set(types(again).labels) == {FORTH, BACK}
    assert limits(again) == {FORTH.key: 2}


def test_a_purged_object_type_takes_its_types_and_limits_along(database: Database) -> None:
    ways = [
        SchemaAssociation(id="11", from_object_type_id="2-5", to_object_type_id=CONTACTS),
        SchemaAssociation(id="12", from_object_type_id=CONTACTS, to_object_type_id="2-5"),
    ]
    schema = ObjectSchema(
        object_type_id="2-5",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        associations=tuple(ways),
        created_at_ms=0,
        updated_at_ms=0,
    )
    database.write(lambda each: each.put_schema(PORTAL, schema))
    put(database, FORTH, BACK, label(4, "2-5", CONTACTS, 5), label(5, CONTACTS, "2-5", 4))
    known = association_types_of(types(database))
    for type_id in (1, 4, 5, 11, 12):
        kind = known.find("USER_DEFINED", type_id)
        assert kind is not None
        limit(database, kind, 3)

    database.write(lambda each: each.purge_object_type(PORTAL, "2-5"))

    assert set(types(database).labels) == {FORTH, BACK}
    assert limits(database) == {FORTH.key: 3}
    assert len(own(database)) == 3
