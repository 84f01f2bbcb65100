"""A portal of standard definitions, in which the tests of type rules write records."""

from collections.abc import Mapping
from typing import Final

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.pipelines import standard_pipelines
from moyeu.catalog.properties import standard_properties
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.creation import check_creates, plan_creates
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.problems import InvalidValues, Problem, ValueProblem
from moyeu.crm.records import CheckedUpdates, RecordInput, StoredRecord, WritePlan
from moyeu.crm.updates import check_updates, plan_updates
from moyeu.crm.values.outcome import ValueOutcome

OWNER_ID: Final = "1000001"
MINUTE_MS: Final = 60_000


def definitions(type_name: str) -> TypeDefinitions:
    """The type as a new portal has it."""
    object_type = find_object_type(type_name)
    assert object_type is not None
    return define_type(
        12345678,
        object_type,
        standard_properties(object_type),
        (),
        standard_pipelines(object_type),
        frozenset({OWNER_ID}),
    )


def kept(type_name: str, name: str, text: str) -> ValueOutcome:
    """What the value rule of a property makes of a text."""
    return definitions(type_name).rules[name](text, 0)


def create(type_name: str, record_id: int, now_ms: int, values: Mapping[str, str]) -> StoredRecord:
    """The record that a create makes."""
    described = definitions(type_name)
    rules = described.rules_for(dates_normalised=False)
    batch = check_creates([RecordInput("", dict(values))], described, rules, now_ms)
    assert isinstance(batch, CheckedUpdates), batch
    caller = Caller(12345678, 3000001, None, frozenset())
    plan = plan_creates(batch, described, {}, [record_id], Occasion(caller, now_ms, "an-id"))
    assert isinstance(plan, WritePlan)
    assert plan.refusal is None
    return plan.results[0].record


def update(
    type_name: str, record: StoredRecord, now_ms: int, values: Mapping[str, str | None]
) -> StoredRecord:
    """The record after an update."""
    return updated(type_name, record, now_ms, values).results[0].record


def updated(
    type_name: str, record: StoredRecord, now_ms: int, values: Mapping[str, str | None]
) -> WritePlan:
    """The plan of an update of one record."""
    described = definitions(type_name)
    rules = described.rules_for(dates_normalised=False)
    given = RecordInput(str(record.record_id), dict(values))
    batch = check_updates([given], described, rules, now_ms)
    assert isinstance(batch, CheckedUpdates), batch
    plan = plan_updates(batch, described, {record.record_id: record}, {}, {}, frozenset())
    assert plan.refusal is None
    return plan


def refusals(type_name: str, values: Mapping[str, str]) -> tuple[ValueProblem, ...]:
    """The problems of the values of a create."""
    described = definitions(type_name)
    rules = described.rules_for(dates_normalised=False)
    found = check_creates([RecordInput("", dict(values))], described, rules, 0)
    assert isinstance(found, Problem)
    assert isinstance(found, InvalidValues)
    return found.problems


def shown_after_create(type_name: str, record: StoredRecord, written: tuple[str, ...]) -> set[str]:
    """The names in the answer to a create."""
    described = definitions(type_name)
    return set(described.shown_names(record.properties.keys(), written, made=True))


def shown_after_update(type_name: str, record: StoredRecord, written: tuple[str, ...]) -> set[str]:
    """The names in the answer to an update."""
    described = definitions(type_name)
    return set(described.shown_names(record.properties.keys(), written, made=False))
