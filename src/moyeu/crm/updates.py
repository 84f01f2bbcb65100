"""The rules of record updates: what a batch of them means."""

from collections.abc import Mapping, Sequence, Set

import msgspec

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.crm.admin_rules import missing_on_update
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidValues,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    TooManyInputs,
    UniqueValueTaken,
    UnknownUniqueValues,
)
from moyeu.crm.records import (
    Change,
    CheckedInput,
    CheckedUpdates,
    InputProblem,
    RecordInput,
    StoredRecord,
    UniqueKey,
    UniqueMove,
    WritePlan,
    WrittenRecord,
    append_options,
    check_values,
    couple_pipeline,
    has_trace_ids,
    repeated_ids,
)
from moyeu.crm.values.moment import read_iso, render_ms
from moyeu.crm.values.outcome import Append, ValueRule


def check_updates(
    inputs: Sequence[RecordInput],
    definitions: TypeDefinitions,
    rules: Mapping[str, ValueRule],
    now_ms: int,
    id_names: Set[str] | None = None,
) -> CheckedUpdates | Problem:
    """The batch with its values checked, or the problem that refuses it whole.

    id_names: the id properties that are taken, None for those of a batch.
    Order of the checks: size, duplicates, id properties, values (a guess put together from what
    was seen alone; records decision table).
    """
    if len(inputs) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    if repeated := repeated_ids(inputs):
        return DuplicateIds(repeated)
    taken = definitions.update_id_names if id_names is None else id_names
    for each in inputs:
        if each.id_property is not None and each.id_property not in taken:
            return NotAUniqueProperty(definitions.object_type.id, each.id_property)
    per_input = has_trace_ids(inputs)
    checked = check_values(inputs, definitions, rules, now_ms)
    if not per_input and (problems := [one for each in checked for one in each.problems]):
        return InvalidValues(tuple(problems))
    return CheckedUpdates(checked, per_input, now_ms)


def plan_updates(
    batch: CheckedUpdates,
    definitions: TypeDefinitions,
    by_id: Mapping[int, StoredRecord],
    by_value: Mapping[UniqueKey, StoredRecord],
    owners: Mapping[UniqueKey, int],
    merged_away: frozenset[int],
) -> WritePlan:
    """What the batch changes and answers, given the records as they are now.

    by_id, by_value: active records that the inputs name. owners: record id by claimed value.
    merged_away: named ids whose records live on in another: they are passed over in silence
    (documented, and observed October 2026).
    """
    planner = UpdatePlanner(definitions, batch, dict(owners))
    missing: list[str] = []
    unknown_values: list[UniqueKey] = []
    for one in batch.inputs:
        given = one.given
        if one.problems:
            planner.fail(one, InvalidValues(tuple(one.problems)))
            continue
        if one.key is None:
            record = by_id.get(one.record_id) if one.record_id is not None else None
            if record is None and one.record_id in merged_away:
                continue
        else:
            record = by_value.get(one.key)
        if record is not None:
            planner.update(one, record)
        elif batch.per_input:
            planner.fail(one, MissingRecords((given.id,), given.trace_id))
        elif given.id_property is None:
            missing.append(given.id)
        else:
            unknown_values.append((given.id_property, given.id))
    if missing:
        planner.plan.missing = MissingRecords(tuple(missing))
    if unknown_values:
        return WritePlan(
            refusal=UnknownUniqueValues(definitions.object_type.id, tuple(unknown_values))
        )
    return planner.finish()


class UpdatePlanner:
    """Applies inputs in order to working copies, so that a later one sees an earlier one.

    owners: record id by unique value, kept up to date in place as inputs move values.
    """

    def __init__(
        self, definitions: TypeDefinitions, batch: CheckedUpdates, owners: dict[UniqueKey, int]
    ) -> None:
        self.plan = WritePlan()
        self._definitions = definitions
        self._batch = batch
        self._owners = owners
        object_type = definitions.object_type
        self._modified_property = object_type.modified_property
        self._created_property = object_type.created_property
        # Properties that are not written without an effect beside their value.
        self._watched = {
            object_type.pipeline_property,
            object_type.stage_property,
            object_type.created_property,
        }
        self._has_conditions = bool(definitions.admin_rules.conditional)
        self._now_text = render_ms(batch.now_ms)
        self._written: dict[int, WrittenRecord] = {}
        self._changes: dict[int, Change] = {}

    def fail(self, one: CheckedInput, problem: Problem) -> None:
        """Lists the problem; refuses the whole call where inputs do not stand for themselves."""
        if self._batch.per_input:
            assert one.given.trace_id is not None
            self.plan.problems.append(InputProblem(one.given.trace_id, problem))
        elif self.plan.refusal is None:
            self.plan.refusal = problem

    def update(self, one: CheckedInput, found: StoredRecord) -> None:
        """Merges the input into its record; a taken unique value fails the input."""
        record_id = found.record_id
        earlier = self._written.get(record_id)
        record = earlier.record if earlier else found
        changed = _changed_values(record.properties, one)
        if changed:
            if not self._watched.isdisjoint(changed):
                couple_pipeline(self._definitions, record.properties, changed)
                record = self._created_anew(record, changed)
            for derive in self._definitions.derivations:
                derive(record.properties, changed, self._batch.now_ms)
        if self._has_conditions and (missing := self._missing(one, record, changed)):
            self.fail(one, missing)
            return
        if changed:
            if not self._definitions.unique_names.isdisjoint(changed):
                moves = self._moves(record, changed)
                if isinstance(moves, UniqueValueTaken):
                    self.fail(one, moves)
                    return
                self.plan.moves.extend(moves)
            record = self._change(record, changed, one.given.trace_id)
        self._answer(one, record, earlier)

    def _missing(
        self, one: CheckedInput, record: StoredRecord, changed: Mapping[str, str]
    ) -> Problem | None:
        rules, active = self._definitions.admin_rules, self._definitions.properties
        after = {**record.properties, **changed}
        return missing_on_update(rules, {*one.values, *changed}, after, active)

    def _created_anew(self, record: StoredRecord, changed: Mapping[str, str]) -> StoredRecord:
        """The record with the time of creation that was written, where one was."""
        created_at_ms = read_iso(changed.get(self._created_property, ""))
        if created_at_ms is None:
            return record
        return msgspec.structs.replace(record, created_at_ms=created_at_ms)

    def _moves(
        self, record: StoredRecord, changed: dict[str, str]
    ) -> list[UniqueMove] | UniqueValueTaken:
        unique = self._definitions.unique_names
        moves = []
        for name, value in list(changed.items()):
            if name not in unique:
                continue
            holder = self._owners.get((name, value)) if value else None
            if holder == record.record_id:
                self._exchange(record, changed, name)
                continue
            if holder is not None:
                return UniqueValueTaken(
                    self._definitions.object_type.id,
                    name,
                    value,
                    str(record.record_id),
                    str(holder),
                )
            moves.append(
                UniqueMove(
                    name, record.record_id, record.properties.get(name) or None, value or None
                )
            )
        for move in moves:
            if move.left is not None:
                self._owners.pop((move.name, move.left), None)
            if move.taken is not None:
                self._owners[move.name, move.taken] = move.record_id
        return moves

    def _exchange(self, record: StoredRecord, changed: dict[str, str], name: str) -> None:
        """A further value of the record becomes its main one and they change places: a guess."""
        further_name = dict(self._definitions.object_type.further_values)[name]
        main, before = changed[name], record.properties.get(name, "")
        parts = record.properties.get(further_name, "").split(";")
        changed[further_name] = ";".join(
            filter(None, (before if each == main else each for each in parts))
        )

    def _change(
        self, record: StoredRecord, changed: dict[str, str], trace_id: str | None
    ) -> StoredRecord:
        # A record's time never goes back, even when the clock does.
        updated_at_ms, updated_at = self._batch.now_ms, self._now_text
        if record.updated_at_ms > updated_at_ms:
            updated_at_ms = record.updated_at_ms
            updated_at = render_ms(updated_at_ms)
        properties = {**record.properties, **changed, self._modified_property: updated_at}
        earlier = self._changes.get(record.record_id)
        if earlier:
            changed = earlier.changed | changed
            trace_id = earlier.trace_id
        self._changes[record.record_id] = Change(
            record.record_id,
            properties,
            changed,
            record.created_at_ms,
            updated_at_ms,
            record.last_write,
            trace_id,
        )
        return StoredRecord(
            record.record_id,
            properties,
            record.created_at_ms,
            updated_at_ms,
            record.archived_at_ms,
            record.last_write,
        )

    def _answer(
        self, one: CheckedInput, record: StoredRecord, earlier: WrittenRecord | None
    ) -> None:
        written = tuple(one.given.properties)
        if earlier is None:
            result = WrittenRecord(record, written, one.given.trace_id, tuple(one.warnings))
            self._written[record.record_id] = result
            self.plan.results.append(result)
        else:
            earlier.record = record
            earlier.written = tuple(dict.fromkeys(earlier.written + written))
            earlier.warnings += tuple(one.warnings)

    def finish(self) -> WritePlan:
        """The plan; with a refusal it changes nothing."""
        if self.plan.refusal is not None:
            return WritePlan(refusal=self.plan.refusal)
        self.plan.changes = list(self._changes.values())
        return self.plan


def _changed_values(properties: Mapping[str, str], one: CheckedInput) -> dict[str, str]:
    """The values that differ from the record's; clearing what was never set changes nothing."""
    if one.appends:
        return _resolve_appends(properties, one.values)
    before = properties.get
    return {
        name: value  # type: ignore[misc]  # without appends all are texts
        for name, value in one.values.items()
        if value != before(name, "")
    }


def _resolve_appends(
    properties: Mapping[str, str], values: Mapping[str, str | Append]
) -> dict[str, str]:
    resolved = {}
    for name, value in values.items():
        before = properties.get(name, "")
        after = value if isinstance(value, str) else append_options(before, value)
        if after != before:
            resolved[name] = after
    return resolved
