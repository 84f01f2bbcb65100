"""Which value rule a definition has."""

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.problems import CalculatedProperty, ReadOnlyProperty
from moyeu.crm.values.choice import open_choice_rule, option_rule, options_rule
from moyeu.crm.values.date import date_rule, normalising_date_rule
from moyeu.crm.values.datetime import datetime_rule
from moyeu.crm.values.number import number_rule
from moyeu.crm.values.outcome import ValueOutcome, ValueRule
from moyeu.crm.values.owner import owner_rule
from moyeu.crm.values.text import text_rule


def rule_of(
    definition: PropertyDefinition,
    owner_ids: frozenset[str],
    *,
    dates_normalised: bool,
) -> ValueRule:
    """The rule for values of this property in a portal; pipelines and stages have their own."""
    name = definition.name
    if definition.type == "date":
        return normalising_date_rule(name) if dates_normalised else date_rule(name)
    if definition.type == "datetime":
        return datetime_rule(name)
    if definition.type == "number":
        return number_rule(name)
    if definition.type == "bool":
        return option_rule(definition)
    if definition.type == "enumeration":
        return _choice_rule(definition, owner_ids)
    return text_rule(name)


def _choice_rule(definition: PropertyDefinition, owner_ids: frozenset[str]) -> ValueRule:
    several = definition.field_type == "checkbox"
    if definition.referenced_object_type == "OWNER":
        return owner_rule(definition.name, owner_ids, several=several)
    if definition.external_options or not definition.options:
        return open_choice_rule(several=several)
    return options_rule(definition) if several else option_rule(definition)


def refusal_rule(definition: PropertyDefinition) -> ValueRule | None:
    """The rule of a property that nobody may write, None where it is writable.

    Source: `calculated:true` and `readOnlyValue:true` in recorded definitions, texts observed
    2020–2026. A calculation formula makes a property unwritable whatever its flags say: a guess.
    """
    name = definition.name

    def calculated(text: str, _now_ms: int) -> ValueOutcome:
        return CalculatedProperty(name, text)

    def read_only(text: str, _now_ms: int) -> ValueOutcome:
        return ReadOnlyProperty(name, text)

    if definition.calculated or definition.calculation_formula is not None:
        return calculated
    return read_only if definition.read_only_value else None
