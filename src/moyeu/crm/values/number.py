"""The value rule of `number` properties."""

import re

from moyeu.catalog.limits import TEXT_VALUE_CHARACTERS_MAX
from moyeu.crm.problems import InvalidNumber, TextTooLong
from moyeu.crm.values.outcome import ValueOutcome, ValueRule

_DECIMAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)", re.ASCII)


def number_rule(name: str) -> ValueRule:
    """A plain decimal, kept as written (`5000.00` stays); no exponent, no thousands separator.

    Source: case deal-batch-update-400-invalid-number (exponent refused, October 2025);
    case deal-list-2026 (trailing zeros kept). White space around it is accepted and dropped.
    """

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        if _DECIMAL.fullmatch(text):
            return text if len(text) <= TEXT_VALUE_CHARACTERS_MAX else too_long(text)
        stripped = text.strip()
        if _DECIMAL.fullmatch(stripped):
            return stripped if len(stripped) <= TEXT_VALUE_CHARACTERS_MAX else too_long(text)
        return InvalidNumber(name, text)

    def too_long(text: str) -> ValueOutcome:
        return TextTooLong(name, text, TEXT_VALUE_CHARACTERS_MAX)

    return keep
