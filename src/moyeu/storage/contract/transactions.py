"""The transactions that work runs in."""

from typing import Protocol

from moyeu.storage.contract.associations import AssociationReads, AssociationWrites
from moyeu.storage.contract.contents import ContentReads, ContentWrites
from moyeu.storage.contract.definitions import DefinitionReads, DefinitionWrites
from moyeu.storage.contract.jobs import JobReads, JobWrites
from moyeu.storage.contract.lists import ListReads, ListWrites
from moyeu.storage.contract.portals import PortalReads, PortalWrites
from moyeu.storage.contract.records import RecordReads, RecordWrites


class ReadTransaction(
    PortalReads,
    DefinitionReads,
    RecordReads,
    AssociationReads,
    ListReads,
    JobReads,
    ContentReads,
    Protocol,
):
    """A consistent view of the database. Every method costs one statement unless it says so.

    statements: how many were sent so far, for people who look for what is slow.
    """

    @property
    def statements(self) -> int:
        """See the class."""
        ...


class WriteTransaction(
    ReadTransaction,
    PortalWrites,
    DefinitionWrites,
    RecordWrites,
    AssociationWrites,
    ListWrites,
    JobWrites,
    ContentWrites,
    Protocol,
):
    """The writer's turn. What its reads see is what its writes change: no update is lost."""
