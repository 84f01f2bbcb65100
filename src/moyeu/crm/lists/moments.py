"""The moments that filters speak of: days, calendar units around now, offsets from a reference.

Times are milliseconds since 1970, UTC. Weeks begin on Monday (a guess).
"""

import calendar
import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_UTC_NAMES: Final = frozenset({"", "UTC", "GMT", "Z", "Etc/UTC"})

CalendarUnit = Literal["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]

WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

MONTHS: Final = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)


def zone_named(name: str) -> datetime.tzinfo | None:
    """The time zone of that name, None where it is not known."""
    if name in _UTC_NAMES:
        return datetime.UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def to_ms(moment: datetime.datetime) -> int:
    """The moment in milliseconds since 1970."""
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)


def from_ms(moment_ms: int, zone: datetime.tzinfo = datetime.UTC) -> datetime.datetime:
    """The moment on the clocks of a zone; raises OverflowError beyond the year 9999."""
    return (_EPOCH + datetime.timedelta(milliseconds=moment_ms)).astimezone(zone)


def months_later(moment: datetime.datetime, months: int) -> datetime.datetime:
    """The same day so many months later, or the last day of that month if it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    _, last_day = calendar.monthrange(year, month + 1)
    return first.replace(day=min(moment.day, last_day))


def units_later(moment: datetime.datetime, unit: CalendarUnit, count: int) -> datetime.datetime:
    """The moment so many calendar units later; raises ValueError or OverflowError out of range."""
    if unit == "DAY":
        return moment + datetime.timedelta(days=count)
    if unit == "WEEK":
        return moment + datetime.timedelta(weeks=count)
    return months_later(moment, count * {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit])


def unit_begin(moment: datetime.datetime, unit: CalendarUnit) -> datetime.datetime:
    """The first moment of the day, week, month, quarter or year that the moment lies in."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "WEEK":
        return day - datetime.timedelta(days=day.weekday())
    if unit == "MONTH":
        return day.replace(day=1)
    if unit == "QUARTER":
        return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    if unit == "YEAR":
        return day.replace(day=1, month=1)
    return day


Fields = Mapping[str, Any]
"""A JSON object of a filter, checked by `time_point_fault`."""

_WHOLE_MAX: Final = 2**53
_CLOCK_FIELDS: Final = ("hour", "minute", "second", "millisecond")
_OFFSET_UNITS: Final = (
    "years",
    "quarters",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
)
_REFERENCE_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "NOW": (),
    "TODAY": (),
    "WEEK": ("dayOfWeek",),
    "MONTH": ("day",),
    "QUARTER": ("month", "day"),
    "YEAR": ("month", "day"),
    "FISCAL_QUARTER": ("month", "day"),
    "FISCAL_YEAR": ("month", "day"),
}
TIME_TYPES: Final = ("DATE", "INDEXED", "PROPERTY_REFERENCED")


def time_point_fault(point: object) -> str | None:
    """Which field of a time point is wrong, in wire spelling; None for none."""
    if not isinstance(point, dict):
        return "timePoint"
    if point.get("timeType") not in TIME_TYPES:
        return "timeType"
    zone = point.get("zoneId", "")
    if not isinstance(zone, str) or zone_named(zone) is None:
        return "zoneId"
    if point["timeType"] == "DATE":
        return _date_fault(point)
    if point["timeType"] == "INDEXED":
        return _index_fault(point)
    return None if isinstance(point.get("property"), str) else "property"


def _date_fault(point: Fields) -> str | None:
    for name in ("year", "month", "day"):
        if not is_whole(point.get(name)):
            return name
    return _clock_fault(point) or (None if _date_of(point) else "day")


def _clock_fault(fields: Fields) -> str | None:
    tops = dict(zip(_CLOCK_FIELDS, (23, 59, 59, 999), strict=True))
    for name, top in tops.items():
        value = fields.get(name)
        if value is not None and not (is_whole(value) and 0 <= value <= top):
            return name
    return None


def _index_fault(point: Fields) -> str | None:
    reference = point.get("indexReference")
    if not isinstance(reference, dict):
        return "indexReference"
    kind = reference.get("referenceType")
    if not isinstance(kind, str) or kind not in _REFERENCE_FIELDS:
        return "indexReference"
    for name in _REFERENCE_FIELDS[kind]:
        value = reference.get(name)
        if not (value in WEEKDAYS if name == "dayOfWeek" else is_whole(value)):
            return name
    offset = point.get("offset")
    if offset is not None:
        if not isinstance(offset, dict):
            return "offset"
        for name in _OFFSET_UNITS:
            if offset.get(name) is not None and not is_whole(offset[name]):
                return name
    return _clock_fault(reference)


def is_whole(value: object) -> bool:
    """Whether a JSON value is a whole number that a float can tell too; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _WHOLE_MAX


def _date_of(fields: Fields) -> datetime.date | None:
    try:
        return datetime.date(fields["year"], fields["month"], fields["day"])
    except (ValueError, OverflowError):
        return None


def time_point_ms(point: Fields, now_ms: int, *, of_days: bool) -> int | None:
    """The moment that a time point denotes now, None where it follows from other things.

    of_days: whether it is compared with days, which are UTC midnights whatever the zone (a guess).
    Two kinds follow from other things: what another property says, and fiscal years. Beyond the
    calendar there is no moment either.
    """
    zone = datetime.UTC if of_days else zone_named(point.get("zoneId", ""))
    if zone is None or point["timeType"] == "PROPERTY_REFERENCED":
        return None
    try:
        if point["timeType"] == "DATE":
            date = datetime.datetime(point["year"], point["month"], point["day"], tzinfo=zone)
            return to_ms(_at_clock(date, point))
        base = _reference(point["indexReference"], from_ms(now_ms, zone))
        return None if base is None else to_ms(_with_offset(base, point.get("offset") or {}))
    except (ValueError, OverflowError):
        return None


def _at_clock(day: datetime.datetime, fields: Fields) -> datetime.datetime:
    hour, minute, second, millisecond = (fields.get(name) or 0 for name in _CLOCK_FIELDS)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=millisecond * 1000)


_REFERENCES: Final[Mapping[str, Callable[[datetime.datetime, Fields], datetime.datetime]]] = {
    "TODAY": lambda now, _fields: unit_begin(now, "DAY"),
    "WEEK": lambda now, fields: (
        unit_begin(now, "WEEK") + datetime.timedelta(days=WEEKDAYS.index(fields["dayOfWeek"]))
    ),
    "MONTH": lambda now, fields: unit_begin(now, "MONTH").replace(day=fields["day"]),
    "QUARTER": lambda now, fields: months_later(
        unit_begin(now, "QUARTER"), fields["month"] - 1
    ).replace(day=fields["day"]),
    "YEAR": lambda now, fields: unit_begin(now, "YEAR").replace(
        month=fields["month"], day=fields["day"]
    ),
}


def _reference(fields: Fields, now: datetime.datetime) -> datetime.datetime | None:
    kind = fields["referenceType"]
    if kind == "NOW":
        return now
    find = _REFERENCES.get(kind)
    return None if find is None else _at_clock(find(now, fields), fields)


def _with_offset(base: datetime.datetime, offset: Fields) -> datetime.datetime:
    parts = {name: offset.get(name) or 0 for name in _OFFSET_UNITS}
    months = parts["years"] * 12 + parts["quarters"] * 3 + parts["months"]
    moved = months_later(base, months) if months else base
    return moved + datetime.timedelta(**{name: parts[name] for name in _OFFSET_UNITS[3:]})
