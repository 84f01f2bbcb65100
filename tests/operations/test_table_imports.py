"""Rows of a table as writes: one after the other, each with the fate of a single call."""

from collections.abc import Iterator, Sequence

import pytest

from moyeu.crm.problems import InvalidValues, MissingRecords, NotAUniqueProperty, Problem
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.merges import merge_records
from moyeu.operations.table_exports import export_table
from moyeu.operations.table_imports import (
    RowMergedAway,
    RowTooLong,
    RowWithoutId,
    TableImported,
    TableRow,
    TableShape,
    import_table,
)
from moyeu.operations.tables import NO_MAPPING, ColumnUnknown, TableMapping, TableRefused
from tests.operations.scene import archive, created, everything
from tests.storage.scene import NOW_MS, PORTAL, SERVICES, Database, occasion

Refused = list[tuple[int, type[Problem]]]


def run(
    database: Database,
    titles: Sequence[str],
    *rows: Sequence[str],
    object_type: str = "partner_services",
    mapping: TableMapping = NO_MAPPING,
    id_property: str | None = None,
    dry_run: bool = False,
    keep_good: bool = True,
) -> tuple[TableImported | Problem, Refused]:
    """What an import answers, and the lines that it refused and why."""
    refused: Refused = []

    def note(row: TableRow, problem: Problem, table: TableShape) -> None:
        assert table.object_type_id == SERVICES
        refused.append((row.line, type(problem)))

    def opened() -> Iterator[TableRow]:
        return (TableRow(line, cells) for line, cells in enumerate(rows, 2))

    outcome = database.run(
        import_table(
            database.store,
            occasion(now_ms=NOW_MS + 5_000),
            object_type,
            titles,
            opened,
            note,
            mapping=mapping,
            id_property=id_property,
            dry_run=dry_run,
            keep_good=keep_good,
        )
    )
    return outcome, refused


def codes(database: Database) -> list[tuple[str, str]]:
    """(code, note) of the active records, by id."""
    found = sorted(everything(database).values(), key=lambda each: each.record_id)
    return [
        (each.properties.get("code", ""), each.properties.get("note", ""))
        for each in found
        if each.archived_at_ms is None
    ]


def test_rows_make_records_in_their_order(database: Database) -> None:
    outcome, refused = run(database, ["code", "note"], ["A", "1"], ["B"], ["", "3"])

    assert (outcome, refused) == (TableImported(created=3, kept=True), [])
    assert codes(database) == [("A", "1"), ("B", ""), ("", "3")]


def test_constants_go_into_every_row(database: Database) -> None:
    run(database, ["code"], ["A"], ["B"], mapping=TableMapping({}, {"note": "n"}))

    assert codes(database) == [("A", "n"), ("B", "n")]


def test_rows_are_known_by_the_value_that_is_kept(database: Database) -> None:
    created(database, {"badge": "7", "code": "A"})

    titles = ["badge", "code", "note"]
    rows = [["7", "B", ""], [" 7 ", "", "x"], ["8", "C", ""], ["8", "", "y"]]
    outcome, refused = run(database, titles, *rows, id_property="badge")

    assert (outcome, refused) == (TableImported(created=1, updated=3, kept=True), [])
    assert codes(database) == [("B", "x"), ("C", "y")]


def test_a_value_may_pass_from_row_to_row(database: Database) -> None:
    created(database, {"badge": "1", "code": "A"}, {"badge": "2", "code": "B"})

    rows = [["1", "C"], ["2", "A"], ["1", "B"]]
    _, refused = run(database, ["badge", "code"], *rows, id_property="badge")

    assert refused == []
    assert codes(database) == [("B", ""), ("A", "")]


def test_record_ids_update_and_never_make(database: Database) -> None:
    one, two, three, four = created(database, {}, {}, {}, {})
    archive(database, [two])
    made = database.run(merge_records(database.store, occasion(), SERVICES, str(three), str(four)))
    assert not isinstance(made, Problem)

    rows = [[str(each), "A"] for each in (one, two, three, "x", "", 77)]
    outcome, refused = run(database, ["hs_object_id", "note"], *rows, id_property="hs_object_id")

    assert outcome == TableImported(updated=1, refused=5, kept=True)
    assert refused == [
        (3, MissingRecords),
        (4, RowMergedAway),
        (5, MissingRecords),
        (6, RowWithoutId),
        (7, MissingRecords),
    ]
    assert codes(database) == [("", "A"), ("", "")]


def test_refused_rows_are_told_in_order_across_batches(database: Database) -> None:
    bad = {5, 99, 100, 101, 102, 249}
    rows = [[f"c{n}", "many" if n in bad else str(n)] for n in range(250)]
    rows[7] = ["c7", "7", "more"]

    outcome, refused = run(database, ["code", "size"], *rows)

    assert outcome == TableImported(created=243, refused=7, kept=True)
    assert refused == [(n + 2, RowTooLong if n == 7 else InvalidValues) for n in sorted(bad | {7})]


@pytest.mark.parametrize("how", [{"keep_good": False}, {"dry_run": True}])
def test_nothing_is_kept_where_it_must_not(database: Database, how: dict[str, bool]) -> None:
    outcome, refused = run(database, ["code", "size"], ["A", "1"], ["B", "x"], **how)  # type: ignore[arg-type] # its own keywords

    assert outcome == TableImported(created=1, refused=1, kept=False)
    assert refused == [(3, InvalidValues)]
    assert codes(database) == []
    again, _ = run(database, ["code", "size"], ["A", "1"], keep_good=False)
    assert again == TableImported(created=1, kept=True)


def test_tables_that_mean_nothing_are_refused(database: Database) -> None:
    assert run(database, ["code"], object_type="cats") == (UnknownObjectType("cats"), [])
    assert run(database, ["note"], id_property="note") == (
        NotAUniqueProperty(SERVICES, "note"),
        [],
    )
    assert run(database, ["colour"]) == (TableRefused((ColumnUnknown("colour"),)), [])


def test_a_table_that_was_exported_changes_nothing_when_it_comes_back(database: Database) -> None:
    created(database, {"code": "=A", "size": "-5"}, {"note": "x\n'=y", "code": "-5"})
    before = everything(database)
    rows: list[list[str]] = []
    count = database.run(
        export_table(
            database.store,
            PORTAL,
            "partner_services",
            None,
            lambda row: rows.append(list(row)),
            lambda _: None,
        )
    )
    assert count == 2
    titles, *cells = rows
    assert {"'=A", "-5", "'-5", "x\n'=y"} <= {each for row in cells for each in row}
    bare = [[each.removeprefix("'") for each in row] for row in cells]

    outcome, refused = run(database, titles, *bare, id_property="hs_object_id")

    assert (outcome, refused) == (TableImported(updated=2, kept=True), [])
    after = everything(database)
    for record_id, record in before.items():
        changed = record.properties.items() ^ after[record_id].properties.items()
        assert {name for name, _ in changed} <= {"hs_lastmodifieddate"}
