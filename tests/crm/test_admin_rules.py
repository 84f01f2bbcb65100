"""What admins require of records: on create, and when another property has some value."""

import pytest

from moyeu.crm.admin_rules import (
    NO_ADMIN_RULES,
    AdminRules,
    ConditionalRule,
    missing_on_create,
    missing_on_update,
)
from moyeu.crm.problems import RequiredByAdmins

RULES = AdminRules(
    required_on_create=("name", "city"),
    conditional=(
        ConditionalRule("country", ("DE", "FR"), ("zip", "state")),
        ConditionalRule("tier", ("gold",), ("zip",)),
    ),
)


ACTIVE = frozenset({"name", "city", "country", "zip", "state", "tier"})


def conditional(**causes: tuple[str, ...]) -> RequiredByAdmins:
    return RequiredByAdmins((), tuple(causes.items()))


@pytest.mark.parametrize(
    ("values", "on_create"),
    [
        ({"name": "A", "city": "B"}, ()),
        ({"name": "A"}, ("city",)),
        ({"name": "", "city": "B"}, ("name",)),
        ({}, ("name", "city")),
    ],
)
def test_a_create_has_to_set_what_is_required_of_it(
    values: dict[str, str], on_create: tuple[str, ...]
) -> None:
    found = missing_on_create(RULES, values, values, ACTIVE)

    assert (found.on_create if found else ()) == on_create


def test_what_is_set_beside_the_given_values_does_not_count() -> None:
    found = missing_on_create(RULES, {"name": "A"}, {"name": "A", "city": "B"}, ACTIVE)

    assert found == RequiredByAdmins(("city",), ())


def test_a_condition_is_judged_on_all_values_of_the_new_record() -> None:
    given = {"name": "A", "city": "B", "zip": "1"}

    found = missing_on_create(RULES, given, {**given, "country": "DE"}, ACTIVE)

    assert found == conditional(state=("country",))


def test_a_property_that_two_rules_require_is_told_once_with_both() -> None:
    given = {"name": "A", "city": "B", "country": "FR", "tier": "gold", "state": "X"}

    assert missing_on_create(RULES, given, given, ACTIVE) == conditional(zip=("country", "tier"))


@pytest.mark.parametrize(
    ("given", "after", "expected"),
    [
        # A condition that begins to hold.
        ({"country"}, {"country": "DE", "zip": "1"}, conditional(state=("country",))),
        ({"country"}, {"country": "DE", "zip": "1", "state": "X"}, None),
        ({"country"}, {"country": "US"}, None),
        ({"country"}, {"country": ""}, None),
        # A required value that is cleared.
        ({"zip"}, {"country": "DE", "zip": "", "state": "X"}, conditional(zip=("country",))),
        ({"zip"}, {"country": "US", "zip": ""}, None),
        # A write that touches neither end.
        ({"name"}, {"country": "DE"}, None),
        # One of several options.
        ({"country"}, {"country": "US;FR", "zip": "1"}, conditional(state=("country",))),
    ],
)
def test_an_update_answers_for_the_rules_that_it_touches(
    given: set[str], after: dict[str, str], expected: RequiredByAdmins | None
) -> None:
    assert missing_on_update(RULES, given, after, ACTIVE) == expected


def test_without_rules_nothing_is_missing() -> None:
    assert missing_on_create(NO_ADMIN_RULES, {}, {}, ACTIVE) is None
    assert missing_on_update(NO_ADMIN_RULES, {"a"}, {}, ACTIVE) is None


def test_an_archived_property_is_not_required_any_more() -> None:
    given = {"name": "A", "country": "DE"}

    found = missing_on_create(RULES, given, given, ACTIVE - {"city", "state"})

    assert found == conditional(zip=("country",))
    assert missing_on_update(RULES, given, given, ACTIVE - {"zip", "state"}) is None
