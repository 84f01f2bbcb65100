"""The rules of batch upsert: each input updates the record that it names, or makes one.

Which record an input names is decided by the records as they are before the batch; what it does is
decided in input order, by the rules of update and of create.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import NO_CONFLICTS, Creator, creation_rules, required_missing
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidValues,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    TooManyInputs,
    ValueProblem,
)
from moyeu.crm.records import (
    CheckedInput,
    CheckedUpdates,
    RecordInput,
    StoredRecord,
    UniqueKey,
    WritePlan,
    WrittenRecord,
    check_values,
    has_trace_ids,
    repeated_ids,
)
from moyeu.crm.updates import UpdatePlanner
from moyeu.crm.values.outcome import ValueRule


@dataclass(slots=True)
class CheckedUpserts(CheckedUpdates):
    """A batch ready for the writer's turn.

    completed: in input order, whether the id was put among the values, as the input gave none.
    """

    completed: list[bool]


def check_upserts(
    inputs: Sequence[RecordInput],
    definitions: TypeDefinitions,
    rules: Mapping[str, ValueRule],
    now_ms: int,
) -> CheckedUpserts | Problem:
    """The batch with its values checked, or the problem that refuses it whole.

    The id property is among the written properties (observed 2026); where the input does not give
    it another value there, the new record gets the id as its value. Order of the checks: as for
    update.
    """
    if len(inputs) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    if repeated := repeated_ids(inputs):
        return DuplicateIds(repeated)
    for each in inputs:
        if each.id_property is not None and each.id_property not in definitions.unique_names:
            return NotAUniqueProperty(definitions.object_type.id, each.id_property)
    per_input = has_trace_ids(inputs)
    complete = [_with_id_value(each) for each in inputs]
    checked = check_values(complete, definitions, creation_rules(definitions, rules), now_ms)
    if not per_input and (problems := [one for each in checked for one in each.problems]):
        return InvalidValues(tuple(problems))
    completed = [one is not each for one, each in zip(complete, inputs, strict=True)]
    return CheckedUpserts(checked, per_input, now_ms, completed)


def _with_id_value(given: RecordInput) -> RecordInput:
    name = given.id_property
    if name is None or name in given.properties:
        return given
    return msgspec.structs.replace(given, properties={name: given.id, **given.properties})


def plan_upserts(
    batch: CheckedUpserts,
    definitions: TypeDefinitions,
    by_id: Mapping[int, StoredRecord],
    by_value: Mapping[UniqueKey, StoredRecord],
    owners: Mapping[UniqueKey, int],
    merged_away: frozenset[int],
    record_ids: Sequence[int],
    occasion: Occasion,
    conflicts: frozenset[UniqueKey] = NO_CONFLICTS,
) -> WritePlan:
    """What the batch changes, adds and answers, given the records as they are now.

    by_id, by_value: active records that the inputs name. owners: record id by claimed value.
    merged_away: named ids whose records live on in another, which are passed over as by update (a
    guess). record_ids: one for each value that names no record. conflicts: as for create.
    """
    held = dict(owners)
    planner = UpdatePlanner(definitions, batch, held)
    creator = Creator(definitions, occasion, held, conflicts, planner.plan.moves)
    missing: list[str] = []
    new_ids = iter(record_ids)
    for one, completed in zip(batch.inputs, batch.completed, strict=True):
        key = one.key
        record = by_value.get(key) if key else by_id.get(one.record_id or 0)
        if one.problems:
            planner.fail(one, InvalidValues(tuple(one.problems)))
        elif record is not None and (refused := _refused_values(one, record, definitions)):
            planner.fail(one, refused)
        elif record is not None:
            planner.update(_without_id_value(one) if completed else one, record)
        elif key is not None:
            made = _create(creator, one, key, next(new_ids))
            if isinstance(made, StoredRecord):
                planner.plan.created.append(made)
                planner.plan.results.append(_result(one, made))
            else:
                planner.fail(one, made)
        elif one.record_id in merged_away:
            continue
        elif batch.per_input:
            planner.fail(one, MissingRecords((one.given.id,), one.given.trace_id))
        else:
            missing.append(one.given.id)
    if missing:
        planner.plan.missing = MissingRecords(tuple(missing))
    plan = planner.finish()
    for each in plan.results:
        each.is_new = bool(each.is_new)
    return plan


def _refused_values(
    one: CheckedInput, record: StoredRecord, definitions: TypeDefinitions
) -> InvalidValues | None:
    """What only a create may give, where the record has another value.

    That its own value is accepted, so that an upsert can be sent again, is a guess.
    """
    refused = []
    for name in sorted(definitions.refused_names.intersection(one.values)):
        if one.values[name] == record.properties.get(name):
            continue
        text = one.given.properties[name] or ""
        problem = definitions.rules[name](text, 0)
        assert isinstance(problem, ValueProblem)
        refused.append(problem)
    return InvalidValues(tuple(refused)) if refused else None


def _without_id_value(one: CheckedInput) -> CheckedInput:
    """The input without its id among the values: the record has it, if only as a further value."""
    own = one.given.id_property
    values = {name: value for name, value in one.values.items() if name != own}
    return msgspec.structs.replace(one, values=values)


def _create(
    creator: Creator, one: CheckedInput, key: UniqueKey, record_id: int
) -> StoredRecord | Problem:
    if not one.values.get(key[0]):
        # Nothing would tell the record from others: a guess.
        return required_missing(creator.definitions.object_type, (key[0],))
    return creator.create(one, record_id)


def _result(one: CheckedInput, made: StoredRecord) -> WrittenRecord:
    written = tuple(one.given.properties)
    return WrittenRecord(
        made, written, one.given.trace_id, tuple(one.warnings), is_new=True, made=True
    )
