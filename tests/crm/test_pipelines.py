"""The rules of pipelines and stages: tables, and laws that hold after any sequence of writes."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.catalog.limits import PIPELINES_MAX
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.pipelines import Pipeline, Stage, pipeline_rules, standard_pipelines
from moyeu.crm import pipeline_problems as p
from moyeu.crm.pipeline_audits import audited_changes
from moyeu.crm.pipeline_inputs import (
    GivenMetadata,
    GivenPipeline,
    GivenStage,
    PipelineChange,
    StageChange,
)
from moyeu.crm.pipeline_plans import PipelinePlan, StagePlan, TypePipelines
from moyeu.crm.pipelines import (
    plan_pipeline_create,
    plan_pipeline_delete,
    plan_pipeline_replace,
    plan_pipeline_update,
    stage_options,
    use_problem,
)
from moyeu.crm.problems import Problem
from moyeu.crm.stage_metadata import keep_metadata
from moyeu.crm.stage_order import arrange, place
from moyeu.crm.stages import (
    plan_stage_create,
    plan_stage_delete,
    plan_stage_replace,
    plan_stage_update,
)

NOW_MS: Final = 1_790_000_000_000
THEN_MS: Final = 1_780_000_000_000
HALF: Final = {"probability": "0.5"}
CUSTOM: Final = "custom"


def object_type(name: str) -> ObjectType:
    """An object type of the catalog, or a custom one."""
    if name == CUSTOM:
        return replace(object_type("notes"), id="2-77", name="cars")
    found = find_object_type(name)
    assert found is not None
    return found


def around(
    name: str = "deals",
    pipelines: tuple[Pipeline, ...] | None = None,
    ids_elsewhere: frozenset[str] = frozenset(),
) -> TypePipelines:
    """The pipelines of a type as in a new portal, or others; new ids count from 1001."""
    described = object_type(name)
    rules = pipeline_rules(described)
    assert rules is not None
    numbers = itertools.count(1001)
    return TypePipelines(
        described,
        rules,
        standard_pipelines(described) if pipelines is None else pipelines,
        ids_elsewhere,
        NOW_MS,
        lambda: str(next(numbers)),
    )


def stage(
    label: str, order: int, metadata: GivenMetadata = HALF, key: str | None = None
) -> GivenStage:
    """A stage as sent."""
    return GivenStage(label, order, metadata, key)


def given_pipeline(
    *stages: GivenStage, label: str = "Renters", key: str | None = None
) -> GivenPipeline:
    """A pipeline as sent."""
    return GivenPipeline(label, 1, stages, key)


def created(given: GivenPipeline, before: TypePipelines | None = None) -> PipelinePlan:
    """The plan of a create that is not refused."""
    planned = plan_pipeline_create(given, before or around())
    assert isinstance(planned, PipelinePlan), planned
    return planned


def renters(*orders: int, name: str = "deals", metadata: GivenMetadata = HALF) -> Pipeline:
    """A pipeline `p1` with the stages a, b, c, … in these display orders."""
    stages = [
        stage(letter.upper(), order, metadata, letter)
        for letter, order in zip("abcdefgh", orders, strict=False)
    ]
    after = created(given_pipeline(*stages, key="p1"), around(name)).after
    assert after is not None
    return after


def orders_of(planned: PipelinePlan | StagePlan | Problem) -> list[tuple[str, int]]:
    """(label, display order) of the stages that are kept, in display order."""
    assert isinstance(planned, PipelinePlan | StagePlan), planned
    after = planned.change.after
    assert after is not None
    return [(each.label, each.display_order) for each in after.stages]


# --- metadata --------------------------------------------------------------------------------

KEPT: Final[list[tuple[str, GivenMetadata, dict[str, str]]]] = [
    ("deals", {"probability": "0.50"}, {"isClosed": "false", "probability": "0.5"}),
    ("deals", {"probability": "1"}, {"isClosed": "true", "probability": "1.0"}),
    ("deals", {"probability": "0"}, {"isClosed": "true", "probability": "0.0"}),
    ("deals", {"probability": " .25 "}, {"isClosed": "false", "probability": "0.25"}),
    ("deals", {"probability": "1e-4"}, {"isClosed": "false", "probability": "1.0E-4"}),
    ("deals", {"probability": "0.000125"}, {"isClosed": "false", "probability": "1.25E-4"}),
    (
        "deals",
        {"probability": "0.4", "isClosed": "true", "junk": "x"},
        {"isClosed": "false", "probability": "0.4"},
    ),
    ("tickets", {}, {"isClosed": "false", "ticketState": "OPEN"}),
    ("tickets", {"ticketState": None}, {"isClosed": "false", "ticketState": "OPEN"}),
    ("tickets", {"ticketState": "CLOSED"}, {"isClosed": "true", "ticketState": "CLOSED"}),
    ("tickets", {"state": "CLOSED"}, {"isClosed": "false", "ticketState": "OPEN"}),
    (CUSTOM, {"state": "CLOSED"}, {"isClosed": "true", "state": "CLOSED"}),
    ("contacts", {}, {"isClosed": "false", "state": "OPEN"}),
    ("orders", {"state": "CLOSED"}, {"isClosed": "true", "state": "CLOSED"}),
    ("services", {"state": "CLOSED", "isClosed": "true"}, {"isClosed": "false"}),
    ("partner_services", {}, {"isClosed": "false"}),
]


@pytest.mark.parametrize(("name", "sent", "kept"), KEPT)
def test_metadata_is_kept_in_the_form_of_its_type(
    name: str, sent: GivenMetadata, kept: dict[str, str]
) -> None:
    metadata = keep_metadata(sent, around(name).rules)

    assert metadata == tuple(kept.items())


REFUSED: Final[list[tuple[str, GivenMetadata, Problem]]] = [
    ("deals", {}, p.ProbabilityMissing()),
    ("deals", {"probability": None}, p.ProbabilityMissing()),
    ("deals", {"probability": "1.0001"}, p.ProbabilityInvalid()),
    ("deals", {"probability": "-0.1"}, p.ProbabilityInvalid()),
    ("deals", {"probability": "half"}, p.ProbabilityInvalid()),
    ("deals", {"probability": "nan"}, p.ProbabilityInvalid()),
    ("deals", {"probability": ""}, p.ProbabilityInvalid()),
    ("tickets", {"ticketState": "open"}, p.StageStateInvalid("tickets")),
    (CUSTOM, {"state": ""}, p.StageStateInvalid("cars")),
]


@pytest.mark.parametrize(("name", "sent", "problem"), REFUSED)
def test_metadata_that_does_not_fit_its_type_is_refused(
    name: str, sent: GivenMetadata, problem: Problem
) -> None:
    described = around(name)

    assert keep_metadata(sent, described.rules, described.object_type.name) == problem


@given(
    name=st.sampled_from(["deals", "tickets", CUSTOM, "services"]),
    probability=st.floats(0, 1),
    state=st.sampled_from(["OPEN", "CLOSED"]),
)
def test_what_is_kept_of_metadata_is_kept_again(name: str, probability: float, state: str) -> None:
    rules = around(name).rules
    sent = {"probability": repr(probability), "ticketState": state, "state": state}

    kept = keep_metadata(sent, rules)

    assert not isinstance(kept, Problem)
    assert keep_metadata(dict(kept), rules) == kept
    assert float(dict(kept).get("probability", probability)) == probability


# --- order -----------------------------------------------------------------------------------

PLACED: Final = [
    # Orders of a, b, c; the slot of a new stage; the order afterwards.
    ((0, 1, 2), 3, "ABCN", [0, 1, 2, 3]),
    ((0, 1, 2), 1, "ABNC", [0, 1, 2, 3]),
    ((0, 1, 2), 2, "ABCN", [0, 1, 2, 3]),
    ((5, 9, 20), 12, "ABNC", [5, 9, 12, 20]),
    ((5, 9, 20), 9, "ABNC", [0, 1, 2, 3]),
]


@pytest.mark.parametrize(("before", "slot", "labels", "numbers"), PLACED)
def test_a_stage_in_a_taken_slot_goes_right_behind_its_holder(
    before: tuple[int, ...], slot: int, labels: str, numbers: list[int]
) -> None:
    planned = plan_stage_create("p1", stage("N", slot), around(pipelines=(renters(*before),)))

    assert orders_of(planned) == list(zip(labels, numbers, strict=True))


def test_a_stage_may_keep_its_own_slot() -> None:
    pipelines = (renters(0, 4, 9),)

    planned = plan_stage_update(
        "p1", "b", StageChange(display_order=4), around(pipelines=pipelines)
    )

    assert orders_of(planned) == [("A", 0), ("B", 4), ("C", 9)]


def test_of_stages_sent_with_one_order_the_later_comes_first() -> None:
    planned = created(given_pipeline(stage("A", 3), stage("B", 1), stage("C", 3), stage("D", 8)))

    assert orders_of(planned) == [("B", 0), ("C", 1), ("A", 2), ("D", 3)]


def test_gaps_of_a_whole_pipeline_stay() -> None:
    planned = created(given_pipeline(stage("A", 7), stage("B", 2)))

    assert orders_of(planned) == [("B", 2), ("A", 7)]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_no_two_stages_of_a_whole_pipeline_share_an_order(orders: list[int]) -> None:
    stages = [Stage(str(index), str(index), order, ()) for index, order in enumerate(orders)]

    arranged = arrange(stages)

    assert {each.id for each in arranged} == {each.id for each in stages}
    numbers = [each.display_order for each in arranged]
    assert numbers == sorted(set(numbers))


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["create", "move", "delete"]), st.integers(0, 9), st.integers(0, 6)
        ),
        max_size=20,
    )
)
def test_display_orders_stay_unique_after_any_sequence_of_writes(
    writes: list[tuple[str, int, int]],
) -> None:
    pipeline = renters(0, 1, 2)
    for number, (kind, chosen, order) in enumerate(writes):
        described = around(pipelines=(pipeline,))
        target = pipeline.stages[chosen % len(pipeline.stages)].id
        planned: PipelinePlan | StagePlan | Problem
        if kind == "create":
            planned = plan_stage_create(
                "p1", stage(f"new {number}", order, key=f"n{number}"), described
            )
        elif kind == "move":
            planned = plan_stage_update("p1", target, StageChange(display_order=order), described)
        else:
            planned = plan_stage_delete("p1", target, described)
        if isinstance(planned, p.NoStages):
            assert len(pipeline.stages) == 1
            continue
        assert not isinstance(planned, Problem), planned
        assert planned.change.after is not None
        pipeline = planned.change.after
        numbers = [each.display_order for each in pipeline.stages]
        assert numbers == sorted(set(numbers))
        assert numbers[0] >= 0


@given(st.sets(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 20))
def test_a_free_slot_changes_no_other_stage(orders: set[int], slot: int) -> None:
    others = [Stage(str(each), "", each, ()) for each in sorted(orders)]

    placed = place(Stage("new", "", slot, ()), others)

    if slot not in orders:
        assert [each for each in placed if each.id != "new"] == others


# --- ids -------------------------------------------------------------------------------------


def test_ids_that_are_sent_are_kept_to_the_letter() -> None:
    after = created(given_pipeline(stage("A", 0, key="My Stage.1"), key="Renters v.2")).after

    assert after is not None
    assert (after.id, after.stages[0].id) == ("Renters v.2", "My Stage.1")


def test_others_are_numbers_the_pipeline_first() -> None:
    after = created(given_pipeline(stage("A", 5), stage("B", 0, key="b"), stage("C", 1))).after

    assert after is not None
    assert after.id == "1001"
    assert {each.label: each.id for each in after.stages} == {"A": "1002", "B": "b", "C": "1003"}


def test_a_refused_write_takes_no_id() -> None:
    described = around()

    plan_pipeline_create(given_pipeline(stage("A", 0), label="sales pipeline"), described)

    assert described.new_id() == "1001"


# --- refusals --------------------------------------------------------------------------------

WHOLE: Final[list[tuple[str, GivenPipeline, Problem]]] = [
    ("deals", given_pipeline(), p.NoStages()),
    ("deals", given_pipeline(stage("A", -1)), p.DisplayOrderNegative()),
    ("deals", replace(given_pipeline(stage("A", 0)), display_order=-1), p.DisplayOrderNegative()),
    ("deals", given_pipeline(stage("A", 0, {})), p.ProbabilityMissing()),
    ("deals", given_pipeline(stage("A", 0), key="x" * 37), p.IdTooLong(36)),
    ("deals", given_pipeline(stage("A", 0, key="x" * 101)), p.IdTooLong(100)),
    (
        "deals",
        given_pipeline(stage("Open", 0), stage(" oPEN ", 1)),
        p.StageLabelTaken(" oPEN ", whole=True),
    ),
    ("deals", given_pipeline(*(stage(str(n), n) for n in range(101))), p.TooManyStages(100)),
    ("services", given_pipeline(*(stage(str(n), n) for n in range(31))), p.TooManyStages(30)),
    ("tickets", given_pipeline(stage("A", 0)), p.ClosedStageMissing("tickets", None)),
    ("tickets", given_pipeline(stage("A", 0), key="t"), p.ClosedStageMissing("tickets", "t")),
    (
        "deals",
        given_pipeline(stage("A", 0), label="sALES pipeline"),
        p.PipelineLabelTaken("sALES pipeline"),
    ),
    ("deals", given_pipeline(stage("A", 0), key="default"), p.PipelineIdTaken("default")),
    ("deals", given_pipeline(stage("A", 0), key="elsewhere"), p.IdsOfAnotherPipeline()),
    ("deals", given_pipeline(stage("A", 0, key="closedwon")), p.IdsOfAnotherPipeline()),
    (
        "deals",
        given_pipeline(stage("A", 0, key="a"), stage("B", 1, key="a")),
        p.IdsOfAnotherPipeline(),
    ),
]


@pytest.mark.parametrize(("name", "sent", "problem"), WHOLE)
def test_a_pipeline_that_breaks_a_rule_is_refused(
    name: str, sent: GivenPipeline, problem: Problem
) -> None:
    described = around(name, ids_elsewhere=frozenset({"elsewhere"}))

    assert plan_pipeline_create(sent, described) == problem


def test_the_widest_of_everything_is_taken() -> None:
    stages = [stage(str(n), n, key=str(n).rjust(100, "s")) for n in range(100)]

    assert len(orders_of(created(given_pipeline(*stages, key="p" * 36)))) == 100


def test_a_type_takes_so_many_pipelines_and_no_more() -> None:
    one = renters(0)
    held = tuple(replace(one, id=str(n), label=str(n), stages=()) for n in range(PIPELINES_MAX))
    sent = given_pipeline(stage("A", 0))

    assert isinstance(plan_pipeline_create(sent, around(pipelines=held[1:])), PipelinePlan)
    assert plan_pipeline_create(sent, around(pipelines=held)) == p.TooManyPipelines(PIPELINES_MAX)


STAGES: Final[list[tuple[GivenStage, Problem]]] = [
    (stage("N", -1), p.DisplayOrderNegative()),
    (stage("N", 3, {}), p.ProbabilityMissing()),
    (stage(" b ", 3), p.StageLabelTaken(" b ", whole=False)),
    (stage("N", 3, key="a"), p.StageIdTaken("a")),
    (stage("N", 3, key="closedwon"), p.StageIdTaken("closedwon")),
    (stage("N", 3, key="x" * 101), p.IdTooLong(100)),
]


@pytest.mark.parametrize(("sent", "problem"), STAGES)
def test_a_new_stage_that_breaks_a_rule_is_refused(sent: GivenStage, problem: Problem) -> None:
    described = around(pipelines=(*around().pipelines, renters(0, 1, 2)))

    assert plan_stage_create("p1", sent, described) == problem


def test_a_full_pipeline_takes_no_stage_more() -> None:
    described = around("services", (renters(*range(8), name="services"),))
    full = replace(described.pipelines[0], stages=described.pipelines[0].stages * 4)
    described = replace(described, pipelines=(full,))

    assert plan_stage_create("p1", stage("N", 50), described) == p.TooManyStages(30)


def test_nothing_is_found_under_an_unknown_id() -> None:
    described = around()

    for missing in (
        plan_pipeline_update("nope", PipelineChange(), described),
        plan_pipeline_delete("nope", described),
        plan_pipeline_replace("nope", given_pipeline(stage("A", 0)), described),
        plan_stage_create("nope", stage("A", 0), described),
    ):
        assert missing == p.PipelineNotFound("nope")
    for missing in (
        plan_stage_update("default", "nope", StageChange(), described),
        plan_stage_replace("default", "nope", stage("A", 0), described),
        plan_stage_delete("default", "nope", described),
    ):
        assert missing == p.StageNotFound("nope")


# --- updates ---------------------------------------------------------------------------------


def test_an_update_changes_only_what_is_sent_and_moves_the_times_of_all_stages() -> None:
    before = replace(renters(0, 1), created_at_ms=THEN_MS, updated_at_ms=THEN_MS)

    planned = plan_pipeline_update("p1", PipelineChange(label="New"), around(pipelines=(before,)))

    assert isinstance(planned, PipelinePlan)
    assert planned.after == replace(
        before,
        label="New",
        updated_at_ms=NOW_MS,
        stages=tuple(replace(each, updated_at_ms=NOW_MS) for each in before.stages),
    )
    assert planned.answered == planned.after


def test_a_pipeline_may_keep_its_own_label() -> None:
    planned = plan_pipeline_update("default", PipelineChange(label="SALES Pipeline"), around())

    assert isinstance(planned, PipelinePlan)


@pytest.mark.parametrize("archived", [True, False])
def test_there_is_no_archived_pipeline_to_restore(archived: bool) -> None:
    change = PipelineChange(archived=archived)

    assert plan_pipeline_update("default", change, around()) == p.NothingToRestore()


def test_a_time_never_goes_back() -> None:
    before = replace(renters(0), updated_at_ms=NOW_MS + 5)

    planned = plan_pipeline_update("p1", PipelineChange(label="x"), around(pipelines=(before,)))

    assert isinstance(planned, PipelinePlan)
    assert planned.after is not None
    assert planned.after.updated_at_ms == NOW_MS + 5


MERGED: Final[list[tuple[Mapping[str, str | None] | None, dict[str, str], dict[str, str]]]] = [
    # Sent over probability 0.5; kept; answered.
    (
        None,
        {"isClosed": "false", "probability": "0.5"},
        {"isClosed": "false", "probability": "0.5"},
    ),
    ({}, {"isClosed": "false", "probability": "0.5"}, {"isClosed": "false", "probability": "0.5"}),
    (
        {"probability": "1"},
        {"isClosed": "true", "probability": "1.0"},
        {"isClosed": "false", "probability": "1"},
    ),
    (
        {"junk": "x"},
        {"isClosed": "false", "probability": "0.5"},
        {"isClosed": "false", "probability": "0.5", "junk": "x"},
    ),
]


@pytest.mark.parametrize(("sent", "kept", "answered"), MERGED)
def test_an_update_merges_metadata_and_answers_it_as_sent(
    sent: Mapping[str, str | None] | None, kept: dict[str, str], answered: dict[str, str]
) -> None:
    described = around(pipelines=(renters(0, 1),))

    planned = plan_stage_update("p1", "a", StageChange(metadata=sent), described)

    assert isinstance(planned, StagePlan)
    assert planned.change.after is not None
    assert dict(planned.change.after.stages[0].metadata) == kept
    assert dict(planned.answered.metadata) == answered


def test_a_probability_cannot_be_taken_away() -> None:
    change = StageChange(metadata={"probability": None})

    planned = plan_stage_update("p1", "a", change, around(pipelines=(renters(0, 1),)))

    assert planned == p.ProbabilityMissing()


def test_a_create_answers_the_request_and_keeps_its_own_form() -> None:
    planned = created(
        given_pipeline(stage("A", 4, {"probability": "0.50", "junk": "x"}), stage("B", 4))
    )

    assert planned.answered is not None
    assert [(each.label, each.display_order) for each in planned.answered.stages] == [
        ("A", 4),
        ("B", 4),
    ]
    assert planned.answered.stages[0].metadata == (("probability", "0.50"), ("junk", "x"))
    assert orders_of(planned) == [("B", 0), ("A", 1)]


def test_a_replacement_keeps_named_stages_numbers_others_and_drops_the_rest() -> None:
    before = replace(renters(0, 1, 2), created_at_ms=THEN_MS)
    sent = given_pipeline(
        stage("Second", 0, key="b"), stage("Fresh", 1), label="Tenants", key="other"
    )

    planned = plan_pipeline_replace("p1", sent, around(pipelines=(before,)))

    assert isinstance(planned, PipelinePlan)
    assert planned.after is not None
    assert (planned.after.id, planned.after.label) == ("p1", "Tenants")
    assert planned.after.created_at_ms == THEN_MS
    assert [each.id for each in planned.after.stages] == ["b", "1001"]
    assert planned.dropped_stage_ids == ("a", "c")


def test_the_id_of_a_stage_stays_when_it_is_replaced() -> None:
    described = around(pipelines=(renters(0, 1),))

    planned = plan_stage_replace("p1", "a", stage("New", 7, {"probability": "0"}, "z"), described)

    assert isinstance(planned, StagePlan)
    assert planned.answered.id == "a"
    assert orders_of(planned) == [("B", 1), ("New", 7)]


# --- deletions -------------------------------------------------------------------------------


def test_a_deleted_stage_leaves_the_orders_of_the_others() -> None:
    planned = plan_stage_delete("p1", "b", around(pipelines=(renters(0, 1, 5),)))

    assert isinstance(planned, PipelinePlan)
    assert planned.dropped_stage_ids == ("b",)
    assert orders_of(planned) == [("A", 0), ("C", 5)]


def test_the_last_stage_stays() -> None:
    assert plan_stage_delete("p1", "a", around(pipelines=(renters(0),))) == p.NoStages()


def test_a_deleted_pipeline_drops_all_its_stages() -> None:
    planned = plan_pipeline_delete("p1", around(pipelines=(renters(3, 1),)))

    assert isinstance(planned, PipelinePlan)
    assert planned.after is None
    assert planned.dropped_stage_ids == ("b", "a")


def test_a_ticket_pipeline_keeps_a_closed_stage() -> None:
    described = around("tickets")
    problem = p.ClosedStageMissing("tickets", "0")
    opened = {"ticketState": "OPEN"}

    assert plan_stage_delete("0", "4", described) == problem
    assert plan_stage_update("0", "4", StageChange(metadata=opened), described) == problem
    assert plan_stage_replace("0", "4", stage("Closed", 3, {}), described) == problem
    assert plan_pipeline_replace("0", given_pipeline(stage("A", 0, {})), described) == problem
    assert isinstance(plan_stage_delete("0", "1", described), PipelinePlan)


def test_a_custom_pipeline_needs_no_closed_stage() -> None:
    assert created(given_pipeline(stage("A", 0, {})), around(CUSTOM, ())).after is not None


def test_all_stages_that_go_are_named_with_the_records_in_them() -> None:
    assert use_problem(("a", "b"), [7, 9]) == p.StagesInUse(("a", "b"), ("7", "9"))
    assert use_problem(("a", "b"), []) is None


# --- what follows ----------------------------------------------------------------------------


def test_the_audit_tells_what_happened_to_the_pipeline_and_to_each_stage() -> None:
    before = renters(0, 1, 2)
    planned = plan_pipeline_replace(
        "p1",
        given_pipeline(
            stage("A", 0, key="a"), stage("Other", 1, key="b"), stage("New", 2, key="n")
        ),
        around(pipelines=(before,)),
    )

    assert isinstance(planned, PipelinePlan)
    told = [(each.stage_id, each.action) for each in audited_changes(before, planned.after)]

    assert told == [("", "UPDATE"), ("b", "UPDATE"), ("c", "DELETE"), ("n", "CREATE")]


def test_the_audit_of_a_new_and_of_a_deleted_pipeline_tells_all_stages() -> None:
    pipeline = renters(0, 1)

    made = [(each.stage_id, each.action) for each in audited_changes(None, pipeline)]
    gone = [(each.stage_id, each.action) for each in audited_changes(pipeline, None)]

    assert made == [("", "CREATE"), ("a", "CREATE"), ("b", "CREATE")]
    assert gone == [("", "DELETE"), ("a", "DELETE"), ("b", "DELETE")]


def test_the_options_of_a_stage_property_are_its_stages_in_order() -> None:
    options = stage_options(around("contacts").pipelines)

    assert [each.value for each in options][:2] == ["subscriber", "lead"]
    assert [each.display_order for each in options] == list(range(8))
