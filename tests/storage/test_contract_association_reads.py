"""What every storage engine promises about reading associations in parts, by pairs and by types."""

from collections.abc import Sequence
from typing import Final

import pytest

from moyeu.catalog.associations import AssociationCategory, TypeKey
from moyeu.crm.associations import Association
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    Database,
    insert,
    occasion,
    record,
)

SPONSOR: Final[TypeKey] = ("HUBSPOT_DEFINED", 7)
LABEL: Final[TypeKey] = ("USER_DEFINED", 7)


def way(
    from_id: int,
    to_id: int,
    type_id: int = 7,
    *,
    category: AssociationCategory = "HUBSPOT_DEFINED",
    to_type: str = CONTACTS,
    from_type: str = SERVICES,
) -> Association:
    """A row, from a partner service to a contact if nothing else is said."""
    return Association(from_type, from_id, to_type, to_id, category, type_id)


@pytest.fixture
def filled(database: Database) -> Database:
    """Services 1 to 4 and contacts 30 to 34; contact 33 and service 4 are archived.

    A product has the id of service 1 and another the id of contact 31, as in a copied portal.
    """
    insert(database, *map(record, (1, 2, 3, 4)))
    insert(database, *map(record, range(30, 35)), type_id=CONTACTS)
    insert(database, *map(record, (1, 31)), type_id=PRODUCTS)
    archive(database, SERVICES, 4)
    archive(database, CONTACTS, 33)
    put(
        database,
        way(1, 30),
        way(1, 30, 9),
        way(1, 30, category="USER_DEFINED"),
        way(1, 31),
        way(1, 33),
        way(1, 34, 9),
        way(1, 31, 8, to_type=PRODUCTS),
        way(1, 32, 11, from_type=PRODUCTS),
        way(2, 30),
        way(2, 99),
        way(4, 30),
    )
    return database


def put(database: Database, *rows: Association, portal_id: int = PORTAL) -> None:
    database.write(lambda each: each.put_associations(portal_id, rows))


def archive(database: Database, type_id: str, *ids: int) -> None:
    database.write(lambda each: each.archive_records(occasion(), type_id, ids))


def linked(
    database: Database,
    *starts: tuple[int, int],
    count_max: int = 100,
    from_type: str = SERVICES,
    to_type: str = CONTACTS,
    portal_id: int = PORTAL,
) -> dict[int, list[Association]]:
    return database.read(lambda each: each.linked(portal_id, from_type, to_type, starts, count_max))


def pairs(
    database: Database, *named: tuple[int, int], from_type: str = SERVICES, to_type: str = CONTACTS
) -> dict[tuple[int, int], list[Association]]:
    return database.read(lambda each: each.pair_associations(PORTAL, from_type, to_type, named))


def by_type(
    database: Database, keys: Sequence[TypeKey], *from_ids: int
) -> dict[int, list[Association]]:
    return database.read(
        lambda each: each.associations_by_type(PORTAL, SERVICES, CONTACTS, keys, from_ids)
    )


def counts(
    database: Database, keys: Sequence[TypeKey], *from_ids: int, from_type: str = SERVICES
) -> dict[tuple[int, TypeKey], int]:
    """Those that are not nought."""
    found = database.read(
        lambda each: each.count_by_type(PORTAL, from_type, CONTACTS, keys, from_ids)
    )
    return {key: count for key, count in found.items() if count}


# --- active records --------------------------------------------------------------------------


def test_active_ids_are_those_of_active_records_of_the_type(filled: Database) -> None:
    def active(type_id: str, portal_id: int = PORTAL) -> frozenset[int]:
        ids = [1, 4, 4, 30, 99, 1]
        return filled.read(lambda each: each.active_ids(portal_id, type_id, ids))

    assert active(SERVICES) == {1}
    assert active(PRODUCTS) == {1}
    assert active(CONTACTS) == {30}
    assert active(CONTACTS, OTHER_PORTAL) == frozenset()


# --- what a record is associated with --------------------------------------------------------

FIRST: Final = [way(1, 30), way(1, 30, 9), way(1, 30, category="USER_DEFINED")]
"""What service 1 has with its first contact."""


def test_every_type_of_each_active_record_is_told_in_order(filled: Database) -> None:
    assert linked(filled, (1, 0)) == {1: [*FIRST, way(1, 31), way(1, 34, 9)]}


def test_a_record_of_another_type_with_the_same_id_has_its_own(filled: Database) -> None:
    assert linked(filled, (1, 0), from_type=PRODUCTS) == {1: [way(1, 32, 11, from_type=PRODUCTS)]}
    assert linked(filled, (1, 0), to_type=PRODUCTS) == {1: [way(1, 31, 8, to_type=PRODUCTS)]}


@pytest.mark.parametrize(
    ("start", "count_max", "expected"),
    [
        (0, 1, FIRST),
        (0, 2, [*FIRST, way(1, 31)]),
        (30, 1, FIRST),
        (31, 1, [way(1, 31)]),
        # The archived one takes no place.
        (31, 2, [way(1, 31), way(1, 34, 9)]),
        (32, 5, [way(1, 34, 9)]),
        (35, 5, []),
    ],
)
def test_a_part_is_so_many_records_with_all_of_their_types(
    filled: Database, start: int, count_max: int, expected: list[Association]
) -> None:
    assert linked(filled, (1, start), count_max=count_max) == {1: expected}


def test_each_record_begins_where_it_is_told(filled: Database) -> None:
    assert linked(filled, (2, 0), (1, 31), (3, 0), (77, 0), count_max=1) == {
        2: [way(2, 30)],
        1: [way(1, 31)],
        3: [],
        77: [],
    }


def test_an_archived_record_is_associated_with_nothing(filled: Database) -> None:
    assert linked(filled, (4, 0)) == {4: []}


def test_what_was_archived_is_seen_again_when_it_is_active(filled: Database) -> None:
    filled.write(lambda each: each.unarchive_records(occasion(), CONTACTS, [33]))
    filled.write(lambda each: each.unarchive_records(occasion(), SERVICES, [4]))

    assert way(1, 33) in linked(filled, (1, 0))[1]
    assert linked(filled, (4, 0)) == {4: [way(4, 30)]}


def test_another_portal_is_not_seen(filled: Database) -> None:
    assert linked(filled, (1, 0), portal_id=OTHER_PORTAL) == {1: []}


def test_ids_of_linked_records_come_once_each(filled: Database) -> None:
    found = filled.read(lambda each: each.linked_ids(PORTAL, SERVICES, CONTACTS, [(1, 0)], 2))

    assert found == {1: [30, 31]}


# --- pairs -----------------------------------------------------------------------------------


def test_pairs_have_all_of_their_associations_those_of_archived_records_too(
    filled: Database,
) -> None:
    assert pairs(filled, (1, 30), (4, 30), (1, 33), (3, 30), (1, 30), (1, 32)) == {
        (1, 30): FIRST,
        (4, 30): [way(4, 30)],
        (1, 33): [way(1, 33)],
    }


def test_pairs_are_those_of_the_two_types(filled: Database) -> None:
    assert pairs(filled, (1, 31), (1, 32), from_type=PRODUCTS) == {
        (1, 32): [way(1, 32, 11, from_type=PRODUCTS)]
    }
    assert pairs(filled, (1, 31), to_type=PRODUCTS) == {(1, 31): [way(1, 31, 8, to_type=PRODUCTS)]}


# --- types -----------------------------------------------------------------------------------


def test_associations_of_some_types_from_some_records(filled: Database) -> None:
    assert by_type(filled, [SPONSOR], 2, 1, 3, 1) == {
        1: [way(1, 30), way(1, 31), way(1, 33)],
        2: [way(2, 30), way(2, 99)],
    }
    assert by_type(filled, [LABEL, ("HUBSPOT_DEFINED", 9)], 1, 2) == {
        1: [way(1, 30, 9), way(1, 30, category="USER_DEFINED"), way(1, 34, 9)]
    }
    assert by_type(filled, [], 1) == {}
    # The type of a product that has the id of the service.
    assert by_type(filled, [("HUBSPOT_DEFINED", 11)], 1) == {}


def test_associations_are_counted_by_record_and_type(filled: Database) -> None:
    assert counts(filled, [SPONSOR, LABEL], 1, 2, 3, 1) == {
        (1, SPONSOR): 3,
        (1, LABEL): 1,
        (2, SPONSOR): 2,
    }
    assert counts(filled, [("HUBSPOT_DEFINED", 11)], 1) == {}
    assert counts(filled, [("HUBSPOT_DEFINED", 11)], 1, from_type=PRODUCTS) == {
        (1, ("HUBSPOT_DEFINED", 11)): 1
    }
    assert counts(filled, [], 1) == {}
