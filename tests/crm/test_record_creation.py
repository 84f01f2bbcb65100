"""The rules of batch creates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from moyeu.crm.creation import check_creates, new_record, plan_creates
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    InvalidNumber,
    InvalidValues,
    Problem,
    ReadOnlyProperty,
    RequiredPropertiesMissing,
    TooManyInputs,
    UniqueValueTaken,
    UnknownProperty,
)
from moyeu.crm.records import CheckedUpdates, RecordInput, UniqueKey, UniqueMove, WritePlan
from moyeu.crm.values.moment import render_ms
from tests.crm.scene import (
    DEFINITIONS,
    MODIFIED,
    NOW_MS,
    OWN_PROPERTIES,
    SERVICES,
    definitions,
    given,
    object_type,
    occasion,
    pipeline,
)

NOTES: Final = definitions((), of=object_type("notes"), pipelines=())
"""A type with a required property."""

CORE: Final = {
    "hs_createdate": render_ms(NOW_MS),
    MODIFIED: render_ms(NOW_MS),
    "hs_object_source": "INTEGRATION",
    "hs_object_source_id": "77",
    "hs_object_source_label": "INTEGRATION",
}


def new(properties: Mapping[str, str | None], trace: str | None = None) -> RecordInput:
    """One input of a create."""
    return given("", properties, None, trace)


def check(
    inputs: list[RecordInput], described: TypeDefinitions = DEFINITIONS
) -> CheckedUpdates | Problem:
    """A batch with its values checked."""
    rules = described.rules_for(dates_normalised=False)
    return check_creates(inputs, described, rules, NOW_MS)


def plan(
    inputs: list[RecordInput],
    held: Mapping[UniqueKey, int] | None = None,
    described: TypeDefinitions = DEFINITIONS,
) -> WritePlan:
    """What a batch makes, with the ids 1, 2, 3, …"""
    batch = check(inputs, described)
    assert isinstance(batch, CheckedUpdates)
    record_ids = range(1, len(inputs) + 1)
    return plan_creates(batch, described, held or {}, record_ids, occasion())


def taken(value: str, record_id: int, owner_id: int, name: str = "code") -> UniqueValueTaken:
    return UniqueValueTaken(SERVICES, name, value, str(record_id), str(owner_id))


# --- refusals ---------------------------------------------------------------------------------

REFUSED: Final[tuple[tuple[str, list[RecordInput], Problem], ...]] = (
    ("one too many", [new({})] * 101, TooManyInputs(100)),
    (
        "bad values of all inputs",
        [new({"nope": "1", "size": "big"}), new({"hs_object_id": "7"})],
        InvalidValues(
            (
                UnknownProperty("nope", None),
                InvalidNumber("size", "big"),
                ReadOnlyProperty("hs_object_id", "7"),
            )
        ),
    ),
)


@pytest.mark.parametrize(
    ("inputs", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_call_is_refused_before_its_turn(inputs: list[RecordInput], expected: Problem) -> None:
    assert check(inputs) == expected


def test_a_hundred_inputs_are_not_too_many() -> None:
    assert len(plan([new({"note": "x"})] * 100).results) == 100


@pytest.mark.parametrize("properties", [{}, {"hs_timestamp": ""}, {"hs_timestamp": None}])
def test_a_create_without_its_required_properties_is_refused(
    properties: dict[str, str | None],
) -> None:
    expected = RequiredPropertiesMissing(("hs_timestamp",))

    assert check([new({"hs_timestamp": "0"}), new(properties)], NOTES) == expected


def test_bad_values_are_told_before_missing_ones() -> None:
    assert check([new({}), new({"nope": "1"})], NOTES) == InvalidValues(
        (UnknownProperty("nope", None),)
    )


def test_with_trace_ids_bad_inputs_are_listed_and_good_ones_made() -> None:
    inputs = [
        new({"hs_timestamp": "0"}, trace="t1"),
        new({}, trace="t2"),
        new({"nope": "1"}, trace="t3"),
    ]

    made = plan(inputs, described=NOTES)

    assert [each.record.record_id for each in made.results] == [1]
    assert [(each.trace_id, each.problem) for each in made.problems] == [
        ("t2", RequiredPropertiesMissing(("hs_timestamp",))),
        ("t3", InvalidValues((UnknownProperty("nope", None),))),
    ]


# --- unique values ----------------------------------------------------------------------------


def test_a_unique_value_of_another_record_refuses_the_call() -> None:
    made = plan([new({"note": "fine"}), new({"code": "A"})], {("code", "A"): 40})

    assert made.refusal == taken("A", 2, 40)
    assert (made.results, made.moves, made.problems) == ([], [], [])


def test_two_inputs_with_one_unique_value_refuse_the_call() -> None:
    assert plan([new({"code": "N"}), new({"code": "N"})]).refusal == taken("N", 2, 1)


def test_with_trace_ids_the_first_claim_of_a_value_wins() -> None:
    inputs = [new({"code": "N"}, trace="t1"), new({"code": "N"}, trace="t2")]

    made = plan(inputs)

    assert [each.record.record_id for each in made.results] == [1]
    assert [(each.trace_id, each.problem) for each in made.problems] == [("t2", taken("N", 2, 1))]
    assert made.moves == [UniqueMove("code", 1, None, "N")]


def test_an_input_that_fails_takes_no_value() -> None:
    inputs = [new({"badge": "7", "code": "A"}, trace="t1"), new({"badge": "7"}, trace="t2")]

    made = plan(inputs, {("code", "A"): 40})

    assert [each.record.record_id for each in made.results] == [2]
    assert made.moves == [UniqueMove("badge", 2, None, "7")]


@pytest.mark.parametrize("text", ["", None])
def test_empty_unique_values_belong_to_nobody(text: str | None) -> None:
    made = plan([new({"code": text}), new({"code": text})])

    assert made.refusal is None
    assert made.moves == []


def test_of_several_taken_values_of_an_input_the_first_is_told() -> None:
    names = [f"u{each:02}" for each in (7, 3, 11, 1, 9, 5, 2, 12)]
    described = definitions(replace(OWN_PROPERTIES[0], name=each) for each in names)
    values: dict[str, str | None] = dict.fromkeys(names, "V")

    made = plan([new(values)], {(name, "V"): 40 for name in names}, described)

    assert made.refusal == taken("V", 1, 40, name="u07")


# --- what a new record has --------------------------------------------------------------------


def test_a_new_record_has_the_given_values_and_the_core_set() -> None:
    (result,) = plan([new({"note": "x", "size": " 5.00 ", "code": "N"})]).results

    assert result.record.properties == CORE | {
        "hs_object_id": "1",
        "note": "x",
        "size": "5.00",
        "code": "N",
        "hs_pipeline": "first",
        "hs_pipeline_stage": "f-new",
    }
    assert (result.record.created_at_ms, result.record.updated_at_ms) == (NOW_MS, NOW_MS)
    assert result.record.archived_at_ms is None
    assert result.record.last_write == 0
    assert result.written == ("note", "size", "code")


def test_contacts_name_their_times_otherwise() -> None:
    contacts = definitions((), of=object_type("contacts"), pipelines=())

    (result,) = plan([new({"email": "a@example.com"})], described=contacts).results

    assert result.record.properties["createdate"] == render_ms(NOW_MS)
    assert result.record.properties["lastmodifieddate"] == render_ms(NOW_MS)


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_value_is_as_if_it_had_not_been_given(text: str | None) -> None:
    (result,) = plan([new({"note": text, "hs_pipeline_stage": text})]).results

    assert "note" not in result.record.properties
    assert result.record.properties["hs_pipeline_stage"] == "f-new"


APPENDED: Final = (
    (";a", "a"),
    (";a;b", "a;b"),
    (";b;a;b", "b;a"),
    ("a;b", "a;b"),
    (";", None),
)
"""(written, kept; None when the record has no such value)"""


@pytest.mark.parametrize(("written", "kept"), APPENDED)
def test_appending_to_nothing_is_giving(written: str, kept: str | None) -> None:
    (result,) = plan([new({"tags": written})]).results

    assert result.record.properties.get("tags") == kept


STARTED: Final[tuple[tuple[dict[str, str | None], tuple[str, str]], ...]] = (
    # Given, the pipeline and stage of the new record.
    ({}, ("first", "f-new")),
    ({"hs_pipeline_stage": "f-done"}, ("first", "f-done")),
    ({"hs_pipeline_stage": "s-done"}, ("second", "s-done")),
    ({"hs_pipeline": "first"}, ("first", "f-new")),
    ({"hs_pipeline": "second"}, ("second", "s-new")),
    ({"hs_pipeline": "second", "hs_pipeline_stage": "s-done"}, ("second", "s-done")),
)


@pytest.mark.parametrize(("properties", "expected"), STARTED, ids=str)
def test_a_new_record_stands_in_a_stage_of_its_pipeline(
    properties: dict[str, str | None], expected: tuple[str, str]
) -> None:
    (result,) = plan([new(properties)]).results

    kept = result.record.properties
    assert (kept["hs_pipeline"], kept["hs_pipeline_stage"]) == expected


def test_a_pipeline_without_stages_starts_a_record_without_one() -> None:
    described = definitions(pipelines=(pipeline("bare"), pipeline("second", "s-new")))

    record = new_record(described, occasion(), 1, {})

    assert record.properties["hs_pipeline"] == "bare"
    assert "hs_pipeline_stage" not in record.properties


def test_a_type_without_pipelines_has_neither() -> None:
    products = definitions((), of=object_type("products"), pipelines=())

    record = new_record(products, occasion(), 1, {"name": "n"})

    assert not {"hs_pipeline", "hs_pipeline_stage"} & record.properties.keys()


def test_a_create_may_give_what_its_type_requires_though_it_is_read_only() -> None:
    users = definitions((), of=object_type("users"), pipelines=())

    (result,) = plan(
        [new({"hs_email": "a@example.com", "hs_internal_user_id": "7"})], described=users
    ).results

    assert result.record.properties["hs_email"] == "a@example.com"
    assert check([new({"hs_email": "a@example.com", "hs_internal_user_id": "x"})], users) == (
        InvalidValues((InvalidNumber("hs_internal_user_id", "x"),))
    )


@pytest.mark.parametrize("name", ["hs_object_id", MODIFIED, "hs_createdate", "hs_object_source"])
def test_what_hubspot_sets_itself_cannot_be_given(name: str) -> None:
    assert check([new({name: "7"})]) == InvalidValues((ReadOnlyProperty(name, "7"),))
