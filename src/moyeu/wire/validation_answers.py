"""Validation rules as HubSpot writes them: key order of the guide's examples (2026-03-31)."""

from collections.abc import Iterable

from moyeu.crm.validations import ValidationRule
from moyeu.wire.bodies import Json


def rule_body(rule: ValidationRule) -> Json:
    """A rule; `shouldApplyNormalization` is absent where it was never given (a guess)."""
    body: Json = {"ruleType": rule.rule_type, "ruleArguments": list(rule.arguments)}
    if rule.normalises is not None:
        body["shouldApplyNormalization"] = rule.normalises
    return body


def property_rules_body(name: str, rules: Iterable[ValidationRule]) -> Json:
    """A property with its rules."""
    return {"propertyName": name, "propertyValidationRules": [rule_body(each) for each in rules]}
