"""The association types of a new portal."""

import pytest

from moyeu.catalog.associations import (
    AssociationType,
    _table,
    standard_associations,
    type_word,
)
from moyeu.catalog.object_types import OBJECT_TYPES

EVERY_TYPE = list(standard_associations().by_key.values())
LISTED_MAX = 1357


def between(from_id: str, to_id: str) -> tuple[AssociationType, ...]:
    return standard_associations().by_pair[from_id, to_id]


def test_the_table_has_the_guides_rows_and_every_id_once() -> None:
    ids = [row.id for row in _table().rows]

    assert len(ids) == 410
    assert len(set(ids)) == 410
    assert max(ids) == LISTED_MAX


def test_the_table_names_only_types_of_its_own_list() -> None:
    words = {word for word, _ in _table().types}

    assert {row.from_word for row in _table().rows} <= words
    assert {row.to for row in _table().rows} <= words


def test_the_words_are_the_upper_case_names_in_lower_case() -> None:
    assert {each.id: type_word(each.id) for each in OBJECT_TYPES} == {
        each.id: each.upper_name.lower() for each in OBJECT_TYPES
    }
    assert type_word("0-987654") is None


def test_every_type_has_an_inverse_that_leads_back() -> None:
    by_key = standard_associations().by_key

    for each in EVERY_TYPE:
        inverse = by_key[each.inverse_key]
        assert inverse.inverse_key == each.key
        assert inverse.kind == each.kind
        assert (inverse.from_object_type_id, inverse.to_object_type_id) == (
            each.to_object_type_id,
            each.from_object_type_id,
        )


def test_every_pair_of_object_types_has_one_unlabelled_type() -> None:
    for one in OBJECT_TYPES:
        for other in OBJECT_TYPES:
            kinds = [each.kind for each in between(one.id, other.id)]
            assert kinds.count("unlabeled") == 1
            assert kinds.count("primary") <= 1


def test_names_are_unique_in_a_direction() -> None:
    for types in standard_associations().by_pair.values():
        assert len({each.name for each in types}) == len(types)


def test_ids_that_no_source_lists_are_marked_and_far_from_the_listed_ones() -> None:
    for each in EVERY_TYPE:
        assert each.guessed == (each.type_id > LISTED_MAX)
        assert not LISTED_MAX < each.type_id < 9_000_000


def test_a_guessed_id_does_not_move() -> None:
    # Stored associations carry it.
    partner_services, partner_clients, contacts = "0-164", "0-145", "0-1"

    assert [each.type_id for each in between(partner_services, partner_clients)] == [9_017_534]
    assert [each.type_id for each in between(partner_services, contacts)] == [9_017_500]
    assert [each.type_id for each in between(contacts, partner_services)] == [9_000_035]


def test_one_side_of_a_primary_type_is_one_to_one() -> None:
    by_key = standard_associations().by_key

    for each in EVERY_TYPE:
        if each.kind == "primary":
            assert each.one_to_one != by_key[each.inverse_key].one_to_one


@pytest.mark.parametrize(
    ("from_id", "to_id", "expected"),
    [
        (
            "0-1",
            "0-2",
            [
                (1, "contact_to_company", "Primary", True),
                (279, "contact_to_company_unlabeled", None, False),
                (931, "billing_contact_to_company", None, False),
            ],
        ),
        (
            "0-2",
            "0-1",
            [
                (2, "company_to_contact", "Contact with Primary Company", False),
                (280, "company_to_contact_unlabeled", None, False),
                (930, "company_to_billing_contact", None, False),
            ],
        ),
        ("0-8", "0-3", [(20, "line_item_to_deal", None, True)]),
        ("0-47", "0-1", [(200, "meeting_event_to_contact", None, False)]),
        (
            "0-2",
            "0-136",
            [
                (611, "company_to_lead", None, False),
                (9_500_580, "company_to_lead_primary", "Lead with Primary Company", False),
            ],
        ),
    ],
)
def test_the_types_of_a_direction(
    from_id: str, to_id: str, expected: list[tuple[int, str, str | None, bool]]
) -> None:
    found = [
        (each.type_id, each.name, each.label, each.one_to_one) for each in between(from_id, to_id)
    ]

    assert found == expected
