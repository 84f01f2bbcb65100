"""The numbers in the query of a list: how many on a page, and from where on."""

from moyeu.crm.problems import InvalidParameter, TooManyPerPage
from moyeu.crm.records import RECORD_ID_MAX

_SIGNIFICANT_DIGITS_MAX = len(str(RECORD_ID_MAX))


def page_limit(
    text: str | None, default: int, limit_max: int, *, with_history: bool = False
) -> int | InvalidParameter | TooManyPerPage:
    """How many a page has: `limit` as sent, digits of a number from 1 on; the default without."""
    if not text:
        return default
    if not is_digits(text) or number_of(text) == 0:
        return InvalidParameter("limit", text)
    count = number_of(text)
    return TooManyPerPage(text, limit_max, with_history) if count > limit_max else count


def is_digits(text: str) -> bool:
    """Whether the text is a number in plain decimal digits."""
    return text.isascii() and text.isdecimal()


def number_of(digits: str) -> int:
    """Their value, cut to the highest record id; Python refuses to read thousands of digits."""
    significant = digits.lstrip("0") or "0"
    if len(significant) > _SIGNIFICANT_DIGITS_MAX:
        return RECORD_ID_MAX
    return min(int(significant), RECORD_ID_MAX)
