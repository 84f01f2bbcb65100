"""The rules of batch updates: the rows of the decision table that need no JSON and no storage.

Rows 20, 21, 23 and 26 to 28 are decided by decoding, row 13 by the operation.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    DateNotMidnight,
    DuplicateIds,
    InvalidNumber,
    InvalidOption,
    InvalidValues,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    ReadOnlyProperty,
    TooManyInputs,
    UniqueValueTaken,
    UnknownProperty,
    UnknownUniqueValues,
    ValueProblem,
)
from moyeu.crm.records import (
    CheckedUpdates,
    InputProblem,
    RecordInput,
    UniqueMove,
    WritePlan,
    claimed_unique_values,
    couple_pipeline,
    has_trace_ids,
    named_record_ids,
    named_unique_values,
    read_record_id,
    repeated_ids,
)
from moyeu.crm.updates import plan_updates
from moyeu.crm.values.moment import render_ms
from tests.crm.scene import (
    DEFINITIONS,
    MODIFIED,
    NOW_MS,
    OWN_PROPERTIES,
    SERVICES,
    THEN_MS,
    check,
    definitions,
    given,
    object_type,
    pipeline,
    plan,
    planned,
    record,
    refusal,
)

RECORDS: Final = (
    record(1, {"code": "A", "note": "one"}),
    record(2, {"code": "B", "note": "two", "tags": "a;b"}),
    record(3, {"note": "three", "size": "5000.00"}),
)


def taken(value: str, record_id: int, owner_id: int, name: str = "code") -> UniqueValueTaken:
    return UniqueValueTaken(SERVICES, name, value, str(record_id), str(owner_id))


# --- whole calls that are refused -------------------------------------------------------------

REFUSED: Final[tuple[tuple[str, list[RecordInput], Problem], ...]] = (
    ("24: one too many", [given(each) for each in range(1, 102)], TooManyInputs(100)),
    ("6: an id twice", [given(1), given(2), given(1)], DuplicateIds(("1",))),
    ("6: named once each", [given(each) for each in (2, 1, 2, 1, 2)], DuplicateIds(("2", "1"))),
    ("6: an unknown id twice", [given(9), given(9)], DuplicateIds(("9",))),
    ("6: with trace ids", [given(1, trace="t"), given(1, trace="u")], DuplicateIds(("1",))),
    (
        "6: a unique value twice",
        [given("A", {}, "code"), given("A", {}, "code")],
        DuplicateIds(("A",)),
    ),
    ("14: not unique", [given("x", {}, "note")], NotAUniqueProperty(SERVICES, "note")),
    (
        "14: hs_object_id",
        [given("1", {}, "hs_object_id")],
        NotAUniqueProperty(SERVICES, "hs_object_id"),
    ),
    ("16: no such property", [given("x", {}, "nope")], NotAUniqueProperty(SERVICES, "nope")),
    (
        "16: with trace ids",
        [given(1, trace="t"), given("x", {}, "nope", trace="u")],
        NotAUniqueProperty(SERVICES, "nope"),
    ),
    (
        "8: unknown properties of every input, in order",
        [given(1, {"z": "1", "y": "2"}), given(2, {"note": "fine"}), given(3, {"y": "3"})],
        InvalidValues(
            (UnknownProperty("z", None), UnknownProperty("y", None), UnknownProperty("y", None))
        ),
    ),
    (
        "9: bad values of every kind, in input order, then property order",
        [
            given(1, {"size": "1e5", "tags": "a;x", "hs_object_id": "7"}),
            given(2, {"begins": "1", "note": "fine"}),
        ],
        InvalidValues(
            (
                InvalidNumber("size", "1e5"),
                InvalidOption("tags", "a;x", "x", ("a", "b", "c", "d")),
                ReadOnlyProperty("hs_object_id", "7"),
                DateNotMidnight("begins", "1", 1),
            )
        ),
    ),
    (
        "8: clearing an unknown property",
        [given(1, {"nope": None})],
        InvalidValues((UnknownProperty("nope", None),)),
    ),
    (
        "9: clearing a read-only property",
        [given(1, {"hs_object_id": ""})],
        InvalidValues((ReadOnlyProperty("hs_object_id", ""),)),
    ),
    (
        "2b: a unique value of no record",
        [given(1, {"note": "x"}), given("E", {"note": "y"}, "code")],
        UnknownUniqueValues(SERVICES, (("code", "E"),)),
    ),
    (
        "2b: several, and unknown plain ids are not named",
        [given("E", {}, "code"), given(99), given("7", {}, "badge")],
        UnknownUniqueValues(SERVICES, (("code", "E"), ("badge", "7"))),
    ),
    ("11: another record's value", [given(1, {"code": "B"})], taken("B", 1, 2)),
    (
        "12: two inputs give one value",
        [given(1, {"code": "N"}), given(2, {"code": "N"})],
        taken("N", 2, 1),
    ),
    (
        "12: two records swap",
        [given(1, {"code": "B"}), given(2, {"code": "A"})],
        taken("B", 1, 2),
    ),
    (
        "12: taken before it is left",
        [given(1, {"code": "B"}), given(2, {"code": "C"})],
        taken("B", 1, 2),
    ),
    (
        "11: the first of several",
        [given(3, {"code": "A"}), given(2, {"code": "A"})],
        taken("A", 3, 1),
    ),
)


@pytest.mark.parametrize(
    ("inputs", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_call_is_refused_whole(inputs: list[RecordInput], expected: Problem) -> None:
    assert refusal(inputs, RECORDS) == expected


def test_a_contacts_email_does_not_name_a_record_for_an_update() -> None:
    contacts = definitions((), of=object_type("contacts"))

    assert check([given("a@example.com", {}, "email")], contacts) == NotAUniqueProperty(
        "0-1", "email"
    )
    assert "email" in contacts.unique_names


def test_a_hundred_inputs_are_not_too_many() -> None:
    records = [record(each) for each in range(1, 101)]

    made = planned([given(each.record_id, {"note": "x"}) for each in records], records)

    assert len(made.results) == len(made.changes) == 100


# The order of the checks: each input list has the faults of two rows; the first one is told.
ORDER: Final[tuple[tuple[str, list[RecordInput], type[Problem]], ...]] = (
    ("size before duplicates", [given(1)] * 101, TooManyInputs),
    ("duplicates before id properties", [given("x", {}, "nope")] * 2, DuplicateIds),
    ("duplicates before values", [given(1, {"nope": "1"}), given(1)], DuplicateIds),
    (
        "id properties before values",
        [given(1, {"nope": "1"}), given("x", {}, "note")],
        NotAUniqueProperty,
    ),
    ("values before records", [given(99, {"nope": "1"})], InvalidValues),
    (
        "values before unique values of no record",
        [given("E", {"nope": "1"}, "code")],
        InvalidValues,
    ),
    (
        "values before taken unique values",
        [given(1, {"code": "B"}), given(2, {"nope": "1"})],
        InvalidValues,
    ),
    (
        "records before taken unique values",
        [given(1, {"code": "B"}), given("E", {}, "code")],
        UnknownUniqueValues,
    ),
    (
        "taken unique values beside unknown ids",
        [given(99), given(1, {"code": "B"})],
        UniqueValueTaken,
    ),
)


@pytest.mark.parametrize(
    ("inputs", "expected"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER]
)
def test_checks_come_in_an_order(inputs: list[RecordInput], expected: type[Problem]) -> None:
    assert type(refusal(inputs, RECORDS)) is expected


# --- the switch -------------------------------------------------------------------------------

SWITCHES: Final[tuple[tuple[tuple[str | None, ...], bool], ...]] = (
    ((), False),
    (("t",), True),
    (("t", "u"), True),
    ((None,), False),
    (("",), False),
    (("t", None), False),
    (("t", ""), False),
    ((None, "t"), False),
    # Documented is "unique"; that repeated ones count as well is a guess.
    (("t", "t"), True),
)


@pytest.mark.parametrize(("traces", "expected"), SWITCHES)
def test_a_batch_is_multi_status_when_every_input_has_a_trace_id(
    traces: Sequence[str | None], expected: bool
) -> None:
    inputs = [given(number, trace=trace) for number, trace in enumerate(traces)]

    assert has_trace_ids(inputs) is expected


def told(made: WritePlan) -> list[tuple[str, Problem]]:
    """The problems of single inputs by trace id."""
    return [(each.trace_id, each.problem) for each in made.problems]


def test_with_trace_ids_bad_inputs_are_listed_and_good_ones_written() -> None:
    inputs = [
        given(1, {"note": "x"}, trace="t1"),
        given(2, {"nope": "1", "size": "big"}, trace="t2"),
        given(99, {"note": "x"}, trace="t3"),
        given("E", {"note": "x"}, "code", trace="t4"),
        given(3, {"code": "A"}, trace="t5"),
        given("B", {"size": "2"}, "code", trace="t6"),
    ]

    made = planned(inputs, RECORDS)

    assert [each.record_id for each in made.changes] == [1, 2]
    assert [each.record.record_id for each in made.results] == [1, 2]
    assert [each.trace_id for each in made.results] == ["t1", "t6"]
    assert [each.trace_id for each in made.changes] == ["t1", "t6"]
    assert made.missing is None
    assert told(made) == [
        ("t2", InvalidValues((UnknownProperty("nope", None), InvalidNumber("size", "big")))),
        ("t3", MissingRecords(("99",), "t3")),
        ("t4", MissingRecords(("E",), "t4")),
        ("t5", taken("A", 3, 1)),
    ]


def test_with_trace_ids_the_first_claim_of_a_value_wins() -> None:
    made = planned(
        [given(1, {"code": "N"}, trace="t1"), given(2, {"code": "N", "note": "x"}, trace="t2")],
        RECORDS,
    )

    assert [each.record_id for each in made.changes] == [1]
    assert told(made) == [("t2", taken("N", 2, 1))]


def test_an_input_that_fails_takes_no_value() -> None:
    inputs = [
        given(3, {"badge": "7", "code": "A"}, trace="t1"),
        given(2, {"badge": "7"}, trace="t2"),
    ]

    made = planned(inputs, RECORDS)

    assert told(made) == [("t1", taken("A", 3, 1))]
    assert made.moves == [UniqueMove("badge", 2, None, "7")]


def test_an_input_that_fails_leaves_no_value() -> None:
    inputs = [
        given(1, {"badge": "7", "code": "B"}, trace="t1"),
        given(3, {"code": "A"}, trace="t2"),
    ]

    made = planned(inputs, RECORDS)

    assert told(made) == [("t1", taken("B", 1, 2)), ("t2", taken("A", 3, 1))]
    assert made.moves == []
    assert made.changes == []


def test_values_are_judged_before_records_with_trace_ids_too() -> None:
    made = planned([given(99, {"nope": "1"}, trace="t1")], RECORDS)

    assert told(made) == [("t1", InvalidValues((UnknownProperty("nope", None),)))]


# --- records that are not there ---------------------------------------------------------------


@pytest.mark.parametrize(
    "record_id",
    ["99", "unknownIdentifier888", "a@example.com", "01", " 1", "1 ", "1e2", "-1", "+1", "1.0", ""],
)
def test_an_id_that_names_no_record_is_listed_and_the_rest_written(record_id: str) -> None:
    made = planned([given(record_id, {"note": "x"}), given(2, {"note": "x"})], RECORDS)

    assert made.missing == MissingRecords((record_id,))
    assert [each.record_id for each in made.changes] == [2]


def test_all_missing_ids_are_one_entry_in_input_order() -> None:
    made = planned([given(99), given(1, {"note": "x"}), given("x"), given(98)], RECORDS)

    assert made.missing == MissingRecords(("99", "x", "98"))
    assert made.problems == []


def test_a_batch_of_unknown_ids_writes_nothing_and_is_not_refused() -> None:
    made = planned([given(98), given(99)], RECORDS)

    assert made == WritePlan(missing=MissingRecords(("98", "99")))


def test_a_merged_id_is_passed_over_in_silence() -> None:
    inputs = [given(7, {"note": "x"}), given(1, {"note": "x"}), given(99)]

    made = planned(inputs, RECORDS, merged_away=[7])

    assert [each.record.record_id for each in made.results] == [1]
    assert [each.record_id for each in made.changes] == [1]
    assert made.missing == MissingRecords(("99",))


def test_a_merged_id_is_passed_over_with_a_trace_id_too() -> None:
    assert planned([given(7, {"note": "x"}, trace="t")], RECORDS, merged_away=[7]) == WritePlan()


def test_a_merged_id_takes_no_unique_value() -> None:
    inputs = [given(7, {"code": "N"}), given(1, {"code": "N"})]

    made = planned(inputs, RECORDS, merged_away=[7])

    assert made.moves == [UniqueMove("code", 1, "A", "N")]


@pytest.mark.parametrize("inputs", [[], [given(1)], [given(1, {})]])
def test_nothing_to_write_is_written_and_is_no_error(inputs: list[RecordInput]) -> None:
    made = planned(inputs, RECORDS)

    assert made.changes == []
    assert [each.record for each in made.results] == [RECORDS[0]] * len(inputs)


# --- what a write changes ---------------------------------------------------------------------


def test_a_write_changes_what_it_names_and_nothing_else() -> None:
    made = planned([given(1, {"note": "new", "size": "3"})], RECORDS)

    (change,) = made.changes
    assert change.properties == RECORDS[0].properties | {
        "note": "new",
        "size": "3",
        MODIFIED: render_ms(NOW_MS),
    }
    assert change.changed == {"note": "new", "size": "3"}
    assert (change.created_at_ms, change.updated_at_ms) == (THEN_MS, NOW_MS)
    assert change.previous_write == 10


def test_the_records_given_are_not_touched() -> None:
    before = deepcopy(list(RECORDS))

    planned([given(1, {"note": "new", "code": "N"}), given(2, {"tags": ";c"})], RECORDS)

    assert list(RECORDS) == before


@pytest.mark.parametrize(
    "properties",
    [
        {"note": "three"},
        {"size": "5000.00"},
        {"size": " 5000.00 "},
        {"note": "three", "size": "5000.00"},
        {"code": ""},
        {"code": None},
        {"tags": ";"},
    ],
    ids=str,
)
def test_equal_values_change_nothing_and_leave_the_time(
    properties: dict[str, str | None],
) -> None:
    made = planned([given(3, properties)], RECORDS)

    assert made.changes == []
    assert made.moves == []
    (result,) = made.results
    assert result.record == RECORDS[2]
    assert result.written == tuple(properties)


def test_only_the_values_that_differ_go_into_the_history() -> None:
    (change,) = planned([given(3, {"note": "three", "size": "6"})], RECORDS).changes

    assert change.changed == {"size": "6"}


@pytest.mark.parametrize("text", ["", None])
def test_a_cleared_value_stands_as_empty_text(text: str | None) -> None:
    (change,) = planned([given(3, {"note": text})], RECORDS).changes

    assert change.changed == {"note": ""}
    assert change.properties["note"] == ""


APPENDED: Final = (
    ("a;b", ";c", "a;b;c"),
    ("a;b", ";b;c", "a;b;c"),
    ("a;b", "c", "c"),
    ("a;b", ";a", None),
    ("a;b", "b;a", "b;a"),
    ("", ";a", "a"),
)
"""(before, written, after; None when nothing changes)"""


@pytest.mark.parametrize(("before", "written", "after"), APPENDED)
def test_options_are_replaced_or_appended(before: str, written: str, after: str | None) -> None:
    records = [record(1, {"tags": before} if before else {})]

    made = planned([given(1, {"tags": written})], records)

    assert [each.changed for each in made.changes] == ([{"tags": after}] if after else [])


def test_a_time_never_goes_back_when_the_clock_does() -> None:
    made = planned([given(1, {"note": "new"})], RECORDS, now_ms=THEN_MS - 5_000)

    (change,) = made.changes
    assert change.updated_at_ms == THEN_MS
    assert change.properties[MODIFIED] == render_ms(THEN_MS)


def test_a_normalised_date_warns_even_when_it_changes_nothing() -> None:
    batch = check([given(1, {"begins": "1"})], dates_normalised=True)

    assert isinstance(batch, CheckedUpdates)
    (one,) = batch.inputs
    assert one.values == {"begins": "1970-01-01"}
    assert [each.normalized for each in one.warnings] == ["0"]
    assert one.problems == []


# --- one record under two names ---------------------------------------------------------------


def test_one_record_by_id_and_by_value_is_written_once_in_input_order() -> None:
    inputs = [given(1, {"note": "x", "size": "1"}), given("A", {"note": "y", "tags": "a"}, "code")]

    made = planned(inputs, RECORDS)

    (change,) = made.changes
    assert change.changed == {"note": "y", "size": "1", "tags": "a"}
    assert change.previous_write == 10
    (result,) = made.results
    assert result.record.properties == change.properties
    assert result.written == ("note", "size", "tags")


def test_a_later_input_sees_what_an_earlier_one_wrote() -> None:
    inputs = [given(2, {"tags": ";c"}), given("B", {"tags": ";d"}, "code")]

    (change,) = planned(inputs, RECORDS).changes

    assert change.changed == {"tags": "a;b;c;d"}


def test_a_value_may_go_there_and_on_within_a_batch() -> None:
    inputs = [given(1, {"code": "N"}), given("A", {"code": "M"}, "code")]

    made = planned(inputs, RECORDS)

    assert made.moves == [UniqueMove("code", 1, "A", "N"), UniqueMove("code", 1, "N", "M")]


def test_the_same_text_under_two_id_properties_is_no_duplicate() -> None:
    records = [record(1, {"code": "7"}), record(2, {"badge": "7"}), record(7)]
    inputs = [
        given("7", {"note": "x"}),
        given("7", {"note": "y"}, "code"),
        given("7", {"note": "z"}, "badge"),
    ]

    made = planned(inputs, records)

    assert [each.record_id for each in made.changes] == [7, 1, 2]


# --- unique values ----------------------------------------------------------------------------

MOVED: Final[tuple[tuple[str, list[RecordInput], list[UniqueMove]], ...]] = (
    ("its own value again", [given(1, {"code": "A"})], []),
    ("a new one for the old one", [given(1, {"code": "N"})], [UniqueMove("code", 1, "A", "N")]),
    ("the first one", [given(3, {"code": "N"})], [UniqueMove("code", 3, None, "N")]),
    ("cleared", [given(1, {"code": ""})], [UniqueMove("code", 1, "A", None)]),
    ("cleared by null", [given(1, {"code": None})], [UniqueMove("code", 1, "A", None)]),
    (
        "left by one input and taken by a later one",
        [given(2, {"code": "C"}), given(1, {"code": "B"})],
        [UniqueMove("code", 2, "B", "C"), UniqueMove("code", 1, "A", "B")],
    ),
    (
        "two properties at once",
        [given(1, {"badge": "7", "code": "N"})],
        [UniqueMove("badge", 1, None, "7"), UniqueMove("code", 1, "A", "N")],
    ),
    ("compared as text", [given(1, {"code": "b"})], [UniqueMove("code", 1, "A", "b")]),
    (
        "changed by its own key",
        [given("A", {"code": "N"}, "code")],
        [UniqueMove("code", 1, "A", "N")],
    ),
)


@pytest.mark.parametrize(
    ("inputs", "moves"), [row[1:] for row in MOVED], ids=[row[0] for row in MOVED]
)
def test_unique_values_move_with_their_records(
    inputs: list[RecordInput], moves: list[UniqueMove]
) -> None:
    assert planned(inputs, RECORDS).moves == moves


def many_unique() -> tuple[TypeDefinitions, dict[str, str]]:
    names = [f"u{each:02}" for each in (7, 3, 11, 1, 9, 5, 2, 12, 4, 8, 10, 6)]
    own = [replace(OWN_PROPERTIES[0], name=each) for each in names]
    return definitions((*own, OWN_PROPERTIES[2])), dict.fromkeys(names, "V")


def test_of_several_taken_values_of_an_input_the_first_is_told() -> None:
    described, values = many_unique()
    holder = record(2, values)
    batch = check([given(1, values)], described)
    assert isinstance(batch, CheckedUpdates)
    owners = dict.fromkeys(values.items(), holder.record_id)
    made = plan_updates(batch, described, {1: record(1)}, {}, owners, frozenset())

    assert made.refusal == taken("V", 1, 2, name="u07")


def test_claims_are_listed_in_the_order_given() -> None:
    described, values = many_unique()
    batch = check([given(1, values), given(2, {"u01": "W", "note": "x", "u02": ""})], described)
    assert isinstance(batch, CheckedUpdates)

    claims = claimed_unique_values(batch.inputs, described)

    assert claims == [*values.items(), ("u01", "W")]


# --- pipelines and stages ---------------------------------------------------------------------

COUPLED: Final = (
    # Written, what changes beside it.
    ({"hs_pipeline_stage": "f-done"}, {"hs_pipeline_stage": "f-done"}),
    ({"hs_pipeline_stage": "s-done"}, {"hs_pipeline_stage": "s-done", "hs_pipeline": "second"}),
    ({"hs_pipeline": "second"}, {"hs_pipeline": "second", "hs_pipeline_stage": "s-new"}),
    (
        {"hs_pipeline": "second", "hs_pipeline_stage": "s-done"},
        {"hs_pipeline": "second", "hs_pipeline_stage": "s-done"},
    ),
    ({"note": "x"}, {"note": "x"}),
    ({"hs_pipeline_stage": ""}, {"hs_pipeline_stage": ""}),
)


@pytest.mark.parametrize(("written", "changed"), COUPLED, ids=str)
def test_a_pipeline_and_its_stage_stay_together(
    written: dict[str, str | None], changed: dict[str, str]
) -> None:
    (change,) = planned([given(1, written)], [record(1)]).changes

    assert change.changed == changed


def test_a_pipeline_brings_its_first_stage_to_a_record_without_one() -> None:
    without = record(1, {"hs_pipeline_stage": ""})

    (change,) = planned([given(1, {"hs_pipeline": "second"})], [without]).changes

    assert change.changed == {"hs_pipeline": "second", "hs_pipeline_stage": "s-new"}


def test_a_pipeline_without_stages_brings_none() -> None:
    described = definitions(pipelines=(pipeline("first", "f-new"), pipeline("bare")))
    changed = {"hs_pipeline": "bare"}

    couple_pipeline(described, record(1).properties, changed)

    assert changed == {"hs_pipeline": "bare"}


def test_a_type_without_pipelines_couples_nothing() -> None:
    described = definitions((), of=object_type("products"), pipelines=())
    changed = {"hs_pipeline_stage": "x"}

    couple_pipeline(described, {}, changed)

    assert changed == {"hs_pipeline_stage": "x"}


# --- reading ids ------------------------------------------------------------------------------

IDS: Final = (
    ("1", 1),
    ("40000000001", 40_000_000_001),
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), None),
    ("9" * 30, None),
    ("0", None),
    ("01", None),
    ("", None),
    (" 1", None),
    ("1 ", None),
    ("-1", None),
    ("1e2", None),
    ("1.0", None),
    ("²", None),
    ("１", None),
    ("1_0", None),
)


@pytest.mark.parametrize(("text", "expected"), IDS)
def test_a_record_id_is_canonical_digits(text: str, expected: int | None) -> None:
    assert read_record_id(text) == expected


@generated(st.integers(1, 2**63 - 1))
def test_every_record_id_reads_back(number: int) -> None:
    assert read_record_id(str(number)) == number


@generated(st.text())
def test_a_text_that_is_read_as_an_id_is_its_only_spelling(text: str) -> None:
    number = read_record_id(text)

    assert number is None or str(number) == text


@generated(st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from([None, "code"]))))
def test_repeated_ids_are_those_that_stand_more_than_once(
    keys: list[tuple[str, str | None]],
) -> None:
    inputs = [given(text, {}, id_property) for text, id_property in keys]

    expected = {text for text, id_property in keys if keys.count((text, id_property)) > 1}
    assert set(repeated_ids(inputs)) == expected
    assert len(repeated_ids(inputs)) == len(expected)


def test_names_of_records_are_told_apart_by_their_id_property() -> None:
    batch = check([given("1"), given("A", {}, "code"), given("x"), given("7", {}, "badge")])
    assert isinstance(batch, CheckedUpdates)

    assert named_record_ids(batch.inputs) == [1]
    assert named_unique_values(batch.inputs) == [("code", "A"), ("badge", "7")]


# --- laws -------------------------------------------------------------------------------------

VALUES = st.dictionaries(
    st.sampled_from(["note", "size", "tags", "code", "hs_pipeline_stage"]),
    st.sampled_from(["", "1", "a;b", ";c", "A", "f-done", "s-new", "x"]),
)
BATCHES = st.lists(
    st.builds(
        given,
        st.sampled_from(["1", "2", "3", "99", "x"]),
        VALUES,
        st.none(),
        st.none() | st.sampled_from(["t1", "t2", "t3", "t4", "t5"]),
    ),
    max_size=5,
    unique_by=lambda each: each.id,
)


@generated(BATCHES)
def test_an_outcome_is_told_for_every_input(inputs: list[RecordInput]) -> None:
    made = plan(inputs, RECORDS)
    if isinstance(made, Problem) or made.refusal is not None:
        return

    missing = len(made.missing.ids) if made.missing else 0
    assert len(made.results) + missing + len(made.problems) == len(inputs)
    assert {each.record_id for each in made.changes} <= {
        each.record.record_id for each in made.results
    }


@generated(BATCHES)
def test_writing_the_same_again_changes_nothing(inputs: list[RecordInput]) -> None:
    made = plan(inputs, RECORDS)
    if isinstance(made, Problem) or made.refusal is not None:
        return
    after = {each.record_id: each for each in RECORDS}
    for result in made.results:
        after[result.record.record_id] = result.record

    again = plan(inputs, after.values(), now_ms=NOW_MS + 1)

    assert isinstance(again, WritePlan)
    if again.refusal is None and not again.problems:
        assert again.changes == []


def test_value_problems_name_the_property_as_sent() -> None:
    batch = check([given(1, {"hs_object_id": None}, trace="t")])

    assert isinstance(batch, CheckedUpdates)
    (problem,) = batch.inputs[0].problems
    assert isinstance(problem, ValueProblem)
    assert problem.name == "hs_object_id"


def test_an_archived_property_is_an_unknown_one() -> None:
    archived: PropertyDefinition = replace(OWN_PROPERTIES[2], archived_at_ms=THEN_MS)

    assert refusal([given(1, {"note": "x"})], RECORDS, definitions((archived,))) == InvalidValues(
        (UnknownProperty("note", None),)
    )


def test_an_input_problem_carries_the_trace_id_of_its_input() -> None:
    made = planned([given(99, trace="t1"), given(98, trace="t2")], RECORDS)

    assert made.problems == [
        InputProblem("t1", MissingRecords(("99",), "t1")),
        InputProblem("t2", MissingRecords(("98",), "t2")),
    ]


def test_definitions_of_the_scene_have_what_the_rows_need() -> None:
    assert {"code", "badge"} <= DEFINITIONS.update_id_names
    assert "hs_object_id" in DEFINITIONS.refused_names
