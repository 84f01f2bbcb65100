"""The value rules of `date` properties: strict, and normalising from 2026-09 on."""

from moyeu.crm.problems import (
    DateNotMidnight,
    DateOutOfRange,
    DateWithTime,
    InvalidLong,
    ValueProblem,
)
from moyeu.crm.values.moment import (
    DAY_MS,
    in_range,
    read_day,
    read_iso,
    read_ms,
    render_day,
)
from moyeu.crm.values.outcome import Normalised, ValueOutcome, ValueRule

# Digits below this are read as seconds where 2026-09 normalises: as milliseconds they would lie
# before 26 April 1970. Where the border lies is a guess.
_SECONDS_BELOW = 10_000_000_000


def date_rule(name: str) -> ValueRule:
    """`YYYY-MM-DD`, or milliseconds at a UTC midnight; kept as the ISO day.

    Refused: DateNotMidnight (observed 2017–2026), DateWithTime (documented; text a guess),
    DateOutOfRange (observed), InvalidLong for other text.
    """

    def keep(text: str, now_ms: int) -> ValueOutcome:
        found = _day_of(name, text, now_ms)
        if not isinstance(found, int):
            return found
        return render_day(found) if found % DAY_MS == 0 else DateNotMidnight(name, text, found)

    return keep


def normalising_date_rule(name: str) -> ValueRule:
    """As `date_rule`, but times of day and epoch seconds become their UTC day, with a warning.

    Source: changelog of 2026-08-11 (2026-09 and later), with the example of a warning.
    """

    def keep(text: str, now_ms: int) -> ValueOutcome:
        found = _day_of(name, text, now_ms)
        if isinstance(found, DateWithTime):
            moment_ms = read_iso(text.strip())
            assert moment_ms is not None, "DateWithTime is only said of a readable moment"
            return _normalised(name, text, moment_ms, now_ms)
        if not isinstance(found, int):
            return found
        if found % DAY_MS == 0:
            return render_day(found)
        seconds = 0 <= found < _SECONDS_BELOW
        return _normalised(name, text, found * 1000 if seconds else found, now_ms)

    return keep


def _day_of(name: str, text: str, now_ms: int) -> int | ValueProblem:
    stripped = text.strip()
    found = read_day(stripped)
    if found is None:
        found = read_ms(stripped)
    if found is None:
        if read_iso(stripped) is not None:
            return DateWithTime(name, text)
        return InvalidLong(name, text)
    return found if in_range(found, now_ms) else DateOutOfRange(name, text, found)


def _normalised(name: str, text: str, moment_ms: int, now_ms: int) -> ValueOutcome:
    midnight_ms = moment_ms - moment_ms % DAY_MS
    if not in_range(midnight_ms, now_ms):
        return DateOutOfRange(name, text, moment_ms)
    return Normalised(name, render_day(midnight_ms), str(midnight_ms), text)
