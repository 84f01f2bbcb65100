"""`moyeu export`."""

import asyncio
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from moyeu.cli.archive_files import compressed, written_file
from moyeu.cli.archive_words import counts_told
from moyeu.cli.console import print_json, progress, show
from moyeu.cli.csv_files import row_writer
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.cli.table_mappings import read_mapping
from moyeu.cli.table_words import table_words
from moyeu.crm.problems import Problem
from moyeu.operations.archives import export_portal
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.operations.table_exports import export_table
from moyeu.storage.contract import Census, Store


def export(
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    file: Annotated[Path, Parameter(help="The file to write.")],
    /,
    *,
    type: Annotated[  # noqa: A002 — the flag's name
        str | None, Parameter(help="Write a CSV table of this object type's active records.")
    ] = None,
    properties: Annotated[
        tuple[str, ...],
        Parameter(
            help="Columns of the table: --properties email,firstname. Without, the record id and"
            " all that can be set and some record has.",
            negative=(),
            show_default=False,
        ),
    ] = (),
    mapping: Annotated[
        Path | None,
        Parameter(help="Titles and properties of the table's columns, TOML or JSON."),
    ] = None,
    bom: Annotated[
        bool, Parameter(help="Mark the table as UTF-8 for spreadsheets.", negative=())
    ] = False,
    force: Annotated[bool, Parameter(help="Overwrite the file.", negative=())] = False,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Write a whole portal, or one object type as a table, to a file.

    A whole portal becomes gzip-compressed JSON Lines with everything but tokens: owners,
    definitions, records with their history, archived and merged ones too, and associations. `moyeu
    import` makes a portal of it again; `zcat` shows it, and the same portal gives the same bytes.

    With --type it is CSV: UTF-8, a title row, commas. A cell that begins with = + - @, a tab or a
    carriage return gets a ' before it, so that no spreadsheet runs it; an import takes it off. A
    mapping has [columns] with "Title" = "property"; "" leaves one out.

    The file appears when it is complete. A SQLite database must be open nowhere else.

    Example: moyeu export 20000001 portal.jsonl.gz
    """
    if type is None and (properties or mapping or bom):
        raise CommandError("--properties, --mapping and --bom are for tables: give --type", USAGE)
    if properties and mapping:
        raise CommandError("give either --properties or --mapping", USAGE)
    columns = _columns(properties, mapping)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        if type is None:
            told = asyncio.run(_archive(store, portal, file, force=force))
        else:
            table = _Table(type, columns, bom)
            told = asyncio.run(_write_table(store, portal, file, table, force=force))
    if json:
        print_json(told)
    else:
        show("exported: " + ", ".join(f"{count:,} {name}" for name, count in told.items()))


@dataclass(frozen=True, slots=True)
class _Table:
    object_type: str
    columns: Mapping[str, str] | None
    marked: bool


def _columns(properties: tuple[str, ...], mapping: Path | None) -> Mapping[str, str] | None:
    """The property of each title."""
    if mapping is not None:
        chosen = read_mapping(mapping).columns
        return {title: name for title, name in chosen.items() if name}
    names = [name.strip() for text in properties for name in text.split(",")]
    return {name: name for name in names} or None


async def _archive(store: Store, portal_id: int, file: Path, *, force: bool) -> dict[str, int]:
    census = await _census(store, portal_id)
    with (
        written_file(file, force=force) as raw,
        compressed(raw) as write,
        progress("Exporting", sum(astuple(census))) as told,
    ):
        header = await export_portal(store, portal_id, write, told)
    if isinstance(header, PortalNotFound):
        raise CommandError(no_portal(portal_id))
    return counts_told(header.counts)


async def _write_table(
    store: Store, portal_id: int, file: Path, table: _Table, *, force: bool
) -> dict[str, int]:
    census = await _census(store, portal_id)
    with written_file(file, force=force) as raw, progress("Exporting", census.records) as told:
        write_row = row_writer(raw, marked=table.marked)
        outcome = await export_table(
            store, portal_id, table.object_type, table.columns, write_row, told
        )
        if isinstance(outcome, Problem):
            raise CommandError(table_words(outcome))
    return {table.object_type: outcome}


async def _census(store: Store, portal_id: int) -> Census:
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        raise CommandError(no_portal(portal_id))
    return await store.read(lambda transaction: transaction.census(portal_id))
