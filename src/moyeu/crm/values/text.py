"""The value rule of `string`, `phone_number` and `json` properties."""

from moyeu.catalog.limits import TEXT_VALUE_CHARACTERS_MAX
from moyeu.crm.problems import TextTooLong
from moyeu.crm.values.outcome import ValueOutcome, ValueRule


def text_rule(name: str) -> ValueRule:
    """Any text of at most 65,536 characters, kept as sent.

    Source: CRM guides (limit); kept as sent: observed.
    """

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        if len(text) > TEXT_VALUE_CHARACTERS_MAX:
            return TextTooLong(name, text, TEXT_VALUE_CHARACTERS_MAX)
        return text

    return keep
