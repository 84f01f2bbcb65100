"""What follows from associations, as tables."""

from dataclasses import replace
from typing import Final

import pytest

from moyeu.catalog.object_types import object_type_named
from moyeu.catalog.properties import PropertyDefinition, standard_properties
from moyeu.crm.association_values import (
    ActiveLinks,
    AssociationStart,
    fill_new,
    links_of,
    plan_refresh,
    starts_after,
    starts_of,
    touched_at_other_end,
    touched_by,
    touched_of,
)
from moyeu.crm.associations import Association
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.records import StoredRecord

CONTACTS, COMPANIES, DEALS, NOTES = "0-1", "0-2", "0-3", "0-46"
NOW_MS: Final = 1_790_000_000_000
NOW: Final = "2026-09-21T14:13:20Z"


def key(type_id: int) -> tuple[str, int]:
    return "HUBSPOT_DEFINED", type_id


def row(from_type: str, from_id: int, to_type: str, to_id: int, type_id: int) -> Association:
    return Association(from_type, from_id, to_type, to_id, "HUBSPOT_DEFINED", type_id)


def definitions(
    name: str = "contacts", *own: PropertyDefinition, without: str = ""
) -> TypeDefinitions:
    object_type = object_type_named(name)
    standard = [each for each in standard_properties(object_type) if each.name != without]
    return define_type(1, object_type, [*standard, *own], [], (), frozenset())


def record(properties: dict[str, str], *, archived: bool = False) -> StoredRecord:
    then_ms = NOW_MS - 5_000
    return StoredRecord(
        7, {"hs_object_id": "7", **properties}, then_ms, then_ms, then_ms if archived else None, 3
    )


# --- what changes ----------------------------------------------------------------------------

REFRESHED: Final = [
    ("contacts", 4, {}, (2, 9), {"num_associated_deals": "2"}),
    ("contacts", 4, {"num_associated_deals": "1"}, (2, 9), {"num_associated_deals": "2"}),
    ("contacts", 4, {"num_associated_deals": "2"}, (2, 9), None),
    ("contacts", 4, {"num_associated_deals": "2"}, (0, 0), {"num_associated_deals": "0"}),
    ("contacts", 4, {"num_associated_deals": "0"}, (0, 0), None),
    ("contacts", 4, {}, (0, 0), None),
    ("contacts", 4, {"num_associated_deals": ""}, (0, 0), None),
    ("contacts", 1, {}, (1, 40), {"associatedcompanyid": "40"}),
    ("contacts", 1, {"associatedcompanyid": "41"}, (1, 40), {"associatedcompanyid": "40"}),
    ("contacts", 1, {"associatedcompanyid": "40"}, (0, 0), {"associatedcompanyid": ""}),
    ("contacts", 1, {}, (0, 0), None),
    ("companies", 280, {}, (5, 1), {"num_associated_contacts": "5"}),
    ("companies", 342, {}, (5, 1), {"num_associated_deals": "5"}),
    ("companies", 13, {}, (5, 1), {"hs_num_child_companies": "5"}),
    ("companies", 14, {}, (2, 8), {"hs_parent_company_id": "8"}),
    ("deals", 3, {"num_associated_contacts": "0"}, (1, 1), {"num_associated_contacts": "1"}),
    ("deals", 19, {}, (3, 1), {"hs_num_of_associated_line_items": "3"}),
    ("tickets", 339, {}, (3, 1), {"hs_num_associated_companies": "3"}),
    ("tasks", 204, {}, (3, 1), {"hs_num_associated_contacts": "3"}),
    ("tasks", 192, {}, (3, 1), {"hs_num_associated_companies": "3"}),
    ("tasks", 216, {}, (3, 1), {"hs_num_associated_deals": "3"}),
    ("tasks", 230, {}, (3, 1), {"hs_num_associated_tickets": "3"}),
    # Of another type's associations, or of types that no value tells of, nothing follows.
    ("contacts", 280, {}, (5, 1), None),
    ("contacts", 279, {}, (5, 1), None),
]


@pytest.mark.parametrize(("name", "type_id", "before", "links", "changed"), REFRESHED)
def test_a_value_becomes_what_the_associations_say(
    name: str,
    type_id: int,
    before: dict[str, str],
    links: tuple[int, int],
    changed: dict[str, str] | None,
) -> None:
    given = record(before)

    changes = plan_refresh(
        definitions(name), [given], {key(type_id): {7: ActiveLinks(*links)}}, NOW_MS
    )

    assert [each.changed for each in changes] == ([] if changed is None else [changed])
    assert given == record(before)


def test_a_record_with_a_new_value_counts_as_modified() -> None:
    given = record({"num_associated_deals": "1", "firstname": "Ada", "lastmodifieddate": "old"})

    (change,) = plan_refresh(definitions(), [given], {key(4): {7: ActiveLinks(0, 0)}}, NOW_MS)

    assert change.properties == {
        "hs_object_id": "7",
        "num_associated_deals": "0",
        "firstname": "Ada",
        "lastmodifieddate": NOW,
    }
    assert (change.updated_at_ms, change.previous_write) == (NOW_MS, 3)
    assert change.created_at_ms == given.created_at_ms


def test_an_archived_record_keeps_its_values() -> None:
    given = record({"num_associated_deals": "1"}, archived=True)

    assert plan_refresh(definitions(), [given], {key(4): {7: ActiveLinks(0, 0)}}, NOW_MS) == []


def test_a_record_that_was_not_counted_keeps_its_values() -> None:
    given = record({"num_associated_deals": "1"})

    assert plan_refresh(definitions(), [given], {key(4): {8: ActiveLinks(0, 0)}}, NOW_MS) == []


def test_a_property_that_the_portal_took_away_gets_no_value() -> None:
    of_type = definitions(without="num_associated_deals")
    links = {key(4): {7: ActiveLinks(3, 1)}, key(1): {7: ActiveLinks(1, 5)}}

    (change,) = plan_refresh(of_type, [record({})], links, NOW_MS)

    assert change.changed == {"associatedcompanyid": "5"}


SHARE: Final = PropertyDefinition(
    name="deals_twice",
    label="Deals twice",
    type="number",
    field_type="calculation_equation",
    group_name="contactinformation",
    calculation_formula="num_associated_deals * 2",
)


def test_a_formula_of_such_a_value_follows_it() -> None:
    of_type = definitions(
        "contacts",
        SHARE,
        replace(SHARE, name="four", label="Four times", calculation_formula="deals_twice * 2"),
    )

    (change,) = plan_refresh(of_type, [record({})], {key(4): {7: ActiveLinks(3, 1)}}, NOW_MS)

    assert change.changed == {"num_associated_deals": "3", "deals_twice": "6", "four": "12"}


def test_a_new_record_begins_with_its_values_and_what_follows_from_them() -> None:
    made = [record({"firstname": "Ada"}), StoredRecord(8, {}, NOW_MS, NOW_MS, None, 0)]
    rows = [row(CONTACTS, 7, DEALS, 30, 4), row(CONTACTS, 7, DEALS, 20, 4)]
    rows += [row(DEALS, each.to_record_id, CONTACTS, 7, 3) for each in rows]
    rows += [row(CONTACTS, 7, COMPANIES, 40, 279), row(CONTACTS, 7, COMPANIES, 40, 1)]

    fill_new(definitions("contacts", SHARE), made, links_of(rows), NOW_MS)

    assert made[0].properties == {
        "hs_object_id": "7",
        "firstname": "Ada",
        "num_associated_deals": "2",
        "deals_twice": "4",
        "associatedcompanyid": "40",
    }
    assert made[1].properties == {}


# --- whose -----------------------------------------------------------------------------------


def test_rows_touch_the_records_that_a_value_tells_of_them() -> None:
    rows = [
        row(CONTACTS, 1, COMPANIES, 2, 1),
        row(COMPANIES, 2, CONTACTS, 1, 2),
        row(CONTACTS, 1, COMPANIES, 2, 279),
        row(COMPANIES, 2, CONTACTS, 1, 280),
        row(COMPANIES, 2, NOTES, 5, 189),
        Association(CONTACTS, 1, COMPANIES, 2, "USER_DEFINED", 4),
    ]

    assert touched_by(rows) == {key(1): {1: None}, key(280): {2: None}}
    assert touched_at_other_end(rows) == {key(1): {1: None}, key(280): {2: None}}
    assert touched_at_other_end(rows[:1]) == {}
    assert touched_at_other_end(rows[2:3]) == {key(280): {2: None}}


def test_a_parent_and_a_child_tell_of_each_other() -> None:
    child = [row(COMPANIES, 1, COMPANIES, 2, 14), row(COMPANIES, 2, COMPANIES, 1, 13)]

    assert touched_by(child) == {key(14): {1: None}, key(13): {2: None}}
    assert touched_at_other_end(child[:1]) == {key(13): {2: None}}


def test_all_values_of_a_record_are_those_of_its_type() -> None:
    assert touched_of(CONTACTS, [5, 6, 5]) == {
        key(1): {5: None, 6: None},
        key(4): {5: None, 6: None},
    }
    assert touched_of(NOTES, [5]) == {}


def test_what_comes_or_goes_is_followed_type_by_type() -> None:
    starts = starts_of(CONTACTS, [5, 6, 5])

    assert [(each.kind.type_id, each.from_id, each.first_id) for each in starts] == [
        (4, 5, 0),
        (4, 6, 0),
        (203, 5, 0),
        (203, 6, 0),
        (279, 5, 0),
        (279, 6, 0),
    ]
    assert starts_of(NOTES, [5]) == []


def test_a_start_goes_on_where_its_part_was_full() -> None:
    starts = [each for each in starts_of(CONTACTS, [5, 6]) if each.kind.type_id in (4, 279)]
    rows = [
        row(CONTACTS, 5, DEALS, 10, 4),
        row(CONTACTS, 5, DEALS, 12, 4),
        row(CONTACTS, 6, DEALS, 10, 4),
        row(CONTACTS, 6, COMPANIES, 1, 279),
        row(CONTACTS, 6, COMPANIES, 3, 279),
    ]

    assert starts_after(starts, rows, 2) == [
        AssociationStart(starts[0].kind, 5, 13),
        AssociationStart(starts[3].kind, 6, 4),
    ]
    assert starts_after(starts, [], 2) == []
