"""The rules of property definitions: what a create, an update and an archive mean.

All pure: from what is given and the definitions as they are to the definition to keep. Property
groups have rules of their own in `property_groups`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final, Literal

from moyeu.catalog.limits import (
    CUSTOM_PROPERTIES_MAX,
    CUSTOM_PROPERTIES_PORTAL_MAX,
    UNIQUE_PROPERTIES_MAX,
)
from moyeu.catalog.properties import (
    DataSensitivity,
    FieldType,
    Option,
    PropertyDefinition,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.definition_inputs import GivenOption, NewProperty, PropertyChange
from moyeu.crm.definition_problems import (
    BooleanOptionsInvalid,
    CustomPropertiesNotAllowed,
    DefinitionReadOnly,
    PropertyExists,
    PropertyInUse,
    PropertyNotArchivable,
    PropertyNotFound,
    SensitiveDataNotEnabled,
    SensitiveScopeMissing,
    TooManyProperties,
    TooManyPropertiesOfPortal,
    TooManyUniqueProperties,
    UniqueFlagFixed,
)
from moyeu.crm.definition_rules import RULES, creatable_field_type, name_problem
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.formulas import FormulaFault, canonical, parse_formula, property_names_in
from moyeu.crm.problems import Problem

_TYPES_WITH_OPTIONS: Final = ("enumeration", "bool")


IndexStep = Literal["none", "enter", "drop"]
"""What the unique index needs before a definition is put: nothing, all values, or none of them."""


@dataclass(frozen=True, slots=True)
class CreatePlan:
    """The definition that a create makes, and the one that it answers.

    answered: as the definition, but with the numbers of a formula as they were sent (observed
    2026-10). index: `enter` when the values that the property had before it was archived become
    unique, `drop` when values come back that are no longer unique.
    """

    definition: PropertyDefinition
    answered: PropertyDefinition
    index: IndexStep


# --- create ----------------------------------------------------------------------------------


def plan_create(
    given: NewProperty,
    definitions: TypeDefinitions,
    occasion: Occasion,
    *,
    custom_elsewhere: int = 0,
) -> CreatePlan | Problem:
    """The definition that the create makes, or the first problem.

    custom_elsewhere: active custom properties of the portal's other object types.

    The name of an archived property brings that property back with the posted definition and its
    original creation (observed 2026-09-29). Which of several problems is told is a guess.
    """
    given = replace(given, name=given.name.lower())
    earlier = definitions.archived.get(given.name)
    if given.name in definitions.properties:
        return PropertyExists(given.name)
    if problem := _sensitivity_problem(given, definitions, occasion):
        return problem
    if problem := _room_problem(given, definitions, custom_elsewhere):
        return problem
    if earlier is None and (problem := name_problem(given.name)):
        return problem
    field_type = creatable_field_type(given.name, given.type, _field_type_given(given))
    if isinstance(field_type, Problem):
        return field_type
    definition = _defined(given, field_type, earlier, occasion)
    for rule in RULES:
        if problem := rule(definition, definitions):
            return problem
    return CreatePlan(definition, _answered(given, definition), _index_step(definition, earlier))


def _field_type_given(given: NewProperty) -> str:
    # A formula makes it a calculation whatever was sent (observed 2026-09-29).
    return given.field_type if given.calculation_formula is None else "calculation_equation"


def _answered(given: NewProperty, definition: PropertyDefinition) -> PropertyDefinition:
    formula = given.calculation_formula
    if formula is None:
        return definition
    written = _formula_text(formula, numbers_as_written=True)
    return replace(definition, calculation_formula=written)


def _formula_text(formula: str, *, numbers_as_written: bool = False) -> str:
    """The formula in its canonical form; as it is when it cannot be read."""
    parsed = parse_formula(formula)
    if isinstance(parsed, FormulaFault):
        return formula
    return canonical(parsed.root, numbers_as_written=numbers_as_written)


def _defined(
    given: NewProperty,
    field_type: FieldType,
    earlier: PropertyDefinition | None,
    occasion: Occasion,
) -> PropertyDefinition:
    user = occasion.caller.user
    calculated = given.calculation_formula is not None
    return PropertyDefinition(
        name=given.name,
        label=given.label,
        type=given.type,
        field_type=field_type,
        group_name=given.group_name,
        description=given.description,
        options=_numbered(given.options) if given.type in _TYPES_WITH_OPTIONS else (),
        referenced_object_type=given.referenced_object_type,
        display_order=given.display_order,
        calculated=calculated,
        external_options=given.external_options,
        has_unique_value=given.has_unique_value,
        hidden=given.hidden,
        form_field=given.form_field,
        read_only_value=calculated,
        calculation_formula=_formula_text(given.calculation_formula or "") if calculated else None,
        data_sensitivity=given.data_sensitivity,
        show_currency_symbol=given.show_currency_symbol,
        currency_property_name=given.currency_property_name,
        number_display_hint=given.number_display_hint,
        text_display_hint=given.text_display_hint,
        created_at_ms=earlier.created_at_ms if earlier else occasion.now_ms,
        updated_at_ms=occasion.now_ms,
        created_user_id=earlier.created_user_id if earlier else user,
        updated_user_id=user,
    )


def _numbered(options: Iterable[GivenOption]) -> tuple[Option, ...]:
    """The options in the order given; one without an order gets the next after the highest.

    Source: observed 2026-02-26 (an option without one beside one with 1 gets 2).
    """
    options = tuple(options)
    orders = [each.display_order for each in options if each.display_order is not None]
    following = max(orders, default=-1)
    numbered = []
    for each in options:
        order = each.display_order
        if order is None:
            order = following = following + 1
        numbered.append(Option(each.value, each.label, order, each.hidden, each.description))
    return tuple(numbered)


def _index_step(definition: PropertyDefinition, earlier: PropertyDefinition | None) -> IndexStep:
    if earlier is None:
        return "none"
    if not definition.has_unique_value:
        # Even where nothing was unique before: an activation that was never finished may have
        # entered values.
        return "drop"
    # The index of a unique property stays while the property is archived.
    return "none" if earlier.has_unique_value else "enter"


# --- update ----------------------------------------------------------------------------------


def plan_update(
    name: str,
    change: PropertyChange,
    definitions: TypeDefinitions,
    occasion: Occasion,
    *,
    unique_flag_refused: bool,
) -> PropertyDefinition | Problem:
    """The definition after the update, or the first problem.

    unique_flag_refused: whether another `has_unique_value` is refused or ignored (it differs
    between versions). A problem that the definition had before the update is not held against it.
    """
    before = definitions.properties.get(name)
    if before is None:
        return PropertyNotFound(name)
    if unique_flag_refused and change.has_unique_value not in (None, before.has_unique_value):
        return UniqueFlagFixed(name)
    if before.type == "enumeration" and change.type == "bool":
        # Refused even with the two options of a bool property (observed 2025-02-04).
        return BooleanOptionsInvalid(name, definitions.object_type.id)
    after = _changed(before, change)
    if isinstance(after, Problem):
        return after
    if problem := _read_only_problem(before, after):
        return problem
    for rule in RULES:
        broken = rule(after, definitions)
        if broken is not None and rule(before, definitions) != broken:
            return broken
    return _stamped(after, occasion)


def formulas_concerned(
    name: str, change: PropertyChange, definitions: TypeDefinitions
) -> frozenset[str]:
    """The calculated properties whose values may be others after the update, but for dependants."""
    own = () if change.calculation_formula is None else (name,)
    users = () if change.type is None else _users_of(name, definitions)
    return frozenset((*own, *users))


def _changed(before: PropertyDefinition, change: PropertyChange) -> PropertyDefinition | Problem:
    given = {
        field.name: value
        for field in fields(change)
        if (value := getattr(change, field.name)) is not None
    }
    given.pop("has_unique_value", None)
    if change.calculation_formula is not None:
        given |= {
            "calculation_formula": _formula_text(change.calculation_formula),
            "field_type": "calculation_equation",
            "calculated": True,
            "read_only_value": True,
        }
    elif before.calculation_formula is not None:
        # A formula cannot be taken away, so the property stays a calculation (a guess).
        given.pop("field_type", None)
    if change.options is not None:
        given["options"] = _numbered(change.options)
    after = replace(before, **given)
    if {"type", "options"} & given.keys() and after.type not in _TYPES_WITH_OPTIONS:
        after = replace(after, options=())
    if (after.type, after.field_type) != (before.type, before.field_type):
        field_type = creatable_field_type(before.name, after.type, after.field_type)
        if isinstance(field_type, Problem):
            return field_type
    return after


def _read_only_problem(
    before: PropertyDefinition, after: PropertyDefinition
) -> DefinitionReadOnly | None:
    """Options may change where everything else may not, unless they are read-only too.

    Source: the meaning of `modificationMetadata`; not probed on a real portal.
    """
    if not before.read_only_definition:
        return None
    differing = {
        field.name
        for field in fields(before)
        if getattr(before, field.name) != getattr(after, field.name)
    }
    allowed = set() if before.read_only_options else {"options"}
    refused = sorted(differing - allowed)
    return DefinitionReadOnly(before.name, tuple(refused)) if refused else None


def _stamped(definition: PropertyDefinition, occasion: Occasion) -> PropertyDefinition:
    updated_at_ms = max(occasion.now_ms, definition.updated_at_ms or 0)
    user = occasion.caller.user
    if definition.hubspot_defined or user is None:
        # User ids stand only on custom properties (observed).
        return replace(definition, updated_at_ms=updated_at_ms)
    return replace(definition, updated_at_ms=updated_at_ms, updated_user_id=user)


# --- archive ---------------------------------------------------------------------------------


def plan_archive(
    name: str, definitions: TypeDefinitions, occasion: Occasion
) -> PropertyDefinition | Problem:
    """The archived definition; a missing name and an archived one are the same problem."""
    definition = definitions.properties.get(name)
    if definition is None:
        return PropertyNotFound(name)
    if definition.hubspot_defined or not definition.archivable:
        return PropertyNotArchivable(name)
    if users := _users_of(name, definitions):
        return PropertyInUse(name, definitions.object_type.id, users)
    stamped = _stamped(definition, occasion)
    return replace(stamped, archived_at_ms=stamped.updated_at_ms)


def plan_archives(
    names: Iterable[str], definitions: TypeDefinitions, occasion: Occasion
) -> list[PropertyDefinition] | Problem:
    """The archived definitions of a batch in order; names without a property are passed over.

    Source: the description of 2026-03 promises success whatever the state of a property. That
    any other problem refuses the whole batch is a guess.
    """
    planned = []
    for name in names:
        outcome = plan_archive(name, definitions, occasion)
        if isinstance(outcome, PropertyNotFound):
            continue
        if isinstance(outcome, Problem):
            return outcome
        definitions = with_property(definitions, outcome)
        planned.append(outcome)
    return planned


def with_property(definitions: TypeDefinitions, definition: PropertyDefinition) -> TypeDefinitions:
    """The definitions as the next input of a batch sees them: for planning definitions only.

    What the rules of values are made of stays as it was.
    """
    name = definition.name
    active = {key: each for key, each in definitions.properties.items() if key != name}
    archived = {key: each for key, each in definitions.archived.items() if key != name}
    (active if definition.archived_at_ms is None else archived)[name] = definition
    return replace(definitions, properties=active, archived=archived)


def _users_of(name: str, definitions: TypeDefinitions) -> tuple[str, ...]:
    return tuple(
        each.name
        for each in definitions.properties.values()
        if each.name != name
        and each.calculation_formula is not None
        and name in property_names_in(each.calculation_formula)
    )


# --- what a create checks beside the definition ----------------------------------------------


def _sensitivity_problem(
    given: NewProperty, definitions: TypeDefinitions, occasion: Occasion
) -> Problem | None:
    """No portal of ours keeps sensitive data; the scope is asked for first (observed).

    Which scopes suffice is a guess: the type's own for writing sensitive data.
    """
    if given.data_sensitivity == "non_sensitive":
        return None
    may = any(
        _writes_sensitive(scope, definitions.object_type.scope_name, given.data_sensitivity)
        for scope in occasion.caller.scopes
    )
    return SensitiveDataNotEnabled() if may else SensitiveScopeMissing()


def _writes_sensitive(scope: str, type_name: str, sensitivity: DataSensitivity) -> bool:
    # `crm.objects.contacts.sensitive.write.v2`, `tickets.sensitive.v2`.
    parts = scope.removeprefix("crm.objects.").split(".")
    return parts[0] == type_name and sensitivity in parts and "read" not in parts


def _room_problem(
    given: NewProperty, definitions: TypeDefinitions, custom_elsewhere: int
) -> Problem | None:
    if not definitions.object_type.allows_custom_properties:
        return CustomPropertiesNotAllowed(definitions.object_type.id)
    custom = [each for each in definitions.properties.values() if not each.hubspot_defined]
    if len(custom) >= CUSTOM_PROPERTIES_MAX:
        return TooManyProperties(CUSTOM_PROPERTIES_MAX)
    if len(custom) + custom_elsewhere >= CUSTOM_PROPERTIES_PORTAL_MAX:
        return TooManyPropertiesOfPortal(CUSTOM_PROPERTIES_PORTAL_MAX)
    unique = [each for each in custom if each.has_unique_value]
    if given.has_unique_value and len(unique) >= UNIQUE_PROPERTIES_MAX:
        return TooManyUniqueProperties(UNIQUE_PROPERTIES_MAX)
    return None
