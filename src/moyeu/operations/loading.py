"""Loading many records into a portal in one transaction: all of them, or none.

The values pass the rules of the API. What the API does not offer is possible here: records of
types without a create, and record ids of one's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import creation_rules, missing_properties, new_record
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.problems import InvalidValues, Problem
from moyeu.crm.records import (
    CheckedInput,
    RecordInput,
    UniqueKey,
    check_values,
    moves_of_new,
    read_record_id,
)
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.storage.contract import Store, WriteTransaction

T = TypeVar("T")

PROBLEMS_MAX: Final = 100
"""Problems that a refused load tells; the first ones by line."""

_PART_RECORDS: Final = 5_000
"""Records of one statement, so that neither its JSON nor the progress steps become too large."""


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One record to load. id: the record id to give it, decimal text; None for a new one."""

    line: int
    object_type: str
    properties: dict[str, str | None]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class InvalidRecordId(Problem):
    """The text denotes no record id."""

    id: str


@dataclass(frozen=True, slots=True)
class RecordIdTaken(Problem):
    """The type has a record with that id, or an earlier line gives it (`line`)."""

    id: str
    line: int | None


@dataclass(frozen=True, slots=True)
class LoadedValueTaken(Problem):
    """A unique value that a record has (`record_id`), or that an earlier line gives (`line`)."""

    name: str
    value: str
    record_id: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with the record of a line."""

    line: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded: how many records by the name of their object type."""

    counts: Mapping[str, int]


@dataclass(slots=True)
class _Batch:
    """The rows of one object type, in line order, and their values once they are checked."""

    object_type: ObjectType
    rows: list[LoadRow] = field(default_factory=list)
    checked: list[CheckedInput] = field(default_factory=list)


async def load_records(
    store: Store,
    occasion: Occasion,
    rows: Sequence[LoadRow],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Loaded | list[LineProblem]:
    """Adds all records, or none of them and says why: at most PROBLEMS_MAX problems, by line.

    on_progress: told from another thread how many more rows were checked or were inserted, so in
    the end it has heard of every row twice.
    The writer is held for the whole load. Statements: seven for every 5,000 records of a type.
    """

    def work(transaction: WriteTransaction) -> Loaded | list[LineProblem]:
        problems: list[LineProblem] = []
        types = transaction.object_types(occasion.caller.portal_id)
        batches = _by_type(rows, types, problems)
        for batch in batches:
            _check(transaction, occasion, batch, problems, on_progress)
        if problems:
            return sorted(problems, key=lambda each: each.line)[:PROBLEMS_MAX]
        for batch in batches:
            _insert(transaction, occasion, batch, on_progress)
        return Loaded({each.object_type.name: len(each.rows) for each in batches})

    return await store.write(work)


def _by_type(
    rows: Sequence[LoadRow], types: PortalTypes, problems: list[LineProblem]
) -> list[_Batch]:
    batches: dict[str, _Batch] = {}
    for row in rows:
        object_type = types.find(row.object_type)
        if object_type is None:
            problems.append(LineProblem(row.line, UnknownObjectType(row.object_type)))
        else:
            batches.setdefault(object_type.id, _Batch(object_type)).rows.append(row)
    return list(batches.values())


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _PART_RECORDS):
        yield items[start : start + _PART_RECORDS]


def _check(
    transaction: WriteTransaction,
    occasion: Occasion,
    batch: _Batch,
    problems: list[LineProblem],
    on_progress: Callable[[int], None],
) -> None:
    definitions = transaction.definitions(occasion.caller.portal_id, batch.object_type.id)
    lines_by_id: dict[int, int] = {}
    lines_by_value: dict[UniqueKey, int] = {}
    for part in _parts(batch.rows):
        inputs = [RecordInput("", row.properties) for row in part]
        rules = creation_rules(definitions, definitions.rules_for(dates_normalised=False))
        checked = check_values(inputs, definitions, rules, occasion.now_ms)
        batch.checked += checked
        problems += _value_problems(definitions, part, checked)
        problems += _id_problems(transaction, definitions, part, lines_by_id)
        problems += _unique_problems(transaction, definitions, part, checked, lines_by_value)
        on_progress(len(part))


def _value_problems(
    definitions: TypeDefinitions, rows: Sequence[LoadRow], checked: Sequence[CheckedInput]
) -> Iterator[LineProblem]:
    for row, one in zip(rows, checked, strict=True):
        if one.problems:
            yield LineProblem(row.line, InvalidValues(tuple(one.problems)))
        elif missing := missing_properties(one, definitions):
            yield LineProblem(row.line, missing)


def _id_problems(
    transaction: WriteTransaction,
    definitions: TypeDefinitions,
    rows: Sequence[LoadRow],
    lines_by_id: dict[int, int],
) -> Iterator[LineProblem]:
    """lines_by_id: which line gave which id, entered here."""
    given: list[tuple[int, LoadRow]] = []
    for row in rows:
        if row.id is None:
            continue
        number = read_record_id(row.id)
        if number is None:
            yield LineProblem(row.line, InvalidRecordId(row.id))
        elif number in lines_by_id:
            yield LineProblem(row.line, RecordIdTaken(row.id, lines_by_id[number]))
        else:
            lines_by_id[number] = row.line
            given.append((number, row))
    if not given:
        return
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    numbers = [number for number, _ in given]
    taken = {*transaction.records(portal_id, type_id, numbers)}
    taken.update(transaction.merged_into(portal_id, type_id, numbers))
    for number, row in given:
        if number in taken:
            yield LineProblem(row.line, RecordIdTaken(str(number), None))


def _unique_problems(
    transaction: WriteTransaction,
    definitions: TypeDefinitions,
    rows: Sequence[LoadRow],
    checked: Sequence[CheckedInput],
    lines_by_value: dict[UniqueKey, int],
) -> Iterator[LineProblem]:
    """lines_by_value: which line gave which unique value, entered here."""
    claims = [
        (row, (name, value))
        for row, one in zip(rows, checked, strict=True)
        for name in sorted(definitions.unique_names & one.values.keys())
        if isinstance(value := one.values[name], str) and value
    ]
    if not claims:
        return
    owners = transaction.value_owners(
        definitions.portal_id, definitions.object_type.id, [key for _, key in claims]
    )
    for row, key in claims:
        if key in owners:
            yield LineProblem(row.line, LoadedValueTaken(*key, owners[key], None))
        elif key in lines_by_value:
            yield LineProblem(row.line, LoadedValueTaken(*key, None, lines_by_value[key]))
        lines_by_value.setdefault(key, row.line)


def _insert(
    transaction: WriteTransaction,
    occasion: Occasion,
    batch: _Batch,
    on_progress: Callable[[int], None],
) -> None:
    portal_id, type_id = occasion.caller.portal_id, batch.object_type.id
    definitions = transaction.definitions(portal_id, type_id)
    record_ids = _record_ids(transaction, portal_id, batch.rows)
    for part in _parts(list(zip(record_ids, batch.checked, strict=True))):
        records = [
            new_record(definitions, occasion, record_id, one.values) for record_id, one in part
        ]
        transaction.insert_records(occasion, type_id, records, batch.object_type.modified_property)
        if moves := moves_of_new(definitions, records):
            transaction.move_unique_values(portal_id, type_id, moves)
        on_progress(len(part))


def _record_ids(
    transaction: WriteTransaction, portal_id: int, rows: Sequence[LoadRow]
) -> list[int]:
    """The id of each row: its own, or a new one above all of them."""
    own = [int(row.id) for row in rows if row.id is not None]
    if own:
        transaction.reserve_record_id(portal_id, max(own))
    new = iter(transaction.new_record_ids(portal_id, len(rows) - len(own)))
    return [next(new) if row.id is None else int(row.id) for row in rows]
