"""The words, categories and status codes of the refusals of definitions: one row per problem.

The texts are HubSpot's as recorded unless the row says that they are ours.
"""

from typing import Final

from moyeu.crm import definition_problems as p
from moyeu.crm.formulas import FaultKind
from moyeu.crm.problems import Problem
from moyeu.wire.bodies import Json
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render

_EXISTS: Final = "OBJECT_ALREADY_EXISTS"

_OPTION_FAULTS: Final = {
    "repeated": "stands more than once",
    "untrimmed": "has leading or trailing whitespace",
    "empty": "is empty",
}


def _not_found(problem: p.PropertyNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # Category observed 2026-09; the text is that of the API's first version (2016).
    return Refusal(404, f"Couldn't find a Property with the given name '{problem.name}'", NOT_FOUND)


def _exists(problem: p.PropertyExists, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        409,
        f"A property named '{problem.name}' already exists.",
        _EXISTS,
        sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
    )


def _invalid_name(problem: p.InvalidPropertyName, _portal_id: int, _type_id: str) -> Refusal:
    # Ours: which text HubSpot sends is unknown.
    return Refusal(400, _name_rule("property", problem.name, problem.characters_max), VALIDATION)


def _name_rule(noun: str, name: str, characters_max: int) -> str:
    return (
        f"The {noun} name '{name}' is not valid: it must begin with a letter, hold only lowercase"
        f" letters, digits and underscores, and have at most {characters_max} characters"
    )


def _reserved_name(problem: p.ReservedPropertyName, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"The property name '{problem.name}' begins with the reserved prefix '{problem.prefix}'",
        VALIDATION,
    )


def _not_allowed(problem: p.CustomPropertiesNotAllowed, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Object type '{problem.object_type_id}' does not allow custom properties",
        VALIDATION,
    )


def _too_many(problem: p.TooManyProperties, _portal_id: int, type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Object type '{type_id}' has reached its limit of {problem.count_max} custom properties",
        VALIDATION,
    )


def _too_many_in_portal(
    problem: p.TooManyPropertiesOfPortal, portal_id: int, _type_id: str
) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Portal {portal_id} has reached its limit of {problem.count_max} custom properties",
        VALIDATION,
    )


def _field_type(problem: p.FieldTypeMismatch, _portal_id: int, _type_id: str) -> Refusal:
    # Text observed 2021-03; the sub-category is in the place of the code that it had then.
    return Refusal(
        400,
        f"Failed field type validation on property '{problem.name}' type '{problem.type}'"
        f" fieldType '{problem.field_type}'",
        VALIDATION,
        sub_category="Properties.PROPERTY_INVALID",
    )


def _of_property(name: str, type_id: str) -> Json:
    return {"property": [name], "objectTypeId": [type_id]}


def _options_missing(problem: p.OptionsMissing, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Property '{problem.name}' of object type '{problem.object_type_id}' has no options but"
        " options are required!",
        VALIDATION,
        context=_of_property(problem.name, problem.object_type_id),
        sub_category="PropertyValidationError.MISSING_OPTIONS",
    )


def _boolean_options(problem: p.BooleanOptionsInvalid, _portal_id: int, _type_id: str) -> Refusal:
    # The end is sent even when there are fewer than two options (observed 2024-04-23).
    return Refusal(
        400,
        "Boolean properties must have exactly two options; one with a value of 'true', the other"
        f" with a value of 'false'. Property '{problem.name}' of object type"
        f" '{problem.object_type_id}' has more than two options",
        VALIDATION,
        context=_of_property(problem.name, problem.object_type_id),
        sub_category="PropertyValidationError.INVALID_BOOLEAN_OPTION",
    )


def _option(problem: p.OptionInvalid, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"The option '{problem.value}' of property '{problem.name}'"
        f" {_OPTION_FAULTS[problem.fault]}",
        VALIDATION,
    )


def _external_options(problem: p.ExternalOptionsInvalid, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Property '{problem.name}' has external options: it must have a referencedObjectType and"
        " no options",
        VALIDATION,
    )


def _group_missing(problem: p.PropertyGroupMissing, _portal_id: int, _type_id: str) -> Refusal:
    # Observed: the text holds `group does not exist`; the rest is ours.
    return Refusal(400, f"Property group does not exist: {problem.group_name}", VALIDATION)


def _currency(problem: p.CurrencyWithoutSymbol, _portal_id: int, _type_id: str) -> Refusal:
    # Observed: the code; the text is ours, and so is the place of the code.
    return Refusal(
        400,
        f"Property '{problem.name}' shows no currency symbol and cannot specify a currency",
        VALIDATION,
        sub_category="PropertyValidationError.ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY",
    )


def _formula(problem: p.FormulaMissing, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400, f"Property '{problem.name}' is a calculation and needs a formula", VALIDATION
    )


_FORMULA_FAULTS: Final[dict[FaultKind, str]] = {
    "unexpected": "unexpected '{part}' at column {column}",
    "unfinished": "it ends too early, at column {column}",
    "unknown_function": "there is no function '{part}', at column {column}",
    "arity": "wrong number of arguments for '{part}' at column {column}",
    "type": "'{part}' is not of the type that its place needs",
    "too_deep": "it is nested too deeply",
    "too_long": "it is too long",
}


def _formula_invalid(problem: p.FormulaInvalid, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2026-09: the status; the text is ours.
    fault = problem.fault
    reason = _FORMULA_FAULTS[fault.kind].format(part=fault.part, column=fault.column)
    return Refusal(
        400,
        f"The calculation formula of property '{problem.name}' is not valid: {reason}",
        VALIDATION,
    )


def _formula_result(problem: p.FormulaResultMismatch, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"The calculation formula of property '{problem.name}' gives a {problem.result}, which a"
        f" property of type '{problem.type}' cannot have",
        VALIDATION,
    )


def _formula_circular(problem: p.FormulaCircular, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"The calculation formula of property '{problem.name}' leads back to the property itself",
        VALIDATION,
    )


def _unique(problem: p.UniqueNotPossible, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Property '{problem.name}' of type '{problem.type}' cannot have unique values",
        VALIDATION,
    )


def _too_many_unique(problem: p.TooManyUniqueProperties, _portal_id: int, type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Object type '{type_id}' has reached its limit of {problem.count_max} properties with"
        " unique values",
        VALIDATION,
    )


def _not_unique(problem: p.ValuesNotUnique, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"Values of property '{problem.name}' are not unique: {problem.record_id} and"
        f" {problem.holder_id} both have the value '{problem.value}'",
        VALIDATION,
    )


def _sensitive_scope(_problem: p.SensitiveScopeMissing, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2026-09: status and text; that there is no category is a guess.
    return Refusal(403, "Missing required scope for: sensitive-data-property-create")


def _not_enabled(_problem: p.SensitiveDataNotEnabled, _portal_id: int, _type_id: str) -> Refusal:
    # Observed 2026-09: the code; the text is ours, and so is the place of the code.
    return Refusal(
        400,
        "This portal is not enabled for sensitive data",
        VALIDATION,
        sub_category="PropertyValidationError.PORTAL_NOT_ENABLED_FOR_SENSITIVE_DATA",
    )


def _unique_flag(problem: p.UniqueFlagFixed, _portal_id: int, _type_id: str) -> Refusal:
    # Text observed 2021-06, its last blank included; the sub-category is in the place of the code
    # that it had then.
    return Refusal(
        400,
        f"Field 'hasUniqueValue' cannot be modified for property '{problem.name}'. ",
        VALIDATION,
        sub_category="Properties.ILLEGAL_FIELD_MODIFICATION",
    )


def _read_only(problem: p.DefinitionReadOnly, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(400, f"The definition of property '{problem.name}' is read only", VALIDATION)


def _not_archivable(problem: p.PropertyNotArchivable, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(400, f"Property '{problem.name}' cannot be archived", VALIDATION)


def _in_use(problem: p.PropertyInUse, _portal_id: int, _type_id: str) -> Refusal:
    type_id = problem.object_type_id
    count = len(problem.users)
    return Refusal(
        400,
        f"Property: {problem.name} of object type {type_id} is currently used in {count} places"
        " and cannot be deleted",
        VALIDATION,
        context={"usageCount": [str(count)]},
        errors=[
            {
                "subCategory": "PropertyValidationError.PROPERTY_USAGE",
                "context": {
                    "parentType": ["CALCULATED_PROPERTY"],
                    "parentName": [f"{type_id}/{user}"],
                },
            }
            for user in problem.users
        ],
        sub_category="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
    )


def _no_group(problem: p.GroupNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # The text is that of the API's first version (2016), the category a guess.
    return Refusal(404, f"Couldn't find a Group with the given name '{problem.name}'.", NOT_FOUND)


def _group_exists(problem: p.GroupExists, _portal_id: int, _type_id: str) -> Refusal:
    # A guess, after the refusal of a property.
    return Refusal(409, f"A property group named '{problem.name}' already exists.", _EXISTS)


def _group_name(problem: p.InvalidGroupName, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    text = _name_rule("property group", problem.name, problem.characters_max)
    return Refusal(400, text, VALIDATION)


def _group_in_use(_problem: p.GroupHasProperties, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "Can't delete or purge a group with active properties",
        VALIDATION,
        sub_category="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
    )


DEFINITION_WORDS: Final[dict[type[Problem], Render]] = {
    p.PropertyNotFound: _not_found,
    p.PropertyExists: _exists,
    p.InvalidPropertyName: _invalid_name,
    p.ReservedPropertyName: _reserved_name,
    p.CustomPropertiesNotAllowed: _not_allowed,
    p.TooManyProperties: _too_many,
    p.TooManyPropertiesOfPortal: _too_many_in_portal,
    p.FieldTypeMismatch: _field_type,
    p.OptionsMissing: _options_missing,
    p.BooleanOptionsInvalid: _boolean_options,
    p.OptionInvalid: _option,
    p.ExternalOptionsInvalid: _external_options,
    p.PropertyGroupMissing: _group_missing,
    p.CurrencyWithoutSymbol: _currency,
    p.FormulaMissing: _formula,
    p.FormulaInvalid: _formula_invalid,
    p.FormulaResultMismatch: _formula_result,
    p.FormulaCircular: _formula_circular,
    p.UniqueNotPossible: _unique,
    p.TooManyUniqueProperties: _too_many_unique,
    p.ValuesNotUnique: _not_unique,
    p.SensitiveScopeMissing: _sensitive_scope,
    p.SensitiveDataNotEnabled: _not_enabled,
    p.UniqueFlagFixed: _unique_flag,
    p.DefinitionReadOnly: _read_only,
    p.PropertyNotArchivable: _not_archivable,
    p.PropertyInUse: _in_use,
    p.GroupNotFound: _no_group,
    p.GroupExists: _group_exists,
    p.InvalidGroupName: _group_name,
    p.GroupHasProperties: _group_in_use,
}
"""As `RECORD_WORDS`, for problems of definitions."""

NESTED: Final = (p.GroupHasProperties,)
"""Problems whose whole body is sent as JSON text in the message of another (observed 2026-09)."""
