"""Rule types for numbers. Names and arguments: property validations guide (2026-03-31)."""

import re
from decimal import Decimal
from typing import Final

from moyeu.catalog.limits import RULE_DECIMALS_MAX
from moyeu.crm.validations.arguments import Arguments, RuleTest, whole_number

_NUMBER: Final = re.compile(r"-?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})", re.ASCII)


def _bound(arguments: Arguments) -> Decimal | None:
    if len(arguments) != 1 or not _NUMBER.fullmatch(arguments[0]):
        return None
    return Decimal(arguments[0])


def min_number(arguments: Arguments) -> RuleTest | None:
    """At least that number."""
    bound = _bound(arguments)
    return None if bound is None else lambda text, _now_ms: Decimal(text) >= bound


def max_number(arguments: Arguments) -> RuleTest | None:
    """At most that number."""
    bound = _bound(arguments)
    return None if bound is None else lambda text, _now_ms: Decimal(text) <= bound


def decimals(arguments: Arguments) -> RuleTest | None:
    """At most that many digits after the point, zeros at the end included: a guess."""
    places = whole_number(arguments, 0, RULE_DECIMALS_MAX)
    if places is None:
        return None
    return lambda text, _now_ms: len(text.partition(".")[2]) <= places
