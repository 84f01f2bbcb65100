"""The shared parts of a transaction, put together."""

from moyeu.storage.sql.association_usage import AssociationUsageReads
from moyeu.storage.sql.association_values import AssociationValueReads
from moyeu.storage.sql.associations import AssociationReads
from moyeu.storage.sql.contents import ContentReads, ContentWrites
from moyeu.storage.sql.definitions import DefinitionReads
from moyeu.storage.sql.jobs import JobReads, JobWrites
from moyeu.storage.sql.lists import ListReads
from moyeu.storage.sql.portals import PortalReads
from moyeu.storage.sql.record_writes import RecordWrites
from moyeu.storage.sql.records import RecordReads
from moyeu.storage.sql.unique_values import UniqueValueReads


class SqlReads(
    PortalReads,
    DefinitionReads,
    RecordReads,
    UniqueValueReads,
    AssociationReads,
    AssociationUsageReads,
    AssociationValueReads,
    ListReads,
    JobReads,
    ContentReads,
):
    """All reads of the contract."""


class SqlWrites(RecordWrites, ContentWrites, JobWrites, SqlReads):
    """The writes of the contract, but for those that each engine carries out in its own way.

    These give out record ids, insert records and change them.
    """
