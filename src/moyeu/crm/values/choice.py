"""The value rules of `bool` and `enumeration` properties."""

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.problems import InvalidOption
from moyeu.crm.values.outcome import Append, ValueOutcome, ValueRule


def option_rule(definition: PropertyDefinition) -> ValueRule:
    """One option by its internal value, exact in case; labels are refused.

    Source: properties guide (2023); wording observed September 2026.
    """
    name = definition.name
    allowed = tuple(option.value for option in definition.options) or ("true", "false")
    known = frozenset(allowed)

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        if text in known:
            return text
        stripped = text.strip()
        return stripped if stripped in known else InvalidOption(name, text, stripped, allowed)

    return keep


def options_rule(definition: PropertyDefinition) -> ValueRule:
    """Several options joined by `;`; a leading `;` adds to what the record has.

    Refused: the first part that is no option (the text names that part alone, observed
    August 2026). Empty parts are dropped: a guess.
    """
    name = definition.name
    allowed = tuple(option.value for option in definition.options)
    known = frozenset(allowed)

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        parts = [part.strip() for part in text.split(";")]
        given = tuple(part for part in parts if part)
        for part in given:
            if part not in known:
                return InvalidOption(name, text, part, allowed)
        return Append(given) if parts[0] == "" else ";".join(given)

    return keep


def open_choice_rule(*, several: bool) -> ValueRule:
    """An enumeration whose options live elsewhere: any text (a guess), `;` as above."""

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        stripped = text.strip()
        if several and stripped.startswith(";"):
            parts = (part.strip() for part in stripped.split(";"))
            return Append(tuple(part for part in parts if part))
        return stripped

    return keep
