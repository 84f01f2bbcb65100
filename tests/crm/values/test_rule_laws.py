"""Laws that hold for the value rules whatever the text."""

import datetime
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moyeu.crm.problems import ValueProblem
from moyeu.crm.records import append_options
from moyeu.crm.values.moment import (
    DAY_MS,
    read_day,
    read_iso,
    read_ms,
    render_day,
    render_ms,
)
from moyeu.crm.values.outcome import Append, Normalised, ValueRule
from moyeu.crm.values.pipeline import pipeline_rule, stage_rule
from moyeu.crm.values.rules import rule_of
from tests.crm.values.test_rules import (
    BOOL,
    CHECKBOX,
    DATE,
    DATETIME,
    JSON,
    NAME,
    NOW_MS,
    NUMBER,
    OPEN_CHECKBOX,
    OPEN_SELECT,
    OWNER,
    OWNERS,
    OWNERS_LIST,
    PHONE,
    PIPELINES,
    SELECT,
    STRING,
)

RULES: Final[dict[str, ValueRule]] = {
    f"{each.type} {each.field_type} {suffix}": rule_of(
        each, OWNERS, dates_normalised=bool(normalised)
    )
    for normalised, suffix in enumerate(("strict", "normalising"))
    for each in (
        STRING,
        PHONE,
        JSON,
        NUMBER,
        BOOL,
        SELECT,
        CHECKBOX,
        DATE,
        DATETIME,
    )
} | {
    "open select": rule_of(OPEN_SELECT, OWNERS, dates_normalised=False),
    "open checkbox": rule_of(OPEN_CHECKBOX, OWNERS, dates_normalised=False),
    "owner": rule_of(OWNER, OWNERS, dates_normalised=False),
    "owners": rule_of(OWNERS_LIST, OWNERS, dates_normalised=False),
    "pipeline": pipeline_rule(NAME, PIPELINES),
    "stage": stage_rule(NAME, PIPELINES),
}

# Texts that mean something to one rule or another, and anything at all.
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
)
DAYS = st.dates().map(datetime.date.isoformat)
OFFSETS = st.sampled_from(["", "Z", "z", "+02:00", "-1130", "+05", "+23:59", "-23:59"])
MOMENTS = st.builds(
    lambda moment, separator, offset: moment.isoformat(separator) + offset,
    st.datetimes(),
    st.sampled_from(["T", "t", " "]),
    OFFSETS,
)
PARTS = st.lists(
    st.sampled_from(["a", "b", "c d", "x", "", " ", "501", "502", "true", "new"]), max_size=5
)
LISTS = PARTS.map(";".join)
PADDING = st.text(" \t\n\u00a0", max_size=2)
TEXTS = st.builds(
    lambda before, text, after: before + text + after,
    PADDING,
    st.one_of(st.text(), NUMBERS, DAYS, MOMENTS, LISTS),
    PADDING,
)

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


@every_rule
@given(text=TEXTS.filter(bool))
@example(text=" ;a")
@example(text="0001-01-01T00:00:00+23:59")
@example(text="9999-12-31T23:59:59-23:59")
@example(text="-" + "9" * 18)
def test_a_rule_never_raises_and_what_it_keeps_it_keeps_again(rule: ValueRule, text: str) -> None:
    outcome = rule(text, NOW_MS)

    if isinstance(outcome, Normalised):
        assert rule(outcome.kept, NOW_MS) == outcome.kept
    elif isinstance(outcome, str) and outcome:
        assert rule(outcome, NOW_MS) == outcome
    elif isinstance(outcome, ValueProblem):
        assert outcome.name == NAME


@every_rule
@given(text=TEXTS.filter(bool), now_ms=st.integers(0, 4_000_000_000_000))
def test_a_rule_depends_on_nothing_but_text_and_moment(
    rule: ValueRule, text: str, now_ms: int
) -> None:
    assert rule(text, now_ms) == rule(text, now_ms)


@given(text=TEXTS.filter(bool))
def test_normalising_keeps_every_day_that_the_strict_rule_keeps(text: str) -> None:
    strict = RULES["date date strict"](text, NOW_MS)
    normalising = RULES["date date normalising"](text, NOW_MS)

    if isinstance(strict, str):
        assert normalising == strict
    if isinstance(normalising, Normalised):
        assert isinstance(strict, ValueProblem)
        assert normalising.raw == text
        assert read_day(normalising.kept) == int(normalising.normalized)


@given(day=st.dates(datetime.date(1100, 1, 1), datetime.date(2900, 12, 31)))
def test_a_day_and_its_midnight_are_one_value(day: datetime.date) -> None:
    midnight_ms = (day.toordinal() - datetime.date(1970, 1, 1).toordinal()) * DAY_MS
    rule = RULES["date date strict"]

    assert rule(day.isoformat(), NOW_MS) == rule(str(midnight_ms), NOW_MS) == day.isoformat()


@given(
    moment=st.datetimes(
        datetime.datetime(1100, 1, 1),  # noqa: DTZ001 — Hypothesis adds the zone itself
        datetime.datetime(2900, 1, 1),  # noqa: DTZ001
    ),
    minutes=st.integers(-23 * 60, 23 * 60),
)
def test_a_moment_is_one_value_in_every_zone(moment: datetime.datetime, minutes: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    there = moment.replace(tzinfo=datetime.UTC).astimezone(zone)
    rule = RULES["datetime date strict"]

    assert rule(there.isoformat(), NOW_MS) == rule(moment.isoformat() + "Z", NOW_MS)


# --- moments ----------------------------------------------------------------------------------

MOMENT_MS = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@given(MOMENT_MS)
@example(-62_135_596_800_000)
@example(253_402_300_799_999)
@example(0)
@example(-1)
def test_a_rendered_moment_reads_back(moment_ms: int) -> None:
    text = render_ms(moment_ms)

    assert read_iso(text) == moment_ms
    assert text.endswith("Z")
    assert ("." in text) == (moment_ms % 1000 != 0)
    assert len(text) == (24 if moment_ms % 1000 else 20)


@given(MOMENT_MS)
def test_the_day_of_a_moment_begins_at_its_midnight(moment_ms: int) -> None:
    midnight_ms = read_day(render_day(moment_ms))

    assert midnight_ms is not None
    assert 0 <= moment_ms - midnight_ms < DAY_MS


@given(st.lists(MOMENT_MS, min_size=2, max_size=5))
def test_rendered_seconds_sort_as_the_moments_do(moments_ms: list[int]) -> None:
    seconds = sorted(each - each % 1000 for each in moments_ms)

    assert [render_ms(each) for each in seconds] == sorted(render_ms(each) for each in seconds)


@given(st.text())
def test_at_most_one_reading_of_a_text_is_possible(text: str) -> None:
    readings = [read(text) for read in (read_ms, read_day, read_iso)]

    assert sum(each is not None for each in readings) <= 1


# --- appending --------------------------------------------------------------------------------

OPTIONS = st.lists(st.sampled_from("abcdef"), max_size=6)


@given(before=OPTIONS, more=OPTIONS)
def test_appending_keeps_what_was_there_in_front(before: list[str], more: list[str]) -> None:
    there = list(dict.fromkeys(before))

    after = append_options(";".join(there), Append(tuple(more)))

    parts = after.split(";") if after else []
    assert parts[: len(there)] == there
    assert set(parts) == set(before) | set(more)
    assert len(parts) == len(set(parts))


@given(before=OPTIONS, more=OPTIONS)
def test_appending_twice_is_appending_once(before: list[str], more: list[str]) -> None:
    once = append_options(";".join(before), Append(tuple(more)))

    assert append_options(once, Append(tuple(more))) == once


@given(before=OPTIONS, first=OPTIONS, second=OPTIONS)
def test_appending_in_two_steps_is_appending_all(
    before: list[str], first: list[str], second: list[str]
) -> None:
    text = ";".join(before)

    stepwise = append_options(append_options(text, Append(tuple(first))), Append(tuple(second)))

    assert stepwise == append_options(text, Append((*first, *second)))


@pytest.mark.parametrize(
    ("before", "more", "after"),
    [
        # Properties guide: `;c` on `a;b`.
        ("a;b", ("c",), "a;b;c"),
        ("", ("c",), "c"),
        ("a;b", ("a",), "a;b"),
        ("a;b", (), "a;b"),
        ("a", ("b", "b"), "a;b"),
    ],
)
def test_appended_options_stand_behind(before: str, more: tuple[str, ...], after: str) -> None:
    assert append_options(before, Append(more)) == after
