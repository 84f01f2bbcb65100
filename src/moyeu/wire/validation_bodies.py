"""Request bodies of the validation routes into the inputs of operations.

The fields are those of the API descriptions of 2026; the names of Java classes are guesses in the
manner of the recorded ones.
"""

from typing import Final

from moyeu.crm.validations import ValidationRule
from moyeu.wire.fields import read_fields
from moyeu.wire.jackson import FLAG, TEXT_LIST, JsonProblem, Record

RULE: Final = Record(
    "com.hubspot.inbounddb.properties.validations.PropertyValidationRuleUpdate$Json",
    {"ruleArguments": TEXT_LIST, "shouldApplyNormalization": FLAG},
    required=("ruleArguments",),
)


def decode_rule(body: bytes, rule_type: str) -> ValidationRule | JsonProblem:
    """The rule that a body sets; rule_type: as the path names it."""
    fields = read_fields(body, RULE)
    if isinstance(fields, JsonProblem):
        return fields
    return ValidationRule(
        rule_type, tuple(fields["ruleArguments"]), fields.get("shouldApplyNormalization")
    )
