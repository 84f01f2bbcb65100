"""The rules of batch upserts."""

from collections.abc import Iterable
from typing import Final

import pytest

from moyeu.crm.creation import conflicts_among
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidNumber,
    InvalidValues,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    ReadOnlyProperty,
    RecordExists,
    RequiredPropertiesMissing,
    TooManyInputs,
    UniqueValueTaken,
)
from moyeu.crm.records import (
    RecordInput,
    StoredRecord,
    UniqueKey,
    UniqueMove,
    WritePlan,
    named_unique_values,
)
from moyeu.crm.upserts import CheckedUpserts, check_upserts, plan_upserts
from tests.crm.scene import (
    DEFINITIONS,
    NOW_MS,
    SERVICES,
    definitions,
    given,
    held_values,
    object_type,
    occasion,
    record,
)

NOTES: Final = definitions(of=object_type("notes"), pipelines=())
"""A type with a required property."""

CONTACTS: Final = definitions(of=object_type("contacts"), pipelines=())


def check(
    inputs: list[RecordInput], described: TypeDefinitions = DEFINITIONS
) -> CheckedUpserts | Problem:
    """A batch with its values checked."""
    rules = described.rules_for(dates_normalised=False)
    return check_upserts(inputs, described, rules, NOW_MS)


def plan(
    inputs: list[RecordInput],
    records: Iterable[StoredRecord] = (),
    described: TypeDefinitions = DEFINITIONS,
    merged_away: Iterable[int] = (),
    held: dict[UniqueKey, int] | None = None,
) -> WritePlan:
    """What a batch does to these records; new ones have the ids 1, 2, 3, …"""
    batch = check(inputs, described)
    assert isinstance(batch, CheckedUpserts), batch
    by_id = {each.record_id: each for each in records}
    owners = held_values(by_id.values()) | (held or {})
    keys = named_unique_values(batch.inputs)
    by_value = {key: by_id[owners[key]] for key in keys if key in owners}
    return plan_upserts(
        batch,
        described,
        by_id,
        by_value,
        owners,
        frozenset(merged_away),
        range(1, 1 + sum(key not in by_value for key in keys)),
        occasion(),
        conflicts_among([key for key in owners if key[0] == "email"], owners, by_id),
    )


def by_code(value: str, /, *, trace: str | None = None, **properties: str | None) -> RecordInput:
    """An input that names its record by `code`."""
    return given(value, properties, "code", trace)


REFUSED: Final[tuple[tuple[str, list[RecordInput], Problem], ...]] = (
    ("one too many", [given(1)] * 101, TooManyInputs(100)),
    ("the same value twice", [by_code("A"), by_code("A")], DuplicateIds(("A",))),
    ("not unique", [given("x", {}, "note")], NotAUniqueProperty(SERVICES, "note")),
    ("no property", [given("x", {}, "nope")], NotAUniqueProperty(SERVICES, "nope")),
    (
        "the record id",
        [given("1", {}, "hs_object_id")],
        NotAUniqueProperty(SERVICES, "hs_object_id"),
    ),
    (
        "bad values",
        [by_code("A", size="big"), given("x", {}, "badge")],
        InvalidValues((InvalidNumber("size", "big"), InvalidNumber("badge", "x"))),
    ),
)


@pytest.mark.parametrize(
    ("inputs", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_call_is_refused_before_its_turn(inputs: list[RecordInput], expected: Problem) -> None:
    assert check(inputs) == expected


def test_an_email_names_a_contact_though_its_definition_is_not_unique() -> None:
    assert isinstance(check([given("a@example.com", {}, "email")], CONTACTS), CheckedUpserts)


def test_records_that_are_there_change_and_others_are_made() -> None:
    made = plan([by_code("B", note="y"), by_code("A", note="x")], [record(40, {"code": "A"})])

    assert [(each.record.record_id, each.is_new) for each in made.results] == [
        (1, True),
        (40, False),
    ]
    assert [each.record_id for each in made.created] == [1]
    assert [(each.record_id, each.changed) for each in made.changes] == [(40, {"note": "x"})]
    assert made.moves == [UniqueMove("code", 1, None, "B")]
    assert made.created[0].properties["code"] == "B"


def test_the_id_property_is_among_the_written_names() -> None:
    made = plan([by_code("A", note="x"), by_code("B")], [record(40, {"code": "A"})])

    assert [each.written for each in made.results] == [("code", "note"), ("code",)]


def test_values_name_records_as_they_are_kept() -> None:
    made = plan([given(" 7 ", {"note": "x"}, "badge")], [record(40, {"badge": "7"})])

    assert [each.record.record_id for each in made.results] == [40]


def test_a_new_record_takes_no_empty_values_and_an_old_one_is_cleared() -> None:
    made = plan(
        [by_code("A", note=""), by_code("B", note=None)], [record(40, {"code": "A", "note": "x"})]
    )

    assert made.changes[0].changed == {"note": ""}
    assert "note" not in made.created[0].properties


def test_only_new_records_need_the_required_properties() -> None:
    there = record(40, {"code": "A", "hs_timestamp": "1970-01-01T00:00:00Z"})

    made = plan([by_code("A", trace="t1"), by_code("B", trace="t2")], [there], NOTES)

    assert [each.record.record_id for each in made.results] == [40]
    assert [(each.trace_id, each.problem) for each in made.problems] == [
        ("t2", RequiredPropertiesMissing(("hs_timestamp",)))
    ]
    assert plan([by_code("A"), by_code("B")], [there], NOTES) == WritePlan(
        refusal=RequiredPropertiesMissing(("hs_timestamp",))
    )


def test_what_only_a_create_may_give_is_refused_for_a_record_that_is_there() -> None:
    users = definitions(of=object_type("users"), pipelines=())
    inputs = [
        by_code(code, trace=code, hs_email="a@example.com", hs_internal_user_id="7")
        for code in ("A", "B")
    ]

    there = {"code": "A", "hs_email": "a@example.com", "hs_internal_user_id": "8"}
    made = plan(inputs, [record(40, there)], users)

    assert [each.properties["hs_email"] for each in made.created] == ["a@example.com"]
    assert [(each.trace_id, each.problem) for each in made.problems] == [
        ("A", InvalidValues((ReadOnlyProperty("hs_internal_user_id", "7"),)))
    ]


def test_an_empty_value_makes_no_record() -> None:
    assert plan([by_code("")]).refusal == RequiredPropertiesMissing(("code",))


def test_a_record_id_that_is_unknown_is_missing_and_makes_nothing() -> None:
    inputs = [given(41, {"note": "x"}), given("A", {"note": "x"}), given(40, {"note": "x"})]

    made = plan(inputs, [record(40)])

    assert made.missing == MissingRecords(("41", "A"))
    assert [each.record.record_id for each in made.results] == [40]
    assert made.created == []


def test_with_trace_ids_each_missing_id_is_told_alone() -> None:
    made = plan([given(41, {"note": "x"}, trace="t1")])

    assert [each.problem for each in made.problems] == [MissingRecords(("41",), "t1")]
    assert made.missing is None


def test_the_id_of_a_merged_record_is_passed_over() -> None:
    assert plan([given(41, {"note": "x"})], merged_away=[41]) == WritePlan()


def test_one_record_named_twice_is_written_in_order_and_answered_once() -> None:
    made = plan(
        [by_code("A", note="x", size="1"), given(40, {"note": "y"})], [record(40, {"code": "A"})]
    )

    assert [each.record.properties["note"] for each in made.results] == ["y"]
    assert [each.changed for each in made.changes] == [{"note": "y", "size": "1"}]


def test_a_value_that_an_input_leaves_may_be_taken_by_the_next() -> None:
    made = plan(
        [given(40, {"code": "B"}), by_code("C", badge="7", code="A")], [record(40, {"code": "A"})]
    )

    assert made.refusal is None
    assert made.created[0].properties["code"] == "A"


def test_a_value_that_an_input_takes_is_taken_for_the_next() -> None:
    made = plan([given(40, {"code": "B"}), by_code("B", note="x")], [record(40)])

    assert made.refusal == UniqueValueTaken(SERVICES, "code", "B", "1", "40")


def test_a_new_contact_with_a_taken_email_is_a_conflict_and_with_a_further_one_is_not() -> None:
    there = record(40, {"email": "a@example.com", "hs_additional_emails": "b@example.com"})
    held = {("email", "a@example.com"): 40, ("email", "b@example.com"): 40}

    main = plan([by_code("A", email="a@example.com")], [there], CONTACTS, held=held)
    further = plan([by_code("A", email="b@example.com")], [there], CONTACTS, held=held)

    assert main.refusal == RecordExists("40")
    assert further.refusal == UniqueValueTaken("0-1", "email", "b@example.com", "1", "40")


def test_a_further_email_finds_the_contact_and_stays_a_further_one() -> None:
    there = record(40, {"email": "a@example.com", "hs_additional_emails": "b@example.com"})
    held = {("email", "a@example.com"): 40, ("email", "b@example.com"): 40}

    made = plan([given("b@example.com", {"firstname": "B"}, "email")], [there], CONTACTS, held=held)

    assert [each.record_id for each in made.changes] == [40]
    assert "email" not in made.changes[0].changed
    assert made.moves == []


def test_a_further_email_that_is_written_changes_places_with_the_main_one() -> None:
    there = record(40, {"email": "a@example.com", "hs_additional_emails": "c@x.org;b@example.com"})
    held = {("email", "a@example.com"): 40, ("email", "b@example.com"): 40}

    made = plan([given(40, {"email": "b@example.com"})], [there], CONTACTS, held=held)

    assert made.changes[0].properties["email"] == "b@example.com"
    assert made.changes[0].properties["hs_additional_emails"] == "c@x.org;a@example.com"
    assert made.moves == []


def test_with_trace_ids_results_carry_them() -> None:
    made = plan([by_code("A", trace="t1"), by_code("B", trace="t2")], [record(40, {"code": "A"})])

    assert [each.trace_id for each in made.results] == ["t1", "t2"]
