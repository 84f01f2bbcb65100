"""Rule types for dates and moments.

Names and arguments: property validations guide (2026-03-31). Both ends of a range belong to it: a
guess. Days are those of UTC, where HubSpot takes those of the account's time zone.
"""

import calendar
import datetime
import re
from dataclasses import dataclass
from typing import Final, Literal

from moyeu.crm.validations.arguments import Arguments, RuleTest
from moyeu.crm.values.moment import DAY_MS, read_day, read_iso, read_ms

_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_WEEKDAYS: Final = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
_EPOCH_WEEKDAY: Final = _WEEKDAYS.index("THURSDAY")
_PERIOD: Final = re.compile(
    r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII
)
# No value may be farther away than 1,000 years, so no longer period means anything.
_MONTHS_MAX: Final = 12_000
_DAYS_MAX: Final = 365_250


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in the calendar: months of their own lengths, then days."""

    months: int
    days: int


def read_period(text: str) -> Period | None:
    """An ISO-8601 period of years, months, weeks and days (`P1Y`, `P30D`), at most 1,000 years."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        return None
    years, months, weeks, days = (int(each or 0) for each in found.groups())
    period = Period(years * 12 + months, weeks * 7 + days)
    return period if period.months <= _MONTHS_MAX and period.days <= _DAYS_MAX else None


def shift(moment_ms: int, period: Period, direction: Literal[1, -1]) -> int:
    """The moment that much later or earlier; a day that a month lacks becomes its last one."""
    day_number, time_ms = divmod(moment_ms, DAY_MS)
    day = datetime.date.fromordinal(_EPOCH_DAY + day_number)
    year, month = divmod(day.year * 12 + day.month - 1 + direction * period.months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    shifted = datetime.date(year, month + 1, min(day.day, last)).toordinal() - _EPOCH_DAY
    return (shifted + direction * period.days) * DAY_MS + time_ms


def _moment_of(text: str) -> int:
    """The moment of a kept text: of a date its midnight."""
    found = read_day(text)
    if found is None:
        found = read_iso(text)
    assert found is not None, f"a date property kept {text!r}"
    return found


def _day_of(moment_ms: int) -> int:
    return moment_ms - moment_ms % DAY_MS


def _only_moment(arguments: Arguments) -> int | None:
    return read_ms(arguments[0]) if len(arguments) == 1 else None


def _only_period(arguments: Arguments) -> Period | None:
    return read_period(arguments[0]) if len(arguments) == 1 else None


def start_date(arguments: Arguments) -> RuleTest | None:
    """On the day of that moment or later."""
    start_ms = _only_moment(arguments)
    if start_ms is None:
        return None
    return lambda text, _now_ms: _moment_of(text) >= _day_of(start_ms)


def start_datetime(arguments: Arguments) -> RuleTest | None:
    """At that moment or later."""
    start_ms = _only_moment(arguments)
    return None if start_ms is None else lambda text, _now_ms: _moment_of(text) >= start_ms


def end(arguments: Arguments) -> RuleTest | None:
    """At that moment or earlier; for a date, on its day or earlier."""
    end_ms = _only_moment(arguments)
    return None if end_ms is None else lambda text, _now_ms: _moment_of(text) <= end_ms


def after_duration(arguments: Arguments) -> RuleTest | None:
    """At least that long after today."""
    period = _only_period(arguments)
    if period is None:
        return None
    return lambda text, now_ms: _moment_of(text) >= shift(_day_of(now_ms), period, 1)


def before_duration(arguments: Arguments) -> RuleTest | None:
    """At least that long before today."""
    period = _only_period(arguments)
    if period is None:
        return None
    return lambda text, now_ms: _moment_of(text) <= shift(_day_of(now_ms), period, -1)


def after_datetime_duration(arguments: Arguments) -> RuleTest | None:
    """At least that long after now."""
    period = _only_period(arguments)
    if period is None:
        return None
    return lambda text, now_ms: _moment_of(text) >= shift(now_ms, period, 1)


def before_datetime_duration(arguments: Arguments) -> RuleTest | None:
    """At least that long before now."""
    period = _only_period(arguments)
    if period is None:
        return None
    return lambda text, now_ms: _moment_of(text) <= shift(now_ms, period, -1)


def days_of_week(arguments: Arguments) -> RuleTest | None:
    """On one of those days."""
    if not 1 <= len(arguments) <= len(_WEEKDAYS) or not set(arguments) <= set(_WEEKDAYS):
        return None

    def is_one(text: str, _now_ms: int) -> bool:
        days = _moment_of(text) // DAY_MS
        return _WEEKDAYS[(_EPOCH_WEEKDAY + days) % 7] in arguments

    return is_one
