"""The rules by which requests are refused: what each says, and how we know.

A row for each problem that a client can be told, kept in `tables/rules.json`; it is named after the
class of the problem. What HubSpot says then stands in `wire/*_words.py`.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

import msgspec

from moyeu.catalog.tables import read_table

Evidence = Literal["observed", "documented", "spec", "guess"]
"""Met in a real answer; in HubSpot's guides or changelog; in its API descriptions; ours."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason to refuse.

    sentence: what was wrong. evidence: of the best of its facts; source: where that comes from, or
    what is ours. cases: `file/id` of cases in tests/conformance that show it, some of them.
    """

    rule: str
    sentence: str
    evidence: Evidence
    source: str
    cases: tuple[str, ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    evidence: str
    rules: tuple[Rule, ...]


JSON_RULES: Final = (
    ("a request body was expected", "json-body-missing"),
    ("No content (empty input stream)", "json-body-empty"),
    ("Some required fields were not set", "json-field-missing"),
    ("some of required attributes are not set", "json-field-missing"),
    ("Names for properties should be lowercase", "json-property-name"),
    ("Cannot deserialize", "json-type"),
    ("Cannot construct", "json-type"),
    ("Cannot coerce", "json-type"),
    ("out of range of", "json-type"),
    ("", "json-syntax"),
)
"""The rule of a body that cannot be read: the first whose words stand in the message."""

STATUS_RULES: Final[Mapping[int, str]] = {
    400: "null-in-path",
    404: "unknown-path",
    405: "wrong-method",
    415: "not-json",
    429: "search-rate",
    500: "internal-error",
    503: "database-away",
}
"""The rule of an answer to which no problem led."""


def rule_name(problem: type) -> str:
    """The name of the rule that a class of problems stands for: `unique-value-taken`."""
    return _hyphened(problem.__name__)


@cache
def _hyphened(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by name."""
    return {each.rule: each for each in read_table("rules", _Table).rules}
