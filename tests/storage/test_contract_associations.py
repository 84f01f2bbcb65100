"""What every storage engine promises about associations."""

import random
from typing import Final

import pytest

from moyeu.catalog.associations import AssociationCategory
from moyeu.crm.associations import Association
from moyeu.storage.contract import WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    PRODUCTS,
    SERVICES,
    Database,
    DeliberateError,
    insert,
    occasion,
    record,
)

SERVICE_TO_CONTACT: Final = 7
CONTACT_TO_SERVICE: Final = 8


def way(
    from_id: int,
    to_id: int,
    type_id: int = SERVICE_TO_CONTACT,
    *,
    category: AssociationCategory = "HUBSPOT_DEFINED",
    to_type: str = CONTACTS,
) -> Association:
    """A row from a partner service."""
    return Association(SERVICES, from_id, to_type, to_id, category, type_id)


def back(way: Association, type_id: int = CONTACT_TO_SERVICE) -> Association:
    """The row of the other direction."""
    return Association(
        way.to_object_type_id,
        way.to_record_id,
        way.from_object_type_id,
        way.from_record_id,
        way.category,
        type_id,
    )


def put(database: Database, *rows: Association, portal_id: int = PORTAL) -> None:
    database.write(lambda each: each.put_associations(portal_id, rows))


def put_both(database: Database, *rows: Association) -> None:
    put(database, *rows, *(back(each) for each in rows))


def of(database: Database, *ids: int, portal_id: int = PORTAL) -> dict[int, list[Association]]:
    return database.read(lambda each: each.associations(portal_id, SERVICES, ids))


def after(
    database: Database, place: Association | None, count_max: int, portal_id: int = PORTAL
) -> list[Association]:
    return database.read(lambda each: each.associations_after(portal_id, place, count_max))


def every(database: Database, portal_id: int = PORTAL) -> list[Association]:
    return after(database, None, 1_000, portal_id)


def test_associations_come_by_to_type_record_category_and_type_id(database: Database) -> None:
    ordered = [
        way(1, 30, 5),
        way(1, 30, 70),
        way(1, 30, 5, category="USER_DEFINED"),
        way(1, 200, 1),
        way(1, 4, 1, to_type=PRODUCTS),
    ]
    shuffled = list(ordered)
    random.Random(3).shuffle(shuffled)

    put(database, *shuffled)

    assert of(database, 1) == {1: ordered}


def test_every_asked_record_is_answered_even_without_associations(database: Database) -> None:
    put(database, way(1, 30), way(2, 30), way(3, 30))

    assert of(database, 3, 9, 1, 3) == {3: [way(3, 30)], 9: [], 1: [way(1, 30)]}


def test_an_association_that_is_there_already_stays(database: Database) -> None:
    put(database, way(1, 30))

    put(database, way(1, 30), way(1, 31))

    assert of(database, 1) == {1: [way(1, 30), way(1, 31)]}


def test_associations_of_another_portal_are_not_seen(database: Database) -> None:
    put(database, way(1, 30), portal_id=OTHER_PORTAL)

    assert of(database, 1) == {1: []}
    assert every(database) == []
    assert of(database, 1, portal_id=OTHER_PORTAL) == {1: [way(1, 30)]}


def test_only_what_is_named_is_removed(database: Database) -> None:
    kept = [way(1, 30, 70), way(1, 30, category="USER_DEFINED"), way(1, 31), way(2, 30)]
    put(database, way(1, 30), *kept)

    database.write(lambda each: each.remove_associations(PORTAL, [way(1, 30), way(5, 50)]))

    assert every(database) == kept


def test_all_associations_are_met_in_parts(database: Database) -> None:
    rows = [
        way(from_id, to_id, type_id) for from_id in (1, 2) for to_id in (3, 4) for type_id in (5, 6)
    ]
    put(database, *reversed(rows))

    met: list[Association] = []
    while part := after(database, met[-1] if met else None, 3):
        assert len(part) <= 3
        met += part

    assert met == rows


def test_a_merge_moves_associations_in_both_directions(database: Database) -> None:
    insert(database, record(1), record(2))
    put_both(database, way(1, 30), way(1, 31, 70), way(2, 31, 70))

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))

    moved = [way(2, 30), way(2, 31, 70)]
    assert every(database) == [*moved, *(back(each) for each in moved)]


def test_a_merge_ends_the_associations_between_the_two(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    between = way(1, 2, to_type=SERVICES)
    other = way(1, 3, to_type=SERVICES)
    put_both(database, between, other)

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))

    moved = other._replace(from_record_id=2)
    assert every(database) == [moved, back(moved)]


def test_a_merge_keeps_what_leads_to_another_record_with_the_id_of_the_survivor(
    database: Database,
) -> None:
    insert(database, record(1), record(2))
    put_both(database, way(1, 2))

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))

    moved = way(2, 2)
    assert every(database) == [moved, back(moved)]


def test_two_merges_in_a_row_carry_associations_on(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    put_both(database, way(1, 30))

    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 1, 2))
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, 2, 3))

    assert every(database) == [way(3, 30), back(way(3, 30))]


def test_an_erased_record_leaves_no_association(database: Database) -> None:
    insert(database, record(1), record(2), record(3))
    put_both(database, way(1, 30), way(2, 30), way(3, 31), way(1, 2, to_type=SERVICES))

    erased = database.write(lambda each: each.erase_records(PORTAL, SERVICES, [1, 3, 9]))

    assert erased == 2
    assert every(database) == [way(2, 30), back(way(2, 30))]


def test_an_archived_record_keeps_its_associations(database: Database) -> None:
    insert(database, record(1))
    put_both(database, way(1, 30))

    database.write(lambda each: each.archive_records(occasion(), SERVICES, [1]))

    assert every(database) == [way(1, 30), back(way(1, 30))]


def test_records_of_two_types_with_one_id_are_kept_apart(database: Database) -> None:
    own = way(1, 30)
    others = Association("0-3", 1, own.to_object_type_id, 31, "HUBSPOT_DEFINED", 3)
    put(database, own, others)

    assert of(database, 1) == {1: [own]}
    assert database.read(lambda each: each.associations(PORTAL, "0-3", [1])) == {1: [others]}


def test_a_failed_turn_leaves_associations_as_they_were(database: Database) -> None:
    put(database, way(1, 30))

    def work(transaction: WriteTransaction) -> None:
        transaction.put_associations(PORTAL, [way(1, 31)])
        transaction.remove_associations(PORTAL, [way(1, 30)])
        assert transaction.associations(PORTAL, SERVICES, [1]) == {1: [way(1, 31)]}
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert every(database) == [way(1, 30)]
