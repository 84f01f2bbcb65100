"""The lines of an archive one after the other: their numbers, their order and their checksum."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from moyeu.crm.problems import Problem
from moyeu.operations.archive_lines import (
    FORMAT,
    UNREADABLE,
    VERSION,
    ClosingLine,
    EndLine,
    Header,
    Line,
    SectionName,
    read_beginning,
    read_line,
)
from moyeu.operations.archive_problems import (
    MisplacedLine,
    MissingLines,
    NewerArchive,
    NotAnArchive,
    NotAscending,
    TrailingLine,
    UnreadableLine,
    WrongChecksum,
    WrongCount,
)

_PART_LINES: Final = 500
_PART_BYTES: Final = 4 * 1024 * 1024
"""How much is in memory at a time; a longer line is a part of its own."""

Lines = Callable[[], Iterator[bytes]]
"""Gives the lines of an archive from the first one on, each time it is called."""

L = TypeVar("L", bound=Line)


class RefusedError(Exception):
    """Carries a problem out of the transaction, which is undone by it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def read_header(line: bytes) -> Header | NotAnArchive | NewerArchive:
    """What the first line of an archive says."""
    try:
        beginning = read_beginning(line)
        if beginning.format != FORMAT or beginning.version < 1:
            return NotAnArchive("")
        if beginning.version > VERSION:
            return NewerArchive(beginning.version)
        header = read_line(line)
    except UNREADABLE as error:
        return NotAnArchive(str(error))
    return header if isinstance(header, Header) else NotAnArchive("")


@dataclass(slots=True)
class Part(Generic[L]):
    """Some lines of one section; first: the number of the first one."""

    first: int
    lines: list[L] = field(default_factory=list)

    def numbered(self) -> Iterator[tuple[int, L]]:
        """The lines with their numbers."""
        return enumerate(self.lines, self.first)


Key = tuple[str | int, ...]
"""What the lines of a section are ascending by."""


class ArchiveReader:
    """The lines one after the other, with their numbers, their order and their checksum."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._digest = hashlib.sha256()
        self.number = 0

    def _next(self) -> bytes:
        self.number += 1
        line = next(self._lines, None)
        if line is None:
            raise RefusedError(MissingLines(self.number))
        return line

    def _read(self, text: bytes) -> Line:
        try:
            line: Line = read_line(text)
        except UNREADABLE as error:
            raise RefusedError(UnreadableLine(self.number, str(error))) from error
        return line

    def header(self) -> Header:
        """The first line."""
        header = read_header(self._next())
        if isinstance(header, Problem):
            raise RefusedError(header)
        return header

    def parts(
        self,
        kind: SectionName,
        line_type: type[Any],
        key_of: Callable[[Any], Key] | None,
        told: int,
    ) -> Iterator[Part[Any]]:
        """The lines of a section in parts, up to its closing line.

        key_of: what they are ascending by, None where several may be equal. told: how many there
        shall be.
        """
        part: Part[Any] = Part(self.number + 1)
        counted, last, size = 0, None, 0
        while True:
            text = self._next()
            self._digest.update(text)
            line = self._read(text)
            if isinstance(line, ClosingLine) and line.section == kind:
                break
            if not isinstance(line, line_type):
                raise RefusedError(MisplacedLine(self.number, _kind(line), kind))
            key = None if key_of is None else key_of(line)
            if key is not None and last is not None and key <= last:
                raise RefusedError(NotAscending(self.number, kind, key))
            last = key
            part.lines.append(line)
            counted, size = counted + 1, size + len(text)
            if len(part.lines) == _PART_LINES or size >= _PART_BYTES:
                yield part
                part, size = Part(self.number + 1), 0
        if part.lines:
            yield part
        for each in (line.count, told):
            if each != counted:
                raise RefusedError(WrongCount(self.number, kind, each, counted))

    def end(self) -> None:
        """The last line, and that nothing follows."""
        line = self._read(self._next())
        if not isinstance(line, EndLine):
            raise RefusedError(MisplacedLine(self.number, _kind(line), "end"))
        if line.sha256 != self._digest.hexdigest():
            raise RefusedError(WrongChecksum(self.number))
        if next(self._lines, None) is not None:
            raise RefusedError(TrailingLine(self.number + 1))


def _kind(line: Line) -> str:
    return str(line.__struct_config__.tag)
