"""The value rule of `datetime` properties."""

from moyeu.crm.problems import DateOutOfRange, InvalidLong
from moyeu.crm.values.moment import (
    in_range,
    read_day,
    read_iso,
    read_ms,
    render_ms,
)
from moyeu.crm.values.outcome import ValueOutcome, ValueRule


def datetime_rule(name: str) -> ValueRule:
    """ISO 8601 with an offset, a bare day, or milliseconds; kept as UTC ISO text.

    Source: cases deal-update-2026 (`2026-12-31` gives `2026-12-31T00:00:00Z`) and
    meeting-create-201-datetime-ms; other text: meeting-create-invalid-datetime-400.
    A date-time without an offset is refused: a guess.
    """

    def keep(text: str, now_ms: int) -> ValueOutcome:
        stripped = text.strip()
        found = read_iso(stripped)
        if found is None:
            found = read_ms(stripped)
        if found is None:
            found = read_day(stripped)
        if found is None:
            return InvalidLong(name, text)
        return render_ms(found) if in_range(found, now_ms) else DateOutOfRange(name, text, found)

    return keep
