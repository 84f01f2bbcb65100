"""Opening the database that the settings name."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from moyeu.cli.exits import BROKEN, USAGE, CommandError
from moyeu.settings import Settings
from moyeu.storage.contract import StoreBrokenError, StoreError
from moyeu.storage.sqlite import SqliteStore, open_store

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql:", "postgres:")


def database_path(url: str) -> Path:
    """The file of a `sqlite:///PATH` address; `sqlite:////PATH` is an absolute path.

    Refused: CommandError with USAGE for anything else.
    """
    if url.startswith(_POSTGRESQL):
        raise CommandError("PostgreSQL is not supported yet; use --database sqlite:///PATH", USAGE)
    path = url.removeprefix(_SQLITE)
    if path == url or path.strip("/") == "" or path.startswith(":"):
        raise CommandError(f"--database is {url!r}: expected sqlite:///PATH", USAGE)
    return Path(path)


@contextlib.contextmanager
def opened(settings: Settings, *, must_exist: bool = False) -> Iterator[SqliteStore]:
    """The open store; closed at the end. Its folder is made where it is missing.

    Refused: CommandError when another process holds the file, when a newer version wrote it, when
    it is missing and must exist, or when the system does not let us; with BROKEN when the store
    breaks while it is open.
    """
    path = database_path(settings.database)
    if must_exist and not path.exists():
        raise CommandError(
            f"{path} does not exist; `moyeu portal create` makes a database and a portal"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        store = open_store(
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
    try:
        yield store
    except StoreBrokenError as error:
        raise CommandError(str(error), BROKEN) from error
    except StoreError as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()


def remove_database(path: Path) -> None:
    """Removes a closed SQLite database with its log files."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
