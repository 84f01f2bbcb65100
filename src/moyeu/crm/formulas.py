"""Which properties a calculation formula names. Formulas are neither parsed nor computed here."""

import re

_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
# A number ends where its digits do: `10a` is the number 10 and the property `a` (observed
# 2026-09-29, it is stored as `10 * a`). A word before a bracket is a function.
_WORD = re.compile(r"\d+(?:\.\d+)?|(?P<name>[A-Za-z_]\w*)(?!\w|\s*\()", re.ASCII)

# Words of the formula language, in any case (calculation guide of 2026).
_KEYWORDS = frozenset(
    {
        "and",
        "contains",
        "else",
        "elseif",
        "endif",
        "equals",
        "false",
        "if",
        "not",
        "null",
        "or",
        "then",
        "true",
    }
)


def property_names_in(formula: str) -> frozenset[str]:
    """The names of the properties that a formula refers to, in lower case.

    What stands in quotes, keywords, numbers and names of functions are none. In a formula that
    is not well-formed it may be more or fewer.
    """
    words = _WORD.finditer(_TEXT.sub(" ", formula))
    names = {match["name"].lower() for match in words if match["name"]}
    return frozenset(names - _KEYWORDS)
