"""What every storage engine promises about how much associations are used."""

from typing import Final

import pytest

from moyeu.catalog.associations import AssociationCategory, AssociationType
from moyeu.crm.associations import Association
from moyeu.storage.contract import CrowdedRecords, WriteTransaction
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


def label(type_id: int, category: AssociationCategory = "USER_DEFINED") -> AssociationType:
    return AssociationType(
        category=category,
        type_id=type_id,
        from_object_type_id=SERVICES,
        to_object_type_id=CONTACTS,
        kind="labeled",
        name="n",
        label="N",
        inverse_id=type_id,
    )


def ways(
    from_id: int,
    count: int,
    *,
    type_id: int = 1,
    category: AssociationCategory = "USER_DEFINED",
    from_type: str = SERVICES,
    to_type: str = CONTACTS,
) -> list[Association]:
    """Associations of a record with so many others."""
    return [
        Association(from_type, from_id, to_type, 1_000 + number, category, type_id)
        for number in range(count)
    ]


def put(database: Database, *rows: Association, portal_id: int = PORTAL) -> None:
    database.write(lambda each: each.put_associations(portal_id, rows))


def in_use(database: Database, kind: AssociationType, portal_id: int = PORTAL) -> bool:
    return database.read(lambda each: each.association_type_in_use(portal_id, kind))


# --- types in use ----------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["USER_DEFINED", "INTEGRATOR_DEFINED"])
def test_a_type_is_in_use_from_the_first_association_to_the_last(
    database: Database, category: AssociationCategory
) -> None:
    one, two = ways(1, 2, category=category)

    seen = [in_use(database, label(1, category))]
    for rows in ((one, two), (one,), (two,)):
        if len(rows) == 2:
            put(database, *rows)
        else:
            database.write(lambda each, rows=rows: each.remove_associations(PORTAL, rows))  # type: ignore[misc]  # the default binds this round's rows
        seen.append(in_use(database, label(1, category)))

    assert seen == [False, True, True, False]


def test_another_type_category_or_portal_does_not_count(database: Database) -> None:
    put(database, *ways(1, 1, type_id=2), *ways(1, 1, category="HUBSPOT_DEFINED"))
    put(database, *ways(1, 1, category="INTEGRATOR_DEFINED"))
    put(database, *ways(1, 1), portal_id=OTHER_PORTAL)

    assert not in_use(database, label(1))
    assert in_use(database, label(1), OTHER_PORTAL)


def test_an_archived_record_counts(database: Database) -> None:
    insert(database, record(1))
    put(database, *ways(1, 1))
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert in_use(database, label(1))


def test_a_turn_sees_what_it_wrote(database: Database) -> None:
    def work(transaction: WriteTransaction) -> list[bool]:
        seen = [transaction.association_type_in_use(PORTAL, label(1))]
        transaction.put_associations(PORTAL, ways(1, 1))
        return [*seen, transaction.association_type_in_use(PORTAL, label(1))]

    assert database.write(work) == [False, True]


def test_the_associations_of_a_type_are_answered_so_many_at_a_time(database: Database) -> None:
    wanted = ways(1, 3)
    put(database, *wanted, *ways(1, 1, type_id=2), *ways(2, 1, category="INTEGRATOR_DEFINED"))
    put(database, *ways(3, 1), portal_id=OTHER_PORTAL)

    def answered(count_max: int) -> list[Association]:
        return database.read(lambda each: each.associations_of_type(PORTAL, label(1), count_max))

    assert sorted(answered(9)) == wanted
    assert len(answered(2)) == 2
    assert set(answered(2)) <= set(wanted)


# --- crowded records -------------------------------------------------------------------------


def test_the_fullest_record_of_each_pair_of_types_is_found(database: Database) -> None:
    put(database, *ways(1, 3), *ways(2, 5), *ways(3, 4))
    # Several types of one association make no more of it.
    put(database, *ways(3, 4, type_id=2), *ways(3, 4, type_id=3))
    # A record of another type with an id that is taken.
    put(database, *ways(2, 2, type_id=9, from_type=PRODUCTS), *ways(2, 1, to_type=PRODUCTS))
    put(database, *ways(1, 9), portal_id=OTHER_PORTAL)

    assert database.read(lambda each: each.fullest_records(PORTAL)) == {
        (SERVICES, CONTACTS): 5,
        (PRODUCTS, CONTACTS): 2,
        (SERVICES, PRODUCTS): 1,
    }


def test_without_associations_no_record_is_the_fullest(database: Database) -> None:
    assert database.read(lambda each: each.fullest_records(PORTAL)) == {}


LINKED: Final = {1: 3, 2: 5, 3: 4, 4: 4, 5: 2}


@pytest.mark.parametrize(
    ("linked", "count_max", "total", "records"),
    [
        (range(3, 5), 10, 3, [(3, 4), (4, 4), (1, 3)]),
        (range(4, 6), 2, 3, [(2, 5), (3, 4)]),
        (range(5, 2**62), 10, 1, [(2, 5)]),
        (range(6, 9), 10, 0, []),
        (range(4, 4), 10, 0, []),
    ],
)
def test_records_with_so_many_associations_are_counted_and_the_first_told(
    database: Database,
    linked: range,
    count_max: int,
    total: int,
    records: list[tuple[int, int]],
) -> None:
    for record_id, count in LINKED.items():
        put(database, *ways(record_id, count), *ways(record_id, count, type_id=2))
    put(database, *ways(1, 4, type_id=9, from_type=PRODUCTS), *ways(1, 4, to_type=PRODUCTS))
    put(database, *ways(9, 4), portal_id=OTHER_PORTAL)

    found = database.read(
        lambda each: each.crowded_records(PORTAL, SERVICES, CONTACTS, linked, count_max)
    )

    assert found == CrowdedRecords(total, records)
