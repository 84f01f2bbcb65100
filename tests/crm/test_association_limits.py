"""The rules of a portal's own limits for associations."""

from typing import Final

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.limits import ASSOCIATED_RECORDS_MAX, ASSOCIATION_LIMIT_MAX
from moyeu.crm.association_definition_problems import AssociationTypeNotFound, LimitOutOfRange
from moyeu.crm.association_labels import NewLabel, plan_label_create
from moyeu.crm.association_limits import (
    AssociationLimit,
    LimitInput,
    limits_set,
    near_limit,
    plan_lifts,
    plan_limits,
    records_limit,
)
from moyeu.crm.associations import AssociationSpec, AssociationTypes, association_types_of
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation, portal_types
from moyeu.crm.problems import Problem

CONTACTS: Final = "0-1"
COMPANIES: Final = "0-2"
HUBSPOT: Final = "HUBSPOT_DEFINED"
USER: Final = "USER_DEFINED"
PAIR: Final = (HUBSPOT, 279)
LABEL: Final = (USER, 1)
OTHER_LABEL: Final = (USER, 3)


def types(limits: dict[TypeKey, int] | None = None) -> AssociationTypes:
    """A portal whose contacts and companies have the labels 1, back 2, and 3, back 4."""
    labels: tuple[AssociationType, ...] = ()
    for first_id, name in ((1, "billing"), (3, "sales")):
        made = plan_label_create(
            portal_types(42, (), labels), CONTACTS, COMPANIES, NewLabel(name, name), first_id
        )
        assert not isinstance(made, Problem)
        labels += made
    return association_types_of(portal_types(42, (), labels, limits))


def plan(
    limits: dict[TypeKey, int], *inputs: tuple[str, int, int]
) -> list[int | tuple[int, int] | None]:
    """Each limit that is set, or the valid range of one that is not."""
    outcomes = plan_limits(
        types(limits), CONTACTS, COMPANIES, [LimitInput(*each) for each in inputs]
    )
    found: list[int | tuple[int, int] | None] = []
    for each in outcomes:
        if isinstance(each, AssociationLimit):
            found.append(each.limit)
        else:
            assert isinstance(each, LimitOutOfRange)
            found.append((each.limit_min, each.limit_max))
    return found


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        (-1, (1, ASSOCIATION_LIMIT_MAX)),
        (0, (1, ASSOCIATION_LIMIT_MAX)),
        (1, 1),
        (ASSOCIATION_LIMIT_MAX, ASSOCIATION_LIMIT_MAX),
        (ASSOCIATION_LIMIT_MAX + 1, (1, ASSOCIATION_LIMIT_MAX)),
    ],
)
@pytest.mark.parametrize("key", [PAIR, LABEL])
def test_a_limit_alone_is_from_1_to_10000(
    key: TypeKey, limit: int, outcome: int | tuple[int, int]
) -> None:
    assert plan({}, (*key, limit)) == [outcome]


@pytest.mark.parametrize(
    ("limits", "given", "outcome"),
    [
        ({PAIR: 10}, (*LABEL, 10), 10),
        ({PAIR: 10}, (*LABEL, 11), (1, 10)),
        ({LABEL: 10}, (*PAIR, 10), 10),
        ({LABEL: 10}, (*PAIR, 9), (10, ASSOCIATION_LIMIT_MAX)),
        # The largest of the labels counts.
        ({LABEL: 10, OTHER_LABEL: 20}, (*PAIR, 19), (20, ASSOCIATION_LIMIT_MAX)),
        # A limit of the other direction does not.
        ({(USER, 2): 10}, (*PAIR, 9), 9),
        # The limit that is set before is no hindrance for its own change.
        ({PAIR: 10}, (*PAIR, 5), 5),
        ({LABEL: 10}, (*LABEL, 11), 11),
    ],
)
def test_a_label_has_no_more_than_the_pair(
    limits: dict[TypeKey, int], given: tuple[str, int, int], outcome: int | tuple[int, int]
) -> None:
    assert plan(limits, given) == [outcome]


@for_all(
    st.lists(
        st.tuples(st.sampled_from([PAIR, LABEL, OTHER_LABEL]), st.integers(1, 4), st.booleans())
    )
)
def test_whatever_is_set_and_lifted_no_label_has_more_than_the_pair(
    steps: list[tuple[TypeKey, int, bool]],
) -> None:
    limits: dict[TypeKey, int] = {}
    for key, limit, lifts in steps:
        if lifts:
            limits.pop(key, None)
        elif plan(limits, (*key, limit)) == [limit]:
            limits[key] = limit

        of_pair = limits.get(PAIR, ASSOCIATION_LIMIT_MAX)
        assert all(limits.get(each, 1) <= of_pair for each in (LABEL, OTHER_LABEL))


def test_each_input_sees_the_limits_that_the_ones_before_it_set() -> None:
    assert plan({}, (*PAIR, 5), (*LABEL, 6), (*LABEL, 5), (*PAIR, 4)) == [
        5,
        (1, 5),
        5,
        (5, ASSOCIATION_LIMIT_MAX),
    ]


def test_a_one_to_one_type_stays_one() -> None:
    # A line item belongs to one deal.
    inputs = [LimitInput(HUBSPOT, 20, 1), LimitInput(HUBSPOT, 20, 2)]

    one, two = plan_limits(types(), "0-8", "0-3", inputs)

    assert isinstance(one, AssociationLimit)
    assert two == LimitOutOfRange(HUBSPOT, 20, 2, 1, 1)


@pytest.mark.parametrize("key", [(USER, 279), (HUBSPOT, 280), (USER, 2), ("WORK", 1)])
def test_a_type_of_another_direction_is_not_found(key: TypeKey) -> None:
    outcomes = plan_limits(types(), CONTACTS, COMPANIES, [LimitInput(*key, 5)])
    lifts = plan_lifts(types(), CONTACTS, COMPANIES, [AssociationSpec(*key)])

    assert outcomes == lifts == [AssociationTypeNotFound(*key)]


def test_lifting_a_limit_that_is_not_set_changes_nothing() -> None:
    (outcome,) = plan_lifts(types(), CONTACTS, COMPANIES, [AssociationSpec(*PAIR)])

    assert isinstance(outcome, AssociationLimit)
    assert (outcome.kind.key, outcome.limit) == (PAIR, None)


def test_limits_are_told_by_category_and_id_all_or_of_one_direction() -> None:
    found = types({LABEL: 3, PAIR: 9, (USER, 2): 4})

    assert [(each.kind.key, each.limit) for each in limits_set(found)] == [
        (PAIR, 9),
        (LABEL, 3),
        ((USER, 2), 4),
    ]
    assert [each.limit for each in limits_set(found, (COMPANIES, CONTACTS))] == [4]


def test_limits_with_an_archived_type_are_out_of_sight() -> None:
    rows = tuple(
        SchemaAssociation(id=number, from_object_type_id=one, to_object_type_id=other)
        for number, one, other in (("1", "2-1", CONTACTS), ("2", CONTACTS, "2-1"))
    )
    archived = ObjectSchema(
        object_type_id="2-1",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        associations=rows,
        created_at_ms=1,
        updated_at_ms=1,
        archived_at_ms=2,
    )
    portal = portal_types(42, [archived], (), {(USER, 2): 5, PAIR: 6})

    assert [each.limit for each in limits_set(association_types_of(portal))] == [6]


def test_the_limit_of_records_is_that_of_the_pair_else_the_general_one() -> None:
    limited = types({PAIR: 9, LABEL: 3})

    assert records_limit(limited, CONTACTS, COMPANIES) == 9
    assert records_limit(limited, COMPANIES, CONTACTS) == ASSOCIATED_RECORDS_MAX


@pytest.mark.parametrize(
    ("limit", "near"),
    [(1, []), (2, []), (4, []), (5, [4]), (10, [8, 9]), (11, [9, 10]), (100, list(range(80, 100)))],
)
def test_near_is_from_80_percent_up_to_the_limit(limit: int, near: list[int]) -> None:
    assert list(near_limit(limit)) == near


def test_one_direction_may_have_a_limit_without_the_other() -> None:
    found = types({PAIR: 9})
    back = found.find(HUBSPOT, 280)

    assert isinstance(back, AssociationType)
    assert [each.kind.key for each in limits_set(found)] == [PAIR]
