"""Contacts, companies and deals that operations associate, with ids of ours."""

from collections.abc import Sequence

from moyeu.catalog.associations import TypeKey
from moyeu.crm.association_writes import (
    PairInput,
    PairProblem,
    WriteMode,
    WrittenPairs,
)
from moyeu.crm.associations import Association, AssociationSpec
from moyeu.crm.problems import Problem
from moyeu.operations.association_reads import LinkedBatch, LinkedPage, linked_batch, linked_page
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from tests.storage.scene import CONTACTS, PORTAL, Database, insert, occasion, record

COMPANIES, DEALS = "0-2", "0-3"

Told = list[tuple[int, list[TypeKey]]]
"""Records with the types that they are associated by."""


def add_records(database: Database, type_id: str, *ids: int) -> None:
    """Records of one type."""
    insert(database, *map(record, ids), type_id=type_id)


def archive(database: Database, type_id: str, *ids: int) -> None:
    """Archives records."""
    database.write(lambda each: each.archive_records(occasion(), type_id, ids))


def unarchive(database: Database, type_id: str, *ids: int) -> None:
    """Makes records active again."""
    database.write(lambda each: each.unarchive_records(occasion(), type_id, ids))


def pair(from_id: int | str, to_id: int | str, *keys: TypeKey | int) -> PairInput:
    """An input; a number alone is HubSpot's own type, no type is the default one."""
    specs = tuple(
        AssociationSpec(*(("HUBSPOT_DEFINED", each) if isinstance(each, int) else each))
        for each in keys
    )
    return PairInput(str(from_id), str(to_id), specs or None)


def link(
    database: Database,
    from_type: str,
    to_type: str,
    *inputs: PairInput,
    mode: WriteMode = "add",
) -> WrittenPairs | Problem:
    """Associates."""
    return database.run(
        associate(database.store, occasion(), from_type, to_type, inputs, mode=mode)
    )


def linked(
    database: Database, from_type: str, to_type: str, *inputs: PairInput, mode: WriteMode = "add"
) -> WrittenPairs:
    """Associates without any problem."""
    written = link(database, from_type, to_type, *inputs, mode=mode)
    assert isinstance(written, WrittenPairs), written
    assert written.problems == ()
    return written


def unlink(database: Database, from_type: str, to_type: str, *inputs: PairInput) -> Problem | None:
    """Ends all associations of pairs."""
    return database.run(dissociate(database.store, occasion(), from_type, to_type, inputs))


def unlink_types(
    database: Database, from_type: str, to_type: str, *inputs: PairInput
) -> tuple[PairProblem, ...] | Problem:
    """Ends associations by type."""
    return database.run(dissociate_types(database.store, occasion(), from_type, to_type, inputs))


def page(
    database: Database,
    from_id: int | str,
    limit: str | None = None,
    after: str | None = None,
    *,
    from_type: str = CONTACTS,
    to_type: str = COMPANIES,
) -> LinkedPage | Problem:
    """A page, of the companies of a contact if nothing else is said."""
    return database.run(
        linked_page(database.store, PORTAL, from_type, str(from_id), to_type, limit, after)
    )


def batch(
    database: Database,
    inputs: Sequence[tuple[str, str | None]],
    count_max: int = 100,
    *,
    from_type: str = CONTACTS,
    to_type: str = COMPANIES,
) -> LinkedBatch | Problem:
    """A batch read."""
    return database.run(linked_batch(database.store, PORTAL, from_type, to_type, inputs, count_max))


def told(found: LinkedPage | Problem) -> Told:
    """What a page tells."""
    assert isinstance(found, LinkedPage), found
    return [(each.record_id, [kind.key for kind in each.types]) for each in found.records]


def of(
    database: Database, from_id: int, from_type: str = CONTACTS, to_type: str = COMPANIES
) -> Told:
    """What a record is associated with, as a read tells."""
    return told(page(database, from_id, from_type=from_type, to_type=to_type))


def every(database: Database) -> list[Association]:
    """All rows of the portal."""
    return database.read(lambda each: each.associations_after(PORTAL, None, 10_000))


def hubspot(*type_ids: int) -> list[TypeKey]:
    """Keys of HubSpot's own types."""
    return [("HUBSPOT_DEFINED", each) for each in type_ids]
