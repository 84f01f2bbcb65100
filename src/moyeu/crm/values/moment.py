"""Moments as HubSpot writes them: UTC, milliseconds, ISO 8601 with a `Z`."""

import datetime
import re

DAY_MS = 86_400_000
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# 1,000 years before or after now is the widest distance that HubSpot accepts
# (observed text `… is more than 1,000 years ago or 1,000 years from now.`).
_YEAR_MS = 31_556_952_000
_DISTANCE_MAX_MS = 1_000 * _YEAR_MS
# The years that Python's datetime can hold; beyond them every moment is out of range anyway.
_MS_MIN = -62_135_596_800_000
_MS_MAX = 253_402_300_799_999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)"
)
_DIGITS = re.compile(r"-?\d{1,18}")


def render_ms(moment_ms: int) -> str:
    """ISO text of a moment: `2024-10-20T19:50:47.612Z`, without the fraction when it is zero."""
    text = (_EPOCH + datetime.timedelta(milliseconds=moment_ms)).isoformat(timespec="milliseconds")
    # The offset `+00:00` ends the text; the fraction stands before it.
    return f"{text[:19]}Z" if text[20:23] == "000" else f"{text[:23]}Z"


def render_day(moment_ms: int) -> str:
    """The UTC day of a moment, `2024-10-20`."""
    return render_ms(moment_ms)[:10]


def read_ms(text: str) -> int | None:
    """Decimal digits as milliseconds, None for any other text."""
    return int(text) if _DIGITS.fullmatch(text) and text.isascii() else None


def read_day(text: str) -> int | None:
    """`2024-05-31` as the milliseconds of its UTC midnight, None for any other text."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return (day.toordinal() - 719_163) * DAY_MS


def read_iso(text: str) -> int | None:
    """An ISO 8601 date-time with an offset as milliseconds (finer parts are cut), else None."""
    if not (_MOMENT.fullmatch(text) and text.isascii()):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text.upper().replace(",", "."))
        return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def in_range(moment_ms: int, now_ms: int) -> bool:
    """Whether the moment is at most 1,000 years away and can be written with four digits."""
    return _MS_MIN <= moment_ms <= _MS_MAX and abs(moment_ms - now_ms) <= _DISTANCE_MAX_MS
