"""What every storage engine promises about what counters are worked out from."""

from collections.abc import Sequence
from typing import Final

import pytest

from moyeu.catalog.associations import AssociationType, standard_associations
from moyeu.crm.association_values import ActiveLinks, AssociationStart
from moyeu.crm.associations import Association
from moyeu.storage.contract import WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    Database,
    insert,
    occasion,
    record,
)

COMPANIES, DEALS = "0-2", "0-3"
PRIMARY, ANY, BILLING, OF_DEAL = (
    standard_associations().by_key["HUBSPOT_DEFINED", each] for each in (2, 280, 930, 342)
)
NONE: Final = ActiveLinks(0, 0)


def way(from_id: int, to_id: int, kind: AssociationType = ANY) -> Association:
    """A row, from a company to a contact if nothing else is said."""
    ends = kind.from_object_type_id, from_id, kind.to_object_type_id, to_id
    return Association(*ends, kind.category, kind.type_id)


@pytest.fixture
def filled(database: Database) -> Database:
    """Companies 1 to 4 and contacts 30 to 39; contacts 30 and 35 and company 4 are archived.

    Deals have ids of companies and contacts, as in a copied portal.
    """
    insert(database, *map(record, (1, 2, 3, 4)), type_id=COMPANIES)
    insert(database, *map(record, range(30, 40)), type_id=CONTACTS)
    insert(database, *map(record, (1, 30, 31)), type_id=DEALS)
    rows = [way(1, each) for each in (30, 31, 33, 35)]
    rows += [way(1, 33, PRIMARY), way(1, 31, BILLING), way(2, 30), way(4, 31), way(2, 99)]
    rows += [way(1, 30, OF_DEAL), way(1, 31, OF_DEAL)]
    # A deal that has the id of company 1, associated with contacts.
    rows += [way(1, each)._replace(from_object_type_id=DEALS) for each in (36, 37, 38, 39)]

    def fill(transaction: WriteTransaction) -> None:
        transaction.put_associations(PORTAL, rows)
        for type_id, ids in ((CONTACTS, [30, 35]), (COMPANIES, [4])):
            transaction.archive_records(occasion(), type_id, ids)

    database.write(fill)
    return database


def links(
    database: Database, *ids: int, kind: AssociationType = ANY, portal_id: int = PORTAL
) -> dict[int, ActiveLinks]:
    return database.read(lambda each: each.active_links(portal_id, kind, ids))


def test_active_records_are_counted_by_type(filled: Database) -> None:
    assert links(filled, 1, 2, 3, 77) == {1: ActiveLinks(2, 31), 2: NONE, 3: NONE, 77: NONE}
    assert links(filled, 1, kind=PRIMARY) == {1: ActiveLinks(1, 33)}
    assert links(filled, 1, kind=BILLING) == {1: ActiveLinks(1, 31)}


def test_an_archived_record_counts_what_it_has(filled: Database) -> None:
    assert links(filled, 4) == {4: ActiveLinks(1, 31)}


def test_records_of_another_type_with_the_same_ids_are_told_apart(filled: Database) -> None:
    # The archived contact 30 is no archived deal.
    assert links(filled, 1, kind=OF_DEAL) == {1: ActiveLinks(2, 30)}


def test_a_record_that_is_active_again_counts_again(filled: Database) -> None:
    filled.write(lambda each: each.unarchive_records(occasion(), CONTACTS, [30]))

    assert links(filled, 1, 2) == {1: ActiveLinks(3, 30), 2: ActiveLinks(1, 30)}


def test_another_portal_has_no_such_associations(filled: Database) -> None:
    assert links(filled, 1, portal_id=OTHER_PORTAL) == {1: NONE}


def test_nobody_is_counted_where_nobody_is_asked_for(filled: Database) -> None:
    assert links(filled) == {}


# --- from a record on ------------------------------------------------------------------------


def since(
    database: Database,
    starts: Sequence[AssociationStart],
    count_max: int = 100,
    portal_id: int = PORTAL,
) -> list[Association]:
    return database.read(
        lambda each: each.associations_from(portal_id, COMPANIES, starts, count_max)
    )


def test_each_start_is_followed_by_type_from_and_to_archived_records_too(
    filled: Database,
) -> None:
    starts = [AssociationStart(ANY, 4), AssociationStart(ANY, 1, 31), AssociationStart(PRIMARY, 1)]

    assert since(filled, starts) == [
        way(1, 31),
        way(1, 33, PRIMARY),
        way(1, 33),
        way(1, 35),
        way(4, 31),
    ]


@pytest.mark.parametrize(
    ("first_id", "count_max", "expected"),
    [(0, 1, [30]), (0, 2, [30, 31]), (31, 2, [31, 33]), (32, 9, [33, 35]), (35, 2, [35])],
)
def test_a_part_begins_and_ends_where_it_is_told(
    filled: Database, first_id: int, count_max: int, expected: list[int]
) -> None:
    found = since(filled, [AssociationStart(ANY, 1, first_id)], count_max)

    assert found == [way(1, each) for each in expected]


def test_the_count_is_of_each_start(filled: Database) -> None:
    starts = [AssociationStart(ANY, 1), AssociationStart(OF_DEAL, 1), AssociationStart(ANY, 2)]

    assert since(filled, starts, 1) == [way(1, 30), way(1, 30, OF_DEAL), way(2, 30)]


def test_a_part_is_of_one_portal(filled: Database) -> None:
    assert since(filled, [AssociationStart(ANY, 1)], portal_id=OTHER_PORTAL) == []
    assert since(filled, []) == []
