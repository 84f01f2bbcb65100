"""Validation rules: what each type takes, lets pass and refuses, and how they are enforced."""

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.properties import FieldType, PropertyDefinition, PropertyType
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.problems import InvalidNumber, RuleBroken
from moyeu.crm.records import check_values
from moyeu.crm.validations import ValidationRule, guarded_rule
from moyeu.crm.validations.moments import Period, read_period, shift
from moyeu.crm.validations.rule_types import RULE_TYPES
from moyeu.crm.values.moment import read_day, render_day, render_ms
from moyeu.crm.values.outcome import Normalised, ValueOutcome
from moyeu.crm.values.rules import rule_of
from moyeu.wire.rule_words import rule_code, rule_message
from tests.crm.scene import definitions
from tests.crm.scene import given as an_input

# 2026-09-21T14:13:20Z, a Monday.
NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
DOMAINS = ("example.com", "Partner.org")

Row = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]

PASSES: tuple[Row, ...] = (
    # rule type, arguments, values that pass, values that do not
    ("ALPHANUMERIC", ("ALPHANUMERIC",), ("a1", "Ä9", "é"), ("a b", "a-b", "a_b")),
    ("ALPHANUMERIC", ("ALPHA_ONLY",), ("abc", "Zoë", "हिन्दी"), ("12", "a1", "a b")),
    ("ALPHANUMERIC", ("NUMERIC_ONLY",), ("0123",), ("1.5", "-1", "a", "1 2")),
    ("FORMAT", ("UPPER",), ("ABC 1", "ÄÖ"), ("AbC", "a")),
    ("FORMAT", ("LOWER",), ("abc 1",), ("Abc", "A")),
    ("FORMAT", ("CAPITALIZATION",), ("Ada Mc-Donald", "McDonald", "4 U"), ("ada", "Ada b")),
    ("SPECIAL_CHARACTERS", ("NOT_ALLOWED",), ("Ada 1", "Zoë"), ("5%", "$", "a-b", "a.", "€")),
    ("WHITESPACE", (), ("ab",), ("a b", " a", "a\n")),
    ("WHITESPACE", ("ALL",), ("ab",), ("a b",)),
    ("WHITESPACE", ("TRIM",), ("ab", "a b"), (" a", "a ", "\ta")),
    ("REGEX", ("^[A-Z]+$", "Must be uppercase"), ("A", "ABC"), ("", "aBC", "AB1")),
    ("REGEX", ("b+", "Needs a b"), ("abc",), ("ac",)),
    ("REGEX", ("^.*$", "Too long"), ("x" * 1000,), ("x" * 1001,)),
    ("MIN_LENGTH", ("3",), ("abc", "äöü", "abcd"), ("ab", "a")),
    ("MAX_LENGTH", ("3",), ("abc", "äöü", "a"), ("abcd",)),
    (
        "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
        (),
        ("+14155552671", "+1 (415) 555-2671", "+49 30 901820", "+14155552671 ext. 5"),
        ("4155552671", "+1", "+1415555267", "call +14155552671", "+999 123456"),
    ),
    (
        "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
        ("us",),
        ("+14155552671",),
        ("+4930901820", "+16135550123", "4155552671"),
    ),
    (
        "EMAIL",
        (),
        ("ada@example.com", "a.b+c@mail.example.co.uk", "ada@exämple.com"),
        ("ada", "ada@", "@example.com", "ada@example", "a b@example.com", ".a@b.co", "a..b@b.co"),
    ),
    (
        "DOMAIN",
        (),
        ("example.com", "a.b-c.example.org", "xn--bcher-kva.example"),
        ("example", "-a.com", "a-.com", "exa mple.com", "https://example.com", "a.b.", "1.2.3.4"),
    ),
    (
        "URL",
        (),
        ("https://example.com", "http://example.com:8080/a?b#c", "example.com/path"),
        ("ftp://example.com", "https://", "https://exa mple.com", "word", "https://a.com/b c"),
    ),
    (
        "EMAIL_ALLOWED_DOMAINS",
        DOMAINS,
        ("a@example.com", "a@EXAMPLE.com", "a@partner.org"),
        ("a@other.com", "a@sub.example.com", "example.com", "word"),
    ),
    (
        "EMAIL_BLOCKED_DOMAINS",
        DOMAINS,
        ("a@other.com", "word", "a@sub.example.com"),
        ("a@example.com", "a@Example.com ", "a@partner.org"),
    ),
    (
        "URL_ALLOWED_DOMAINS",
        DOMAINS,
        ("https://example.com", "www.example.com/x", "http://a@partner.org:80"),
        ("https://other.com", "https://myexample.com", "https://other.com/example.com"),
    ),
    (
        "URL_BLOCKED_DOMAINS",
        DOMAINS,
        ("https://other.com/example.com", "myexample.com", "word"),
        (
            "example.com",
            "HTTPS://www.EXAMPLE.com.",
            "https://other.com@example.com",
            "//partner.org",
        ),
    ),
    ("MIN_NUMBER", ("-10.5",), ("-10.5", "-10.50", "0", "1"), ("-10.51", "-11")),
    ("MAX_NUMBER", ("99.99",), ("99.99", "-5", "99.990"), ("99.991", "100")),
    ("DECIMAL", ("2",), ("1", "1.5", "1.25", "1."), ("1.255", "1.000")),
    ("DECIMAL", ("0",), ("1", "-7"), ("1.5",)),
    # 1640995200000 is 2022-01-01T00:00:00Z, 1641038400000 noon of that day.
    ("START_DATE", ("1641038400000",), ("2022-01-01", "2023-05-05"), ("2021-12-31",)),
    ("END_DATE", ("1641038400000",), ("2022-01-01", "2021-01-01"), ("2022-01-02",)),
    (
        "START_DATETIME",
        ("1641038400000",),
        ("2022-01-01T12:00:00Z", "2022-01-01T14:00:00+02:00"),
        ("2022-01-01T11:59:59.999Z", "2022-01-01T13:59:00+02:00"),
    ),
    (
        "END_DATETIME",
        ("1641038400000",),
        ("2022-01-01T12:00:00Z",),
        ("2022-01-01T12:00:00.001Z",),
    ),
    ("AFTER_DURATION", ("P7D",), ("2026-09-28", "2027-01-01"), ("2026-09-27", "2026-09-21")),
    ("AFTER_DURATION", ("P1Y",), ("2027-09-21",), ("2027-09-20",)),
    ("BEFORE_DURATION", ("P30D",), ("2026-08-22", "2020-01-01"), ("2026-08-23", "2026-09-21")),
    (
        "AFTER_DATETIME_DURATION",
        ("P1M",),
        ("2026-10-21T14:13:20Z",),
        ("2026-10-21T14:13:19Z",),
    ),
    (
        "BEFORE_DATETIME_DURATION",
        ("P2W",),
        ("2026-09-07T14:13:20Z",),
        ("2026-09-07T14:13:21Z",),
    ),
    ("DAYS_OF_WEEK", ("MONDAY", "FRIDAY"), ("2026-09-21", "1969-12-29"), ("2026-09-22",)),
)

BAD_ARGUMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AFTER_DATETIME_DURATION", ("7 days",)),
    ("AFTER_DURATION", ("P",)),
    ("AFTER_DURATION", ("P1DT2H",)),
    ("AFTER_DURATION", ("P1001Y",)),
    ("AFTER_DURATION", ()),
    ("ALPHANUMERIC", ("LETTERS",)),
    ("ALPHANUMERIC", ()),
    ("ALPHANUMERIC", ("ALPHA_ONLY", "NUMERIC_ONLY")),
    ("BEFORE_DATETIME_DURATION", ()),
    ("BEFORE_DURATION", ("-P1D",)),
    ("DAYS_OF_WEEK", ()),
    ("DAYS_OF_WEEK", ("monday",)),
    ("DAYS_OF_WEEK", ("MONDAY",) * 8),
    ("DECIMAL", ("21",)),
    ("DECIMAL", ("-1",)),
    ("DECIMAL", ("1.0",)),
    ("DOMAIN", ("x",)),
    ("EMAIL", ("x",)),
    ("EMAIL_ALLOWED_DOMAINS", ()),
    ("EMAIL_ALLOWED_DOMAINS", ("example.com",) * 21),
    ("EMAIL_BLOCKED_DOMAINS", ("no domain",)),
    ("END_DATE", ("2022-01-01",)),
    ("END_DATETIME", ()),
    ("FORMAT", ("TITLE",)),
    ("MAX_LENGTH", ("0",)),
    ("MAX_LENGTH", ("10001",)),
    ("MAX_NUMBER", ("1e5",)),
    ("MAX_NUMBER", ("NaN",)),
    ("MIN_LENGTH", ("0",)),
    ("MIN_LENGTH", ("one",)),
    ("MIN_LENGTH", ("٣",)),
    ("MIN_NUMBER", ("",)),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", ("US",)),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", ("zz",)),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", ("us", "de")),
    ("REGEX", ("^a$",)),
    ("REGEX", ("(", "Unbalanced")),
    ("REGEX", (r"(a)\1", "No references")),
    ("REGEX", ("a", "")),
    ("REGEX", ("a", "x" * 101)),
    ("REGEX", (r"(\pL{1,1000}){1,1000}", "Too large")),
    ("SPECIAL_CHARACTERS", ()),
    ("START_DATE", ("soon",)),
    ("START_DATETIME", ("1", "2")),
    ("URL", ("x",)),
    ("URL_ALLOWED_DOMAINS", ("https://example.com",)),
    ("URL_BLOCKED_DOMAINS", ()),
    ("WHITESPACE", ("NONE",)),
)

NORMALISED: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("ALPHANUMERIC", ("NUMERIC_ONLY",), "070078ABC", "070078"),
    ("ALPHANUMERIC", ("ALPHA_ONLY",), "Ada 1", "Ada"),
    ("FORMAT", ("CAPITALIZATION",), "ada  mcDonald", "Ada  McDonald"),
    ("FORMAT", ("UPPER",), "abc", "ABC"),
    ("FORMAT", ("LOWER",), "ABC", "abc"),
    ("SPECIAL_CHARACTERS", ("NOT_ALLOWED",), "5 % of $2", "5  of 2"),
    ("WHITESPACE", (), " a b ", "ab"),
    ("WHITESPACE", ("TRIM",), " a b ", "a b"),
)


def a_property(
    type_name: PropertyType = "string", field_type: FieldType = "text"
) -> PropertyDefinition:
    return PropertyDefinition(
        name="p", label="P", type=type_name, field_type=field_type, group_name="g"
    )


def property_for(rule_type: str) -> PropertyDefinition:
    """A property that may have rules of that type."""
    type_name, field_types = next(iter(RULE_TYPES[rule_type].field_types.items()))
    usual: Mapping[str, FieldType] = {"number": "number", "date": "date", "datetime": "date"}
    return a_property(type_name, field_types[0] if field_types else usual[type_name])  # type: ignore[arg-type] # names of the table


def outcome(
    definition: PropertyDefinition, text: str, *rules: ValidationRule, now_ms: int = NOW_MS
) -> ValueOutcome:
    """What a property with these rules makes of a text."""
    base = rule_of(definition, frozenset(), dates_normalised=False)
    return guarded_rule(base, definition, rules)(text, now_ms)


# --- each rule type --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule_type", "arguments", "passing"),
    [(row[0], row[1], text) for row in PASSES for text in row[2]],
)
def test_a_value_that_satisfies_the_rule_passes(
    rule_type: str, arguments: tuple[str, ...], passing: str
) -> None:
    test = RULE_TYPES[rule_type].test(arguments)

    assert test is not None
    kept = rule_of(property_for(rule_type), frozenset(), dates_normalised=False)(passing, NOW_MS)
    assert isinstance(kept, str)
    assert test(kept, NOW_MS)


@pytest.mark.parametrize(
    ("rule_type", "arguments", "refused"),
    [(row[0], row[1], text) for row in PASSES for text in row[3] if text],
)
def test_a_value_that_does_not_is_refused_as_it_was_sent(
    rule_type: str, arguments: tuple[str, ...], refused: str
) -> None:
    found = outcome(property_for(rule_type), refused, ValidationRule(rule_type, arguments))

    assert found == RuleBroken("p", refused, rule_type, arguments)


@pytest.mark.parametrize(("rule_type", "arguments"), BAD_ARGUMENTS)
def test_arguments_that_the_rule_type_does_not_take_make_no_rule(
    rule_type: str, arguments: tuple[str, ...]
) -> None:
    assert RULE_TYPES[rule_type].test(arguments) is None


def test_every_rule_type_stands_in_the_tables_above() -> None:
    assert {row[0] for row in PASSES} == set(RULE_TYPES)
    assert {row[0] for row in BAD_ARGUMENTS} == set(RULE_TYPES)
    normalising = {name for name, each in RULE_TYPES.items() if each.normaliser}
    assert {row[0] for row in NORMALISED} == normalising


def test_every_rule_type_has_words() -> None:
    for rule_type, arguments, _, _ in PASSES:
        broken = RuleBroken("p", "x", rule_type, arguments)
        assert rule_code(broken)
        assert rule_message(broken)


def test_days_of_the_week_are_told_of_moments_too() -> None:
    rule = ValidationRule("DAYS_OF_WEEK", ("MONDAY",))
    moment = a_property("datetime", "date")

    assert outcome(moment, "2026-09-21T23:59:59Z", rule) == "2026-09-21T23:59:59Z"
    late = "2026-09-21T23:59:59-01:00"
    assert outcome(moment, late, rule) == RuleBroken("p", late, "DAYS_OF_WEEK", ("MONDAY",))


@pytest.mark.parametrize(
    ("day", "period", "direction", "expected"),
    [
        ("2026-01-31", "P1M", 1, "2026-02-28"),
        ("2024-02-29", "P1Y", -1, "2023-02-28"),
        ("2026-01-15", "P1M", -1, "2025-12-15"),
        ("2026-12-31", "P1Y2M1W3D", 1, "2028-03-10"),
    ],
)
def test_periods_go_by_the_calendar(day: str, period: str, direction: int, expected: str) -> None:
    read = read_period(period)
    assert read is not None
    midnight_ms = read_day(day)
    assert midnight_ms is not None
    at_ms = midnight_ms + 1234

    shifted = shift(at_ms, read, 1 if direction == 1 else -1)

    assert render_day(shifted) == expected
    assert shifted % DAY_MS == 1234


@given(st.integers(0, 12_000), st.integers(0, 365_250), st.sampled_from([1, -1]))
def test_no_period_leads_out_of_the_calendar(months: int, days: int, direction: int) -> None:
    shifted = shift(NOW_MS, Period(months, days), 1 if direction == 1 else -1)

    assert (shifted - NOW_MS) * direction >= 0
    assert render_ms(shifted)


HOSTILE = (
    (r"(x+x+)+y", "x" * 1000),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 1000),
    (r"(a|aa)+$", "a" * 999 + "b"),
    (r"(.*)*(.*)*(.*)*=", "a" * 1000),
    (r"(a?){200}b", "a" * 1000),
    (r"((a{0,10}){0,10}){0,10}z", "a" * 1000),
)


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_no_pattern_takes_long(pattern: str, text: str) -> None:
    rule = ValidationRule("REGEX", (pattern, "No"))
    begun_s = time.perf_counter()

    found = outcome(a_property(), text, rule)

    assert isinstance(found, RuleBroken)
    assert time.perf_counter() - begun_s < 1


# --- enforcement -----------------------------------------------------------------------------


def test_a_value_that_its_type_refuses_is_refused_for_that() -> None:
    rule = ValidationRule("MIN_NUMBER", ("1",))

    assert outcome(a_property("number", "number"), "x", rule) == InvalidNumber("p", "x")


def test_one_refusal_names_the_first_rule_that_is_broken() -> None:
    rules = (ValidationRule("MAX_LENGTH", ("3",)), ValidationRule("MIN_LENGTH", ("9",)))

    assert outcome(a_property(), "abcde", *rules) == RuleBroken("p", "abcde", "MAX_LENGTH", ("3",))
    assert outcome(a_property(), "ab", *rules) == RuleBroken("p", "ab", "MIN_LENGTH", ("9",))


def test_a_rule_that_is_not_for_the_property_any_more_is_passed_over() -> None:
    base = rule_of(a_property("number", "number"), frozenset(), dates_normalised=False)
    rules = (ValidationRule("MAX_LENGTH", ("1",)), ValidationRule("NO_SUCH_RULE"))

    assert guarded_rule(base, a_property("number", "number"), rules) is base


@pytest.mark.parametrize(("rule_type", "arguments", "text", "formed"), NORMALISED)
def test_a_rule_with_normalisation_brings_the_value_into_form(
    rule_type: str, arguments: tuple[str, ...], text: str, formed: str
) -> None:
    rule = ValidationRule(rule_type, arguments, normalises=True)

    assert outcome(a_property(), text, rule) == Normalised("p", formed, formed, text)
    assert outcome(a_property(), formed, rule) == formed


def test_a_value_of_which_nothing_would_be_left_is_refused() -> None:
    rule = ValidationRule("ALPHANUMERIC", ("NUMERIC_ONLY",), normalises=True)

    assert isinstance(outcome(a_property(), "ABC", rule), RuleBroken)


def test_other_rules_judge_the_value_in_its_form() -> None:
    rules = (
        ValidationRule("MAX_LENGTH", ("3",)),
        ValidationRule("WHITESPACE", ("TRIM",), normalises=True),
    )

    assert outcome(a_property(), "  abc  ", *rules) == Normalised("p", "abc", "abc", "  abc  ")
    assert isinstance(outcome(a_property(), "  abcd  ", *rules), RuleBroken)


@given(
    st.text(max_size=30),
    st.lists(st.sampled_from([row[:2] for row in NORMALISED]), unique_by=lambda each: each[0]),
    st.booleans(),
)
def test_what_is_kept_satisfies_every_rule(
    text: str, chosen: list[tuple[str, tuple[str, ...]]], normalises: bool
) -> None:
    rules = [ValidationRule(name, arguments, normalises) for name, arguments in chosen]

    found = outcome(a_property(), text, *rules)

    if isinstance(found, RuleBroken):
        return
    kept = found.kept if isinstance(found, Normalised) else found
    assert isinstance(kept, str)
    for rule in rules:
        test = RULE_TYPES[rule.rule_type].test(rule.arguments)
        assert test is not None
        assert test(kept, NOW_MS)


# --- definitions of a type -------------------------------------------------------------------


def with_rules(name: str, rule_type: str, *arguments: str) -> TypeDefinitions:
    """The definitions of the scene, with one rule for one property."""
    plain = definitions()
    return define_type(
        plain.portal_id,
        plain.object_type,
        plain.properties.values(),
        (),
        plain.pipelines,
        frozenset(),
        {name: (ValidationRule(rule_type, arguments),)},
    )


def test_only_properties_with_rules_lose_their_plain_test() -> None:
    without = definitions()
    ruled = with_rules("size", "MIN_NUMBER", "5")

    assert without.plain_tests.keys() - ruled.plain_tests.keys() == {"size"}
    (checked,) = check_values([an_input(1, {"size": "4"})], ruled, ruled.rules, NOW_MS)
    assert checked.problems == [RuleBroken("size", "4", "MIN_NUMBER", ("5",))]


@pytest.mark.parametrize("cleared", ["", None])
def test_a_value_can_always_be_cleared(cleared: str | None) -> None:
    ruled = with_rules("note", "MIN_LENGTH", "5")

    (checked,) = check_values([an_input(1, {"note": cleared})], ruled, ruled.rules, NOW_MS)

    assert checked.problems == []
    assert checked.values == {"note": ""}


def test_a_read_only_property_is_refused_for_that_whatever_its_rules() -> None:
    ruled = with_rules("hs_object_id", "MAX_LENGTH", "1")

    assert ruled.rules["hs_object_id"]("12", NOW_MS) == definitions().rules["hs_object_id"](
        "12", NOW_MS
    )
