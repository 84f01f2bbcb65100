"""The table of rule types: for which properties each is, and what it makes of its arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.validations import addresses, moments, numbers, texts
from moyeu.crm.validations.arguments import NormaliserMaker, TestMaker


@dataclass(frozen=True, slots=True)
class RuleType:
    """A kind of rule.

    field_types: by property type, those that the rule is for; empty for all of the type.
    test: makes the test of a value. normaliser: makes what brings a value into form, None where
    the rule type has nothing of the kind.
    """

    field_types: Mapping[str, tuple[str, ...]]
    test: TestMaker
    normaliser: NormaliserMaker | None = None

    def is_for(self, definition: PropertyDefinition) -> bool:
        """Whether the property may have such a rule."""
        field_types = self.field_types.get(definition.type)
        return field_types is not None and (not field_types or definition.field_type in field_types)


_LINE: Final = {"string": ("text",)}
_TEXT: Final = {"string": ("text", "textarea")}
# The guide names strings alone; that telephones of a type of their own have the same rules is a
# guess.
_LENGTH: Final = {"string": ("text", "textarea", "phonenumber"), "phone_number": ("phonenumber",)}
_PHONE: Final = {"string": ("phonenumber",), "phone_number": ("phonenumber",)}
_NUMBER: Final[Mapping[str, tuple[str, ...]]] = {"number": ()}
_DATE: Final[Mapping[str, tuple[str, ...]]] = {"date": ()}
_DATETIME: Final[Mapping[str, tuple[str, ...]]] = {"datetime": ()}

# Source of the names and of the properties that they are for: property validations guide
# (2026-03-31). Which of them `shouldApplyNormalization` can do something for is a guess.
RULE_TYPES: Final[Mapping[str, RuleType]] = {
    "AFTER_DATETIME_DURATION": RuleType(_DATETIME, moments.after_datetime_duration),
    "AFTER_DURATION": RuleType(_DATE, moments.after_duration),
    "ALPHANUMERIC": RuleType(_TEXT, texts.alphanumeric, texts.keep_alphanumeric),
    "BEFORE_DATETIME_DURATION": RuleType(_DATETIME, moments.before_datetime_duration),
    "BEFORE_DURATION": RuleType(_DATE, moments.before_duration),
    "DAYS_OF_WEEK": RuleType({**_DATE, **_DATETIME}, moments.days_of_week),
    "DECIMAL": RuleType(_NUMBER, numbers.decimals),
    "DOMAIN": RuleType(_LINE, addresses.domain),
    "EMAIL": RuleType(_LINE, addresses.email),
    "EMAIL_ALLOWED_DOMAINS": RuleType(_LINE, addresses.email_allowed_domains),
    "EMAIL_BLOCKED_DOMAINS": RuleType(_LINE, addresses.email_blocked_domains),
    "END_DATE": RuleType(_DATE, moments.end),
    "END_DATETIME": RuleType(_DATETIME, moments.end),
    "FORMAT": RuleType(_TEXT, texts.letter_case, texts.change_case),
    "MAX_LENGTH": RuleType(_LENGTH, texts.max_length),
    "MAX_NUMBER": RuleType(_NUMBER, numbers.max_number),
    "MIN_LENGTH": RuleType(_LENGTH, texts.min_length),
    "MIN_NUMBER": RuleType(_NUMBER, numbers.min_number),
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": RuleType(_PHONE, addresses.phone_number),
    "REGEX": RuleType(_TEXT, texts.pattern),
    "SPECIAL_CHARACTERS": RuleType(
        _TEXT, texts.no_special_characters, texts.drop_special_characters
    ),
    "START_DATE": RuleType(_DATE, moments.start_date),
    "START_DATETIME": RuleType(_DATETIME, moments.start_datetime),
    "URL": RuleType(_LINE, addresses.url),
    "URL_ALLOWED_DOMAINS": RuleType(_LINE, addresses.url_allowed_domains),
    "URL_BLOCKED_DOMAINS": RuleType(_LINE, addresses.url_blocked_domains),
    "WHITESPACE": RuleType(_LINE, texts.whitespace, texts.drop_whitespace),
}
