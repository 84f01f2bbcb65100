"""The words, categories and status codes of the refusals of validation rules: one row per problem.

None of them is recorded: all are ours, in the manner of the refusals of properties.
"""

from typing import Final

from moyeu.crm.problems import Problem
from moyeu.crm.validations import problems as p
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render


def _unknown_type(problem: p.UnknownRuleType, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Invalid validation rule type: {problem.rule_type}",
        VALIDATION,
        context={"ruleType": [problem.rule_type]},
    )


def _not_found(problem: p.RuleNotFound, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        404,
        f"Property '{problem.name}' has no validation rule of type '{problem.rule_type}'",
        NOT_FOUND,
    )


def _not_for_property(problem: p.RuleNotForProperty, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Validation rule type '{problem.rule_type}' is not supported for property"
        f" '{problem.name}' type '{problem.type}' fieldType '{problem.field_type}'",
        VALIDATION,
        context={"property": [problem.name], "ruleType": [problem.rule_type]},
    )


def _arguments(problem: p.RuleArgumentsInvalid, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Invalid arguments for validation rule type '{problem.rule_type}' of property"
        f" '{problem.name}': [{', '.join(problem.arguments)}]",
        VALIDATION,
        context={"property": [problem.name], "ruleType": [problem.rule_type]},
    )


VALIDATION_WORDS: Final[dict[type[Problem], Render]] = {
    p.UnknownRuleType: _unknown_type,
    p.RuleNotFound: _not_found,
    p.RuleNotForProperty: _not_for_property,
    p.RuleArgumentsInvalid: _arguments,
}
"""As `RECORD_WORDS`, for problems of validation rules."""
