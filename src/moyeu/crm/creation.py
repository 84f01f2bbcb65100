"""The rules of record creation: the values a new record starts with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.catalog.object_types import RECORD_ID, ObjectType
from moyeu.crm.admin_rules import NO_ADMIN_RULES, missing_on_create
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.inline_associations import Links
from moyeu.crm.problems import (
    InvalidValues,
    Problem,
    RecordExists,
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
    WritePlan,
    WrittenRecord,
    append_options,
    check_values,
    couple_pipeline,
    has_trace_ids,
)
from moyeu.crm.values.moment import read_iso, render_ms
from moyeu.crm.values.outcome import Append, ValueRule
from moyeu.crm.values.rules import rule_of

NO_CONFLICTS: frozenset[UniqueKey] = frozenset()
"""No claimed value identifies another record in the way that makes a create a conflict."""


_render_now = lru_cache(maxsize=16)(render_ms)
"""All records of a batch are made at the same moment."""


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
    checked = check_values(inputs, definitions, creation_rules(definitions, rules), now_ms)
    if not per_input:
        if problems := [one for each in checked for one in each.problems]:
            return InvalidValues(tuple(problems))
        for each in checked:
            if missing := missing_properties(each, definitions):
                return missing
    return CheckedUpdates(checked, per_input, now_ms)


def creation_rules(
    definitions: TypeDefinitions, rules: Mapping[str, ValueRule]
) -> Mapping[str, ValueRule]:
    """The value rules of a create: what the type requires can be given though it is read-only.

    That is so of users, whose e-mail and user id nobody changes later: a guess.
    """
    names = definitions.refused_names.intersection(definitions.object_type.required_properties)
    if not names:
        return rules
    own = {
        name: rule_of(definitions.properties[name], frozenset(), dates_normalised=False)
        for name in names
    }
    return {**rules, **own}


def missing_properties(
    one: CheckedInput, definitions: TypeDefinitions
) -> RequiredPropertiesMissing | None:
    """Which of the type's required properties a create of this input would leave without value.

    An archived property is not required any more, as nobody could give its value (a guess).
    """
    object_type = definitions.object_type
    if not object_type.required_properties:
        return None
    names = tuple(
        name
        for name in object_type.required_properties
        if name in definitions.properties and not one.values.get(name)
    )
    if not names:
        return None
    return required_missing(object_type, names)


def required_missing(object_type: ObjectType, names: tuple[str, ...]) -> RequiredPropertiesMissing:
    """The problem of a create that leaves these properties without a value."""
    return RequiredPropertiesMissing(names, object_type.name if object_type.is_custom else None)


def possible_conflicts(
    definitions: TypeDefinitions, owners: Mapping[UniqueKey, int]
) -> list[UniqueKey]:
    """The taken values whose owner decides whether a create is a conflict."""
    names = definitions.object_type.conflict_properties
    return [key for key in owners if key[0] in names]


def conflicts_among(
    keys: Sequence[UniqueKey],
    owners: Mapping[UniqueKey, int],
    records: Mapping[int, StoredRecord],
) -> frozenset[UniqueKey]:
    """Those that are their owner's main value; a further value is merely taken (observed 2026)."""
    return frozenset(
        (name, value)
        for name, value in keys
        if records[owners[name, value]].properties.get(name) == value
    )


def plan_creates(
    batch: CheckedUpdates,
    definitions: TypeDefinitions,
    owners: Mapping[UniqueKey, int],
    record_ids: Sequence[int],
    occasion: Occasion,
    conflicts: frozenset[UniqueKey] = NO_CONFLICTS,
    links: Links | None = None,
) -> WritePlan:
    """The new records, one id of `record_ids` for each input in order.

    owners: record id by claimed value. conflicts: see `conflicts_among`. links: collects the
    associations, None if no input has any; they are judged after the values (a guess).
    """
    plan = WritePlan()
    creator = Creator(definitions, occasion, dict(owners), conflicts, plan.moves)
    for one, record_id in zip(batch.inputs, record_ids, strict=True):
        made = _unlinkable(one, links) or creator.create(one, record_id)
        if isinstance(made, StoredRecord):
            if links is not None:
                links.link(record_id, one.given.associations)
            plan.created.append(made)
            plan.results.append(
                WrittenRecord(
                    made, tuple(one.given.properties), None, tuple(one.warnings), made=True
                )
            )
        elif batch.per_input:
            assert one.given.trace_id is not None
            plan.problems.append(InputProblem(one.given.trace_id, made))
        else:
            return WritePlan(refusal=made)
    return plan


def _unlinkable(one: CheckedInput, links: Links | None) -> Problem | None:
    if links is None or one.problems:
        return None
    return links.problem_of(one.given.associations)


@dataclass(slots=True)
class Creator:
    """Makes records one after the other, so that a later one sees the values of an earlier one.

    owners: record id by unique value, kept up to date in place. moves: grows with each record.
    """

    definitions: TypeDefinitions
    occasion: Occasion
    owners: dict[UniqueKey, int]
    conflicts: frozenset[UniqueKey]
    moves: list[UniqueMove]

    def create(self, one: CheckedInput, record_id: int) -> StoredRecord | Problem:
        """The record that the input makes, or why it makes none."""
        if one.problems:
            return InvalidValues(tuple(one.problems))
        if missing := missing_properties(one, self.definitions):
            return missing
        record = new_record(self.definitions, self.occasion, record_id, one.values)
        problem = self._missing(one, record) or self._taken(one, record_id)
        if problem is not None:
            return problem
        for name in self.definitions.unique_names:
            if value := record.properties.get(name):
                self.owners[name, value] = record_id
                self.moves.append(UniqueMove(name, record_id, None, value))
        return record

    def _missing(self, one: CheckedInput, record: StoredRecord) -> Problem | None:
        rules, active = self.definitions.admin_rules, self.definitions.properties
        if rules is NO_ADMIN_RULES:
            return None
        return missing_on_create(rules, one.values, record.properties, active)

    def _taken(self, one: CheckedInput, record_id: int) -> Problem | None:
        unique = self.definitions.unique_names
        claims = [
            (name, value)
            for name, value in one.values.items()
            if name in unique and isinstance(value, str) and value
        ]
        for name, value in claims:
            owner = self.owners.get((name, value))
            if owner is None:
                continue
            if (name, value) in self.conflicts:
                return RecordExists(str(owner))
            type_id = self.definitions.object_type.id
            return UniqueValueTaken(type_id, name, value, str(record_id), str(owner))
        return None


def new_record(
    definitions: TypeDefinitions,
    occasion: Occasion,
    record_id: int,
    values: Mapping[str, str | Append],
) -> StoredRecord:
    """The record that a create makes: the given values and the core set that HubSpot adds.

    A `null` or empty value is as if it had not been given (a guess). Where the time of creation
    can be written, the record was made when the values say so.
    """
    object_type = definitions.object_type
    now = _render_now(occasion.now_ms)
    properties = {
        object_type.created_property: now,
        object_type.modified_property: now,
        RECORD_ID: str(record_id),
        # Observed on every record made by an app.
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": str(occasion.caller.app_id),
        "hs_object_source_label": "INTEGRATION",
    }
    given = {
        name: text
        for name, value in values.items()
        if (text := value if type(value) is str else _text(value))
    }
    if definitions.pipelines and object_type.pipeline_property and object_type.stage_property:
        couple_pipeline(definitions, {}, given)
        first = definitions.pipelines[0]
        if definitions.begins_in_first_stage:
            given.setdefault(object_type.pipeline_property, first.id)
            if first.stages:
                given.setdefault(object_type.stage_property, first.stages[0].id)
    properties |= given
    for derive in definitions.derivations:
        derive({}, properties, occasion.now_ms)
    created_at = properties[object_type.created_property]
    created_at_ms = occasion.now_ms if created_at == now else read_iso(created_at)
    assert created_at_ms is not None
    return StoredRecord(record_id, properties, created_at_ms, occasion.now_ms, None, last_write=0)


def _text(value: str | Append) -> str:
    return value if isinstance(value, str) else append_options("", value)
