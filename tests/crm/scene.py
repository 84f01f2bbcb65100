"""Definitions, records and inputs that the tests of record rules work with."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.catalog.properties import Option, PropertyDefinition, standard_properties
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.problems import Problem
from moyeu.crm.records import (
    CheckedUpdates,
    RecordInput,
    StoredRecord,
    UniqueKey,
    WritePlan,
    read_record_id,
)
from moyeu.crm.updates import check_updates, plan_updates
from moyeu.crm.values.moment import render_ms

PORTAL: Final = 1001
THEN_MS: Final = 1_780_000_000_000
"""When the records of a test were made."""

NOW_MS: Final = 1_790_000_000_000
SERVICES: Final = "0-164"
MODIFIED: Final = "hs_lastmodifieddate"
UNIQUE_NAMES: Final = ("code", "badge")


def object_type(name: str = "partner_services") -> ObjectType:
    """An object type of the catalog."""
    found = find_object_type(name)
    assert found is not None
    return found


def _own(name: str, type_name: str, field_type: str, **more: object) -> PropertyDefinition:
    made = PropertyDefinition(
        name=name,
        label=name,
        type=type_name,  # type: ignore[arg-type] # spelled right below
        field_type=field_type,  # type: ignore[arg-type]
        group_name="partner_service_information",
    )
    return replace(made, **more)  # type: ignore[arg-type]


OWN_PROPERTIES: Final = (
    _own("code", "string", "text", has_unique_value=True),
    _own("badge", "number", "number", has_unique_value=True),
    _own("note", "string", "text"),
    _own("size", "number", "number"),
    _own("begins", "date", "date"),
    _own(
        "tags",
        "enumeration",
        "checkbox",
        options=tuple(Option(each, each, order) for order, each in enumerate("abcd")),
    ),
)


def pipeline(pipeline_id: str, *stage_ids: str) -> Pipeline:
    """A pipeline of stages."""
    stages = tuple(Stage(each, each, order, ()) for order, each in enumerate(stage_ids))
    return Pipeline(pipeline_id, pipeline_id, 0, stages, "hs_pipeline_stage", "")


PIPELINES: Final = (pipeline("first", "f-new", "f-done"), pipeline("second", "s-new", "s-done"))


def definitions(
    own: Iterable[PropertyDefinition] = OWN_PROPERTIES,
    *,
    of: ObjectType | None = None,
    pipelines: tuple[Pipeline, ...] = PIPELINES,
) -> TypeDefinitions:
    """Partner services with some properties of the portal's own and two pipelines."""
    described = of or object_type()
    properties = {each.name: each for each in standard_properties(described)}
    properties |= {each.name: each for each in own}
    return define_type(PORTAL, described, properties.values(), (), pipelines, frozenset({"501"}))


DEFINITIONS: Final = definitions()


def occasion(now_ms: int = NOW_MS) -> Occasion:
    """The moment of a write."""
    return Occasion(Caller(PORTAL, 77, None, frozenset()), now_ms, "a-correlation-id")


def given(
    record_id: str | int,
    properties: Mapping[str, str | None] | None = None,
    id_property: str | None = None,
    trace: str | None = None,
) -> RecordInput:
    """One input of a write."""
    return RecordInput(str(record_id), dict(properties or {}), id_property, trace)


def record(record_id: int, properties: Mapping[str, str] | None = None) -> StoredRecord:
    """A stored record of `THEN_MS`, its last write numbered ten times its id."""
    document = {
        MODIFIED: render_ms(THEN_MS),
        "hs_object_id": str(record_id),
        "hs_pipeline": "first",
        "hs_pipeline_stage": "f-new",
    }
    return StoredRecord(
        record_id, document | dict(properties or {}), THEN_MS, THEN_MS, None, record_id * 10
    )


def check(
    inputs: Iterable[RecordInput],
    described: TypeDefinitions = DEFINITIONS,
    now_ms: int = NOW_MS,
    *,
    dates_normalised: bool = False,
) -> CheckedUpdates | Problem:
    """A batch before the writer's turn."""
    rules = described.rules_for(dates_normalised=dates_normalised)
    return check_updates(list(inputs), described, rules, now_ms)


def held_values(records: Iterable[StoredRecord]) -> dict[UniqueKey, int]:
    """Who holds which unique value."""
    return {
        (name, value): each.record_id
        for each in records
        for name in UNIQUE_NAMES
        if (value := each.properties.get(name))
    }


def plan(
    inputs: Iterable[RecordInput],
    records: Iterable[StoredRecord],
    merged_away: Iterable[int] = (),
    described: TypeDefinitions = DEFINITIONS,
    now_ms: int = NOW_MS,
) -> WritePlan | Problem:
    """What a batch does to these records: what an operation does, without storage."""
    batch = check(inputs, described, now_ms)
    if isinstance(batch, Problem):
        return batch
    everything = {each.record_id: each for each in records}
    held = held_values(everything.values())
    named = [read_record_id(each.given.id) for each in batch.inputs if not each.given.id_property]
    by_id = {each: everything[each] for each in named if each in everything}
    by_value = {key: everything[record_id] for key, record_id in held.items()}
    return plan_updates(batch, described, by_id, by_value, held, frozenset(merged_away))


def planned(
    inputs: Iterable[RecordInput],
    records: Iterable[StoredRecord],
    merged_away: Iterable[int] = (),
    described: TypeDefinitions = DEFINITIONS,
    now_ms: int = NOW_MS,
) -> WritePlan:
    """A plan that is not refused."""
    made = plan(inputs, records, merged_away, described, now_ms)
    assert isinstance(made, WritePlan)
    assert made.refusal is None
    return made


def refusal(
    inputs: Iterable[RecordInput],
    records: Iterable[StoredRecord],
    described: TypeDefinitions = DEFINITIONS,
) -> Problem | None:
    """Why a batch is refused whole; None when it is not."""
    made = plan(inputs, records, described=described)
    if isinstance(made, Problem):
        return made
    if made.refusal is not None:
        assert made == WritePlan(refusal=made.refusal), "a refused batch changes nothing"
    return made.refusal
