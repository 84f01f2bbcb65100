"""The rules of custom object schemas and of their associations."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from moyeu.catalog.associations import AssociationCategory, AssociationType
from moyeu.catalog.custom_objects import ACTIVITY_OBJECTS
from moyeu.catalog.properties import PropertyDefinition, standard_groups, standard_properties
from moyeu.crm.associations import association_types_of
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.definition_problems import PropertyExists, PropertyGroupMissing
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes, SchemaAssociation, portal_types
from moyeu.crm.problems import Problem
from moyeu.crm.schema_associations import (
    AssociationRemoval,
    NewAssociation,
    associations_shown,
    next_association_type_id,
    plan_association_create,
    plan_association_removal,
)
from moyeu.crm.schema_problems import (
    AssociationNameTaken,
    HubSpotDefinedType,
    InvalidObjectTypeLabel,
    InvalidObjectTypeName,
    NoArchivedObjectType,
    ObjectTypeExists,
    ObjectTypeHasRecords,
    PrimaryDisplayPropertyMissing,
    RepeatedDisplayProperty,
    SchemaAssociationNotFound,
    SensitivePropertiesFixed,
    TooManyDisplayProperties,
    TooManyObjectTypes,
    UnknownDisplayProperties,
    UnknownObjectType,
)
from moyeu.crm.schemas import (
    NewIds,
    NewSchema,
    PurgePlan,
    SchemaChange,
    SchemaCreatePlan,
    find_own_schema,
    plan_schema_archive,
    plan_schema_create,
    plan_schema_purge,
    plan_schema_update,
)

PORTAL: Final = 42
OCCASION: Final = Occasion(Caller(PORTAL, 2, 77, frozenset()), now_ms=5_000, correlation_id="c")
IDS: Final = NewIds("2-9", 101)
BARE: Final = NewSchema(
    name="car", label="Car", label_plural="Cars", primary_display_property="hs_object_id"
)


def schema(type_id: str = "2-1", name: str = "car", **fields: object) -> ObjectSchema:
    plain = ObjectSchema(
        object_type_id=type_id,
        name=name,
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        searchable_properties=("hs_object_id",),
        created_at_ms=1_000,
        updated_at_ms=2_000,
        created_user_id="5",
        updated_user_id="5",
    )
    return replace(plain, **fields)  # type: ignore[arg-type] # fields of the dataclass


def types(*schemas: ObjectSchema) -> PortalTypes:
    return portal_types(PORTAL, schemas)


def label(
    category: AssociationCategory = "USER_DEFINED",
    type_id: int = 1,
    from_id: str = "0-1",
    to_id: str = "0-1",
    name: str = "friend",
) -> AssociationType:
    return AssociationType(
        category=category,
        type_id=type_id,
        from_object_type_id=from_id,
        to_object_type_id=to_id,
        kind="labeled",
        name=name,
        label=name.title(),
        inverse_id=type_id,
    )


def definitions(of: ObjectSchema, *names: str) -> TypeDefinitions:
    object_type = types(of).custom[of.object_type_id]
    own = [
        PropertyDefinition(
            name=name, label=name, type="string", field_type="text", group_name="car_information"
        )
        for name in names
    ]
    every = (*standard_properties(object_type), *own)
    return define_type(PORTAL, object_type, every, standard_groups(object_type), (), frozenset())


def create(
    given: NewSchema, *earlier: ObjectSchema, custom_properties: int = 0
) -> SchemaCreatePlan | Problem:
    return plan_schema_create(
        given, types(*earlier), OCCASION, IDS, custom_properties=custom_properties
    )


def created(outcome: SchemaCreatePlan | Problem) -> SchemaCreatePlan:
    assert isinstance(outcome, SchemaCreatePlan), outcome
    return outcome


def new_property(name: str, **fields: object) -> NewProperty:
    plain = NewProperty(name=name, label=name, type="string", field_type="text", group_name="")
    return replace(plain, **fields)  # type: ignore[arg-type] # fields of the dataclass


def update(
    change: SchemaChange, of: ObjectSchema | None = None, *names: str
) -> ObjectSchema | Problem:
    before = of or schema()
    return plan_schema_update(before, change, definitions(before, *names), OCCASION)


def updated(outcome: ObjectSchema | Problem) -> ObjectSchema:
    assert isinstance(outcome, ObjectSchema), outcome
    return outcome


# --- create ----------------------------------------------------------------------------------


def test_a_bare_create_makes_the_schema_its_group_and_nothing_else() -> None:
    plan = created(create(BARE))

    assert replace(plan.schema, associations=()) == ObjectSchema(
        object_type_id="2-9",
        name="car",
        label="Car",
        label_plural="Cars",
        primary_display_property="hs_object_id",
        searchable_properties=("hs_object_id",),
        created_at_ms=5_000,
        updated_at_ms=5_000,
        created_user_id="77",
        updated_user_id="77",
    )
    assert [(each.name, each.label) for each in plan.groups] == [
        ("car_information", "Car Information")
    ]
    assert plan.properties == ()
    assert plan.purge is None


def test_a_new_type_is_associated_with_nine_activities_in_both_directions() -> None:
    rows = created(create(BARE)).schema.associations

    assert [row.id for row in rows] == [str(101 + number) for number in range(18)]
    assert [(row.from_object_type_id, row.to_object_type_id) for row in rows[::2]] == [
        ("2-9", activity) for activity, _ in ACTIVITY_OBJECTS
    ]
    assert [(row.from_object_type_id, row.to_object_type_id) for row in rows[1::2]] == [
        (activity, "2-9") for activity, _ in ACTIVITY_OBJECTS
    ]
    assert {row.name for row in rows} == {f"car_to_{word}" for _, word in ACTIVITY_OBJECTS}


def test_associated_objects_are_named_in_any_way_and_stand_once() -> None:
    given = replace(BARE, associated_objects=("CONTACT", "0-1", "notes", "p_bike"))

    rows = created(create(given, schema("2-3", "bike"))).schema.associations

    assert [(row.to_object_type_id, row.name) for row in rows[18::2]] == [
        ("0-1", "car_to_contact"),
        ("2-3", "car_to_bike"),
    ]


@pytest.mark.parametrize("text", ["car", "wheels", "2-5", "p1_bike"])
def test_an_unknown_associated_object_is_refused(text: str) -> None:
    outcome = create(replace(BARE, associated_objects=(text,)), schema("2-3", "bike"))

    assert outcome == UnknownObjectType(text)


@pytest.mark.parametrize("name", ["a", "Z", "car_2", "C" * 50])
def test_a_good_name_is_kept_as_it_is(name: str) -> None:
    assert created(create(replace(BARE, name=name))).schema.name == name


@pytest.mark.parametrize("name", ["", "1car", "_car", "my-car", "my car", "café", "C" * 51])
def test_a_bad_name_is_refused(name: str) -> None:
    assert create(replace(BARE, name=name)) == InvalidObjectTypeName(name)


@pytest.mark.parametrize("label", ["", "  ", "x" * 51])
def test_a_bad_label_is_refused(label: str) -> None:
    problem = InvalidObjectTypeLabel(label, 50)

    assert create(replace(BARE, label=label)) == problem
    assert create(replace(BARE, label_plural=label)) == problem
    assert update(SchemaChange(label=label)) == problem
    assert update(SchemaChange(label_plural=label)) == problem


def test_labels_of_50_characters_are_accepted() -> None:
    given = replace(BARE, label="x" * 50, label_plural="y" * 50)

    assert created(create(given)).schema.label == "x" * 50


def test_a_primary_display_property_is_needed() -> None:
    given = replace(BARE, primary_display_property=None)

    assert create(given) == PrimaryDisplayPropertyMissing()


@pytest.mark.parametrize("name", ["car", "CAR", "Car"])
def test_a_name_is_unique_whatever_its_case(name: str) -> None:
    assert create(replace(BARE, name=name), schema(name="cAr")) == ObjectTypeExists(name)


def test_an_archived_name_is_purged_with_the_associations_of_others_to_it() -> None:
    gone = schema("2-1", "Car", archived_at_ms=3_000)
    kept = SchemaAssociation(id="1", from_object_type_id="2-3", to_object_type_id="0-1")
    lost = SchemaAssociation(id="2", from_object_type_id="2-3", to_object_type_id="2-1")
    bike = schema("2-3", "bike", associations=(kept, lost))

    plan = created(create(BARE, gone, bike, schema("2-4", "boat")))

    assert plan.purge == PurgePlan("2-1", (replace(bike, associations=(kept,)),))
    assert plan.schema.object_type_id == "2-9"


def test_a_portal_has_ten_custom_types_and_archived_ones_do_not_count() -> None:
    nine = [schema(f"2-{number}", f"t{number}") for number in range(9)]
    archived = schema("2-50", "gone", archived_at_ms=1)

    created(create(BARE, *nine, archived))
    assert create(BARE, *nine, schema("2-51", "tenth")) == TooManyObjectTypes(10)


def test_properties_given_with_a_create_come_in_order_into_the_types_own_group() -> None:
    given = replace(BARE, properties=(new_property("VIN"), new_property("model")))

    made = created(create(given)).properties

    assert [(each.name, each.group_name) for each in made] == [
        ("vin", "car_information"),
        ("model", "car_information"),
    ]
    assert {each.created_user_id for each in made} == {"77"}


def test_a_later_property_may_be_computed_from_an_earlier_one() -> None:
    formula = new_property(
        "double", type="number", field_type="number", calculation_formula="length + length"
    )
    length = new_property("length", type="number", field_type="number")

    made = created(create(replace(BARE, properties=(length, formula)))).properties

    assert [each.calculated for each in made] == [False, True]


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ((new_property("a"), new_property("A")), PropertyExists("a")),
        ((new_property("hs_object_id"),), PropertyExists("hs_object_id")),
        ((new_property("a", group_name="other"),), PropertyGroupMissing("other")),
    ],
)
def test_a_property_with_a_create_is_judged_as_any_other(
    properties: tuple[NewProperty, ...], problem: Problem
) -> None:
    assert create(replace(BARE, properties=properties)) == problem


def test_display_properties_may_name_those_given_with_the_create() -> None:
    given = replace(
        BARE,
        properties=(new_property("a"), new_property("b")),
        primary_display_property="a",
        secondary_display_properties=("b", "hs_createdate"),
        required_properties=("b", "a", "b"),
        searchable_properties=("a", "a"),
    )

    made = created(create(given)).schema

    assert made.primary_display_property == "a"
    assert made.secondary_display_properties == ("b", "hs_createdate")
    assert made.required_properties == ("b", "a")
    assert made.searchable_properties == ("a",)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"primary_display_property": "x"}, UnknownDisplayProperties("primary", ("x",))),
        (
            {"secondary_display_properties": ("x", "a", "y")},
            UnknownDisplayProperties("secondary", ("x", "y")),
        ),
        ({"required_properties": ("x",)}, UnknownDisplayProperties("required", ("x",))),
        ({"searchable_properties": ("x",)}, UnknownDisplayProperties("searchable", ("x",))),
        ({"secondary_display_properties": ("a", "a")}, RepeatedDisplayProperty("secondary", "a")),
        (
            {"secondary_display_properties": ("a", "b", "c")},
            TooManyDisplayProperties("secondary", 2),
        ),
        (
            {"searchable_properties": tuple(f"p{number}" for number in range(21))},
            TooManyDisplayProperties("searchable", 20),
        ),
    ],
)
def test_wrong_display_properties_are_refused_on_create_and_update(
    fields: dict[str, object], problem: Problem
) -> None:
    names = ("a", "b", "c", *(f"p{number}" for number in range(21)))
    given = replace(BARE, properties=tuple(map(new_property, names)))

    assert create(replace(given, **fields)) == problem  # type: ignore[arg-type] # its fields
    change = SchemaChange(**fields)  # type: ignore[arg-type] # its fields
    assert update(change, None, *names) == problem


# --- update ----------------------------------------------------------------------------------


def test_an_update_without_fields_keeps_everything_but_the_stamp() -> None:
    before = schema(description="d", restorable=False, allows_sensitive_properties=False)

    after = updated(update(SchemaChange(), before))

    assert after == replace(before, updated_at_ms=5_000, updated_user_id="77")


def test_an_update_writes_what_it_gives() -> None:
    change = SchemaChange(
        label="Auto",
        label_plural="Autos",
        description="drives",
        primary_display_property="b",
        secondary_display_properties=("b", "a"),
        required_properties=("b", "b"),
        searchable_properties=("a", "b"),
        restorable=False,
        allows_sensitive_properties=True,
    )

    after = updated(update(change, schema(allows_sensitive_properties=False), "a", "b"))

    assert after == schema(
        label="Auto",
        label_plural="Autos",
        description="drives",
        primary_display_property="b",
        secondary_display_properties=("b", "a"),
        required_properties=("b",),
        searchable_properties=("a", "b"),
        restorable=False,
        allows_sensitive_properties=True,
        updated_at_ms=5_000,
        updated_user_id="77",
    )


def test_lists_can_be_emptied_and_something_stays_searchable() -> None:
    before = schema(secondary_display_properties=("a",), required_properties=("a",))
    change = SchemaChange(
        secondary_display_properties=(), required_properties=(), searchable_properties=()
    )

    after = updated(update(change, before))

    assert after.secondary_display_properties == after.required_properties == ()
    assert after.searchable_properties == ("hs_object_id",)


def test_a_description_is_cleared_whatever_else_is_said_about_it() -> None:
    before = schema(description="d")

    assert updated(update(SchemaChange(clear_description=True), before)).description is None
    change = SchemaChange(clear_description=True, description="new")
    assert updated(update(change, before)).description is None
    assert updated(update(SchemaChange(description=""), before)).description == ""


def test_what_an_update_does_not_give_is_not_held_against_it() -> None:
    before = schema(required_properties=("archived_meanwhile",))

    assert updated(update(SchemaChange(label="Auto"), before)).label == "Auto"


def test_sensitive_properties_cannot_be_turned_off() -> None:
    change = SchemaChange(allows_sensitive_properties=False)

    assert update(change) == SensitivePropertiesFixed()
    off = schema(allows_sensitive_properties=False)
    assert updated(update(change, off)).allows_sensitive_properties is False


def test_an_app_without_a_user_leaves_the_last_user() -> None:
    app = replace(OCCASION, caller=replace(OCCASION.caller, user_id=None))

    after = updated(plan_schema_update(schema(), SchemaChange(), definitions(schema()), app))

    assert after.updated_user_id == "5"


def test_time_does_not_go_back() -> None:
    before = schema(updated_at_ms=9_000)

    assert updated(update(SchemaChange(label="Auto"), before)).updated_at_ms == 9_000


# --- finding, archiving, purging -------------------------------------------------------------


@pytest.mark.parametrize("text", ["2-1", "p_car", "P_Car", "p42_CAR"])
def test_a_custom_type_is_found_by_id_and_qualified_names(text: str) -> None:
    assert find_own_schema(types(schema()), text) == schema()


@pytest.mark.parametrize("text", ["car", "2-2", "p7_car", "p__car", "p_", "pcar", ""])
def test_other_texts_name_nothing(text: str) -> None:
    assert find_own_schema(types(schema()), text) == UnknownObjectType(text)


@pytest.mark.parametrize("text", ["0-1", "contacts", "Contact"])
def test_hubspots_own_types_are_told_apart(text: str) -> None:
    assert find_own_schema(types(schema()), text) == HubSpotDefinedType()


def test_an_archived_type_is_unknown() -> None:
    archived = types(schema(archived_at_ms=1))

    assert find_own_schema(archived, "2-1") == UnknownObjectType("2-1")
    assert archived.find("p_car") is None
    assert archived.by_id("2-1") is not None


def test_a_type_without_active_records_is_archived() -> None:
    outcome = plan_schema_archive(schema(), OCCASION, has_records=False)

    assert outcome == schema(updated_at_ms=5_000, updated_user_id="77", archived_at_ms=5_000)
    blocked = plan_schema_archive(schema(), OCCASION, has_records=True)
    assert blocked == ObjectTypeHasRecords("2-1")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("2-1", PurgePlan("2-1", ())),
        ("p_car", PurgePlan("2-1", ())),
        ("2-3", NoArchivedObjectType()),
        ("p_bike", NoArchivedObjectType()),
        ("2-7", NoArchivedObjectType()),
        ("car", NoArchivedObjectType()),
        ("contacts", HubSpotDefinedType()),
    ],
)
def test_only_an_archived_type_is_purged(text: str, outcome: PurgePlan | Problem) -> None:
    portal = types(schema(archived_at_ms=1), schema("2-3", "bike"))

    assert plan_schema_purge(portal, text) == outcome


# --- associations ----------------------------------------------------------------------------


def associate(
    given: NewAssociation, *schemas: ObjectSchema, first_id: int = 7
) -> tuple[ObjectSchema, SchemaAssociation]:
    outcome = plan_association_create(given, types(*schemas), OCCASION, first_id)
    assert not isinstance(outcome, Problem), outcome
    return outcome


def row(number: int, from_id: str, to_id: str, name: str) -> SchemaAssociation:
    return SchemaAssociation(
        id=str(number),
        from_object_type_id=from_id,
        to_object_type_id=to_id,
        name=name,
        created_at_ms=5_000,
        updated_at_ms=5_000,
    )


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (
            NewAssociation("2-1", "ticket"),
            (row(7, "2-1", "0-5", "car_to_ticket"), row(8, "0-5", "2-1", "car_to_ticket")),
        ),
        (
            NewAssociation("meetings", "p_car"),
            (
                row(7, "0-47", "2-1", "meeting_event_to_car"),
                row(8, "2-1", "0-47", "meeting_event_to_car"),
            ),
        ),
        (NewAssociation("2-1", "2-1", "parts"), (row(7, "2-1", "2-1", "parts"),)),
    ],
)
def test_an_association_has_an_id_in_each_direction(
    given: NewAssociation, rows: tuple[SchemaAssociation, ...]
) -> None:
    changed, first = associate(given, schema())

    assert changed == schema(associations=rows)
    assert first == rows[0]


def test_an_association_of_two_custom_types_stands_once_and_is_seen_from_both() -> None:
    bike = schema("2-3", "bike")
    changed, _ = associate(NewAssociation("2-1", "2-3"), schema(), bike)
    portal = types(changed, bike)

    assert changed.object_type_id == "2-1"
    assert portal.associations("2-1") == portal.associations("2-3") == changed.associations


def test_an_association_with_an_archived_type_is_not_seen() -> None:
    bike = schema("2-3", "bike")
    changed, _ = associate(NewAssociation("2-1", "2-3"), schema(), bike)

    assert types(changed, replace(bike, archived_at_ms=1)).associations("2-1") == ()
    assert types(replace(changed, archived_at_ms=1), bike).associations("2-3") == ()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (NewAssociation("0-1", "0-2"), HubSpotDefinedType()),
        (NewAssociation("2-1", "wheels"), UnknownObjectType("wheels")),
        (NewAssociation("car", "0-2"), UnknownObjectType("car")),
        (NewAssociation("2-1", "0-2", "Taken"), AssociationNameTaken("Taken")),
    ],
)
def test_an_association_is_refused(given: NewAssociation, problem: Problem) -> None:
    changed, _ = associate(NewAssociation("2-1", "0-3", "tAKEN"), schema())

    assert plan_association_create(given, types(changed), OCCASION, 9) == problem


@pytest.mark.parametrize("identifier", ["7", "8", "car_to_contact"])
@pytest.mark.parametrize("text", ["2-1", "contacts"])
def test_a_removal_takes_both_directions(text: str, identifier: str) -> None:
    kept, _ = associate(NewAssociation("2-1", "0-3"), schema(), first_id=1)
    changed, _ = associate(NewAssociation("2-1", "0-1"), kept)

    outcome = plan_association_removal(types(changed), text, identifier)

    assert outcome == AssociationRemoval(kept, frozenset({7, 8}))


@pytest.mark.parametrize(
    ("text", "identifier", "problem"),
    [
        ("2-1", "99", SchemaAssociationNotFound("99")),
        ("contacts", "1", HubSpotDefinedType()),
        ("wheels", "1", UnknownObjectType("wheels")),
    ],
)
def test_an_association_that_is_not_there_is_not_removed(
    text: str, identifier: str, problem: Problem
) -> None:
    assert plan_association_removal(types(schema()), text, identifier) == problem


def test_the_next_id_is_above_those_of_all_schemas_and_of_labels() -> None:
    active, _ = associate(NewAssociation("2-1", "0-3"), schema(), first_id=3)
    archived = schema("2-3", "bike", archived_at_ms=1, associations=(row(9, "2-3", "0-1", "x"),))

    assert next_association_type_id(types()) == 1
    assert next_association_type_id(types(active)) == 5
    assert next_association_type_id(types(active, archived)) == 10
    assert next_association_type_id(types(active, archived), 10) == 10
    assert next_association_type_id(types(active, archived), 11) == 11
    labels = (label("USER_DEFINED", 12), label("INTEGRATOR_DEFINED", 40))
    assert next_association_type_id(portal_types(PORTAL, [active, archived], labels)) == 13


def test_a_standard_type_shows_its_own_associations_and_those_of_custom_types() -> None:
    changed, _ = associate(NewAssociation("2-1", "0-1"), schema())
    portal = types(changed)
    contacts = portal.find("contacts")
    assert contacts is not None

    shown = associations_shown(portal, contacts)

    assert shown[-2:] == changed.associations
    assert ("1", "0-1", "0-2", "CONTACT_TO_COMPANY") in [
        (each.id, each.from_object_type_id, each.to_object_type_id, each.name) for each in shown
    ]


def test_a_type_shows_the_labels_that_lead_from_or_to_it_but_not_with_archived_types() -> None:
    active, archived = schema(), schema("2-3", "bike", archived_at_ms=1)
    labels = (
        label(type_id=1, from_id="0-1", to_id="2-1", name="driver"),
        label(type_id=2, from_id="2-3", to_id="2-1", name="lost"),
        label(type_id=3, from_id="0-1", to_id="0-2", name="elsewhere"),
    )
    portal = portal_types(PORTAL, [active, archived], labels)

    shown = associations_shown(portal, portal.custom["2-1"])

    assert [(each.id, each.name) for each in shown] == [("1", "driver")]


@pytest.mark.parametrize("identifier", ["7", "friend"])
def test_a_label_of_a_standard_type_is_removed_by_its_id_or_name(identifier: str) -> None:
    portal = portal_types(PORTAL, (), (label(type_id=7),))

    planned = plan_association_removal(portal, "contacts", identifier)

    assert planned == AssociationRemoval(None, frozenset({7}))


@for_all(
    st.lists(
        st.tuples(
            st.booleans(), st.sampled_from(["2-1", "2-3"]), st.sampled_from(["0-1", "0-3", "2-1"])
        ),
        max_size=12,
    )
)
def test_after_any_creates_and_removals_every_direction_has_its_inverse(
    steps: list[tuple[bool, str, str]],
) -> None:
    portal = types(schema(), schema("2-3", "bike"))
    for number, (removes, own, other) in enumerate(steps):
        rows = portal.associations(own)
        if removes and rows:
            planned = plan_association_removal(portal, own, rows[0].id)
            assert isinstance(planned, AssociationRemoval)
            assert planned.schema is not None
            changed = planned.schema
        else:
            outcome = plan_association_create(
                NewAssociation(own, other, f"n{number}"),
                portal,
                OCCASION,
                next_association_type_id(portal),
            )
            assert not isinstance(outcome, Problem)
            changed = outcome[0]
        rest = [
            each
            for each in portal.schemas.values()
            if each.object_type_id != changed.object_type_id
        ]
        portal = types(changed, *rest)

    resolved = association_types_of(portal)
    ids = [each.id for each_schema in portal.schemas.values() for each in each_schema.associations]
    assert len(ids) == len(set(ids))
    for text in ids:
        kind = resolved.find("USER_DEFINED", int(text))
        assert kind is not None
        back = resolved.inverse(kind)
        assert (back.from_object_type_id, back.to_object_type_id) == (
            kind.to_object_type_id,
            kind.from_object_type_id,
        )
        assert str(back.type_id) in ids
