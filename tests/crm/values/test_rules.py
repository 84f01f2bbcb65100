"""What each kind of property accepts, keeps and refuses, as tables.

A row names where the fact comes from: O observed, D documented, G guess of ours.
"""

from dataclasses import dataclass, replace
from typing import Final

import pytest

from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.catalog.properties import Option, PropertyDefinition
from moyeu.crm.problems import (
    CalculatedProperty,
    DateNotMidnight,
    DateOutOfRange,
    DateWithTime,
    InvalidLong,
    InvalidNumber,
    InvalidOption,
    InvalidOwner,
    InvalidPipeline,
    InvalidStage,
    ReadOnlyProperty,
    TextTooLong,
    ValueProblem,
)
from moyeu.crm.values.moment import DAY_MS
from moyeu.crm.values.outcome import Append, Normalised, ValueOutcome
from moyeu.crm.values.pipeline import pipeline_rule, stage_rule
from moyeu.crm.values.rules import refusal_rule, rule_of

NAME: Final = "p"
NOW_MS: Final = 1_790_000_000_000
OWNERS: Final = frozenset({"501", "502"})
YEAR_MS: Final = 31_556_952_000
"""A mean Gregorian year, as a thousand of them are counted."""


def defined(
    type_name: str, field_type: str = "text", options: tuple[str, ...] = (), **more: object
) -> PropertyDefinition:
    """A definition of a kind with options by their values."""
    made = PropertyDefinition(
        name=NAME,
        label="P",
        type=type_name,  # type: ignore[arg-type] # the tables below spell them right
        field_type=field_type,  # type: ignore[arg-type]
        group_name="g",
        options=tuple(
            Option(value, f"Label of {value}", order) for order, value in enumerate(options)
        ),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def kept(definition: PropertyDefinition, text: str, *, normalised: bool = False) -> ValueOutcome:
    """What the rule of a definition makes of a text."""
    return rule_of(definition, OWNERS, dates_normalised=normalised)(text, NOW_MS)


STRING = defined("string")
PHONE = defined("phone_number", "phonenumber")
JSON = defined("json")
NUMBER = defined("number", "number")
BOOL = defined("bool", "booleancheckbox", ("true", "false"))
BOOL_WITHOUT_OPTIONS = defined("bool", "booleancheckbox")
SELECT = defined("enumeration", "select", ("PRODUCT_ISSUE", "BILLING_ISSUE"))
CHECKBOX = defined("enumeration", "checkbox", ("a", "b", "c d"))
OPEN_SELECT = defined("enumeration", "select", external_options=True)
OPEN_CHECKBOX = defined("enumeration", "checkbox", external_options=True)
OWNER = defined("enumeration", "select", referenced_object_type="OWNER", external_options=True)
OWNERS_LIST = replace(OWNER, field_type="checkbox")
DATE = defined("date", "date")
DATETIME = defined("datetime", "date")

SELECT_VALUES = ("PRODUCT_ISSUE", "BILLING_ISSUE")


@dataclass(frozen=True, slots=True)
class Row:
    """One text of one kind of property, and what becomes of it."""

    of: PropertyDefinition
    given: str
    expected: ValueOutcome
    source: str


def refused_option(given: str, part: str, allowed: tuple[str, ...]) -> InvalidOption:
    return InvalidOption(NAME, given, part, allowed)


ROWS: Final = (
    # Text is kept as sent.
    Row(STRING, "Ada", "Ada", "O"),
    Row(STRING, "  spaces  ", "  spaces  ", "D: the rule against them was cancelled"),
    Row(STRING, "line\nbreak\ttab\0nul", "line\nbreak\ttab\0nul", "O: as is"),
    Row(STRING, "x" * 65_536, "x" * 65_536, "D: limit"),
    Row(STRING, "x" * 65_537, TextTooLong(NAME, "x" * 65_537, 65_536), "D: limit; code G"),
    Row(STRING, "🙂" * 65_536, "🙂" * 65_536, "G: characters, not bytes"),
    Row(PHONE, "+33 1 23 45", "+33 1 23 45", "O: as is"),
    Row(JSON, '{"a": 1}', '{"a": 1}', "G: as is"),
    # A number is kept as written.
    Row(NUMBER, "5000.00", "5000.00", "O deal-list-2026"),
    Row(NUMBER, "3000", "3000", "O deal-list-2026"),
    Row(NUMBER, "24.00", "24.00", "O 2026-09"),
    Row(NUMBER, "-1", "-1", "G"),
    Row(NUMBER, "0", "0", "G"),
    Row(NUMBER, "007", "007", "G"),
    Row(NUMBER, ".5", ".5", "G"),
    Row(NUMBER, "5.", "5.", "G"),
    Row(NUMBER, " 5 ", "5", "D: white space around values that are no text is accepted"),
    Row(NUMBER, "9" * 40, "9" * 40, "G: no limit to the digits"),
    Row(NUMBER, "9" * 65_536, "9" * 65_536, "G: the limit of text"),
    Row(NUMBER, "9" * 65_537, TextTooLong(NAME, "9" * 65_537, 65_536), "G: the limit of text"),
    *(
        Row(NUMBER, text, InvalidNumber(NAME, text), source)
        for text, source in (
            ("1.42e-14", "O Oct 2025"),
            ("1e5", "O: no exponent"),
            ("1,000", "D 2023: no commas"),
            ("1.2.3", "D 2023: at most one point"),
            ("twelve", "O"),
            ("", "an empty text never reaches a rule"),
            (" ", "G"),
            (".", "G"),
            ("-", "G"),
            ("--1", "G"),
            ("+1", "G"),
            ("0x10", "G"),
            ("NaN", "G"),
            ("Infinity", "G"),
            ("1 000", "G"),
            ("１２", "G: digits of other scripts"),
            ("1\n2", "G"),
        )
    ),
    # A bool is an enumeration of two options.
    Row(BOOL, "true", "true", "O"),
    Row(BOOL, "false", "false", "O"),
    Row(BOOL, " true ", "true", "D: white space"),
    Row(BOOL_WITHOUT_OPTIONS, "true", "true", "O: every bool has the two"),
    *(
        Row(BOOL, text, refused_option(text, text, ("true", "false")), source)
        for text, source in (
            ("1", "O 2021"),
            ("yes", "O slack 2022-12-08"),
            ("True", "O"),
            ("TRUE", "G"),
            ("Label of true", "O: labels are refused"),
        )
    ),
    Row(BOOL_WITHOUT_OPTIONS, "1", refused_option("1", "1", ("true", "false")), "G"),
    # One option, by its value and exact in case.
    Row(SELECT, "BILLING_ISSUE", "BILLING_ISSUE", "O"),
    Row(SELECT, "\tBILLING_ISSUE ", "BILLING_ISSUE", "D: white space"),
    Row(
        SELECT,
        "billing_issue",
        refused_option("billing_issue", "billing_issue", SELECT_VALUES),
        "D 2023: exact case",
    ),
    Row(
        SELECT,
        "Label of BILLING_ISSUE",
        refused_option("Label of BILLING_ISSUE", "Label of BILLING_ISSUE", SELECT_VALUES),
        "D 2023: labels are refused",
    ),
    Row(
        SELECT,
        "PRODUCT_ISSUE;BILLING_ISSUE",
        refused_option("PRODUCT_ISSUE;BILLING_ISSUE", "PRODUCT_ISSUE;BILLING_ISSUE", SELECT_VALUES),
        "G: several of a property that takes one",
    ),
    # Several options.
    Row(CHECKBOX, "a", "a", "O"),
    Row(CHECKBOX, "a;b", "a;b", "O"),
    Row(CHECKBOX, "b;a", "b;a", "G: the order given"),
    Row(CHECKBOX, "a; c d ;b", "a;c d;b", "D: white space"),
    Row(CHECKBOX, "a;;b;", "a;b", "G: empty parts are dropped"),
    Row(CHECKBOX, ";c d", Append(("c d",)), "D properties guide: a leading ; appends"),
    Row(CHECKBOX, ";a;b", Append(("a", "b")), "D properties guide"),
    Row(CHECKBOX, " ;a", Append(("a",)), "D: white space around"),
    Row(CHECKBOX, ";", Append(()), "G: appends nothing"),
    Row(CHECKBOX, "a;x;y", refused_option("a;x;y", "x", ("a", "b", "c d")), "O 2026-08: the part"),
    Row(CHECKBOX, "a,b", refused_option("a,b", "a,b", ("a", "b", "c d")), "O slack 2024-02-01"),
    Row(CHECKBOX, ";x", refused_option(";x", "x", ("a", "b", "c d")), "G"),
    # Options that live elsewhere are not checked.
    Row(OPEN_SELECT, "anything", "anything", "G"),
    Row(OPEN_SELECT, " anything ", "anything", "D: white space"),
    Row(OPEN_SELECT, ";anything", ";anything", "G: takes one, so ; means nothing"),
    Row(defined("enumeration", "select"), "anything", "anything", "G: an empty list of options"),
    Row(OPEN_CHECKBOX, "x;y", "x;y", "G"),
    Row(OPEN_CHECKBOX, ";x;y", Append(("x", "y")), "G: as where the options are known"),
    Row(OPEN_CHECKBOX, " ;x", Append(("x",)), "G: as where the options are known"),
    Row(OPEN_CHECKBOX, "; x ;; y ;", Append(("x", "y")), "G: as where the options are known"),
    # Owners.
    Row(OWNER, "501", "501", "O"),
    Row(OWNER, " 501 ", "501", "D: white space"),
    Row(OWNER, "999", InvalidOwner(NAME, "999"), "O slack 2023-08-30"),
    Row(OWNER, "0501", InvalidOwner(NAME, "0501"), "G: compared as text"),
    Row(OWNER, "501;502", InvalidOwner(NAME, "501;502"), "G: takes one"),
    Row(OWNERS_LIST, "501;502", "501;502", "G"),
    Row(OWNERS_LIST, " 501 ; 502 ;", "501;502", "G"),
    Row(OWNERS_LIST, ";502", Append(("502",)), "G"),
    Row(OWNERS_LIST, "501;999", InvalidOwner(NAME, "999"), "G: the bad part alone"),
    # A date is kept as the ISO day.
    Row(DATE, "2026-12-31", "2026-12-31", "D"),
    Row(DATE, " 2026-12-31 ", "2026-12-31", "D: white space"),
    Row(DATE, "1572480000000", "2019-10-31", "D: milliseconds at midnight"),
    Row(DATE, "0", "1970-01-01", "D: milliseconds at midnight"),
    Row(DATE, str(-DAY_MS), "1969-12-31", "G: before 1970"),
    Row(DATE, "2024-02-29", "2024-02-29", "a leap day"),
    Row(DATE, "2023-02-29", InvalidLong(NAME, "2023-02-29"), "G: no such day"),
    Row(DATE, "2026-13-01", InvalidLong(NAME, "2026-13-01"), "G: no such month"),
    Row(DATE, "31/12/2026", InvalidLong(NAME, "31/12/2026"), "O on a datetime"),
    Row(DATE, "soon", InvalidLong(NAME, "soon"), "O on a datetime"),
    Row(DATE, "1.5", InvalidLong(NAME, "1.5"), "G"),
    Row(DATE, "9" * 19, InvalidLong(NAME, "9" * 19), "G: beyond a long"),
    Row(DATE, "２０２６-12-31", InvalidLong(NAME, "２０２６-12-31"), "G: other scripts"),
    Row(DATE, "1", DateNotMidnight(NAME, "1", 1), "O 2017–2026: off midnight"),
    Row(DATE, "-1", DateNotMidnight(NAME, "-1", -1), "O: off midnight"),
    Row(
        DATE,
        "1786334400000",
        DateNotMidnight(NAME, "1786334400000", 1_786_334_400_000),
        "O 2026: is at 4:0:0.0 UTC",
    ),
    Row(DATE, "1717113600", DateNotMidnight(NAME, "1717113600", 1_717_113_600), "O: seconds"),
    Row(
        DATE,
        "2024-05-31T00:00:00Z",
        DateWithTime(NAME, "2024-05-31T00:00:00Z"),
        "D: refused before 2026-09",
    ),
    Row(
        DATE,
        "999999999999999999",
        DateOutOfRange(NAME, "999999999999999999", 999_999_999_999_999_999),
        "O: more than 1,000 years",
    ),
    # A datetime is kept as UTC ISO text, with a fraction only where there is one.
    Row(DATETIME, "2026-12-31", "2026-12-31T00:00:00Z", "O deal-update-2026"),
    Row(DATETIME, "2022-05-03T09:15:00.000Z", "2022-05-03T09:15:00Z", "O cc"),
    Row(DATETIME, "2024-10-20T19:50:47.612Z", "2024-10-20T19:50:47.612Z", "O gem"),
    Row(DATETIME, "1729453847612", "2024-10-20T19:50:47.612Z", "O meeting-create-201-datetime-ms"),
    Row(DATETIME, "1729453847000", "2024-10-20T19:50:47Z", "O"),
    Row(DATETIME, "0", "1970-01-01T00:00:00Z", "G"),
    Row(DATETIME, "-1", "1969-12-31T23:59:59.999Z", "G"),
    Row(DATETIME, "2024-05-31T10:00:00+02:00", "2024-05-31T08:00:00Z", "D: an offset"),
    Row(DATETIME, "2024-05-31T10:00:00+0530", "2024-05-31T04:30:00Z", "G: an offset without :"),
    Row(DATETIME, "2024-05-31T10:00:00-03", "2024-05-31T13:00:00Z", "G: hours alone"),
    Row(DATETIME, "2024-05-31T10:00Z", "2024-05-31T10:00:00Z", "G: no seconds"),
    Row(DATETIME, "2024-05-31t10:00:00z", "2024-05-31T10:00:00Z", "G: lower case"),
    Row(DATETIME, "2024-05-31 10:00:00Z", "2024-05-31T10:00:00Z", "G: a space for T"),
    Row(DATETIME, "2024-05-31T10:00:00.1Z", "2024-05-31T10:00:00.100Z", "G"),
    Row(DATETIME, "2024-05-31T10:00:00,25Z", "2024-05-31T10:00:00.250Z", "G: a comma"),
    Row(DATETIME, "2024-05-31T10:00:00.123999999Z", "2024-05-31T10:00:00.123Z", "G: cut"),
    Row(DATETIME, "  2024-05-31T10:00:00Z\n", "2024-05-31T10:00:00Z", "D: white space"),
    *(
        Row(DATETIME, text, InvalidLong(NAME, text), source)
        for text, source in (
            ("tomorrow", "O meeting-create-invalid-datetime-400"),
            ("2024-05-31T10:00:00", "G: no offset"),
            ("2024-02-30T10:00:00Z", "G: no such day"),
            ("2024-05-31T25:00:00Z", "G: no such hour"),
            ("2024-05-31T10:60:00Z", "G: no such minute"),
            ("2024-05-31T10:00:00+99:99", "G: no such offset"),
            ("2024-5-31T10:00:00Z", "G"),
            ("1e12", "G"),
        )
    ),
    Row(
        DATETIME,
        "999999999999999999",
        DateOutOfRange(NAME, "999999999999999999", 999_999_999_999_999_999),
        "O: more than 1,000 years",
    ),
)


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row.of.type}-{row.of.field_type}-{row.given[:30]!a}"
)
def test_a_text_becomes_what_the_table_says(row: Row) -> None:
    assert kept(row.of, row.given) == row.expected, row.source


# --- dates from 2026-09 on --------------------------------------------------------------------

NORMALISED: Final = (
    # The example of the changelog of 2026-08-11.
    ("1990-01-01T00:00:00Z", "1990-01-01", "631152000000"),
    ("2024-05-31T23:59:59.999Z", "2024-05-31", "1717113600000"),
    ("2024-05-31T23:30:00-02:00", "2024-06-01", "1717200000000"),
    ("1786334400000", "2026-08-10", "1786320000000"),
    ("1", "1970-01-01", "0"),
    ("1717113600", "2024-05-31", "1717113600000"),
    ("1717113601", "2024-05-31", "1717113600000"),
    ("9999999999", "2286-11-20", "9999936000000"),
    ("10000000000", "1970-04-26", "9936000000"),
    ("-1", "1969-12-31", "-86400000"),
)
"""(text, stored day, milliseconds of the warning)"""


@pytest.mark.parametrize(("given", "day", "midnight"), NORMALISED)
def test_a_moment_becomes_its_utc_day_with_a_warning(given: str, day: str, midnight: str) -> None:
    assert kept(DATE, given, normalised=True) == Normalised(NAME, day, midnight, given)


@pytest.mark.parametrize("given", ["2026-12-31", " 2026-12-31 ", "1572480000000", "0"])
def test_an_exact_day_draws_no_warning(given: str) -> None:
    strict = kept(DATE, given)

    assert kept(DATE, given, normalised=True) == strict
    assert isinstance(strict, str)


@pytest.mark.parametrize("given", ["soon", "2023-02-29", "9" * 18, "0001-01-01T00:00:00Z"])
def test_what_denotes_no_near_day_is_refused_there_too(given: str) -> None:
    assert isinstance(kept(DATE, given, normalised=True), InvalidLong | DateOutOfRange)


# --- a thousand years -------------------------------------------------------------------------


@pytest.mark.parametrize("direction", [1, -1], ids=["ahead", "ago"])
def test_a_moment_may_be_a_thousand_years_away_and_no_further(direction: int) -> None:
    last_ms = NOW_MS + direction * 1_000 * YEAR_MS
    beyond_ms = last_ms + direction

    assert isinstance(kept(DATETIME, str(last_ms)), str)
    assert kept(DATETIME, str(beyond_ms)) == DateOutOfRange(NAME, str(beyond_ms), beyond_ms)


@pytest.mark.parametrize("direction", [1, -1], ids=["ahead", "ago"])
def test_a_day_may_be_a_thousand_years_away_and_no_further(direction: int) -> None:
    limit_ms = NOW_MS + direction * 1_000 * YEAR_MS
    inside_ms = limit_ms - limit_ms % DAY_MS + (DAY_MS if direction < 0 else 0)
    outside_ms = inside_ms + direction * DAY_MS

    assert isinstance(kept(DATE, str(inside_ms)), str)
    assert kept(DATE, str(outside_ms)) == DateOutOfRange(NAME, str(outside_ms), outside_ms)


# --- pipelines and stages ---------------------------------------------------------------------


def pipeline(pipeline_id: str, *stage_ids: str) -> Pipeline:
    """A pipeline of stages."""
    stages = tuple(Stage(each, each.title(), order, ()) for order, each in enumerate(stage_ids))
    return Pipeline(pipeline_id, pipeline_id.title(), 0, stages, "dealstage", "")


PIPELINES: Final = (pipeline("default", "new", "won"), pipeline("second", "open"))
SHOWN: Final = (("default", ("new", "won")), ("second", ("open",)))

STAGES: Final = (
    ("new", "new"),
    ("open", "open"),
    (" won ", "won"),
    ("Won", InvalidStage(NAME, "Won", SHOWN)),
    ("default", InvalidStage(NAME, "default", SHOWN)),
    ("new;won", InvalidStage(NAME, "new;won", SHOWN)),
)


@pytest.mark.parametrize(("given", "expected"), STAGES)
def test_a_stage_is_one_of_any_pipeline(given: str, expected: ValueOutcome) -> None:
    assert stage_rule(NAME, PIPELINES)(given, NOW_MS) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("second", "second"),
        (" default ", "default"),
        ("Default", InvalidPipeline(NAME, "Default", ("default", "second"))),
        ("new", InvalidPipeline(NAME, "new", ("default", "second"))),
    ],
)
def test_a_pipeline_is_one_of_the_type(given: str, expected: ValueOutcome) -> None:
    assert pipeline_rule(NAME, PIPELINES)(given, NOW_MS) == expected


# --- what nobody may write --------------------------------------------------------------------

REFUSALS: Final[tuple[tuple[dict[str, object], type[ValueProblem] | None], ...]] = (
    ({}, None),
    ({"read_only_definition": True}, None),
    ({"read_only_value": True}, ReadOnlyProperty),
    ({"calculated": True}, CalculatedProperty),
    ({"calculated": True, "read_only_value": True}, CalculatedProperty),
    ({"calculation_formula": "1 + 1"}, CalculatedProperty),
    ({"calculation_formula": ""}, CalculatedProperty),
)


@pytest.mark.parametrize(("flags", "expected"), REFUSALS)
def test_flags_decide_whether_a_property_may_be_written(
    flags: dict[str, object], expected: type[ValueProblem] | None
) -> None:
    rule = refusal_rule(defined("string", **flags))  # type: ignore[arg-type]

    if expected is None:
        assert rule is None
    else:
        assert rule is not None
        assert rule("x", NOW_MS) == expected(NAME, "x")
