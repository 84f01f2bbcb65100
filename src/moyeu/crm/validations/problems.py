"""Everything that a client can get wrong in a validation rule, as values.

Words, category and status are in `wire/validation_words.py`, one row each.
"""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class UnknownRuleType(Problem):
    """No rule type has that name."""

    rule_type: str


@dataclass(frozen=True, slots=True)
class RuleNotFound(Problem):
    """The property has no rule of that type."""

    name: str
    rule_type: str


@dataclass(frozen=True, slots=True)
class RuleNotForProperty(Problem):
    """Properties of that type and field type cannot have such a rule."""

    name: str
    rule_type: str
    type: str
    field_type: str


@dataclass(frozen=True, slots=True)
class RuleArgumentsInvalid(Problem):
    """The arguments are not what the rule type takes."""

    name: str
    rule_type: str
    arguments: tuple[str, ...]
