"""Opening the database that the settings name."""

import contextlib
from collections.abc import Iterator
from typing import Final

import apsw

from moyeu.cli.database_urls import (
    check_postgresql,
    database_path,
    database_shown,
    is_postgresql,
)
from moyeu.cli.exits import BROKEN, CommandError
from moyeu.settings import Settings
from moyeu.storage import sqlite
from moyeu.storage.contract import Store, StoreBrokenError, StoreError

_MAKE_ONE: Final = "`moyeu portal create` makes a database and a portal"


@contextlib.contextmanager
def opened(
    settings: Settings, *, must_exist: bool = False, flag: str = "--database"
) -> Iterator[Store]:
    """The open store; closed at the end. Its file or its tables are made where they are missing.

    flag: what gave the address.
    Refused: CommandError when another process holds the file, when a newer version wrote it, when
    it is missing and must exist, when the server does not answer or fit, or when the system does
    not let us; with BROKEN when the store breaks while it is open.
    """
    if is_postgresql(settings.database):
        store = _open_postgresql(settings, flag, must_exist=must_exist)
    else:
        store = _open_sqlite(settings, flag, must_exist=must_exist)
    try:
        yield store
    except StoreBrokenError as error:
        raise CommandError(str(error), BROKEN) from error
    except StoreError as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()


def _open_sqlite(settings: Settings, flag: str, *, must_exist: bool) -> Store:
    path = database_path(settings.database, flag)
    if must_exist and not path.exists():
        raise CommandError(f"{path} does not exist; {_MAKE_ONE}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite.open_store(
            path,
            group_batches_max=settings.group_batches_max,
            readers=settings.readers,
            wal_checkpoint_pages=settings.wal_checkpoint_pages,
            write_wait_max_s=settings.write_wait_max_s,
        )
    except StoreError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be opened: {error.strerror}") from error
    except apsw.Error as error:
        raise CommandError(f"{path} cannot be opened: {error}") from error


def _open_postgresql(settings: Settings, flag: str, *, must_exist: bool) -> Store:
    with postgresql_refusals(settings.database, flag):
        from moyeu.storage import postgresql  # noqa: PLC0415 — only here
        from moyeu.storage.postgresql import connections, migrate  # noqa: PLC0415

        if must_exist:
            with connections.open_connection(settings.database) as connection:
                if migrate.is_empty(connection):
                    shown = database_shown(settings.database)
                    raise CommandError(f"{shown} is empty; {_MAKE_ONE}")
        return postgresql.open_store(
            settings.database,
            connections_max=settings.database_connections,
            prepared=settings.database_prepared == "auto",
            write_wait_max_s=settings.write_wait_max_s,
        )


@contextlib.contextmanager
def postgresql_refusals(url: str, flag: str = "--database") -> Iterator[None]:
    """What the driver of PostgreSQL raises inside is refused as CommandError, by its address.

    Refused too: an address that is none, with USAGE, and that the driver is not installed.
    """
    check_postgresql(url, flag)
    try:
        import psycopg  # noqa: PLC0415 — only where PostgreSQL is asked for
        import psycopg_pool  # noqa: F401, PLC0415
    except ImportError as error:
        raise CommandError(
            "PostgreSQL needs a driver that is not installed: pip install 'moyeu[postgres]'"
        ) from error
    try:
        yield
    except StoreError as error:
        raise CommandError(f"{database_shown(url)}: {error}") from error
    except psycopg.Error as error:
        raise CommandError(f"{database_shown(url)}: {error}") from error
