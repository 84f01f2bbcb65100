"""The words of the formula language as tables: keywords, functions, limits.

Source: properties guide of 2026-03; functions marked so stand only in HubSpot's own definitions.
"""

from dataclasses import dataclass
from typing import Final, Literal

from moyeu.catalog.limits import FORMULA_ARGUMENTS_MAX

ValueType = Literal["number", "string", "bool"]
"""What a formula or a part of it results in."""

KEYWORDS: Final = frozenset(
    {"and", "else", "elseif", "endif", "equals", "false", "if", "not", "or", "then", "true"}
)
"""In any case; none of them can name a property in a formula."""

WRAPPERS: Final[dict[str, ValueType]] = {"string": "string", "bool": "bool"}
"""`string(x)` and `bool(x)` read a property as that; a bare name reads it as a number."""

NESTING_MAX: Final = 50
"""How deep brackets, conditions and negations may stand in each other. GUESS.

A level costs at most ten calls, so a formula takes half of the thousand that Python allows.
"""


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives.

    arguments: the type of each; None takes any. most: how many there may be at most, the last
    type standing for all further ones. of_property: whether the argument must name a property.
    """

    arguments: tuple[ValueType | None, ...]
    result: ValueType
    most: int
    of_property: bool = False


def _of(*arguments: ValueType | None, result: ValueType, most: int = 0) -> Function:
    return Function(arguments, result, max(most, len(arguments)))


FUNCTIONS: Final[dict[str, Function]] = {
    "concatenate": _of("string", "string", result="string", most=FORMULA_ARGUMENTS_MAX),
    "contains": _of("string", "string", result="bool"),
    "is_present": _of(None, result="bool"),
    "max": _of("number", "number", result="number", most=FORMULA_ARGUMENTS_MAX),
    "min": _of("number", "number", result="number", most=FORMULA_ARGUMENTS_MAX),
    "number_to_string": _of("number", result="string"),
    "string_to_number": _of("string", result="number"),
    # Only in HubSpot's own formulas (recorded definitions of 2024 to 2026). That a client may use
    # them, and what they mean beside their names, is a guess.
    "format_phone_number": _of("string", result="string"),
    "format_searchable_phone_number": _of("string", result="string"),
    "pipeline_probability": _of("string", result="number"),
    "round_down": _of("number", "number", result="number"),
    "substring": _of("string", "number", result="string", most=3),
    "time_between": _of("number", "number", result="number"),
    "timestamp": Function((None,), "string", 1, of_property=True),
}
"""By name; the number of types is how many arguments there must be at least."""
