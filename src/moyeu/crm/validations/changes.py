"""What reading and setting validation rules means."""

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.definition_problems import PropertyNotFound
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.validations.problems import (
    RuleArgumentsInvalid,
    RuleNotForProperty,
    RuleNotFound,
    UnknownRuleType,
)
from moyeu.crm.validations.rule import ValidationRule
from moyeu.crm.validations.rule_types import RULE_TYPES


def rules_of_type(definitions: TypeDefinitions) -> dict[str, tuple[ValidationRule, ...]]:
    """The rules of the active properties that have some, by property name in name order."""
    rules = definitions.validations
    return {name: rules[name] for name in definitions.properties if rules.get(name)}


def rules_of_property(
    name: str, definitions: TypeDefinitions
) -> tuple[ValidationRule, ...] | PropertyNotFound:
    """The rules of an active property, by rule type."""
    if name not in definitions.properties:
        return PropertyNotFound(name)
    return definitions.validations.get(name, ())


def rule_of_property(
    name: str, rule_type: str, definitions: TypeDefinitions
) -> ValidationRule | Problem:
    """The rule of that type that an active property has."""
    if rule_type not in RULE_TYPES:
        return UnknownRuleType(rule_type)
    rules = rules_of_property(name, definitions)
    if isinstance(rules, Problem):
        return rules
    found = (each for each in rules if each.rule_type == rule_type)
    return next(found, RuleNotFound(name, rule_type))


def plan_rule(
    name: str, rule: ValidationRule, definitions: TypeDefinitions
) -> tuple[ValidationRule, ...] | Problem:
    """All rules of the property once this one is set: it takes the place of one of its type.

    Ascending by rule type, the order of the guide's examples. Values that records have already
    are not looked at (a guess).
    """
    if rule.rule_type not in RULE_TYPES:
        return UnknownRuleType(rule.rule_type)
    definition = definitions.properties.get(name)
    if definition is None:
        return PropertyNotFound(name)
    if refused := _refusal(definition, rule):
        return refused
    others = (
        each for each in definitions.validations.get(name, ()) if each.rule_type != rule.rule_type
    )
    return tuple(sorted((*others, rule), key=lambda each: each.rule_type))


def _refusal(definition: PropertyDefinition, rule: ValidationRule) -> Problem | None:
    rule_type = RULE_TYPES[rule.rule_type]
    if not rule_type.is_for(definition):
        return RuleNotForProperty(
            definition.name, rule.rule_type, definition.type, definition.field_type
        )
    if rule_type.test(rule.arguments) is None:
        return RuleArgumentsInvalid(definition.name, rule.rule_type, rule.arguments)
    return None
