"""Which records are made, and how many of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.demo.kinds import (
    KINDS,
    SHARES_TEXT,
    kind_named,
    kinds_as_written,
    made_counts,
    told_counts,
)
from moyeu.demo.world import COMPANIES, CONTACTS, PARTNER_CLIENTS, PARTNER_SERVICES, PRODUCTS


def test_the_shares_are_those_of_a_hundred() -> None:
    assert made_counts(KINDS, 100) == {each.object_type_id: each.share for each in KINDS}
    assert sum(each.share for each in KINDS) == 100
    assert SHARES_TEXT.startswith("24 contacts, 14 line items, 10 partner services,")


@given(st.sets(st.sampled_from(KINDS), min_size=1), st.integers(0, 100_000))
def test_the_counts_make_up_the_number_that_was_asked_for(kinds: set[object], records: int) -> None:
    chosen = [each for each in KINDS if each in kinds]
    made = made_counts(chosen, records)
    told = told_counts(made)

    assert sum(made.values()) == records
    assert made.keys() == {each.object_type_id for each in chosen}
    assert all(told[name] == max(1, count) for name, count in made.items())
    assert told.keys() == {each.object_type_id for each in KINDS}
    assert told[PARTNER_CLIENTS] <= told[COMPANIES]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (0, {}),
        (1, {PARTNER_SERVICES: 1}),
        (3, {PARTNER_SERVICES: 1, COMPANIES: 1, PARTNER_CLIENTS: 1}),
        (5, {PARTNER_SERVICES: 1, COMPANIES: 1, PARTNER_CLIENTS: 1, CONTACTS: 2}),
    ],
)
def test_the_first_few_records_hang_together(records: int, expected: dict[str, int]) -> None:
    made = made_counts(KINDS, records)

    assert {name: count for name, count in made.items() if count} == expected


def test_what_is_not_made_is_there_in_proportion() -> None:
    contacts = kind_named("contacts")
    assert contacts is not None

    told = told_counts(made_counts([contacts], 2_400))

    assert (told[CONTACTS], told[COMPANIES], told[PRODUCTS]) == (2_400, 800, 100)


@pytest.mark.parametrize("text", ["partner_services", "PARTNER_SERVICE", "0-164"])
def test_a_kind_has_all_the_names_of_its_type(text: str) -> None:
    found = kind_named(text)

    assert found is not None
    assert found.object_type_id == PARTNER_SERVICES


@pytest.mark.parametrize("text", ["quotes", "spaceships", ""])
def test_other_types_have_no_kind(text: str) -> None:
    assert kind_named(text) is None


def test_partner_services_have_the_first_ids_and_are_written_last() -> None:
    assert KINDS[0].object_type_id == PARTNER_SERVICES
    assert kinds_as_written(KINDS)[-1] is KINDS[0]
