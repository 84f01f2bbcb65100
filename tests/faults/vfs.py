"""File systems for SQLite that misbehave on purpose: watched, refusing, or without power.

Both sit between SQLite and the real file system as an apsw VFS. Locks, shared memory and every
file but the database and its WAL go straight through.
"""

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

Kind = Literal["read", "write", "sync"]
Role = Literal["database", "wal"]

SECTOR_BYTES = 512
"""What a disk writes as a whole; larger writes may be torn at its multiples."""

_SYSTEM = "unix"
"""The VFS below ours."""

_WATCHED: dict[int, Role] = {apsw.SQLITE_OPEN_MAIN_DB: "database", apsw.SQLITE_OPEN_WAL: "wal"}


def _role(flags: list[int]) -> Role | None:
    return next((role for flag, role in _WATCHED.items() if flags[0] & flag), None)


def _path(name: str | apsw.URIFilename | None) -> str:
    assert name is not None
    return name.filename() if isinstance(name, apsw.URIFilename) else name


# --- watching --------------------------------------------------------------------------------


class WatchedVFS(apsw.VFS):
    """The system's file system, with a callback before each operation on a file.

    on_operation: may raise, which SQLite takes as the failure of that operation, or never return.
    """

    def __init__(
        self, name: str, on_operation: Callable[[Kind, Role], None], *, is_default: bool = False
    ) -> None:
        self.name = name
        self._on_operation = on_operation
        super().__init__(name, _SYSTEM, makedefault=is_default)

    def xOpen(  # noqa: N802 — SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """A watched file for the database and its WAL, a plain one for all others."""
        role = _role(flags)
        if role is None:
            return apsw.VFSFile(_SYSTEM, name, flags)
        return _WatchedFile(name, flags, role, self._on_operation)


class _WatchedFile(apsw.VFSFile):
    def __init__(
        self,
        name: str | apsw.URIFilename | None,
        flags: list[int],
        role: Role,
        on_operation: Callable[[Kind, Role], None],
    ) -> None:
        super().__init__(_SYSTEM, name, flags)
        self._role = role
        self._on_operation = on_operation

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 — SQLite's name
        self._on_operation("read", self._role)
        return super().xRead(amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 — SQLite's name
        self._on_operation("write", self._role)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 — SQLite's name
        self._on_operation("sync", self._role)
        super().xSync(flags)


# --- losing power ----------------------------------------------------------------------------


@dataclass(slots=True)
class _CachedFile:
    """A file as the process sees it, as the disk surely has it, and the versions in between."""

    content: bytearray
    durable: bytearray
    versions: dict[int, list[bytes]] = field(default_factory=dict)
    """By sector number: what it held after each unsynced write, oldest first."""
    sizes: list[int] = field(default_factory=list)
    """Sizes since the last sync, oldest first."""

    def write(self, data: bytes, offset: int) -> None:
        end = offset + len(data)
        if end > len(self.content):
            self.content.extend(bytes(end - len(self.content)))
            self.sizes.append(end)
        self.content[offset:end] = data
        for sector in range(offset // SECTOR_BYTES, (end - 1) // SECTOR_BYTES + 1):
            start = sector * SECTOR_BYTES
            held = bytes(self.content[start : start + SECTOR_BYTES])
            self.versions.setdefault(sector, []).append(held)

    def truncate(self, size: int) -> None:
        del self.content[size:]
        self.sizes.append(size)

    def sync(self) -> None:
        if self.sizes:
            size = len(self.content)
            del self.durable[size:]
            self.durable.extend(bytes(size - len(self.durable)))
        for sector in self.versions:
            start = sector * SECTOR_BYTES
            held = self.content[start : start + SECTOR_BYTES]
            self.durable[start : start + len(held)] = held
        self.versions.clear()
        self.sizes.clear()

    def after_cut(self, chance: random.Random) -> bytes:
        """What is found after the power is back: each unsynced sector in one of its versions."""
        size = chance.choice([len(self.durable), *self.sizes])
        newest = chance.choice([0.0, 0.5, 0.9, 1.0])
        image = bytearray(self.durable)
        image.extend(bytes(max(0, max([0, *self.sizes]) - len(image))))
        for sector, held in self.versions.items():
            start = sector * SECTOR_BYTES
            before = bytes(self.durable[start : start + SECTOR_BYTES])
            found = held[-1] if chance.random() < newest else chance.choice([before, *held])
            image[start : start + len(found)] = found
        del image[size:]
        return bytes(image)


class Disk:
    """A disk with a cache that is lost, in part, when the power is cut.

    cut_at: the number of the operation (write, sync or truncate) that no longer happens; from then
    on every operation fails, as if the process were gone. image: the files after the cut by role.
    """

    def __init__(self, seed: int, cut_at: int) -> None:
        self.image: dict[Role, bytes] | None = None
        self.operations = 0
        self._cut_at = cut_at
        self._chance = random.Random(seed)
        self._files: dict[str, tuple[Role, _CachedFile]] = {}
        self._lock = threading.RLock()
        self._cleaning_up = False

    def open(self, path: str, role: Role) -> _CachedFile:
        """The file of that path, one for all connections."""
        with self._lock:
            if path not in self._files:
                content = Path(path).read_bytes()
                self._files[path] = (role, _CachedFile(bytearray(content), bytearray(content)))
            return self._files[path][1]

    def forget(self, path: str) -> None:
        """The file was deleted."""
        with self._lock:
            self._files.pop(path, None)

    def act(self, action: Callable[[], None]) -> None:
        """One operation that changes the disk, unless the power is gone."""
        with self._lock:
            self.operations += 1
            if self.image is None and self.operations >= self._cut_at:
                self.cut()
            if self.image is not None and not self._cleaning_up:
                raise apsw.exception_for(apsw.SQLITE_IOERR_WRITE)
            action()

    def read(self, file: _CachedFile, amount: int, offset: int) -> bytes:
        """What the process reads: its own writes, synced or not."""
        with self._lock:
            return bytes(file.content[offset : offset + amount])

    def cut(self) -> None:
        """The power goes; happens once."""
        with self._lock:
            if self.image is None:
                files = self._files.values()
                self.image = {role: file.after_cut(self._chance) for role, file in files}

    def let_go(self) -> None:
        """Lets the connections of the dead process be closed without complaint."""
        self._cleaning_up = True

    def write_image(self, database: Path) -> None:
        """Puts what survived where a new process will look for it; the WAL index never does."""
        assert self.image is not None
        database.write_bytes(self.image["database"])
        if "wal" in self.image:
            database.with_name(database.name + "-wal").write_bytes(self.image["wal"])


class PowerCutVFS(apsw.VFS):
    """A file system on a `Disk`."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.name = name
        self._disk = disk
        super().__init__(name, _SYSTEM)

    def xOpen(  # noqa: N802 — SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """A file on the disk for the database and its WAL, a plain one for all others."""
        role = _role(flags)
        if role is None:
            return apsw.VFSFile(_SYSTEM, name, flags)
        return _DiskFile(name, flags, role, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 — SQLite's name
        """Deletes the file here and on the disk."""
        super().xDelete(filename, syncdir)
        self._disk.forget(os.fspath(filename))


class _DiskFile(apsw.VFSFile):
    def __init__(
        self, name: str | apsw.URIFilename | None, flags: list[int], role: Role, disk: Disk
    ) -> None:
        super().__init__(_SYSTEM, name, flags)
        self._disk = disk
        self._file = disk.open(_path(name), role)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 — SQLite's name
        return self._disk.read(self._file, amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 — SQLite's name
        self._disk.act(lambda: self._file.write(bytes(data), offset))

    def xTruncate(self, size: int) -> None:  # noqa: N802 — SQLite's name
        self._disk.act(lambda: self._file.truncate(size))

    def xSync(self, flags: int) -> None:  # noqa: N802 — SQLite's name
        self._disk.act(self._file.sync)

    def xFileSize(self) -> int:  # noqa: N802 — SQLite's name
        return len(self._file.content)
