"""The codes and texts of values that break a portal's validation rules: one row per rule type.

Only `INVALID_ALPHA`, `Enter only letters` (documented 2023-07) and `MAX_LENGTH`, `Enter 50
characters or fewer` (observed 2024-07) are HubSpot's; the others are guesses in their manner. A
pattern has a text of its own among its arguments.
"""

from collections.abc import Callable, Mapping
from typing import Final

from moyeu.crm.problems import RuleBroken
from moyeu.crm.values.moment import render_day, render_ms

Arguments = tuple[str, ...]

_CODES: Final[Mapping[tuple[str, Arguments], str]] = {
    ("ALPHANUMERIC", ("ALPHANUMERIC",)): "INVALID_ALPHANUMERIC",
    ("ALPHANUMERIC", ("ALPHA_ONLY",)): "INVALID_ALPHA",
    ("ALPHANUMERIC", ("NUMERIC_ONLY",)): "INVALID_NUMERIC",
}
"""The codes that are not the name of the rule type."""

_CHARACTERS: Final = {
    "ALPHANUMERIC": "Enter only letters and numbers",
    "ALPHA_ONLY": "Enter only letters",
    "NUMERIC_ONLY": "Enter only numbers",
}
_CASES: Final = {
    "CAPITALIZATION": "Enter a capital letter at the beginning of each word",
    "LOWER": "Enter only lowercase letters",
    "UPPER": "Enter only uppercase letters",
}
_BLANKS: Final = {
    "ALL": "Enter a value without spaces",
    "TRIM": "Enter a value without spaces at the beginning or end",
}


def _day(arguments: Arguments) -> str:
    return render_day(int(arguments[0]))


def _moment(arguments: Arguments) -> str:
    return render_ms(int(arguments[0]))


_MESSAGES: Final[Mapping[str, Callable[[Arguments], str]]] = {
    "AFTER_DATETIME_DURATION": lambda x: f"Enter a date and time at least {x[0]} after now",
    "AFTER_DURATION": lambda x: f"Enter a date at least {x[0]} after today",
    "ALPHANUMERIC": lambda x: _CHARACTERS[x[0]],
    "BEFORE_DATETIME_DURATION": lambda x: f"Enter a date and time at least {x[0]} before now",
    "BEFORE_DURATION": lambda x: f"Enter a date at least {x[0]} before today",
    "DAYS_OF_WEEK": lambda x: f"Enter a date on one of these days: {', '.join(x)}",
    "DECIMAL": lambda x: f"Enter {x[0]} decimal places or fewer",
    "DOMAIN": lambda _: "Enter a valid domain",
    "EMAIL": lambda _: "Enter a valid email address",
    "EMAIL_ALLOWED_DOMAINS": lambda x: f"Enter an email address of these domains: {', '.join(x)}",
    "EMAIL_BLOCKED_DOMAINS": lambda x: f"Enter no email address of these domains: {', '.join(x)}",
    "END_DATE": lambda x: f"Enter a date no later than {_day(x)}",
    "END_DATETIME": lambda x: f"Enter a date and time no later than {_moment(x)}",
    "FORMAT": lambda x: _CASES[x[0]],
    "MAX_LENGTH": lambda x: f"Enter {x[0]} characters or fewer",
    "MAX_NUMBER": lambda x: f"Enter a number no higher than {x[0]}",
    "MIN_LENGTH": lambda x: f"Enter {x[0]} characters or more",
    "MIN_NUMBER": lambda x: f"Enter a number no lower than {x[0]}",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": lambda _: (
        "Enter a valid phone number with a country code"
    ),
    "REGEX": lambda x: x[1],
    "SPECIAL_CHARACTERS": lambda _: "Enter a value without special characters",
    "START_DATE": lambda x: f"Enter a date no earlier than {_day(x)}",
    "START_DATETIME": lambda x: f"Enter a date and time no earlier than {_moment(x)}",
    "URL": lambda _: "Enter a valid URL",
    "URL_ALLOWED_DOMAINS": lambda x: f"Enter a URL of these domains: {', '.join(x)}",
    "URL_BLOCKED_DOMAINS": lambda x: f"Enter no URL of these domains: {', '.join(x)}",
    "WHITESPACE": lambda x: _BLANKS[x[0] if x else "ALL"],
}


def rule_code(problem: RuleBroken) -> str:
    """What a broken rule is called in `error` and `code`."""
    return _CODES.get((problem.rule_type, problem.arguments), problem.rule_type)


def rule_message(problem: RuleBroken) -> str:
    """What is said of a value that breaks a rule."""
    return _MESSAGES[problem.rule_type](problem.arguments)
