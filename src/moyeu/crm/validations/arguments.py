"""What a rule type makes of a rule's arguments."""

from collections.abc import Callable

Arguments = tuple[str, ...]
"""The arguments of a rule as they were set."""

RuleTest = Callable[[str, int], bool]
"""(text as the property's type keeps it, now in ms since 1970) → whether it satisfies the rule."""

TestMaker = Callable[[Arguments], RuleTest | None]
"""The test for these arguments, None where they are not what the rule type takes."""

Normaliser = Callable[[str], str]
"""Brings a text into the form that a rule asks for, as far as it can."""

NormaliserMaker = Callable[[Arguments], Normaliser]
"""The normaliser for arguments that the rule type takes."""


def chosen(arguments: Arguments, *choices: str) -> str | None:
    """The only argument if it is one of the choices."""
    return arguments[0] if len(arguments) == 1 and arguments[0] in choices else None


def whole_number(arguments: Arguments, least: int, most: int) -> int | None:
    """The only argument as an integer within bounds, both inclusive; plain digits only."""
    if len(arguments) != 1 or len(arguments[0]) > len(str(most)):
        return None
    if not (arguments[0].isascii() and arguments[0].isdecimal()):
        return None
    number = int(arguments[0])
    return number if least <= number <= most else None
