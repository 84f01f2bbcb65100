"""The rules of record writes: what a batch of updates means.

`check_updates` needs only definitions and runs before the writer's turn; `plan_updates` needs the
records too and runs inside it. Both are pure. A single record is a batch of one.

What is made for every input is a msgspec Struct: it costs a quarter of a dataclass to make.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import msgspec

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.crm.admin_rules import missing_on_update
from moyeu.crm.associations import InlineAssociation
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidValues,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    TooManyInputs,
    UniqueValueTaken,
    UnknownProperty,
    UnknownUniqueValues,
    ValueProblem,
)
from moyeu.crm.values.moment import read_iso, render_ms
from moyeu.crm.values.outcome import Append, Normalised, ValueRule

RECORD_ID_MAX = 2**63 - 1


class RecordInput(msgspec.Struct, frozen=True, gc=False):
    """One input of a write, as decoded.

    id: text; empty for a create. properties: value texts by name, None clears.
    id_property: the unique property that `id` is a value of, None for a record id.
    trace_id: the client's own mark of this input. associations: of a create only.
    """

    id: str
    properties: dict[str, str | None]
    id_property: str | None = None
    trace_id: str | None = None
    associations: tuple[InlineAssociation, ...] = ()


class StoredRecord(msgspec.Struct, gc=False):
    """A record as storage has it.

    properties: every value that is set or was cleared (""), by name, the core set included.
    last_write: number of the newest history entry, 0 when there is none.
    """

    record_id: int
    properties: dict[str, str]
    created_at_ms: int
    updated_at_ms: int
    archived_at_ms: int | None
    last_write: int


class Change(msgspec.Struct, gc=False):
    """What one write does to one record.

    properties: the whole document afterwards. changed: the part that goes into the history.
    """

    record_id: int
    properties: dict[str, str]
    changed: dict[str, str]
    created_at_ms: int
    updated_at_ms: int
    previous_write: int
    trace_id: str | None = None


class UniqueMove(msgspec.Struct, gc=False):
    """A unique value that a record takes, leaves (None → ""), or both; in order of application."""

    name: str
    record_id: int
    left: str | None
    taken: str | None


class CheckedInput(msgspec.Struct, gc=False):
    """An input whose values passed the rules that need no record.

    record_id: what `id` denotes when it stands for itself. values: texts to keep by name, ""
    clears. appends: whether some of them are `Append`.
    """

    given: RecordInput
    record_id: int | None
    values: dict[str, str | Append]
    appends: bool = False
    warnings: list[Normalised] = []
    problems: list[ValueProblem] = []


@dataclass(slots=True)
class CheckedUpdates:
    """A batch ready for the writer's turn.

    per_input: whether bad inputs are listed while the good ones are written (every input has a
    trace id), or one bad input refuses the whole call.
    """

    inputs: list[CheckedInput]
    per_input: bool
    now_ms: int


class WrittenRecord(msgspec.Struct, gc=False):
    """A record of an answer to a write: the state afterwards and the names that were written.

    is_new: whether an upsert made it, None for other writes. made: whether any write made it.
    """

    record: StoredRecord
    written: tuple[str, ...]
    trace_id: str | None = None
    warnings: tuple[Normalised, ...] = ()
    is_new: bool | None = None
    made: bool = False


@dataclass(slots=True)
class InputProblem:
    """What was wrong with the input of that trace id."""

    trace_id: str
    problem: Problem


@dataclass(slots=True)
class UpdatePlan:
    """What a batch will change and answer.

    refusal: the whole call fails with it and nothing changes.
    missing: plain ids without a record, together in one entry of the answer.
    """

    changes: list[Change] = field(default_factory=list)
    moves: list[UniqueMove] = field(default_factory=list)
    results: list[WrittenRecord] = field(default_factory=list)
    missing: MissingRecords | None = None
    problems: list[InputProblem] = field(default_factory=list)
    refusal: Problem | None = None


UniqueKey = tuple[str, str]
"""(property name, value)"""


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


def repeated_ids(inputs: Sequence[RecordInput]) -> tuple[str, ...]:
    """The ids that stand more than once under the same id property, in order of appearance."""
    times = Counter((each.id_property, each.id) for each in inputs)
    if len(times) == len(inputs):
        return ()
    return tuple(dict.fromkeys(text for (_, text), count in times.items() if count > 1))


def has_trace_ids(inputs: Sequence[RecordInput]) -> bool:
    """Whether every input has a trace id, which makes a batch multi-status.

    Documented for batch create, observed for upsert; for update, that one input without a trace
    id switches it off and that repeated ones do not, a guess.
    """
    return bool(inputs) and all(each.trace_id for each in inputs)


def check_values(
    inputs: Sequence[RecordInput],
    definitions: TypeDefinitions,
    rules: Mapping[str, ValueRule],
    now_ms: int,
) -> list[CheckedInput]:
    """Every input with the texts to keep, or with all its problems in the order given."""
    checked = []
    rule_named = rules.get
    plain_test = definitions.plain_tests.get
    refused_names = definitions.refused_names
    for given in inputs:
        values: dict[str, str | Append] = {}
        record_id = read_record_id(given.id) if given.id_property is None else None
        one = CheckedInput(given, record_id, values)
        for name, text in given.properties.items():
            test = plain_test(name)
            if text and test is not None and test(text):
                values[name] = text
                continue
            rule = rule_named(name)
            if rule is None:
                one.problems.append(UnknownProperty(name, None))
            elif text or name in refused_names:
                kept = rule(text or "", now_ms)
                if type(kept) is str:
                    values[name] = kept
                else:
                    _keep_rarity(one, name, kept)
            else:
                values[name] = ""
        checked.append(one)
    return checked


def _keep_rarity(one: CheckedInput, name: str, kept: object) -> None:
    if isinstance(kept, Append):
        one.values[name] = kept
        one.appends = True
    elif isinstance(kept, Normalised):
        one.values[name] = kept.kept
        one.warnings.append(kept)
    else:
        assert isinstance(kept, ValueProblem)
        one.problems.append(kept)


def read_record_id(text: str) -> int | None:
    """The record id that a text denotes; `01`, ` 1` and `1e2` denote none (ids compare as text)."""
    if not (text.isascii() and text.isdigit()) or text[0] == "0" or len(text) > 19:
        return None
    number = int(text)
    return number if number <= RECORD_ID_MAX else None


def named_record_ids(inputs: Iterable[CheckedInput]) -> list[int]:
    """The record ids that inputs name directly."""
    return [each.record_id for each in inputs if each.record_id is not None]


def named_unique_values(inputs: Iterable[CheckedInput]) -> list[UniqueKey]:
    """The (property, value) pairs that inputs name a record by."""
    return [
        (each.given.id_property, each.given.id)
        for each in inputs
        if each.given.id_property is not None
    ]


def claimed_unique_values(
    inputs: Iterable[CheckedInput], definitions: TypeDefinitions
) -> list[UniqueKey]:
    """The (property, value) pairs that inputs want to own, in the order given."""
    unique = definitions.unique_names
    return [
        (name, value)
        for each in inputs
        if not unique.isdisjoint(each.values)
        for name, value in each.values.items()
        if name in unique and isinstance(value, str) and value
    ]


def held_values(
    definitions: TypeDefinitions, properties: Mapping[str, str], names: Set[str]
) -> list[UniqueKey]:
    """The unique values that a record with these properties holds, of the properties in `names`.

    The further values of an id property stand under its name, so that they find the record too.
    """
    held = [(name, value) for name, value in properties.items() if value and name in names]
    for name, further_name in definitions.object_type.further_values:
        if name in names and (texts := properties.get(further_name)):
            held += [(name, each) for each in texts.split(";") if each]
    return held


def kept_id(rules: Mapping[str, ValueRule], name: str, text: str, now_ms: int = 0) -> str:
    """The text under which a value of an id property is kept, so that it is found as stored.

    A text that the property refuses is nobody's value and stays as it is. now_ms: only dates
    depend on it, and no id property is one.
    """
    rule = rules.get(name)
    kept = rule(text, now_ms) if rule is not None and text else text
    if isinstance(kept, Normalised):
        return kept.kept
    return kept if type(kept) is str else text


def plan_updates(
    batch: CheckedUpdates,
    definitions: TypeDefinitions,
    by_id: Mapping[int, StoredRecord],
    by_value: Mapping[UniqueKey, StoredRecord],
    owners: Mapping[UniqueKey, int],
    merged_away: frozenset[int],
) -> UpdatePlan:
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
        if given.id_property is None:
            record = by_id.get(one.record_id) if one.record_id is not None else None
            if record is None and one.record_id in merged_away:
                continue
        else:
            record = by_value.get((given.id_property, given.id))
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
        return UpdatePlan(
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
        self.plan = UpdatePlan()
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

    def finish(self) -> UpdatePlan:
        """The plan; with a refusal it changes nothing."""
        if self.plan.refusal is not None:
            return UpdatePlan(refusal=self.plan.refusal)
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


def append_options(before: str, more: Append) -> str:
    """`a;b` and `c` give `a;b;c`; an option that is there already is not repeated (a guess)."""
    parts = [part for part in before.split(";") if part]
    return ";".join(dict.fromkeys([*parts, *more.parts]))


def couple_pipeline(
    definitions: TypeDefinitions, before: Mapping[str, str], changed: dict[str, str]
) -> None:
    """Keeps a pipeline and its stage together when one of them is written alone (a guess).

    A stage brings its pipeline along; a pipeline brings its first stage.
    """
    object_type = definitions.object_type
    pipeline_name, stage_name = object_type.pipeline_property, object_type.stage_property
    if not pipeline_name or not stage_name or not definitions.pipelines:
        return
    if pipeline_name not in changed and stage_name not in changed:
        return
    stage_id = changed.get(stage_name, before.get(stage_name, ""))
    pipeline_id = changed.get(pipeline_name, before.get(pipeline_name, ""))
    owner = definitions.pipeline_of_stage(stage_id)
    if owner is not None and owner.id == pipeline_id:
        return
    if stage_name in changed:
        if owner is not None:
            changed[pipeline_name] = owner.id
    elif pipeline_id:
        chosen = next(each for each in definitions.pipelines if each.id == pipeline_id)
        if chosen.stages:
            changed[stage_name] = chosen.stages[0].id
