"""What every property definition must hold to, whether it is made or changed.

One rule is one function from a definition and its surroundings to a problem; `RULES` is their
order. Names and field types are looked at apart from them: only a create gives a name, and only
types and field types that are given have to fit together.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from moyeu.catalog.limits import PROPERTY_DEFINITION_NAME_CHARACTERS_MAX
from moyeu.catalog.properties import FieldType, PropertyDefinition, PropertyType
from moyeu.crm.definition_problems import (
    BooleanOptionsInvalid,
    CurrencyWithoutSymbol,
    ExternalOptionsInvalid,
    FieldTypeMismatch,
    FormulaCircular,
    FormulaInvalid,
    FormulaMissing,
    FormulaResultMismatch,
    InvalidPropertyName,
    OptionInvalid,
    OptionsMissing,
    PropertyGroupMissing,
    PropertyNotFound,
    ReservedPropertyName,
    UniqueNotPossible,
)
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.formulas import FormulaFault, is_circular, parse_formula
from moyeu.crm.problems import Problem

CREATABLE: Final[dict[PropertyType, tuple[FieldType, ...]]] = {
    "bool": ("booleancheckbox", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("booleancheckbox", "checkbox", "radio", "select", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "phone_number": ("phonenumber",),
    "string": ("text", "textarea", "file", "html", "phonenumber", "calculation_equation"),
}
"""The types that clients may create, and how each may be entered.

Source: Properties guide; `phone_number` from the descriptions of 2026.
"""

RESERVED_PREFIX: Final = "hs_"
"""HubSpot's own properties begin so. That a create is refused is a GUESS."""

# Source: knowledge base (letters, digits, underscore, a letter first). That upper case is turned
# into lower case is a guess from the schemas guide, which creates `VIN` and reads `vin`.
NAME_FORM: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

# Only these make sense as ids: a guess.
_UNIQUE_TYPES: Final = ("string", "number")

# What a formula must give for a property of the type: a guess. An enumeration takes the value of
# an option, which for a pair of true and false is a flag.
_FORMULA_RESULTS: Final[Mapping[PropertyType, tuple[str, ...]]] = {
    "bool": ("bool",),
    "enumeration": ("string", "bool"),
    "number": ("number",),
    "string": ("string",),
}


def name_problem(name: str) -> Problem | None:
    """What is wrong with the name of a new property; None for a good one."""
    characters_max = PROPERTY_DEFINITION_NAME_CHARACTERS_MAX
    if not NAME_FORM.fullmatch(name) or len(name) > characters_max:
        return InvalidPropertyName(name, characters_max)
    if name.startswith(RESERVED_PREFIX):
        return ReservedPropertyName(name, RESERVED_PREFIX)
    return None


def creatable_field_type(
    name: str, type_: PropertyType, field_type: str
) -> FieldType | FieldTypeMismatch:
    """The field type if a client may create the type with it."""
    for each in CREATABLE.get(type_, ()):
        if each == field_type:
            return each
    return FieldTypeMismatch(name, type_, field_type)


def _boolean_options(
    definition: PropertyDefinition, definitions: TypeDefinitions
) -> Problem | None:
    if definition.type != "bool" or definition.calculation_formula is not None:
        return None
    values = sorted(each.value for each in definition.options)
    if values == ["false", "true"]:
        return None
    return BooleanOptionsInvalid(definition.name, definitions.object_type.id)


def _options_given(definition: PropertyDefinition, definitions: TypeDefinitions) -> Problem | None:
    # That a calculated enumeration needs no options is a guess.
    if definition.type != "enumeration" or definition.calculation_formula is not None:
        return None
    if definition.options or definition.external_options:
        return None
    return OptionsMissing(definition.name, definitions.object_type.id)


def _options_sound(definition: PropertyDefinition, _definitions: TypeDefinitions) -> Problem | None:
    """Values are unique (a guess), not empty (a guess), and without blanks around them.

    Source of the last: changelog of 2025-04-07.
    """
    seen = set()
    for option in definition.options:
        if not option.value:
            return OptionInvalid(definition.name, option.value, "empty")
        if option.value in seen:
            return OptionInvalid(definition.name, option.value, "repeated")
        for text in (option.value, option.label):
            if text != text.strip():
                return OptionInvalid(definition.name, text, "untrimmed")
        seen.add(option.value)
    return None


def _external_options(
    definition: PropertyDefinition, _definitions: TypeDefinitions
) -> Problem | None:
    if not definition.external_options:
        return None
    if definition.referenced_object_type and not definition.options:
        return None
    return ExternalOptionsInvalid(definition.name)


def _group_there(definition: PropertyDefinition, definitions: TypeDefinitions) -> Problem | None:
    for group in definitions.groups:
        if group.name == definition.group_name and not group.archived:
            return None
    return PropertyGroupMissing(definition.group_name)


def _currency(definition: PropertyDefinition, _definitions: TypeDefinitions) -> Problem | None:
    if definition.currency_property_name is None or definition.show_currency_symbol:
        return None
    return CurrencyWithoutSymbol(definition.name)


def _formula(definition: PropertyDefinition, definitions: TypeDefinitions) -> Problem | None:
    if definition.field_type != "calculation_equation":
        return None
    if not definition.calculation_formula:
        return FormulaMissing(definition.name)
    formula = parse_formula(definition.calculation_formula)
    if isinstance(formula, FormulaFault):
        return FormulaInvalid(definition.name, formula)
    unknown = sorted(formula.names - definitions.properties.keys())
    if unknown:
        return PropertyNotFound(unknown[0])
    if formula.type not in _FORMULA_RESULTS.get(definition.type, ()):
        return FormulaResultMismatch(definition.name, definition.type, formula.type)
    if is_circular(definition.name, formula, definitions.properties):
        return FormulaCircular(definition.name)
    return None


def _unique_possible(
    definition: PropertyDefinition, _definitions: TypeDefinitions
) -> Problem | None:
    if not definition.has_unique_value:
        return None
    if definition.type in _UNIQUE_TYPES and not definition.calculated:
        return None
    return UniqueNotPossible(definition.name, definition.type)


Rule = Callable[[PropertyDefinition, TypeDefinitions], Problem | None]
"""(definition, definitions of its object type as they were) → the first problem, if any."""

RULES: Final[tuple[Rule, ...]] = (
    _boolean_options,
    _options_given,
    _options_sound,
    _external_options,
    _group_there,
    _currency,
    _formula,
    _unique_possible,
)
"""In the order of telling, which is a guess."""
