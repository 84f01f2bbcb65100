"""`moyeu import`."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from cyclopts import Parameter

from moyeu.cli.archive_files import archive_lines, written_file
from moyeu.cli.archive_words import archive_words, counts_told
from moyeu.cli.console import print_json, progress, show, warn
from moyeu.cli.csv_files import WriteRow, read_rows, read_titles, row_writer, sniff_delimiter
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.cli.occasions import occasion_of
from moyeu.cli.table_mappings import read_mapping
from moyeu.cli.table_words import row_words, table_words
from moyeu.crm.problems import Problem
from moyeu.operations.archive_reading import read_header
from moyeu.operations.archives import Told
from moyeu.operations.loading import PROBLEMS_MAX
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.operations.restoring import Restored, import_portal
from moyeu.operations.table_imports import TableImported, TableRow, TableShape, import_table
from moyeu.operations.tables import REASON_TITLE, TableMapping, guard_cell
from moyeu.settings import Settings
from moyeu.storage.contract import Store

_PORTAL_IDS: Final = range(1, 2**53)


def import_(
    file: Annotated[Path, Parameter(help="The archive or, with --type, the CSV table.")],
    /,
    *,
    portal: Annotated[
        int | None,
        Parameter(help="The id of the new portal, in place of the archive's; a table's portal."),
    ] = None,
    name: Annotated[
        str | None, Parameter(help="The new portal's name, in place of the archive's.")
    ] = None,
    type: Annotated[  # noqa: A002 — the flag's name
        str | None, Parameter(help="Read a CSV table of records of this object type.")
    ] = None,
    mapping: Annotated[
        Path | None,
        Parameter(help="Which property each column is, and constants; TOML or JSON."),
    ] = None,
    id_property: Annotated[
        str | None,
        Parameter(
            help="Update the record that has the row's value of this unique property, or make one;"
            " hs_object_id only updates."
        ),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Change nothing, say what would be.", negative=())] = (
        False
    ),
    errors: Annotated[
        Path | None,
        Parameter(help="Write refused rows there, with the reason, and keep the others."),
    ] = None,
    force: Annotated[bool, Parameter(help="Overwrite the file of --errors.", negative=())] = False,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Make a portal of an archive, or records of a table.

    An archive is what `moyeu export` writes; it becomes a new portal, whole or not at all, with the
    ids, times and history that it had. Tokens are not in it: `moyeu token create` makes one. The
    database is made where it is missing and needs space for the portal twice.

    With --type the file is CSV: UTF-8; comma, semicolon or tab; a first row of property names or
    labels. Each row makes a record, or updates one by --id-property; an empty cell changes nothing;
    a ' before = + - @, a tab or a carriage return is taken off. The values pass the rules of the
    API. When a row is refused nothing is kept, unless --errors gives refused rows a file of their
    own; up to 100 are shown. A mapping has [columns] with "Title" = "property" ("" leaves one
    out), and [constants] with property = "value".

    A SQLite database must be open nowhere else.

    Example: moyeu import portal.jsonl.gz --portal 20000002
    """
    settings = settings_of(flags).settings
    if type is not None:
        if portal is None:
            raise CommandError("a table needs --portal", USAGE)
        if name is not None:
            raise CommandError("--name is for archives", USAGE)
        table = _Table(file, type, portal, read_mapping(mapping), id_property, dry_run)
        _import_table(settings, table, errors, force=force, json=json)
        return
    if mapping or id_property or dry_run or errors:
        raise CommandError(
            "--mapping, --id-property, --dry-run and --errors are for tables: give --type", USAGE
        )
    if portal is not None and portal not in _PORTAL_IDS:
        raise CommandError("--portal must be 1 or more", USAGE)
    _import_archive(settings, file, portal, name, json=json)


# --- archives --------------------------------------------------------------------------------


def _import_archive(
    settings: Settings, file: Path, portal_id: int | None, name: str | None, *, json: bool
) -> None:
    # Before the database is made: a file that is no archive leaves no trace.
    header = read_header(next(archive_lines(file), b""))
    if isinstance(header, Problem):
        raise CommandError(archive_words(header))
    with opened(settings) as store, progress("Importing", header.counts.total) as told:
        outcome = asyncio.run(_make_portal(store, file, portal_id, name, told))
    if not isinstance(outcome, Restored):
        raise CommandError(f"{archive_words(outcome)}\nnothing was imported")
    counts = counts_told(outcome.header.counts)
    if json:
        print_json({"portalId": outcome.portal.id, "name": outcome.portal.name, **counts})
        return
    listed = ", ".join(f"{count:,} {words}" for words, count in counts.items())
    show(f"portal {outcome.portal.id} made: {listed}")


async def _make_portal(
    store: Store, file: Path, portal_id: int | None, name: str | None, told: Told
) -> Restored | Problem:
    outcome = await import_portal(store, lambda: archive_lines(file), portal_id, name, told)
    await store.analyze()
    return outcome


# --- tables ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Table:
    """What was asked for."""

    file: Path
    object_type: str
    portal_id: int
    mapping: TableMapping
    id_property: str | None
    dry_run: bool


@dataclass(slots=True)
class _Refused:
    """Refused rows: the first ones to show, all of them for the file of errors if there is one."""

    portal_id: int
    titles: list[str]
    delimiter: str
    file: BinaryIO | None
    shown: list[str] = field(default_factory=list)
    write_row: WriteRow | None = None

    def begin(self) -> None:
        """Begins again with no refused row."""
        self.shown.clear()
        if self.file is not None:
            self.file.seek(0)
            self.file.truncate()
            self.write_row = row_writer(self.file, self.delimiter)
            self._write(self.titles, REASON_TITLE)

    def note(self, row: TableRow, problem: Problem, table: TableShape) -> None:
        """Keeps a row and why it is refused."""
        reason = row_words(problem, table, self.portal_id)
        if len(self.shown) < PROBLEMS_MAX:
            self.shown.append(f"line {row.line}: {' '.join(reason.splitlines())}")
        self._write(row.cells, reason)

    def _write(self, cells: Sequence[str], reason: str) -> None:
        if self.write_row is not None:
            width = len(self.titles)
            whole = [*cells[:width], *[""] * (width - len(cells)), reason, *cells[width:]]
            self.write_row([guard_cell(each) for each in whole])

    def told(self, count: int) -> list[str]:
        """The lines that are shown of that many refused rows."""
        if count > len(self.shown):
            return [*self.shown, f"there are {count:,}; these are the first {len(self.shown)}"]
        return self.shown


def _import_table(
    settings: Settings, table: _Table, errors: Path | None, *, force: bool, json: bool
) -> None:
    delimiter = sniff_delimiter(table.file)
    titles = read_titles(table.file, delimiter)
    with opened(settings, must_exist=True) as store, contextlib.ExitStack() as files:
        file = files.enter_context(written_file(errors, force=force)) if errors else None
        refused = _Refused(table.portal_id, titles, delimiter, file)
        imported = asyncio.run(_take_in(store, table, delimiter, refused, keep_good=bool(errors)))
        if imported.refused and not errors:
            raise CommandError("\n".join([*refused.told(imported.refused), "nothing was imported"]))
    for line in refused.told(imported.refused):
        warn(line)
    counts = {"created": imported.created, "updated": imported.updated, "refused": imported.refused}
    if json:
        print_json({**counts, "dryRun": table.dry_run})
        return
    listed = ", ".join(f"{count:,} {words}" for words, count in counts.items())
    show(f"would be imported: {listed}" if table.dry_run else f"imported: {listed}")


async def _take_in(
    store: Store, table: _Table, delimiter: str, refused: _Refused, *, keep_good: bool
) -> TableImported:
    portal = await find_portal(store, table.portal_id)
    if isinstance(portal, PortalNotFound):
        raise CommandError(no_portal(table.portal_id))
    with progress("Importing", table.file.stat().st_size) as told:

        def rows() -> Iterator[TableRow]:
            refused.begin()
            return read_rows(table.file, delimiter, told)

        outcome = await import_table(
            store,
            occasion_of(portal),
            table.object_type,
            refused.titles,
            rows,
            refused.note,
            mapping=table.mapping,
            id_property=table.id_property,
            dry_run=table.dry_run,
            keep_good=keep_good,
        )
    if isinstance(outcome, Problem):
        raise CommandError(f"{table_words(outcome)}\nnothing was imported")
    await store.analyze()
    return outcome
