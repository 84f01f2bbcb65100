"""A new portal from the lines of an archive: all of it, or nothing.

The whole portal is one transaction. Until it is committed no reader sees the portal, and an
interrupted one leaves nothing behind; what it costs is a log as large as the portal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, TypeVar

import msgspec

from moyeu.crm.association_labels import check_inverses
from moyeu.crm.associations import Association, association_types_of
from moyeu.crm.definitions import Owner
from moyeu.crm.history import RecordWrite
from moyeu.crm.lists.definitions import ListDefinition, ListFolder, ListMembership
from moyeu.crm.lists.folders import Folders
from moyeu.crm.problems import Problem
from moyeu.crm.records import StoredRecord, UniqueKey
from moyeu.crm.restoring import restored_values
from moyeu.operations.archive_lines import (
    SECTIONS_SINCE,
    AssociationLine,
    AuditLine,
    DefinitionLine,
    Header,
    ListFolderLine,
    ListLine,
    ListMembershipLine,
    MergedLine,
    OwnerLine,
    RecordLine,
    SectionName,
    WriteLine,
)
from moyeu.operations.archive_problems import (
    EarlierWriteExpected,
    IdNotGivenOut,
    InvalidDocument,
    InvalidListDocument,
    ListIdNotGivenOut,
    PortalIdTaken,
    RestoredValueTaken,
    UnknownInArchive,
)
from moyeu.operations.archive_reading import ArchiveReader, Key, Lines, Part, RefusedError
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


@dataclass(frozen=True, slots=True)
class Restored:
    """The new portal, and the header of the archive that it came from."""

    portal: Portal
    header: Header


async def import_portal(
    store: Store,
    lines: Lines,
    portal_id: int | None,
    name: str | None,
    on_progress: Told,
    add_more: Callable[[WriteTransaction, Portal], None] = lambda _transaction, _portal: None,
) -> Restored | Problem:
    """Makes a portal of an archive: its ids, times, history and counters are those of the archive.

    portal_id, name: in place of the archive's own. add_more: is called at the end, with what an
    archive has not. The writer is held for the whole import; when it is cancelled, nothing is kept.
    Refused, with nothing kept: NotAnArchive, NewerArchive, PortalIdTaken, an ArchiveProblem. What
    `lines` raises is raised, with nothing kept.
    """

    def work(transaction: WriteTransaction, go_on: GoOn) -> Restored:
        reader = ArchiveReader(lines())
        header = reader.header()
        portal = Portal(
            portal_id or header.portal_id,
            header.name if name is None else name,
            header.app_id,
            header.created_at_ms,
        )
        if any(each.id == portal.id for each in transaction.portals()):
            raise RefusedError(PortalIdTaken(portal.id))
        transaction.add_portal(portal)
        counters = Counters(
            header.next_record_id,
            header.next_object_type,
            header.next_list,
            header.next_list_folder,
            header.next_association_type,
            header.last_write,
        )
        transaction.restore_counters(portal.id, counters)
        turn = _Turn(transaction, portal.id, header)
        done = 0
        for kind, section in _SECTIONS.items():
            if SECTIONS_SINCE.get(kind, 1) > header.version:
                continue
            for part in reader.parts(
                kind, section.line_type, section.key, getattr(header.counts, kind)
            ):
                section.restore(turn, part)
                done += len(part.lines)
                on_progress(done)
                go_on()
            if kind == "definition":
                turn.check_definitions(reader.number)
            if kind == "list_folder":
                turn.check_folders(reader.number)
        reader.end()
        add_more(transaction, portal)
        go_on()
        return Restored(portal, header)

    try:
        return await write_while_awaited(store, work)
    except RefusedError as refused:
        return refused.problem


@dataclass(slots=True)
class _Turn:
    """The transaction that makes the portal, and what its checks know by now.

    type_ids: object types that have definitions. lists: those that there are, by id.
    """

    transaction: WriteTransaction
    portal_id: int
    header: Header
    type_ids: set[str] = field(default_factory=set)
    lists: dict[int, ListDefinition] = field(default_factory=dict)

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
                    check_inverses(
                        association_types_of(self.transaction.object_types(self.portal_id))
                    )
            except (msgspec.DecodeError, ValueError, LookupError) as error:
                problem = InvalidDocument(line, object_type_id, str(error))
                raise RefusedError(problem) from error

    def check_folders(self, line: int) -> None:
        """Refuses folders of lists that do not lie in the root, at the end of their section."""
        folder = Folders(self.transaction.list_folders(self.portal_id)).misplaced()
        if folder is not None:
            raise RefusedError(UnknownInArchive(line, "list folder", str(folder.parent_id)))

    def check_type(self, line: int, object_type_id: str) -> None:
        """Refuses an object type that the portal has not."""
        if self.transaction.object_types(self.portal_id).by_id(object_type_id) is None:
            raise RefusedError(UnknownInArchive(line, "object type", object_type_id))


def _restore_owners(turn: _Turn, part: Part[OwnerLine]) -> None:
    for each in part.lines:
        owner = Owner(**{name: getattr(each, name) for name in each.__struct_fields__})
        turn.transaction.add_owner(turn.portal_id, owner)


def _restore_definitions(turn: _Turn, part: Part[DefinitionLine]) -> None:
    turn.type_ids.update(each.object_type_id for each in part.lines)
    turn.transaction.restore_definitions(
        turn.portal_id,
        [
            StoredDefinition(each.what, each.object_type_id, each.name, _text(each.document))
            for each in part.lines
        ],
    )


def _restore_audits(turn: _Turn, part: Part[AuditLine]) -> None:
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


def _restore_records(turn: _Turn, part: Part[RecordLine]) -> None:
    for object_type_id, lines in groupby(part.numbered(), lambda each: each[1].object_type_id):
        records = [(line, _record(each)) for line, each in lines]
        first_line = records[0][0]
        turn.check_type(first_line, object_type_id)
        for line, record in records:
            if record.record_id >= turn.header.next_record_id:
                raise RefusedError(IdNotGivenOut(line, record.record_id))
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
            raise RefusedError(RestoredValueTaken(line, *key))
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


def _restore_associations(turn: _Turn, part: Part[AssociationLine]) -> None:
    types = association_types_of(turn.transaction.object_types(turn.portal_id))
    for line, each in part.numbered():
        if types.find(each.category, each.type_id) is None:
            name = f"{each.category}:{each.type_id}"
            raise RefusedError(UnknownInArchive(line, "association type", name))
    rows = [Association(*msgspec.structs.astuple(each)) for each in part.lines]
    turn.transaction.put_associations(turn.portal_id, rows)


def _restore_merged(turn: _Turn, part: Part[MergedLine]) -> None:
    rows = [(each.object_type_id, each.record_id, each.survivor_id) for each in part.lines]
    turn.transaction.restore_merged(turn.portal_id, rows)


def _restore_writes(turn: _Turn, part: Part[WriteLine]) -> None:
    for line, each in part.numbered():
        if each.previous >= each.number:
            raise RefusedError(EarlierWriteExpected(line, each.number))
    writes = [RecordWrite(*msgspec.structs.astuple(each)) for each in part.lines]
    turn.transaction.restore_writes(turn.portal_id, writes)


_read_folder = msgspec.json.Decoder(ListFolder).decode
_read_list = msgspec.json.Decoder(ListDefinition).decode


def _restore_list_folders(turn: _Turn, part: Part[ListFolderLine]) -> None:
    for line, each in part.numbered():
        folder = _list_document(line, "list_folder", each, _read_folder)
        if folder.id >= turn.header.next_list_folder:
            raise RefusedError(ListIdNotGivenOut(line, "list_folder", folder.id))
        turn.transaction.put_list_folder(turn.portal_id, folder)


def _restore_lists(turn: _Turn, part: Part[ListLine]) -> None:
    for line, each in part.numbered():
        definition = _list_document(line, "list", each, _read_list)
        if definition.id >= turn.header.next_list:
            raise RefusedError(ListIdNotGivenOut(line, "list", definition.id))
        turn.check_type(line, definition.object_type_id)
        turn.lists[definition.id] = definition
        turn.transaction.put_list(turn.portal_id, definition)


D = TypeVar("D", ListFolder, ListDefinition)


def _list_document(
    line: int, kind: SectionName, given: ListFolderLine | ListLine, read: Callable[[bytes], D]
) -> D:
    try:
        document = read(bytes(given.document))
    except msgspec.DecodeError as error:
        raise RefusedError(InvalidListDocument(line, kind, str(error))) from error
    if document.id != given.id:
        reason = f"the id is {document.id}"
        raise RefusedError(InvalidListDocument(line, kind, reason))
    return document


def _restore_list_memberships(turn: _Turn, part: Part[ListMembershipLine]) -> None:
    by_type: dict[str, dict[int, int]] = {}
    for line, each in part.numbered():
        definition = turn.lists.get(each.list_id)
        if definition is None:
            raise RefusedError(UnknownInArchive(line, "list", str(each.list_id)))
        by_type.setdefault(definition.object_type_id, {})[each.record_id] = line
    for type_id, lines in by_type.items():
        active = turn.transaction.active_ids(turn.portal_id, type_id, list(lines))
        for record_id, line in lines.items():
            if record_id not in active:
                raise RefusedError(UnknownInArchive(line, "record", str(record_id)))
    rows = [ListMembership(*msgspec.structs.astuple(each)) for each in part.lines]
    turn.transaction.restore_memberships(turn.portal_id, rows)


def _text(document: msgspec.Raw) -> str:
    return bytes(document).decode()


@dataclass(frozen=True, slots=True)
class _Section:
    """One kind of line; key: what its lines are ascending by, None where several may be equal."""

    line_type: type[Any]
    restore: Callable[[_Turn, Part[Any]], None]
    key: Callable[[Any], Key] | None


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
    "list_folder": _Section(ListFolderLine, _restore_list_folders, lambda x: (x.id,)),
    "list": _Section(ListLine, _restore_lists, lambda x: (x.id,)),
    "list_membership": _Section(
        ListMembershipLine, _restore_list_memberships, lambda x: (x.list_id, x.record_id)
    ),
}
