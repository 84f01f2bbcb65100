"""A portal as lines that another database can take in; see `archive_lines` for what they say.

An archive holds everything of a portal but its tokens: nobody gets in by having the file.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from moyeu.crm.lists.definitions import ListDefinition, ListFolder, without_marks
from moyeu.operations.archive_lines import (
    AssociationLine,
    AuditLine,
    ClosingLine,
    Counts,
    DefinitionLine,
    EndLine,
    Header,
    ListFolderLine,
    ListLine,
    ListMembershipLine,
    MergedLine,
    OwnerLine,
    RecordLine,
    SectionLine,
    SectionName,
    WriteLine,
    canonical,
    render_line,
)
from moyeu.operations.portals import PortalNotFound
from moyeu.storage.contract import Portal, ReadTransaction, Store

_PAGE: Final = 500
"""Rows of one statement: what is in memory at a time."""

Told = Callable[[int], None]
"""Is told, from any thread, how many lines are done."""


async def export_portal(
    store: Store, portal_id: int, write: Callable[[bytes], object], on_progress: Told
) -> Header | PortalNotFound:
    """Writes all lines of a portal, a page at a time, and answers the header that it wrote.

    All of them are of one moment, whatever is written meanwhile. write: is called from another
    thread; what it raises ends the export.
    """

    def work(transaction: ReadTransaction) -> Header | PortalNotFound:
        portal = next((each for each in transaction.portals() if each.id == portal_id), None)
        if portal is None:
            return PortalNotFound(portal_id)
        return write_archive(transaction, portal, write, on_progress)

    return await store.read(work)


def write_archive(
    transaction: ReadTransaction,
    portal: Portal,
    write: Callable[[bytes], object],
    on_progress: Told,
) -> Header:
    """Writes all lines of a portal, a page at a time, and answers the header that it wrote."""
    header = header_of(transaction, portal)
    write(render_line(header))
    digest = hashlib.sha256()

    def add(text: bytes) -> None:
        digest.update(text)
        write(text)

    done = 0
    for section, pages in SECTIONS.items():
        count = 0
        for page in pages(transaction, portal.id):
            add(b"".join(map(render_line, page)))
            count += len(page)
            on_progress(done + count)
        add(render_line(ClosingLine(section, count)))
        done += count
    write(render_line(EndLine(digest.hexdigest())))
    return header


def header_of(transaction: ReadTransaction, portal: Portal) -> Header:
    """The first line of a portal's archive; walks all of the portal to count it."""
    counters, census = transaction.counters(portal.id), transaction.census(portal.id)
    return Header(
        portal_id=portal.id,
        name=portal.name,
        app_id=portal.app_id,
        created_at_ms=portal.created_at_ms,
        next_record_id=counters.next_record_id,
        next_object_type=counters.next_object_type,
        counts=Counts(
            owner=census.owners,
            definition=census.definitions,
            audit=census.audits,
            record=census.records,
            association=census.associations,
            merged=census.merged,
            write=census.writes,
            list_folder=census.list_folders,
            list=census.lists,
            list_membership=census.list_memberships,
        ),
        next_list=counters.next_list,
        next_list_folder=counters.next_list_folder,
        next_association_type=counters.next_association_type,
        last_write=counters.last_write,
    )


_Pages = Iterator[Sequence[SectionLine]]


def _owners(transaction: ReadTransaction, portal_id: int) -> _Pages:
    yield [
        OwnerLine(
            id=each.id,
            email=each.email,
            first_name=each.first_name,
            last_name=each.last_name,
            user_id=each.user_id,
            archived=each.archived,
            type=each.type,
            teams=each.teams,
            created_at_ms=each.created_at_ms,
            updated_at_ms=each.updated_at_ms,
        )
        for each in transaction.owners(portal_id)
    ]


def _definitions(transaction: ReadTransaction, portal_id: int) -> _Pages:
    yield [
        DefinitionLine(each.kind, each.object_type_id, each.name, canonical(each.document))
        for each in transaction.own_definitions(portal_id)
    ]


def _audits(transaction: ReadTransaction, portal_id: int) -> _Pages:
    yield [
        AuditLine(
            object_type_id=object_type_id,
            pipeline_id=each.pipeline_id,
            stage_id=each.stage_id,
            action=each.action,
            at_ms=each.at_ms,
            user_id=each.user_id,
            document=canonical(each.document),
        )
        for object_type_id, each in transaction.pipeline_audits(portal_id)
    ]


def _records(transaction: ReadTransaction, portal_id: int) -> _Pages:
    place = ("", -1)
    while page := transaction.records_after(portal_id, *place, _PAGE):
        yield [
            RecordLine(object_type_id, *msgspec.structs.astuple(record))
            for object_type_id, record in page
        ]
        place = (page[-1][0], page[-1][1].record_id)


def _associations(transaction: ReadTransaction, portal_id: int) -> _Pages:
    last = None
    while page := transaction.associations_after(portal_id, last, _PAGE):
        yield [AssociationLine(*each) for each in page]
        last = page[-1]


def _merged(transaction: ReadTransaction, portal_id: int) -> _Pages:
    place = ("", -1)
    while page := transaction.merged_after(portal_id, *place, _PAGE):
        yield [MergedLine(*each) for each in page]
        place = page[-1][:2]


# Faster than `dataclasses.asdict`, which copies every value.
_fields_of_write = attrgetter(*WriteLine.__struct_fields__)


def _writes(transaction: ReadTransaction, portal_id: int) -> _Pages:
    number = 0
    while page := transaction.writes_after(portal_id, number, _PAGE):
        yield [WriteLine(*_fields_of_write(each)) for each in page]
        number = page[-1].number


def _list_folders(transaction: ReadTransaction, portal_id: int) -> _Pages:
    yield [ListFolderLine(each.id, _document(each)) for each in transaction.list_folders(portal_id)]


def _lists(transaction: ReadTransaction, portal_id: int) -> _Pages:
    yield [
        ListLine(each.id, _document(without_marks(each)))
        for each in transaction.all_lists(portal_id)
    ]


def _list_memberships(transaction: ReadTransaction, portal_id: int) -> _Pages:
    place = (-1, -1)
    while page := transaction.memberships_after(portal_id, *place, _PAGE):
        yield [ListMembershipLine(each.list_id, each.record_id, each.joined_at_ms) for each in page]
        place = (page[-1].list_id, page[-1].record_id)


def _document(value: ListFolder | ListDefinition) -> msgspec.Raw:
    return canonical(msgspec.json.encode(value).decode())


SECTIONS: Final[dict[SectionName, Callable[[ReadTransaction, int], _Pages]]] = {
    "owner": _owners,
    "definition": _definitions,
    "audit": _audits,
    "record": _records,
    "association": _associations,
    "merged": _merged,
    "write": _writes,
    "list_folder": _list_folders,
    "list": _lists,
    "list_membership": _list_memberships,
}
"""The lines of each section of a portal, page by page, in their order."""
