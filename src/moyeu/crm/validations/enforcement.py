"""Value rules that also keep the rules that a portal set for a property."""

from collections.abc import Sequence

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.problems import RuleBroken, ValueProblem
from moyeu.crm.validations.arguments import Normaliser, RuleTest
from moyeu.crm.validations.rule import ValidationRule
from moyeu.crm.validations.rule_types import RULE_TYPES
from moyeu.crm.values.outcome import Append, Normalised, ValueOutcome, ValueRule


def guarded_rule(
    rule: ValueRule, definition: PropertyDefinition, rules: Sequence[ValidationRule]
) -> ValueRule:
    """The rule of the property's type, and after it the portal's own rules in the order given.

    Text is normalised before it is tested where a rule says so (documented); a value of which
    nothing would be left is tested as it is. One refusal names the first rule that is broken. Rules
    that are not for the property, whose type may have changed since, are passed over. All but the
    first half-sentence are guesses.
    """
    tests = [(each, test) for each in rules if (test := _test(each, definition))]
    if not tests:
        return rule
    name = definition.name
    normalisers = [made for each, _ in tests if each.normalises and (made := _normaliser(each))]

    def keep(text: str, now_ms: int) -> ValueOutcome:
        kept = rule(text, now_ms)
        if isinstance(kept, ValueProblem | Append):
            return kept
        typed = kept.kept if isinstance(kept, Normalised) else kept
        formed = _formed(typed, normalisers)
        for each, is_satisfied in tests:
            if not is_satisfied(formed, now_ms):
                return RuleBroken(name, text, each.rule_type, each.arguments)
        return kept if formed == typed else Normalised(name, formed, formed, text)

    return keep


def has_pattern(rules: Sequence[ValidationRule]) -> bool:
    """Whether a value has to match a pattern, which may take tens of milliseconds."""
    return any(each.rule_type == "REGEX" for each in rules)


def _test(rule: ValidationRule, definition: PropertyDefinition) -> RuleTest | None:
    rule_type = RULE_TYPES.get(rule.rule_type)
    if rule_type is None or not rule_type.is_for(definition):
        return None
    return rule_type.test(rule.arguments)


def _normaliser(rule: ValidationRule) -> Normaliser | None:
    make = RULE_TYPES[rule.rule_type].normaliser
    return None if make is None else make(rule.arguments)


def _formed(text: str, normalisers: Sequence[Normaliser]) -> str:
    formed = text
    for normalise in normalisers:
        formed = normalise(formed)
    return formed or text
