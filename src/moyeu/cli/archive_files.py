"""Files that a command writes whole or not at all, and archives of portals as compressed files."""

import contextlib
import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from moyeu.cli.exits import CommandError

_LEVEL: Final = 6
_PARTIAL: Final = ".partial"


@contextlib.contextmanager
def written_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file that is there under its name when the block has ended well, and on the disk.

    Until then it has another name beside it; only the user may read it. What the block raises
    removes it.
    Refused: CommandError when the file is there and `force` is not given, or cannot be written.
    """
    try:
        _refuse_existing(path, force=force)
        partial = path.with_name(path.name + _PARTIAL)
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 — a descriptor, no path
                yield file
                file.flush()
                os.fsync(file.fileno())
            _refuse_existing(path, force=force)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(path.absolute().parent)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}") from error


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise CommandError(f"{path} is a folder")
    if path.exists() and not force:
        raise CommandError(f"{path} is there already; --force overwrites it")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def compressed(file: BinaryIO) -> Iterator[Callable[[bytes], object]]:
    """Writes into a gzip file: the same bytes in, the same bytes out, whatever name and time."""
    with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
        yield packed.write


def archive_lines(path: Path) -> Iterator[bytes]:
    """The lines of a compressed file.

    Refused: CommandError when the file cannot be read, is not compressed or is damaged.
    """
    number = 1
    try:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield line
                number += 1
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        fault = f"{path} is damaged or no archive, at line {number}: {error}"
        hint = "; a CSV table needs --type" if number == 1 else ""
        raise CommandError(fault + hint) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}") from error
