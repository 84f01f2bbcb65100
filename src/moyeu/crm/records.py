"""Records, and what all writes of them have in common: inputs, their values, plans.

What each write means is in `updates`, `creation`, `upserts` and `merging`. A check needs only
definitions and is made before the writer's turn; a plan needs the records too and is made inside
it. Both are pure. A single record is a batch of one.

What is made for every input is a msgspec Struct: it costs a quarter of a dataclass to make.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import msgspec

from moyeu.catalog.pipelines import pipeline_of_stage
from moyeu.crm.associations import InlineAssociation
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import (
    InvalidStage,
    MissingRecords,
    Problem,
    UnknownProperty,
    ValueProblem,
)
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

    record_id: what `id` denotes when it stands for itself. key: the id property and the value as
    it is kept when it does not. values: texts to keep by name, "" clears. appends: whether some of
    them are `Append`.
    """

    given: RecordInput
    record_id: int | None
    values: dict[str, str | Append]
    appends: bool = False
    key: "UniqueKey | None" = None
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
class WritePlan:
    """What a batch of writes will change, add and answer.

    refusal: the whole call fails with it and nothing changes.
    created: the new records. missing: plain ids without a record, together in one entry of the
    answer.
    """

    changes: list[Change] = field(default_factory=list)
    created: list[StoredRecord] = field(default_factory=list)
    moves: list[UniqueMove] = field(default_factory=list)
    results: list[WrittenRecord] = field(default_factory=list)
    missing: MissingRecords | None = None
    problems: list[InputProblem] = field(default_factory=list)
    refusal: Problem | None = None


UniqueKey = tuple[str, str]
"""(property name, value)"""


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
    stage_name = definitions.object_type.stage_property if definitions.pipelines else None
    for given in inputs:
        values: dict[str, str | Append] = {}
        record_id = read_record_id(given.id) if given.id_property is None else None
        one = CheckedInput(given, record_id, values)
        if given.id_property is not None:
            kept_text = kept_id(rules, given.id_property, given.id, now_ms)
            one.key = (given.id_property, kept_text)
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
        if stage_name in values and (misplaced := _misplaced_stage(definitions, values)):
            one.problems.append(misplaced)
        checked.append(one)
    return checked


def _misplaced_stage(
    definitions: TypeDefinitions, values: Mapping[str, str | Append]
) -> InvalidStage | None:
    """The problem of a stage that is given together with another pipeline (a guess).

    Told as an unknown stage is, with the stages of the pipeline that was given.
    """
    object_type, pipelines = definitions.object_type, definitions.pipelines
    stage_id = values.get(object_type.stage_property or "")
    pipeline_id = values.get(object_type.pipeline_property or "")
    if not isinstance(stage_id, str) or not stage_id or not pipeline_id:
        return None
    owner = pipeline_of_stage(stage_id, pipelines)
    if owner is None or owner.id == pipeline_id:
        return None
    shown = tuple(
        (each.id, tuple(stage.id for stage in each.stages))
        for each in pipelines
        if each.id == pipeline_id
    )
    return InvalidStage(object_type.stage_property or "", stage_id, shown)


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
    """The (property, value) pairs that inputs name a record by, values as they are kept."""
    return [each.key for each in inputs if each.key is not None]


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


def moves_of_new(definitions: TypeDefinitions, records: Iterable[StoredRecord]) -> list[UniqueMove]:
    """The unique values that new records take: in the order of the records, names ascending."""
    return [
        UniqueMove(name, each.record_id, None, value)
        for each in records
        for name in sorted(definitions.unique_names & each.properties.keys())
        if (value := each.properties[name])
    ]


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
    owner = pipeline_of_stage(stage_id, definitions.pipelines)
    if owner is not None and owner.id == pipeline_id:
        return
    if stage_name in changed:
        if owner is not None:
            changed[pipeline_name] = owner.id
    elif pipeline_id:
        chosen = next(each for each in definitions.pipelines if each.id == pipeline_id)
        if chosen.stages:
            changed[stage_name] = chosen.stages[0].id
