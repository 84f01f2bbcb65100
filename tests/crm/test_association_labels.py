"""The rules of a portal's own association labels."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.limits import ASSOCIATION_LABELS_MAX
from moyeu.crm.association_definition_problems import (
    AssociationTypeNotFound,
    HubSpotDefinedAssociationType,
    InvalidLabelName,
    LabelMissing,
    LabelNameTaken,
    TooManyLabels,
)
from moyeu.crm.association_labels import (
    LabelChange,
    LabelRemoval,
    LabelWrites,
    NewLabel,
    check_inverses,
    count_labels,
    labels_between,
    plan_label_change,
    plan_label_create,
    plan_label_removal,
    types_of_object_type,
)
from moyeu.crm.association_problems import TypesNotAssociable
from moyeu.crm.associations import association_types_of
from moyeu.crm.object_schemas import (
    ObjectSchema,
    PortalTypes,
    SchemaAssociation,
    portal_types,
)
from moyeu.crm.problems import Problem
from moyeu.crm.schema_associations import next_association_type_id

PORTAL: Final = 42
CONTACTS: Final = "0-1"
COMPANIES: Final = "0-2"
CAR: Final = "2-1"


def schema(*associations: SchemaAssociation) -> ObjectSchema:
    return ObjectSchema(
        object_type_id=CAR,
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        associations=associations,
        created_at_ms=1,
        updated_at_ms=1,
    )


def row(number: int, from_id: str, to_id: str, name: str) -> SchemaAssociation:
    return SchemaAssociation(
        id=str(number), from_object_type_id=from_id, to_object_type_id=to_id, name=name
    )


def with_car() -> PortalTypes:
    """A portal whose cars have an unlabelled association with contacts, and a label `driver`."""
    rows = (
        row(1, CAR, CONTACTS, "car_to_contact"),
        row(2, CONTACTS, CAR, "car_to_contact"),
        row(3, CAR, CONTACTS, "driver"),
        row(4, CONTACTS, CAR, "driver"),
    )
    return portal_types(PORTAL, [schema(*rows)])


def plan_create(
    types: PortalTypes, from_id: str, to_id: str, given: NewLabel
) -> tuple[AssociationType, ...] | Problem:
    """With the first free id."""
    return plan_label_create(types, from_id, to_id, given, next_association_type_id(types))


def planned(
    types: PortalTypes, given: NewLabel, from_id: str = CONTACTS, to_id: str = CONTACTS
) -> tuple[AssociationType, ...]:
    made = plan_create(types, from_id, to_id, given)
    assert not isinstance(made, Problem), made
    return made


def having(types: PortalTypes, *more: AssociationType) -> PortalTypes:
    """The portal with more labels; those with the key of another take its place."""
    kept = {each.key: each for each in (*types.labels, *more)}
    return portal_types(
        types.portal_id, types.schemas.values(), kept.values(), types.association_limits
    )


def portal_with(given: NewLabel, from_id: str = CONTACTS, to_id: str = CONTACTS) -> PortalTypes:
    empty = portal_types(PORTAL, ())
    return having(empty, *planned(empty, given, from_id, to_id))


# --- create ----------------------------------------------------------------------------------


def test_a_pair_of_labels_gets_two_ids_and_is_told_with_the_inverse_first() -> None:
    inverse, label = planned(
        portal_types(PORTAL, ()), NewLabel("Manager", "manager_employee", "Employee")
    )

    assert (label.category, label.type_id, label.inverse_id, label.label) == (
        "USER_DEFINED",
        1,
        2,
        "Manager",
    )
    assert (inverse.type_id, inverse.inverse_id, inverse.label) == (2, 1, "Employee")
    assert label.name == inverse.name == "manager_employee"
    assert label.kind == inverse.kind == "labeled"


def test_a_label_of_two_types_gets_two_ids_with_one_text() -> None:
    inverse, label = planned(
        portal_types(PORTAL, ()), NewLabel("Billing", "billing"), CONTACTS, COMPANIES
    )

    assert (label.from_object_type_id, label.to_object_type_id) == (CONTACTS, COMPANIES)
    assert (inverse.from_object_type_id, inverse.to_object_type_id) == (COMPANIES, CONTACTS)
    assert [each.label for each in (inverse, label)] == ["Billing", "Billing"]


@pytest.mark.parametrize("inverse_label", [None, "Friend"])
def test_a_single_label_within_one_type_is_its_own_inverse(inverse_label: str | None) -> None:
    (label,) = planned(portal_types(PORTAL, ()), NewLabel("Friend", "friend", inverse_label))

    assert (label.type_id, label.inverse_id) == (1, 1)


def test_ids_count_up_over_labels_and_associations_of_custom_types() -> None:
    types = with_car()

    _, label = planned(types, NewLabel("Billing", "billing"), CONTACTS, COMPANIES)

    assert label.type_id == 5


@pytest.mark.parametrize("name", ["", " ", "a-b", "-", "1st", "٣rd"])
def test_a_name_with_a_hyphen_or_a_digit_first_is_refused(name: str) -> None:
    types = portal_types(PORTAL, ())

    assert plan_create(types, CONTACTS, CONTACTS, NewLabel("L", name)) == InvalidLabelName(name)


@pytest.mark.parametrize("name", ["a1", "a_b", "a b", "Ä"])
def test_other_names_are_taken_as_they_are(name: str) -> None:
    (label,) = planned(portal_types(PORTAL, ()), NewLabel("L", name))

    assert label.name == name


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (NewLabel(" ", "l"), "label"),
        (NewLabel("", "l", "M"), "label"),
        (NewLabel("L", "l", " "), "inverse_label"),
    ],
)
def test_a_blank_label_is_refused(given: NewLabel, field: str) -> None:
    types = portal_types(PORTAL, ())

    assert plan_create(types, CONTACTS, CONTACTS, given) == LabelMissing(field)


@pytest.mark.parametrize("name", ["friend", "FRIEND"])
def test_a_name_is_given_once_in_a_portal_whatever_the_pair_and_the_case(name: str) -> None:
    types = portal_with(NewLabel("Friend", "friend"))

    outcome = plan_create(types, CONTACTS, COMPANIES, NewLabel("Other", name))

    assert outcome == LabelNameTaken(name)


def test_the_name_of_an_association_of_a_custom_type_is_taken_too() -> None:
    outcome = plan_create(with_car(), CONTACTS, CONTACTS, NewLabel("L", "driver"))

    assert outcome == LabelNameTaken("driver")


@pytest.mark.parametrize("name", ["contact_to_company", "Company_To_Contact"])
def test_the_name_of_a_type_of_the_pair_is_taken(name: str) -> None:
    types = portal_types(PORTAL, ())

    assert plan_create(types, CONTACTS, COMPANIES, NewLabel("L", name)) == LabelNameTaken(name)
    assert not isinstance(plan_create(types, CONTACTS, CONTACTS, NewLabel("L", name)), Problem)


def test_types_that_cannot_be_associated_get_no_label() -> None:
    outcome = plan_create(with_car(), CAR, COMPANIES, NewLabel("L", "l"))

    assert outcome == TypesNotAssociable(CAR, COMPANIES)


@pytest.mark.parametrize(("to_id", "inverse"), [(CONTACTS, "Inverse"), (COMPANIES, None)])
def test_a_pair_of_types_has_at_most_ten_labels_in_whichever_direction(
    to_id: str, inverse: str | None
) -> None:
    types = portal_types(PORTAL, ())
    for number in range(ASSOCIATION_LABELS_MAX):
        ends = (CONTACTS, to_id) if number % 2 else (to_id, CONTACTS)
        types = having(types, *planned(types, NewLabel("L", f"l{number}", inverse), *ends))

    one_more = NewLabel("L", "l_more")

    assert count_labels(association_types_of(types), CONTACTS, to_id) == ASSOCIATION_LABELS_MAX
    assert plan_create(types, CONTACTS, to_id, one_more) == TooManyLabels(10)
    assert plan_create(types, to_id, CONTACTS, one_more) == TooManyLabels(10)
    assert not isinstance(plan_create(types, CONTACTS, "0-3", one_more), Problem)


# --- rename ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "change", "texts"),
    [
        # Both directions read the same: the other one follows.
        (NewLabel("A", "n"), LabelChange(1, "B"), ["B", "B"]),
        (NewLabel("A", "n"), LabelChange(2, "B"), ["B", "B"]),
        (NewLabel("A", "n"), LabelChange(1, "B", "C"), ["B", "C"]),
        (NewLabel("A", "n", "Z"), LabelChange(1, "B"), ["B", "Z"]),
        (NewLabel("A", "n", "Z"), LabelChange(1, "B", "C"), ["B", "C"]),
    ],
)
def test_a_label_gets_new_texts_in_both_directions(
    given: NewLabel, change: LabelChange, texts: list[str]
) -> None:
    types = portal_with(given, CONTACTS, COMPANIES)
    ends = (CONTACTS, COMPANIES) if change.association_type_id == 1 else (COMPANIES, CONTACTS)

    outcome = plan_label_change(types, *ends, change)

    assert isinstance(outcome, LabelWrites)
    assert [each.label for each in outcome.types] == texts
    assert {each.name for each in outcome.types} == {"n"}
    assert {each.key for each in outcome.types} == {each.key for each in types.labels}


def test_a_label_that_is_its_own_inverse_has_one_text() -> None:
    types = portal_with(NewLabel("A", "n"))

    outcome = plan_label_change(types, CONTACTS, CONTACTS, LabelChange(1, "B", "C"))

    assert outcome == LabelWrites((replace(types.labels[0], label="B"),))


@pytest.mark.parametrize(
    ("ends", "change", "problem"),
    [
        ((CONTACTS, COMPANIES), LabelChange(3, "B"), AssociationTypeNotFound("USER_DEFINED", 3)),
        # The other direction of the label.
        ((CONTACTS, COMPANIES), LabelChange(2, "B"), AssociationTypeNotFound("USER_DEFINED", 2)),
        ((CONTACTS, COMPANIES), LabelChange(279, "B"), HubSpotDefinedAssociationType(279)),
        ((CONTACTS, COMPANIES), LabelChange(1, " "), LabelMissing("label")),
        ((CONTACTS, COMPANIES), LabelChange(1, "B", ""), LabelMissing("inverse_label")),
    ],
)
def test_what_is_no_label_of_the_direction_is_not_renamed(
    ends: tuple[str, str], change: LabelChange, problem: Problem
) -> None:
    types = portal_with(NewLabel("A", "n"), CONTACTS, COMPANIES)

    assert plan_label_change(types, *ends, change) == problem


def test_a_user_defined_id_goes_before_the_same_one_of_hubspot() -> None:
    types = portal_with(NewLabel("A", "n"), CONTACTS, COMPANIES)

    # 1 is HubSpot's own primary type as well.
    outcome = plan_label_change(types, CONTACTS, COMPANIES, LabelChange(1, "B"))

    assert isinstance(outcome, LabelWrites)
    assert outcome.types[0].category == "USER_DEFINED"


def test_a_label_in_a_schema_is_renamed_there_and_keeps_its_name() -> None:
    outcome = plan_label_change(with_car(), CAR, CONTACTS, LabelChange(3, "Chauffeur", "Drives"))

    assert isinstance(outcome, LabelWrites)
    assert outcome.types == ()
    types = association_types_of(portal_types(PORTAL, outcome.schemas))
    assert [(each.name, each.label) for each in labels_between(types, CAR, CONTACTS)] == [
        ("driver", "Chauffeur")
    ]
    assert [(each.name, each.label) for each in labels_between(types, CONTACTS, CAR)] == [
        ("driver", "Drives")
    ]


def test_the_unlabelled_type_of_a_custom_type_is_no_label() -> None:
    assert plan_label_change(
        with_car(), CAR, CONTACTS, LabelChange(1, "B")
    ) == AssociationTypeNotFound("USER_DEFINED", 1)


# --- delete ----------------------------------------------------------------------------------


def test_a_label_goes_in_both_directions() -> None:
    types = portal_with(NewLabel("A", "n"), CONTACTS, COMPANIES)

    outcome = plan_label_removal(types, COMPANIES, CONTACTS, 2)

    assert isinstance(outcome, LabelRemoval)
    assert sorted(each.type_id for each in outcome.types) == [1, 2]
    assert outcome.schemas == ()


def test_a_label_goes_out_of_the_schema_that_keeps_it() -> None:
    outcome = plan_label_removal(with_car(), CONTACTS, CAR, 4)

    assert isinstance(outcome, LabelRemoval)
    assert sorted(each.type_id for each in outcome.types) == [3, 4]
    assert [[each.id for each in schema.associations] for schema in outcome.schemas] == [["1", "2"]]


def test_a_type_of_hubspot_is_not_deleted() -> None:
    types = portal_types(PORTAL, ())

    assert plan_label_removal(types, CONTACTS, COMPANIES, 1) == HubSpotDefinedAssociationType(1)


def test_with_an_object_type_go_its_labels_and_the_limited_types() -> None:
    types = with_car()
    limits = {("USER_DEFINED", 2): 5, ("HUBSPOT_DEFINED", 279): 5}
    labels = (
        *planned(types, NewLabel("A", "a"), CONTACTS, CAR),
        *planned(types, NewLabel("B", "b"), CONTACTS, COMPANIES),
    )
    # Labels planned apart have the same ids: those of the second are moved.
    moved = [
        replace(each, type_id=each.type_id + 10, inverse_id=each.inverse_id + 10)
        for each in labels[2:]
    ]
    portal = portal_types(PORTAL, types.schemas.values(), [*labels[:2], *moved], limits)

    gone = types_of_object_type(portal, CAR)

    assert sorted(each.type_id for each in gone) == [1, 2, 3, 4, 5, 6]


# --- all together ----------------------------------------------------------------------------


@for_all(
    st.lists(
        st.tuples(
            st.sampled_from(["create", "pair", "rename", "delete"]),
            st.sampled_from([CONTACTS, COMPANIES, CAR]),
            st.sampled_from([CONTACTS, COMPANIES, CAR]),
            st.integers(1, 12),
        ),
        max_size=25,
    )
)
def test_after_any_changes_every_label_is_the_inverse_of_its_inverse(
    steps: list[tuple[str, str, str, int]],
) -> None:
    portal = with_car()
    for number, (step, from_id, to_id, type_id) in enumerate(steps):
        portal = _after(portal, step, from_id, to_id, type_id, f"n{number}")

        types = association_types_of(portal)
        check_inverses(types)
        for each in types.own():
            inverse = types.inverse(each)
            assert inverse.name == each.name or each.kind == "unlabeled"
            assert count_labels(types, each.from_object_type_id, each.to_object_type_id) <= 10


def _after(
    portal: PortalTypes, step: str, from_id: str, to_id: str, type_id: int, name: str
) -> PortalTypes:
    if step in ("create", "pair"):
        given = NewLabel(name, name, "inverse" if step == "pair" else None)
        made = plan_create(portal, from_id, to_id, given)
        return portal if isinstance(made, Problem) else having(portal, *made)
    if step == "rename":
        changed = plan_label_change(portal, from_id, to_id, LabelChange(type_id, name))
        if isinstance(changed, Problem):
            return portal
        schemas = changed.schemas or portal.schemas.values()
        return having(portal_types(PORTAL, schemas, portal.labels), *changed.types)
    removed = plan_label_removal(portal, from_id, to_id, type_id)
    if isinstance(removed, Problem):
        return portal
    gone = {each.key for each in removed.types}
    kept = [each for each in portal.labels if each.key not in gone]
    return portal_types(PORTAL, removed.schemas or portal.schemas.values(), kept)


@pytest.mark.parametrize(
    "damage",
    [{"inverse_id": 9}, {"to_object_type_id": "0-3"}],
)
def test_a_label_without_its_inverse_is_noticed(damage: dict[str, object]) -> None:
    portal = portal_with(NewLabel("A", "n"), CONTACTS, COMPANIES)
    damaged = replace(portal.labels[0], **damage)  # type: ignore[arg-type] # fields of the class

    with pytest.raises(LookupError):
        check_inverses(association_types_of(having(portal, damaged)))
