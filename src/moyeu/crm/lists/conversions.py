"""When a dynamic list becomes a static one."""

import datetime
from dataclasses import replace

from moyeu.crm.lists.definitions import (
    Conversion,
    DateConversion,
    InactivityConversion,
    ListDefinition,
)
from moyeu.crm.lists.moments import from_ms, to_ms, units_later
from moyeu.crm.lists.problems import ConversionInvalid, NotConvertible
from moyeu.crm.problems import Problem

_OFFSET_MAX = 10_000


def plan_conversion(
    definition: ListDefinition, asked: DateConversion | InactivityConversion, now_ms: int
) -> ListDefinition | Problem:
    """The list with its conversion; one that was asked for before is replaced.

    Refused: NotConvertible for static lists, ConversionInvalid. The refusals are guesses.
    """
    if definition.processing_type != "DYNAMIC":
        return NotConvertible(str(definition.id))
    if isinstance(asked, DateConversion):
        if _day_ms(asked) is None:
            return ConversionInvalid("day")
        return replace(definition, conversion=Conversion(now_ms, date=asked))
    if not 1 <= asked.offset <= _OFFSET_MAX:
        return ConversionInvalid("offset")
    return replace(definition, conversion=Conversion(now_ms, inactivity=asked))


def _day_ms(date: DateConversion) -> int | None:
    try:
        return to_ms(datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC))
    except (ValueError, OverflowError):
        return None


def due_ms(definition: ListDefinition) -> int | None:
    """When the conversion is due, as far as is known now; None without one.

    A day is due when it begins in UTC, inactivity when the period after the last change of members
    (or after it was asked for) is over: guesses.
    """
    conversion = definition.conversion
    if conversion is None or definition.converted_at_ms is not None:
        return None
    if conversion.date is not None:
        return _day_ms(conversion.date)
    assert conversion.inactivity is not None
    changes = (definition.last_joined_at_ms or 0, definition.last_left_at_ms or 0)
    quiet_since = max(conversion.asked_at_ms, *changes)
    period = conversion.inactivity
    return to_ms(units_later(from_ms(quiet_since), period.time_unit, period.offset))


def converted(definition: ListDefinition, now_ms: int) -> ListDefinition | None:
    """The list as static if that is due and its members are up to date, else None.

    It becomes what a list is whose filters were carried out once (a guess).
    """
    at_ms = due_ms(definition)
    if definition.processing_type != "DYNAMIC" or at_ms is None or at_ms > now_ms:
        return None
    return replace(definition, processing_type="SNAPSHOT", converted_at_ms=at_ms)
