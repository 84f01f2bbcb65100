"""Creating and updating records of one object type from the rows of a table.

The whole table is one transaction, and each row has the fate of a single call: its record is
written as the API would, or the row is refused with what the API would say.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import check_creates
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import NotAUniqueProperty, Problem
from moyeu.crm.records import RecordInput, WritePlan, kept_id
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.crm.upserts import check_upserts
from moyeu.operations.long_writes import GoOn, write_while_awaited
from moyeu.operations.records import create_in_turn
from moyeu.operations.tables import TableMapping, TableRefused, match_columns
from moyeu.operations.upserts import upsert_in_turn
from moyeu.storage.contract import Store, WriteTransaction


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row, bare of guards; line: where it begins in the file, from 1."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class TableShape:
    """What the rows of a table are; titles: of its columns, by property name."""

    object_type_id: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowTooLong(Problem):
    """More cells than titles, and something in them."""

    cells: int
    columns: int


@dataclass(frozen=True, slots=True)
class RowWithoutId(Problem):
    """The cell of the id property is empty."""

    name: str


@dataclass(frozen=True, slots=True)
class RowMergedAway(Problem):
    """The row names a record that lives on in another; the API passes over it in silence."""

    id: str


@dataclass(slots=True)
class TableImported:
    """What the rows did, or in a dry run would have done.

    kept: whether it was committed.
    """

    created: int = 0
    updated: int = 0
    refused: int = 0
    kept: bool = False


class _UndoneError(Exception):
    """Carries the outcome out of a transaction that is not to be committed."""

    def __init__(self, imported: TableImported) -> None:
        super().__init__(imported)
        self.imported = imported


async def import_table(
    store: Store,
    occasion: Occasion,
    object_type: str,
    titles: Sequence[str],
    rows: Callable[[], Iterator[TableRow]],
    on_refused: Callable[[TableRow, Problem, TableShape], None],
    *,
    mapping: TableMapping,
    id_property: str | None = None,
    dry_run: bool = False,
    keep_good: bool = False,
) -> TableImported | Problem:
    """Creates a record for each row, or with an id property updates the one that has the value.

    An empty cell sets nothing. id_property: a unique property, whose unknown values make new
    records, or `hs_object_id`, which only updates. rows: gives the rows from the first one on,
    each time it is called. on_refused: is told each refused row and why, from another thread.
    keep_good: whether good rows are kept though others were refused; else all are or none is.
    dry_run: all is done and nothing is kept. The writer is held for the whole table;
    when it is cancelled, nothing is kept.
    Refused: UnknownObjectType, NotAUniqueProperty, TableRefused.
    """

    def work(transaction: WriteTransaction, go_on: GoOn) -> TableImported | Problem:
        portal_id = occasion.caller.portal_id
        found = transaction.object_types(portal_id).find(object_type)
        if found is None:
            return UnknownObjectType(object_type)
        definitions = transaction.definitions(portal_id, found.id).for_call(admin_rules=False)
        if id_property not in (None, RECORD_ID, *definitions.unique_names):
            return NotAUniqueProperty(found.id, id_property or "")
        columns = match_columns(titles, definitions, mapping, id_property)
        if isinstance(columns, TableRefused):
            return columns
        table = _Table(transaction, occasion, definitions, columns, mapping, id_property, go_on)
        shape = TableShape(
            found.id, {name: title for name, title in zip(columns, titles, strict=True) if name}
        )
        imported = table.take_in(rows(), lambda row, why: on_refused(row, why, shape))
        imported.kept = not dry_run and (keep_good or not imported.refused)
        if not imported.kept:
            raise _UndoneError(imported)
        return imported

    try:
        return await write_while_awaited(store, work)
    except _UndoneError as undone:
        return undone.imported


_Batch = list[tuple[TableRow, RecordInput | Problem]]


@dataclass(frozen=True, slots=True)
class _Table:
    """What the rows of one table mean, and the transaction that takes them in."""

    transaction: WriteTransaction
    occasion: Occasion
    definitions: TypeDefinitions
    columns: Sequence[str | None]
    mapping: TableMapping
    id_property: str | None
    go_on: GoOn

    def take_in(
        self, rows: Iterator[TableRow], on_refused: Callable[[TableRow, Problem], None]
    ) -> TableImported:
        """Writes the records of all rows that are not refused."""
        imported = TableImported()

        def refuse(row: TableRow, problem: Problem) -> None:
            imported.refused += 1
            on_refused(row, problem)

        batch: _Batch = []
        ids: set[str] = set()
        for row in rows:
            given = self._input(row)
            kept = "" if isinstance(given, Problem) else self._kept_id(given)
            if len(batch) == BATCH_INPUTS_MAX or kept in ids:
                # A later row of the same id acts on what the earlier one has left.
                self._write(batch, imported, refuse)
                batch, ids = [], set()
            batch.append((row, given))
            if kept:
                ids.add(kept)
        self._write(batch, imported, refuse)
        return imported

    def _input(self, row: TableRow) -> RecordInput | Problem:
        cells, columns = row.cells, self.columns
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            return RowTooLong(len(cells), len(columns))
        values: dict[str, str | None] = {
            name: cell for name, cell in zip(columns, cells, strict=False) if name and cell
        }
        id_property = self.id_property
        record_id = values.get(id_property) if id_property is not None else ""
        if record_id is None:
            return RowWithoutId(id_property or "")
        values.update(self.mapping.constants)
        if id_property == RECORD_ID:
            del values[RECORD_ID]
            id_property = None
        return RecordInput(record_id, values, id_property, str(row.line))

    def _kept_id(self, given: RecordInput) -> str:
        if given.id_property is None:
            return given.id
        rules = self.definitions.rules
        return kept_id(rules, given.id_property, given.id, self.occasion.now_ms)

    def _write(
        self,
        batch: _Batch,
        imported: TableImported,
        refuse: Callable[[TableRow, Problem], None],
    ) -> None:
        """Writes a batch; every input has a trace id, so that bad rows leave good ones alone."""
        self.go_on()
        inputs = [given for _, given in batch if isinstance(given, RecordInput)]
        plan = self._create(inputs) if self.id_property is None else self._upsert(inputs)
        created = sum(each.is_new is not False for each in plan.results)
        imported.created += created
        imported.updated += len(plan.results) - created
        problems: dict[str | None, Problem] = {
            each.trace_id: each.problem for each in plan.problems
        }
        written = {each.trace_id for each in plan.results}
        for row, given in batch:
            if isinstance(given, Problem):
                refuse(row, given)
            elif (problem := problems.get(str(row.line))) is not None:
                refuse(row, problem)
            elif self.id_property is not None and given.trace_id not in written:
                refuse(row, RowMergedAway(given.id))

    def _create(self, inputs: Sequence[RecordInput]) -> WritePlan:
        definitions, at = self.definitions, self.occasion
        checked = check_creates(inputs, definitions, definitions.rules, at.now_ms)
        assert not isinstance(checked, Problem), checked
        plan = create_in_turn(self.transaction, at, definitions, checked)
        assert isinstance(plan, WritePlan), plan
        return plan

    def _upsert(self, inputs: Sequence[RecordInput]) -> WritePlan:
        definitions, at = self.definitions, self.occasion
        checked = check_upserts(inputs, definitions, definitions.rules, at.now_ms)
        assert not isinstance(checked, Problem), checked
        plan = upsert_in_turn(self.transaction, at, definitions, checked)
        assert isinstance(plan, WritePlan), plan
        return plan
