"""Quick tests for the usual case: a text that is surely kept exactly as it is.

A batch has hundreds of values, nearly all of them in their kept form. A test is one call into C;
where it says no, the rule itself decides. `tests/crm/values` proves that the rule keeps every text
that its test lets pass.
"""

import re
from collections.abc import Callable
from typing import Final

from moyeu.catalog.properties import PropertyDefinition

PlainTest = Callable[[str], object]
"""True, or true-like, for a text that the rule would keep unchanged; otherwise nothing is said."""

_OPTIONS_MAX: Final = 50

_NUMBER: Final = re.compile(r"-?\d{1,500}(?:\.\d{0,500})?", re.ASCII)

# Years far enough from both ends of the range, which is 1,000 years around now. 29 February is
# left to the rule.
_DAY: Final = (
    r"(?:1[3-9]|2[0-7])\d\d-(?:"
    r"(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|"
    r"(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|"
    r"02-(?:0[1-9]|1\d|2[0-8]))"
)
_DATE: Final = re.compile(_DAY, re.ASCII)
_DATETIME: Final = re.compile(
    _DAY + r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(?!000)\d{3})?Z", re.ASCII
)


def plain_test_of(definition: PropertyDefinition) -> PlainTest | None:
    """The test for values of this property, None where it has none that is worth it."""
    if definition.type == "number":
        return _NUMBER.fullmatch
    if definition.type == "date":
        return _DATE.fullmatch
    if definition.type == "datetime":
        return _DATETIME.fullmatch
    if definition.type in ("bool", "enumeration") and not definition.external_options:
        return _option_test(definition)
    return None


def _option_test(definition: PropertyDefinition) -> PlainTest | None:
    values = [option.value for option in definition.options]
    if not values or definition.referenced_object_type is not None:
        return None
    if definition.field_type != "checkbox":
        return frozenset(values).__contains__
    if len(values) > _OPTIONS_MAX or any(";" in value or not value for value in values):
        return None
    part = f"(?:{'|'.join(map(re.escape, values))})"
    return re.compile(f"{part}(?:;{part})*").fullmatch
