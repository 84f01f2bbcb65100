"""The rules of property definitions and groups."""

from dataclasses import replace

import pytest

from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.properties import (
    Option,
    PropertyDefinition,
    standard_groups,
    standard_properties,
)
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definition_inputs import GivenOption, NewProperty, PropertyChange
from moyeu.crm.definition_problems import (
    BooleanOptionsInvalid,
    CurrencyWithoutSymbol,
    CustomPropertiesNotAllowed,
    DefinitionReadOnly,
    ExternalOptionsInvalid,
    FieldTypeMismatch,
    FormulaCircular,
    FormulaInvalid,
    FormulaMissing,
    FormulaResultMismatch,
    GroupExists,
    GroupHasProperties,
    GroupNotFound,
    InvalidGroupName,
    InvalidPropertyName,
    OptionInvalid,
    OptionsMissing,
    PropertyExists,
    PropertyGroupMissing,
    PropertyInUse,
    PropertyNotArchivable,
    PropertyNotFound,
    ReservedPropertyName,
    SensitiveDataNotEnabled,
    SensitiveScopeMissing,
    TooManyProperties,
    TooManyPropertiesOfPortal,
    TooManyUniqueProperties,
    UniqueFlagFixed,
    UniqueNotPossible,
)
from moyeu.crm.definition_rules import CREATABLE
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.formulas import FormulaFault, property_names_in
from moyeu.crm.problems import Problem
from moyeu.crm.property_definitions import (
    CreatePlan,
    plan_archive,
    plan_archives,
    plan_create,
    plan_update,
)
from moyeu.crm.property_groups import (
    GroupChange,
    NewGroup,
    plan_group_archive,
    plan_group_create,
    plan_group_update,
)

CALLER = Caller(portal_id=1, app_id=2, user_id=77, scopes=frozenset())
OCCASION = Occasion(CALLER, now_ms=5_000, correlation_id="c")

TRUE_FALSE = (GivenOption("true", "Yes"), GivenOption("false", "No"))


def type_named(name: str) -> ObjectType:
    found = find_object_type(name)
    assert found is not None
    return found


def define(*properties: PropertyDefinition, type_name: str = "companies") -> TypeDefinitions:
    object_type = type_named(type_name)
    every = {each.name: each for each in (*standard_properties(object_type), *properties)}
    return define_type(
        1, object_type, every.values(), standard_groups(object_type), (), frozenset()
    )


def text_property(name: str = "probe", **fields: object) -> PropertyDefinition:
    plain = PropertyDefinition(
        name=name,
        label="Probe",
        type="string",
        field_type="text",
        group_name="companyinformation",
        created_at_ms=1_000,
        updated_at_ms=2_000,
        created_user_id="5",
        updated_user_id="5",
    )
    return replace(plain, **fields)  # type: ignore[arg-type] # fields of the dataclass


def given(**fields: object) -> NewProperty:
    plain = NewProperty(
        name="probe",
        label="Probe",
        type="string",
        field_type="text",
        group_name="companyinformation",
    )
    return replace(plain, **fields)  # type: ignore[arg-type] # fields of the dataclass


def created(outcome: CreatePlan | Problem) -> PropertyDefinition:
    assert isinstance(outcome, CreatePlan), outcome
    return outcome.definition


def updated(outcome: PropertyDefinition | Problem) -> PropertyDefinition:
    assert isinstance(outcome, PropertyDefinition), outcome
    return outcome


def change_of(
    before: PropertyDefinition, change: PropertyChange, *, refused: bool = False
) -> PropertyDefinition | Problem:
    return plan_update(before.name, change, define(before), OCCASION, unique_flag_refused=refused)


# --- create ----------------------------------------------------------------------------------


def test_a_create_fills_in_the_defaults_and_who_made_it_when() -> None:
    outcome = plan_create(given(), define(), OCCASION)

    made = PropertyDefinition(
        name="probe",
        label="Probe",
        type="string",
        field_type="text",
        group_name="companyinformation",
        created_at_ms=5_000,
        updated_at_ms=5_000,
        created_user_id="77",
        updated_user_id="77",
    )
    assert outcome == CreatePlan(made, made, "none")


def test_a_name_is_kept_in_lower_case() -> None:
    assert created(plan_create(given(name="VIN"), define(), OCCASION)).name == "vin"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("domain", PropertyExists("domain")),
        ("Domain", PropertyExists("domain")),
        ("hs_mine", ReservedPropertyName("hs_mine", "hs_")),
        ("1st", InvalidPropertyName("1st", 100)),
        ("_x", InvalidPropertyName("_x", 100)),
        ("a-b", InvalidPropertyName("a-b", 100)),
        ("a b", InvalidPropertyName("a b", 100)),
        ("é", InvalidPropertyName("é", 100)),
        ("", InvalidPropertyName("", 100)),
        ("a" * 101, InvalidPropertyName("a" * 101, 100)),
    ],
)
def test_a_bad_name_is_refused(name: str, problem: Problem) -> None:
    assert plan_create(given(name=name), define(), OCCASION) == problem


def test_a_name_of_100_characters_is_accepted() -> None:
    assert created(plan_create(given(name="a" * 100), define(), OCCASION)).name == "a" * 100


@pytest.mark.parametrize(
    ("type_", "field_type"),
    [
        (type_, field_type)
        for type_, field_types in CREATABLE.items()
        for field_type in field_types
        if field_type != "calculation_equation"
    ],
)
def test_every_documented_pair_of_type_and_field_type_can_be_created(
    type_: str, field_type: str
) -> None:
    options = TRUE_FALSE if type_ in ("bool", "enumeration") else ()

    outcome = plan_create(
        given(type=type_, field_type=field_type, options=options), define(), OCCASION
    )

    assert (created(outcome).type, created(outcome).field_type) == (type_, field_type)


@pytest.mark.parametrize(
    ("type_", "field_type"),
    [
        ("enumeration", "OWNER"),
        ("string", "number"),
        ("number", "text"),
        ("date", "text"),
        ("json", "text"),
        ("object_coordinates", "text"),
        ("number", "calculation_rollup"),
    ],
)
def test_any_other_pair_is_refused(type_: str, field_type: str) -> None:
    outcome = plan_create(given(type=type_, field_type=field_type), define(), OCCASION)

    assert outcome == FieldTypeMismatch("probe", type_, field_type)


def test_an_enumeration_needs_options() -> None:
    outcome = plan_create(given(type="enumeration", field_type="select"), define(), OCCASION)

    assert outcome == OptionsMissing("probe", "0-2")


@pytest.mark.parametrize(
    "options",
    [
        (),
        TRUE_FALSE[:1],
        (*TRUE_FALSE, GivenOption("maybe", "Maybe")),
        (GivenOption("yes", "Yes"), GivenOption("no", "No")),
        (TRUE_FALSE[0], TRUE_FALSE[0]),
    ],
)
def test_a_bool_needs_exactly_true_and_false(options: tuple[GivenOption, ...]) -> None:
    outcome = plan_create(
        given(type="bool", field_type="booleancheckbox", options=options), define(), OCCASION
    )

    assert outcome == BooleanOptionsInvalid("probe", "0-2")


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ((None, None), [0, 1]),
        ((None, 1), [2, 1]),
        ((4, None), [4, 5]),
        ((-1, None), [-1, 0]),
        ((7, 7), [7, 7]),
    ],
)
def test_an_option_without_an_order_comes_after_the_highest(
    orders: tuple[int | None, int | None], expected: list[int]
) -> None:
    options = tuple(
        GivenOption(value, value, order) for value, order in zip("ab", orders, strict=True)
    )

    outcome = plan_create(
        given(type="enumeration", field_type="radio", options=options), define(), OCCASION
    )

    assert [each.display_order for each in created(outcome).options] == expected


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([("a", "A"), ("a", "B")], OptionInvalid("probe", "a", "repeated")),
        ([("a ", "A")], OptionInvalid("probe", "a ", "untrimmed")),
        ([("a", " A")], OptionInvalid("probe", " A", "untrimmed")),
        ([("", "A")], OptionInvalid("probe", "", "empty")),
    ],
)
def test_a_bad_option_is_refused(options: list[tuple[str, str]], problem: Problem) -> None:
    outcome = plan_create(
        given(
            type="enumeration",
            field_type="select",
            options=tuple(GivenOption(value, label) for value, label in options),
        ),
        define(),
        OCCASION,
    )

    assert outcome == problem


def test_options_of_a_text_property_are_dropped() -> None:
    outcome = plan_create(given(options=(GivenOption("a", "A"),)), define(), OCCASION)

    assert created(outcome).options == ()


@pytest.mark.parametrize(
    ("referenced", "options", "is_refused"),
    [
        ("OWNER", (), False),
        (None, (), True),
        ("OWNER", (GivenOption("a", "A"),), True),
    ],
)
def test_external_options_need_a_referenced_type_and_no_options(
    referenced: str | None, options: tuple[GivenOption, ...], is_refused: bool
) -> None:
    outcome = plan_create(
        given(
            type="enumeration",
            field_type="select",
            external_options=True,
            referenced_object_type=referenced,
            options=options,
        ),
        define(),
        OCCASION,
    )

    assert (outcome == ExternalOptionsInvalid("probe")) is is_refused


def test_the_group_must_be_there() -> None:
    outcome = plan_create(given(group_name="nowhere"), define(), OCCASION)

    assert outcome == PropertyGroupMissing("nowhere")


def test_an_archived_group_is_not_there() -> None:
    definitions = define()
    groups = tuple(replace(each, archived=True) for each in definitions.groups)

    outcome = plan_create(given(), replace(definitions, groups=groups), OCCASION)

    assert outcome == PropertyGroupMissing("companyinformation")


@pytest.mark.parametrize(("symbol", "is_refused"), [(None, True), (False, True), (True, False)])
def test_a_currency_is_named_only_beside_a_symbol(symbol: bool | None, is_refused: bool) -> None:
    outcome = plan_create(
        given(
            type="number",
            field_type="number",
            currency_property_name="deal_currency_code",
            show_currency_symbol=symbol,
        ),
        define(),
        OCCASION,
    )

    assert (outcome == CurrencyWithoutSymbol("probe")) is is_refused


def test_a_formula_makes_a_calculation_whatever_the_field_type() -> None:
    outcome = plan_create(
        given(type="number", field_type="number", calculation_formula="annualrevenue * 2"),
        define(),
        OCCASION,
    )

    definition = created(outcome)
    assert definition.field_type == "calculation_equation"
    assert definition.calculated
    assert definition.read_only_value
    assert definition.calculation_formula == "annualrevenue * 2"


def test_a_formula_may_not_name_a_property_that_is_not_there() -> None:
    outcome = plan_create(
        given(type="number", field_type="number", calculation_formula="annualrevenue * zeta"),
        define(),
        OCCASION,
    )

    assert outcome == PropertyNotFound("zeta")


def test_a_calculation_without_a_formula_is_refused() -> None:
    outcome = plan_create(
        given(type="number", field_type="calculation_equation"), define(), OCCASION
    )

    assert outcome == FormulaMissing("probe")


@pytest.mark.parametrize(
    ("type_", "field_type", "is_refused"),
    [
        ("string", "text", False),
        ("number", "number", False),
        ("date", "date", True),
        ("phone_number", "phonenumber", True),
    ],
)
def test_only_text_and_numbers_can_be_unique(type_: str, field_type: str, is_refused: bool) -> None:
    outcome = plan_create(
        given(type=type_, field_type=field_type, has_unique_value=True), define(), OCCASION
    )

    assert (outcome == UniqueNotPossible("probe", type_)) is is_refused


def test_a_calculation_cannot_be_unique() -> None:
    outcome = plan_create(
        given(
            type="number",
            field_type="number",
            calculation_formula="annualrevenue",
            has_unique_value=True,
        ),
        define(),
        OCCASION,
    )

    assert outcome == UniqueNotPossible("probe", "number")


@pytest.mark.parametrize(("count", "is_refused"), [(9, False), (10, True)])
def test_the_eleventh_unique_property_is_refused(count: int, is_refused: bool) -> None:
    definitions = define(*(text_property(f"u{n}", has_unique_value=True) for n in range(count)))

    outcome = plan_create(given(has_unique_value=True), definitions, OCCASION)

    assert (outcome == TooManyUniqueProperties(10)) is is_refused


def test_archived_unique_properties_do_not_count() -> None:
    archived = (text_property(f"u{n}", has_unique_value=True, archived_at_ms=1) for n in range(10))

    assert isinstance(
        plan_create(given(has_unique_value=True), define(*archived), OCCASION), CreatePlan
    )


@pytest.mark.parametrize(("count", "is_refused"), [(999, False), (1_000, True)])
def test_the_property_after_a_thousand_custom_ones_is_refused(count: int, is_refused: bool) -> None:
    definitions = define(*(text_property(f"p{n}") for n in range(count)))

    assert (plan_create(given(), definitions, OCCASION) == TooManyProperties(1_000)) is is_refused


@pytest.mark.parametrize(("elsewhere", "is_refused"), [(9_998, False), (9_999, True)])
def test_the_property_after_ten_thousand_of_the_portal_is_refused(
    elsewhere: int, is_refused: bool
) -> None:
    outcome = plan_create(
        given(), define(text_property("one")), OCCASION, custom_elsewhere=elsewhere
    )

    assert (outcome == TooManyPropertiesOfPortal(10_000)) is is_refused


def test_a_type_without_custom_properties_takes_none() -> None:
    outcome = plan_create(given(), define(type_name="forecasts"), OCCASION)

    assert outcome == CustomPropertiesNotAllowed(type_named("forecasts").id)


@pytest.mark.parametrize(
    ("scopes", "problem"),
    [
        ((), SensitiveScopeMissing()),
        (("crm.schemas.companies.write",), SensitiveScopeMissing()),
        (("crm.objects.companies.sensitive.read.v2",), SensitiveScopeMissing()),
        (("crm.objects.companies.highly_sensitive.write.v2",), SensitiveScopeMissing()),
        (("crm.objects.contacts.sensitive.write.v2",), SensitiveScopeMissing()),
        (("crm.objects.companies.sensitive.write.v2",), SensitiveDataNotEnabled()),
    ],
)
def test_sensitive_data_is_refused_with_and_without_its_scope(
    scopes: tuple[str, ...], problem: Problem
) -> None:
    occasion = replace(OCCASION, caller=replace(CALLER, scopes=frozenset(scopes)))

    assert plan_create(given(data_sensitivity="sensitive"), define(), occasion) == problem


# --- the name of an archived property --------------------------------------------------------


def test_an_archived_property_comes_back_as_posted_with_its_old_creation() -> None:
    archived = text_property(
        label="Old", field_type="textarea", form_field=True, hidden=True, archived_at_ms=3_000
    )

    outcome = plan_create(given(type="number", field_type="number"), define(archived), OCCASION)

    definition = created(outcome)
    assert (definition.label, definition.type, definition.field_type) == (
        "Probe",
        "number",
        "number",
    )
    assert (definition.form_field, definition.hidden) == (False, False)
    assert (definition.created_at_ms, definition.created_user_id) == (1_000, "5")
    assert (definition.updated_at_ms, definition.updated_user_id) == (5_000, "77")
    assert definition.archived_at_ms is None


@pytest.mark.parametrize(
    ("was_unique", "is_unique", "step"),
    [
        (False, False, "drop"),
        (True, False, "drop"),
        (True, True, "none"),
        (False, True, "enter"),
    ],
)
def test_what_the_index_needs_depends_on_both_definitions(
    was_unique: bool, is_unique: bool, step: str
) -> None:
    archived = text_property(has_unique_value=was_unique, archived_at_ms=3_000)

    outcome = plan_create(given(has_unique_value=is_unique), define(archived), OCCASION)

    assert isinstance(outcome, CreatePlan)
    assert outcome.index == step


def test_an_odd_name_that_was_there_before_comes_back() -> None:
    archived = text_property("installment-bill", archived_at_ms=3_000)

    outcome = plan_create(given(name="installment-bill"), define(archived), OCCASION)

    assert created(outcome).name == "installment-bill"


# --- update ----------------------------------------------------------------------------------


def test_an_update_changes_what_it_names_and_keeps_the_rest() -> None:
    before = text_property(description="Kept")

    after = updated(change_of(before, PropertyChange(label="New", field_type="textarea")))

    assert after == replace(
        before, label="New", field_type="textarea", updated_at_ms=5_000, updated_user_id="77"
    )


def test_an_update_time_never_goes_back() -> None:
    before = text_property(updated_at_ms=9_000)

    assert updated(change_of(before, PropertyChange(label="New"))).updated_at_ms == 9_000


def test_an_archived_property_cannot_be_updated() -> None:
    before = text_property(archived_at_ms=3_000)

    assert change_of(before, PropertyChange(label="New")) == PropertyNotFound("probe")


def test_options_are_replaced_as_a_whole() -> None:
    before = text_property(
        type="enumeration", field_type="select", options=(Option("a", "A", 0), Option("b", "B", 1))
    )

    after = updated(change_of(before, PropertyChange(options=(GivenOption("c", "C", 7),))))

    assert after.options == (Option("c", "C", 7),)


def test_an_update_without_options_keeps_them() -> None:
    before = text_property(type="enumeration", field_type="select", options=(Option("a", "A", 0),))

    change = PropertyChange(label="New", type="enumeration", field_type="select")

    assert updated(change_of(before, change)).options == before.options


def test_an_enumeration_cannot_lose_all_its_options() -> None:
    before = text_property(type="enumeration", field_type="select", options=(Option("a", "A", 0),))

    assert change_of(before, PropertyChange(options=())) == OptionsMissing("probe", "0-2")


def test_an_enumeration_does_not_become_a_bool_even_with_the_two_options() -> None:
    before = text_property(
        type="enumeration",
        field_type="booleancheckbox",
        options=(Option("true", "Yes", 0), Option("false", "No", 1)),
    )

    assert change_of(before, PropertyChange(type="bool")) == BooleanOptionsInvalid("probe", "0-2")


def test_a_type_may_change_with_a_field_type_that_fits() -> None:
    change = PropertyChange(type="phone_number", field_type="phonenumber")

    after = updated(change_of(text_property(), change))

    assert (after.type, after.field_type) == ("phone_number", "phonenumber")


def test_a_type_may_not_change_without_a_field_type_that_fits() -> None:
    outcome = change_of(text_property(), PropertyChange(type="number"))

    assert outcome == FieldTypeMismatch("probe", "number", "text")


@pytest.mark.parametrize(
    ("refused", "unique", "is_refused"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_another_unique_flag_is_refused_or_ignored(
    refused: bool, unique: bool, is_refused: bool
) -> None:
    outcome = change_of(text_property(), PropertyChange(has_unique_value=unique), refused=refused)

    if is_refused:
        assert outcome == UniqueFlagFixed("probe")
    else:
        assert not updated(outcome).has_unique_value


def test_the_symbol_stays_once_a_currency_was_named() -> None:
    before = text_property(
        type="number",
        field_type="number",
        show_currency_symbol=True,
        currency_property_name="deal_currency_code",
    )

    outcome = change_of(before, PropertyChange(show_currency_symbol=False))

    assert outcome == CurrencyWithoutSymbol("probe")


def test_a_unique_property_keeps_a_type_that_can_be_unique() -> None:
    before = text_property(has_unique_value=True)

    dated = change_of(before, PropertyChange(type="date", field_type="date"))
    numbered = change_of(before, PropertyChange(type="number", field_type="number"))

    assert dated == UniqueNotPossible("probe", "date")
    assert updated(numbered).has_unique_value


def test_an_enumeration_that_becomes_text_loses_its_options() -> None:
    before = text_property(type="enumeration", field_type="radio", options=(Option("a", "A", 0),))

    after = updated(change_of(before, PropertyChange(type="string", field_type="text")))

    assert after.options == ()


def test_a_formula_turns_a_property_into_a_calculation() -> None:
    before = text_property(type="number", field_type="number")

    after = updated(change_of(before, PropertyChange(calculation_formula="annualrevenue + 1")))

    assert (after.field_type, after.calculated) == ("calculation_equation", True)


def test_a_calculation_stays_one_whatever_field_type_is_sent() -> None:
    before = text_property(
        type="number",
        field_type="calculation_equation",
        calculated=True,
        calculation_formula="annualrevenue",
    )

    after = updated(change_of(before, PropertyChange(field_type="number", label="New")))

    assert (after.field_type, after.label) == ("calculation_equation", "New")


def test_a_definition_of_hubspot_is_read_only_but_for_its_options() -> None:
    definitions = define()
    options = (GivenOption("X", "Ex"),)

    relabelled = plan_update(
        "hs_lead_status",
        PropertyChange(label="Branch", hidden=True, options=options),
        definitions,
        OCCASION,
        unique_flag_refused=True,
    )
    reoptioned = plan_update(
        "hs_lead_status",
        PropertyChange(label=definitions.properties["hs_lead_status"].label, options=options),
        definitions,
        OCCASION,
        unique_flag_refused=True,
    )

    assert relabelled == DefinitionReadOnly("hs_lead_status", ("hidden", "label"))
    assert updated(reoptioned).options == (Option("X", "Ex", 0),)
    assert updated(reoptioned).updated_user_id is None


def test_read_only_options_do_not_change() -> None:
    before = replace(
        define().properties["industry"], read_only_definition=True, read_only_options=True
    )

    outcome = change_of(before, PropertyChange(options=(GivenOption("X", "Ex"),)))

    assert outcome == DefinitionReadOnly("industry", ("options",))


# --- archive ---------------------------------------------------------------------------------


def test_an_archived_property_says_when() -> None:
    outcome = plan_archive("probe", define(text_property()), OCCASION)

    assert updated(outcome).archived_at_ms == 5_000


@pytest.mark.parametrize("archived_at_ms", [None, 3_000])
def test_a_missing_and_an_archived_property_are_the_same_problem(
    archived_at_ms: int | None,
) -> None:
    definitions = define(text_property("other", archived_at_ms=archived_at_ms))
    name = "other" if archived_at_ms else "missing"

    assert plan_archive(name, definitions, OCCASION) == PropertyNotFound(name)


def test_a_property_of_hubspot_cannot_be_archived() -> None:
    assert plan_archive("domain", define(), OCCASION) == PropertyNotArchivable("domain")


def test_a_property_that_formulas_name_cannot_be_archived() -> None:
    users = (
        text_property("uses_b", calculation_formula="probe * 2"),
        text_property("uses_a", calculation_formula="if is_present(probe) then probe else 0"),
        text_property("mentions", calculation_formula="concatenate('probe', string(domain))"),
        text_property("gone", calculation_formula="probe", archived_at_ms=1),
    )

    outcome = plan_archive("probe", define(text_property(), *users), OCCASION)

    assert outcome == PropertyInUse("probe", "0-2", ("uses_a", "uses_b"))


def test_a_batch_passes_over_what_is_not_there() -> None:
    outcome = plan_archives(["missing", "probe", "probe"], define(text_property()), OCCASION)

    assert isinstance(outcome, list)
    assert [each.name for each in outcome] == ["probe"]


def test_a_batch_may_archive_a_user_before_what_it_uses() -> None:
    definitions = define(text_property(), text_property("uses", calculation_formula="probe"))

    together = plan_archives(["uses", "probe"], definitions, OCCASION)
    reverse = plan_archives(["probe", "uses"], definitions, OCCASION)

    assert isinstance(together, list)
    assert [each.name for each in together] == ["uses", "probe"]
    assert reverse == PropertyInUse("probe", "0-2", ("uses",))


# --- formulas --------------------------------------------------------------------------------


def calculation(name: str, formula: str) -> PropertyDefinition:
    return text_property(
        name,
        type="number",
        field_type="calculation_equation",
        calculated=True,
        read_only_value=True,
        calculation_formula=formula,
    )


def test_a_formula_is_kept_in_its_canonical_form_and_answered_with_its_numbers() -> None:
    outcome = plan_create(
        given(type="number", calculation_formula="(AnnualRevenue) * 2.50"), define(), OCCASION
    )

    assert isinstance(outcome, CreatePlan)
    assert outcome.definition.calculation_formula == "annualrevenue * 2.5"
    assert outcome.answered.calculation_formula == "annualrevenue * 2.50"
    assert replace(outcome.answered, calculation_formula=None) == replace(
        outcome.definition, calculation_formula=None
    )


@pytest.mark.parametrize(
    ("type_", "formula", "is_refused"),
    [
        ("number", "annualrevenue * 2", False),
        ("bool", "annualrevenue > 2", False),
        ("string", "string(name) + '!'", False),
        ("enumeration", "if annualrevenue > 2 then 'large' else 'small'", False),
        ("enumeration", "annualrevenue > 2", False),
        ("number", "annualrevenue > 2", True),
        ("bool", "string(name) + '!'", True),
        ("string", "annualrevenue * 2", True),
        ("enumeration", "annualrevenue * 2", True),
    ],
)
def test_a_formula_gives_what_the_property_holds(
    type_: str, formula: str, is_refused: bool
) -> None:
    outcome = plan_create(given(type=type_, calculation_formula=formula), define(), OCCASION)

    assert isinstance(outcome, FormulaResultMismatch) is is_refused


def test_a_formula_that_cannot_be_read_is_refused_before_names_are_looked_up() -> None:
    outcome = plan_create(given(type="number", calculation_formula="zeta *"), define(), OCCASION)

    assert outcome == FormulaInvalid("probe", FormulaFault("unfinished", "", 7))


@pytest.mark.parametrize("formula", ["probe + 1", "uses - 1"])
def test_an_update_cannot_close_a_circle(formula: str) -> None:
    definitions = define(text_property(type="number"), calculation("uses", "probe * 2"))

    outcome = plan_update(
        "probe",
        PropertyChange(calculation_formula=formula),
        definitions,
        OCCASION,
        unique_flag_refused=False,
    )

    assert outcome == FormulaCircular("probe")


def test_a_formula_from_before_the_rules_stays_until_it_is_changed() -> None:
    before = calculation("probe", "annualrevenue *")

    relabelled = change_of(before, PropertyChange(label="New"))
    still_broken = change_of(before, PropertyChange(calculation_formula="annualrevenue * * 2"))
    mended = change_of(before, PropertyChange(calculation_formula="annualrevenue*2"))

    assert updated(relabelled).calculation_formula == "annualrevenue *"
    assert isinstance(still_broken, FormulaInvalid)
    assert updated(mended).calculation_formula == "annualrevenue * 2"


@pytest.mark.parametrize("currency_property_name", [None, ""])
def test_a_currency_cannot_lose_its_symbol(currency_property_name: str | None) -> None:
    before = text_property(
        type="number",
        field_type="number",
        show_currency_symbol=True,
        currency_property_name="currency",
    )

    outcome = change_of(
        before,
        PropertyChange(show_currency_symbol=False, currency_property_name=currency_property_name),
    )

    assert outcome == CurrencyWithoutSymbol("probe")


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("a * 2", {"a"}),
        ("10a", {"a"}),
        ("2.50 + b_1", {"b_1"}),
        ("IF Is_Present(A) THEN a ELSEIF string(b) equals 'c' THEN 1 ENDIF", {"a", "b"}),
        ('concatenate("not me", string(d))', {"d"}),
        ("not (x equals y) or bool(x) != true", {"x", "y"}),
        ("max (a, min(b, c))", {"a", "b", "c"}),
        ("pipeline_probability(string(dealstage)) <= 0", {"dealstage"}),
        ("", set()),
    ],
)
def test_the_properties_of_a_formula_are_its_free_words(formula: str, names: set[str]) -> None:
    assert property_names_in(formula) == names


@pytest.mark.parametrize("type_name", ["deals", "contacts", "tickets", "companies"])
def test_formulas_of_hubspot_are_made_of_words_that_look_like_names(type_name: str) -> None:
    for definition in standard_properties(type_named(type_name)):
        if definition.calculation_formula is not None:
            names = property_names_in(definition.calculation_formula)
            assert not names & {"if", "then", "else", "is_present", "string", "round_down", "usd"}


# --- groups ----------------------------------------------------------------------------------


def test_a_new_group_comes_after_the_last() -> None:
    definitions = define()
    last = max(each.display_order for each in definitions.groups)

    group = plan_group_create(NewGroup("Mine", "My group"), definitions)

    assert not isinstance(group, Problem)
    assert (group.name, group.label, group.display_order) == ("mine", "My group", last + 1)


def test_a_first_group_counts_from_zero_and_a_given_order_is_kept() -> None:
    definitions = replace(define(), groups=())

    first = plan_group_create(NewGroup("a", "A"), definitions)
    ordered = plan_group_create(NewGroup("a", "A", -1), definitions)

    assert not isinstance(first, Problem)
    assert not isinstance(ordered, Problem)
    assert (first.display_order, ordered.display_order) == (0, -1)


def test_the_name_of_an_archived_group_gives_a_fresh_one() -> None:
    definitions = define()
    archived = replace(definitions.groups[0], archived=True, label="Old")
    definitions = replace(definitions, groups=(archived,))

    group = plan_group_create(NewGroup(archived.name, "New"), definitions)

    assert group == replace(archived, label="New", display_order=0, archived=False)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("companyinformation", GroupExists("companyinformation")),
        ("my group", InvalidGroupName("my group", 100)),
        ("", InvalidGroupName("", 100)),
    ],
)
def test_a_bad_group_name_is_refused(name: str, problem: Problem) -> None:
    assert plan_group_create(NewGroup(name, "x"), define()) == problem


def test_a_group_changes_its_label_and_its_place() -> None:
    definitions = define()
    before = definitions.groups[0]

    relabelled = plan_group_update(before.name, GroupChange(label="New"), definitions)
    moved = plan_group_update(before.name, GroupChange(display_order=4), definitions)

    assert relabelled == replace(before, label="New")
    assert moved == replace(before, display_order=4)
    assert plan_group_update("none", GroupChange(), definitions) == GroupNotFound("none")


def test_a_group_with_active_properties_is_not_archived() -> None:
    assert plan_group_archive("companyinformation", define()) == GroupHasProperties(
        "companyinformation"
    )


def test_archived_properties_do_not_hold_a_group_back() -> None:
    empty = replace(define().groups[0], name="mine")
    definitions = define(text_property(group_name="mine", archived_at_ms=3_000))
    definitions = replace(definitions, groups=(empty,))

    assert plan_group_archive("mine", definitions) == replace(empty, archived=True)
    assert plan_group_archive("none", definitions) == GroupNotFound("none")
