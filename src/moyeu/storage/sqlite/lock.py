"""The lock that keeps a second process off a database file."""

import fcntl
import os
from pathlib import Path
from typing import Self

from moyeu.storage.contract import StoreInUseError


class ProcessLock:
    """Held from `take` until `release` or the end of the process, however it ends.

    It is a file of its own beside the database: closing any descriptor of the database itself
    would drop the locks that SQLite holds on it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path) -> Self:
        """The lock of that database. Refused: StoreInUseError, naming the process that holds it."""
        path = database.with_name(database.name + "-lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreInUseError(
                f"{database} is in use by another process"
                + (f" (process id {holder})" if holder else "")
                + "; one process at a time may open it: stop that one first"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Lets another process in. The file stays: removing it would race with a taker."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
