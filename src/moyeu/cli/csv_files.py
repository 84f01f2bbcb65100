"""Tables as CSV files (RFC 4180): UTF-8, read with or without a mark, comma, semicolon or tab."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from moyeu.cli.exits import CommandError
from moyeu.operations.table_imports import TableRow
from moyeu.operations.tables import bare_cell

_DELIMITERS: Final = (",", ";", "\t")

WriteRow = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class _Utf8:
    """A file of text over a file of bytes, without a buffer of its own."""

    file: BinaryIO

    def write(self, text: str) -> int:
        """Adds text."""
        return self.file.write(text.encode())


def row_writer(file: BinaryIO, delimiter: str = ",", *, marked: bool = False) -> WriteRow:
    """What writes rows to a file.

    marked: begins with the mark by which some spreadsheets know UTF-8.
    """
    if marked:
        file.write(codecs.BOM_UTF8)
    return csv.writer(_Utf8(file), delimiter=delimiter).writerow


def sniff_delimiter(path: Path) -> str:
    """The delimiter that parts the first row into most cells; the comma where none does."""

    def cells(delimiter: str) -> int:
        for _, found in _cells(path, delimiter, strict=False):
            return len(found)
        return 0

    return max(_DELIMITERS, key=cells)


def read_titles(path: Path, delimiter: str) -> list[str]:
    """The cells of the first row, bare of guards.

    Refused: CommandError when the file cannot be read or has no row.
    """
    for _, cells in _cells(path, delimiter):
        return [bare_cell(each) for each in cells]
    raise CommandError(f"{path} has no row of titles")


def read_rows(
    path: Path, delimiter: str, on_bytes: Callable[[int], object] = lambda _: None
) -> Iterator[TableRow]:
    """The rows after the first one, bare of guards; rows without any text are passed over.

    on_bytes: is told how far the file was read.
    Refused: CommandError when the file cannot be read or is no CSV.
    """
    rows = _cells(path, delimiter, on_bytes)
    next(rows, None)
    for line, cells in rows:
        if any(cells):
            yield TableRow(line, [bare_cell(each) for each in cells])


def _cells(
    path: Path,
    delimiter: str,
    on_bytes: Callable[[int], object] = lambda _: None,
    *,
    strict: bool = True,
) -> Iterator[tuple[int, list[str]]]:
    """The lines that rows begin in, from 1, and their cells as they stand."""
    line = 1
    try:
        with path.open("rb") as file:
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=delimiter, strict=strict)
            for cells in reader:
                if strict and any("\0" in each for each in cells):
                    raise CommandError(
                        f"{path}, line {line}: a cell has U+0000, which no store keeps"
                    )
                yield line, cells
                line = reader.line_num + 1
                on_bytes(file.tell())
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8, in line {line} or soon after it") from error
    except csv.Error as error:
        raise CommandError(f"{path} is no CSV, line {line}: {error}") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}") from error
