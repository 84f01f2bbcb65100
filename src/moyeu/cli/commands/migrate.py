"""`moyeu migrate`."""

from collections.abc import Sequence
from typing import Annotated, Final

import apsw
from cyclopts import Parameter

from moyeu.cli.console import ask, print_table, show
from moyeu.cli.database_urls import database_path, database_shown, is_postgresql
from moyeu.cli.databases import opened, postgresql_refusals
from moyeu.cli.exits import USAGE, CommandError
from moyeu.cli.flags import DatabaseFlags, settings_of
from moyeu.settings import Settings
from moyeu.storage.contract import StoreError
from moyeu.storage.sql.migrations import Migration
from moyeu.storage.sqlite import migrate as sqlite

_BACKUP: Final = "Nothing takes a migration back: have a backup before you go on."


def migrate(
    *,
    distribute: Annotated[
        bool,
        Parameter(help="Spread the tables over the nodes of a Citus cluster too.", negative=()),
    ] = False,
    yes: Annotated[bool, Parameter(help="Go on without asking.", negative=())] = False,
    flags: DatabaseFlags | None = None,
) -> None:
    """Bring a database to the schema of this version.

    It shows which migrations the database lacks, and asks before it applies them; ended half-way,
    it goes on when it is started again. Files of SQLite and empty databases of PostgreSQL are
    brought there by any command that opens them; other databases of PostgreSQL are refused until
    this one has run. A SQLite database must be open nowhere else.

    Example: moyeu migrate --database postgresql://moyeu@db.example.com/crm
    """
    settings = settings_of(flags).settings
    if is_postgresql(settings.database):
        _migrate_postgresql(settings, distribute=distribute, yes=yes)
    elif distribute:
        raise CommandError("--distribute is for PostgreSQL with the extension citus", USAGE)
    else:
        _migrate_sqlite(settings, yes=yes)


def _migrate_sqlite(settings: Settings, *, yes: bool) -> None:
    path = database_path(settings.database)
    if not path.exists():
        raise CommandError(f"{path} does not exist")
    try:
        missing = sqlite.pending_of(path)
    except (StoreError, apsw.Error) as error:
        raise CommandError(f"{path}: {error}") from error
    _show_plan(settings, sqlite.known(), missing)
    if not missing:
        return
    ask(yes=yes)
    with opened(settings, must_exist=True):
        show(f"{len(missing)} applied")


def _migrate_postgresql(settings: Settings, *, distribute: bool, yes: bool) -> None:
    with postgresql_refusals(settings.database):
        from moyeu.storage.postgresql import connections  # noqa: PLC0415 — only here
        from moyeu.storage.postgresql import migrate as postgresql  # noqa: PLC0415

        with connections.open_connection(
            settings.database,
            lock_wait_max_s=settings.write_wait_max_s,
            prepared=settings.database_prepared == "auto",
        ) as connection:
            connections.check_server(connection)
            if distribute and not postgresql.has_citus(connection):
                raise CommandError("--distribute: the extension citus is not in this database")
            missing = postgresql.pending(connection)
            _show_plan(settings, postgresql.known(), missing)
            unspread = postgresql.undistributed(connection)
            if unspread:
                show(
                    f"{len(unspread)} tables are not spread over the cluster: {', '.join(unspread)}"
                )
            if missing or (distribute and unspread):
                ask(yes=yes)
            if missing:
                count = postgresql.migrate(connection, lambda each: show(f"applying {each.name}"))
                show(f"{count} applied")
            if distribute:
                postgresql.distribute(connection, lambda table: show(f"spreading {table}"))
            elif unspread:
                show("`moyeu migrate --distribute` spreads them")


def _show_plan(
    settings: Settings, known: Sequence[Migration], missing: Sequence[Migration]
) -> None:
    names = {each.name for each in missing}
    rows = [(each.name, "pending" if each.name in names else "applied") for each in known]
    print_table(("migration", "state"), rows)
    shown = database_shown(settings.database)
    if missing:
        show(f"\n{shown} lacks {len(missing)} of {len(known)} migrations. {_BACKUP}")
    else:
        show(f"\n{shown} has all migrations of this version.")
