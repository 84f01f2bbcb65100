"""The rules of record creation: the values a new record starts with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    InvalidValues,
    Problem,
    RequiredPropertiesMissing,
    TooManyInputs,
    UniqueValueTaken,
)
from moyeu.crm.records import (
    CheckedInput,
    CheckedUpdates,
    InputProblem,
    RecordInput,
    StoredRecord,
    UniqueKey,
    UniqueMove,
    WrittenRecord,
    append_options,
    check_values,
    couple_pipeline,
    has_trace_ids,
)
from moyeu.crm.values.moment import render_ms
from moyeu.crm.values.outcome import Append, ValueRule


@dataclass(slots=True)
class CreatePlan:
    """What a batch of creates adds and answers; with a refusal it adds nothing.

    missing: always None, as a create names no record; an update may have some.
    """

    refusal: Problem | None = None
    moves: list[UniqueMove] = field(default_factory=list)
    problems: list[InputProblem] = field(default_factory=list)
    results: list[WrittenRecord] = field(default_factory=list)
    missing: None = None


def check_creates(
    inputs: Sequence[RecordInput],
    definitions: TypeDefinitions,
    rules: Mapping[str, ValueRule],
    now_ms: int,
) -> CheckedUpdates | Problem:
    """The batch with its values checked, or the problem that refuses it whole."""
    if len(inputs) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    per_input = has_trace_ids(inputs)
    checked = check_values(inputs, definitions, rules, now_ms)
    if not per_input:
        if problems := [one for each in checked for one in each.problems]:
            return InvalidValues(tuple(problems))
        for each in checked:
            if names := _missing_names(each, definitions):
                return RequiredPropertiesMissing(names)
    return CheckedUpdates(checked, per_input, now_ms)


def _missing_names(one: CheckedInput, definitions: TypeDefinitions) -> tuple[str, ...]:
    required = definitions.object_type.required_properties
    return tuple(name for name in required if not one.values.get(name))


def plan_creates(
    batch: CheckedUpdates,
    definitions: TypeDefinitions,
    owners: Mapping[UniqueKey, int],
    record_ids: Sequence[int],
    occasion: Occasion,
) -> CreatePlan:
    """The new records, one id of `record_ids` for each input in order."""
    plan = CreatePlan()
    held = dict(owners)
    for one, record_id in zip(batch.inputs, record_ids, strict=True):
        problem = _problem_of(one, definitions) or _taken(one, definitions, held, record_id)
        if problem is None:
            record = new_record(definitions, occasion, record_id, one.values)
            for name in definitions.unique_names & record.properties.keys():
                if value := record.properties[name]:
                    held[name, value] = record_id
                    plan.moves.append(UniqueMove(name, record_id, None, value))
            plan.results.append(
                WrittenRecord(record, tuple(one.given.properties), None, tuple(one.warnings))
            )
        elif batch.per_input:
            assert one.given.trace_id is not None
            plan.problems.append(InputProblem(one.given.trace_id, problem))
        else:
            return CreatePlan(refusal=problem)
    return plan


def _problem_of(one: CheckedInput, definitions: TypeDefinitions) -> Problem | None:
    if one.problems:
        return InvalidValues(tuple(one.problems))
    if names := _missing_names(one, definitions):
        return RequiredPropertiesMissing(names)
    return None


def _taken(
    one: CheckedInput, definitions: TypeDefinitions, held: Mapping[UniqueKey, int], record_id: int
) -> UniqueValueTaken | None:
    for name, value in one.values.items():
        if name not in definitions.unique_names or not isinstance(value, str):
            continue
        if value and (name, value) in held:
            return UniqueValueTaken(
                definitions.object_type.id, name, value, str(record_id), str(held[name, value])
            )
    return None


def new_record(
    definitions: TypeDefinitions,
    occasion: Occasion,
    record_id: int,
    values: Mapping[str, str | Append],
) -> StoredRecord:
    """The record that a create makes: the given values and the core set that HubSpot adds.

    A `null` or empty value is as if it had not been given (a guess).
    """
    object_type = definitions.object_type
    now = render_ms(occasion.now_ms)
    properties = {
        object_type.created_property: now,
        object_type.modified_property: now,
        "hs_object_id": str(record_id),
        # Observed on every record made by an app.
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": str(occasion.caller.app_id),
        "hs_object_source_label": "INTEGRATION",
    }
    given = {name: text for name, value in values.items() if (text := _text(value))}
    if definitions.pipelines and object_type.pipeline_property and object_type.stage_property:
        couple_pipeline(definitions, {}, given)
        first = definitions.pipelines[0]
        given.setdefault(object_type.pipeline_property, first.id)
        if first.stages:
            given.setdefault(object_type.stage_property, first.stages[0].id)
    properties |= given
    for derive in definitions.derivations:
        derive({}, properties, occasion.now_ms)
    return StoredRecord(record_id, properties, occasion.now_ms, occasion.now_ms, None, last_write=0)


def _text(value: str | Append) -> str:
    return value if isinstance(value, str) else append_options("", value)
