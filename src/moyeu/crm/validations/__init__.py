"""Rules that a portal sets for the values of a property, beside those of its type.

`rule_types` is the table of what HubSpot knows, `enforcement` makes value rules of it, `changes`
says what setting a rule means. The words for a broken rule are in `wire/rule_words.py`.
"""

from moyeu.crm.validations.enforcement import guarded_rule, has_pattern
from moyeu.crm.validations.rule import ValidationRule

__all__ = ["ValidationRule", "guarded_rule", "has_pattern"]
