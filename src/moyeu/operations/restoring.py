"""A new portal from the lines of an archive: all of it, or nothing.

The whole portal is one transaction. Until it is committed no reader sees the portal, and an
interrupted one leaves nothing behind; what it costs is a log as large as the portal.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

import msgspec

from moyeu.crm.associations import Association, association_types_of
from moyeu.crm.definitions import Owner
from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import Problem
from moyeu.crm.records import StoredRecord, UniqueKey
from moyeu.crm.restoring import restored_values
from moyeu.operations.archive_lines import (
    FORMAT,
    UNREADABLE,
    VERSION,
    AssociationLine,
    AuditLine,
    ClosingLine,
    DefinitionLine,
    EndLine,
    Header,
    Line,
    MergedLine,
    OwnerLine,
    RecordLine,
    SectionName,
    WriteLine,
    read_beginning,
    read_line,
)
from moyeu.operations.archive_problems import (
    EarlierWriteExpected,
    IdNotGivenOut,
    InvalidDocument,
    MisplacedLine,
    MissingLines,
    NewerArchive,
    NotAnArchive,
    NotAscending,
    PortalIdTaken,
    RestoredValueTaken,
    TrailingLine,
    UnknownInArchive,
    UnreadableLine,
    WrongChecksum,
    WrongCount,
)
from moyeu.operations.archives import Told
from moyeu.operations.long_writes import GoOn, write_while_awaited
from moyeu.storage.contract import (
    AuditEntry,
    Counters,
    Portal,
    Store,
    StoredDefinition,
    WriteTransaction,
)

_PART_LINES: Final = 500
_PART_BYTES: Final = 4 * 1024 * 1024
"""How much is in memory at a time; a longer line is a part of its own."""

Lines = Callable[[], Iterator[bytes]]
"""Gives the lines of an archive from the first one on, each time it is called."""

L = TypeVar("L", bound=Line)


class _RefusedError(Exception):
    """Carries a problem out of the transaction, which is undone by it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Restored:
    """The new portal, and the header of the archive that it came from."""

    portal: Portal
    header: Header


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


async def import_portal(
    store: Store,
    lines: Lines,
    portal_id: int | None,
    name: str | None,
    on_progress: Told,
) -> Restored | Problem:
    """Makes a portal of an archive: its ids, times, history and counters are those of the archive.

    portal_id, name: in place of the archive's own. The writer is held for the whole import; when it
    is cancelled, nothing is kept.
    Refused, with nothing kept: NotAnArchive, NewerArchive, PortalIdTaken, an ArchiveProblem. What
    `lines` raises is raised, with nothing kept.
    """

    def work(transaction: WriteTransaction, go_on: GoOn) -> Restored:
        reader = _Reader(lines())
        header = reader.header()
        portal = Portal(
            portal_id or header.portal_id,
            header.name if name is None else name,
            header.app_id,
            header.created_at_ms,
        )
        if any(each.id == portal.id for each in transaction.portals()):
            raise _RefusedError(PortalIdTaken(portal.id))
        transaction.add_portal(portal)
        counters = Counters(header.next_record_id, header.next_object_type)
        transaction.restore_counters(portal.id, counters)
        turn = _Turn(transaction, portal.id, header)
        done = 0
        for kind, section in _SECTIONS.items():
            for part in reader.parts(kind, section, getattr(header.counts, kind)):
                section.restore(turn, part)
                done += len(part.lines)
                on_progress(done)
                go_on()
            if kind == "definition":
                turn.check_definitions(reader.number)
        reader.end()
        go_on()
        return Restored(portal, header)

    try:
        return await write_while_awaited(store, work)
    except _RefusedError as refused:
        return refused.problem


class _Reader:
    """The lines one after the other, with their numbers, their order and their checksum."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._digest = hashlib.sha256()
        self.number = 0

    def _next(self) -> bytes:
        self.number += 1
        line = next(self._lines, None)
        if line is None:
            raise _RefusedError(MissingLines(self.number))
        return line

    def _read(self, text: bytes) -> Line:
        try:
            line: Line = read_line(text)
        except UNREADABLE as error:
            raise _RefusedError(UnreadableLine(self.number, str(error))) from error
        return line

    def header(self) -> Header:
        """The first line."""
        header = read_header(self._next())
        if isinstance(header, Problem):
            raise _RefusedError(header)
        return header

    def parts(self, kind: SectionName, section: "_Section", told: int) -> Iterator["_Part[Any]"]:
        """The lines of a section in parts, up to its closing line; told: how many it shall have."""
        part: _Part[Any] = _Part(self.number + 1)
        counted, last, size = 0, None, 0
        while True:
            text = self._next()
            self._digest.update(text)
            line = self._read(text)
            if isinstance(line, ClosingLine) and line.section == kind:
                break
            if not isinstance(line, section.line_type):
                raise _RefusedError(MisplacedLine(self.number, _kind(line), kind))
            key = None if section.key is None else section.key(line)
            if key is not None and last is not None and key <= last:
                raise _RefusedError(NotAscending(self.number, kind, key))
            last = key
            part.lines.append(line)
            counted, size = counted + 1, size + len(text)
            if len(part.lines) == _PART_LINES or size >= _PART_BYTES:
                yield part
                part, size = _Part(self.number + 1), 0
        if part.lines:
            yield part
        for each in (line.count, told):
            if each != counted:
                raise _RefusedError(WrongCount(self.number, kind, each, counted))

    def end(self) -> None:
        """The last line, and that nothing follows."""
        line = self._read(self._next())
        if not isinstance(line, EndLine):
            raise _RefusedError(MisplacedLine(self.number, _kind(line), "end"))
        if line.sha256 != self._digest.hexdigest():
            raise _RefusedError(WrongChecksum(self.number))
        if next(self._lines, None) is not None:
            raise _RefusedError(TrailingLine(self.number + 1))


def _kind(line: Line) -> str:
    return str(line.__struct_config__.tag)


@dataclass(slots=True)
class _Part(Generic[L]):
    """Some lines of one section; first: the number of the first one."""

    first: int
    lines: list[L] = field(default_factory=list)

    def numbered(self) -> Iterator[tuple[int, L]]:
        """The lines with their numbers."""
        return enumerate(self.lines, self.first)


@dataclass(slots=True)
class _Turn:
    """The transaction that makes the portal, and what its checks know by now.

    type_ids: object types that have definitions.
    """

    transaction: WriteTransaction
    portal_id: int
    header: Header
    type_ids: set[str] = field(default_factory=set)

    def check_definitions(self, line: int) -> None:
        """Refuses definitions that cannot be read, at the end of their section.

        Later lines rest on them, and so would every request to the portal.
        """
        for object_type_id in ["", *sorted(self.type_ids)]:
            try:
                if object_type_id:
                    self.check_type(line, object_type_id)
                    self.transaction.definitions(self.portal_id, object_type_id)
                else:
                    association_types_of(self.transaction.object_types(self.portal_id))
            except (msgspec.DecodeError, ValueError, LookupError) as error:
                problem = InvalidDocument(line, object_type_id, str(error))
                raise _RefusedError(problem) from error

    def check_type(self, line: int, object_type_id: str) -> None:
        """Refuses an object type that the portal has not."""
        if self.transaction.object_types(self.portal_id).by_id(object_type_id) is None:
            raise _RefusedError(UnknownInArchive(line, "object type", object_type_id))


def _restore_owners(turn: _Turn, part: _Part[OwnerLine]) -> None:
    for each in part.lines:
        owner = Owner(**{name: getattr(each, name) for name in each.__struct_fields__})
        turn.transaction.add_owner(turn.portal_id, owner)


def _restore_definitions(turn: _Turn, part: _Part[DefinitionLine]) -> None:
    turn.type_ids.update(each.object_type_id for each in part.lines)
    turn.transaction.restore_definitions(
        turn.portal_id,
        [
            StoredDefinition(each.what, each.object_type_id, each.name, _text(each.document))
            for each in part.lines
        ],
    )


def _restore_audits(turn: _Turn, part: _Part[AuditLine]) -> None:
    for object_type_id, lines in groupby(part.lines, lambda each: each.object_type_id):
        entries = [
            AuditEntry(
                each.pipeline_id,
                each.stage_id,
                each.action,
                each.at_ms,
                each.user_id,
                _text(each.document),
            )
            for each in lines
        ]
        turn.transaction.add_audit(turn.portal_id, object_type_id, entries)


def _restore_records(turn: _Turn, part: _Part[RecordLine]) -> None:
    for object_type_id, lines in groupby(part.numbered(), lambda each: each[1].object_type_id):
        records = [(line, _record(each)) for line, each in lines]
        first_line = records[0][0]
        turn.check_type(first_line, object_type_id)
        for line, record in records:
            if record.record_id >= turn.header.next_record_id:
                raise _RefusedError(IdNotGivenOut(line, record.record_id))
        _check_values(turn, object_type_id, records)
        turn.transaction.restore_records(
            turn.portal_id, object_type_id, [record for _, record in records]
        )


def _check_values(
    turn: _Turn, object_type_id: str, records: Sequence[tuple[int, StoredRecord]]
) -> None:
    """Refuses a unique value that a record before has."""
    definitions = turn.transaction.definitions(turn.portal_id, object_type_id)
    claims = [
        (line, key) for line, record in records for key in restored_values(definitions, record)
    ]
    keys = [key for _, key in claims]
    taken: set[UniqueKey] = set()
    if keys:
        taken.update(turn.transaction.value_owners(turn.portal_id, object_type_id, keys))
    for line, key in claims:
        if key in taken:
            raise _RefusedError(RestoredValueTaken(line, *key))
        taken.add(key)


def _record(line: RecordLine) -> StoredRecord:
    return StoredRecord(
        line.record_id,
        line.properties,
        line.created_at_ms,
        line.updated_at_ms,
        line.archived_at_ms,
        line.last_write,
    )


def _restore_associations(turn: _Turn, part: _Part[AssociationLine]) -> None:
    types = association_types_of(turn.transaction.object_types(turn.portal_id))
    for line, each in part.numbered():
        if types.find(each.category, each.type_id) is None:
            name = f"{each.category}:{each.type_id}"
            raise _RefusedError(UnknownInArchive(line, "association type", name))
    rows = [Association(*msgspec.structs.astuple(each)) for each in part.lines]
    turn.transaction.put_associations(turn.portal_id, rows)


def _restore_merged(turn: _Turn, part: _Part[MergedLine]) -> None:
    rows = [(each.object_type_id, each.record_id, each.survivor_id) for each in part.lines]
    turn.transaction.restore_merged(turn.portal_id, rows)


def _restore_writes(turn: _Turn, part: _Part[WriteLine]) -> None:
    for line, each in part.numbered():
        if each.previous >= each.number:
            raise _RefusedError(EarlierWriteExpected(line, each.number))
    writes = [RecordWrite(*msgspec.structs.astuple(each)) for each in part.lines]
    turn.transaction.restore_writes(turn.portal_id, writes)


def _text(document: msgspec.Raw) -> str:
    return bytes(document).decode()


_Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    """One kind of line; key: what its lines are ascending by, None where several may be equal."""

    line_type: type[Any]
    restore: Callable[[_Turn, _Part[Any]], None]
    key: Callable[[Any], _Key] | None


_SECTIONS: Final[dict[SectionName, _Section]] = {
    "owner": _Section(OwnerLine, _restore_owners, lambda x: (x.id,)),
    "definition": _Section(
        DefinitionLine, _restore_definitions, lambda x: (x.what, x.object_type_id, x.name)
    ),
    "audit": _Section(AuditLine, _restore_audits, None),
    "record": _Section(RecordLine, _restore_records, lambda x: (x.object_type_id, x.record_id)),
    "association": _Section(
        AssociationLine,
        _restore_associations,
        lambda x: (x.from_record_id, x.to_object_type_id, x.to_record_id, x.category, x.type_id),
    ),
    "merged": _Section(MergedLine, _restore_merged, lambda x: (x.object_type_id, x.record_id)),
    "write": _Section(WriteLine, _restore_writes, lambda x: (x.number,)),
}
