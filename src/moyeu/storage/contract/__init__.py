"""What every storage engine promises.

An engine runs *work*: plain functions over a transaction. Nothing outside an engine opens a
connection, and nothing inside one knows a rule. The suite in `tests/storage` is this text as tests;
it takes the engine as a parameter.
"""

from moyeu.storage.contract.associations import (
    CrowdedRecords,
)
from moyeu.storage.contract.contents import (
    PORTAL_JOBS,
    Snapshot,
)
from moyeu.storage.contract.definitions import (
    AuditEntry,
    DefinitionKind,
    StoredDefinition,
)
from moyeu.storage.contract.errors import (
    ObjectTypeGoneError,
    OutcomeUnknownError,
    StoreBrokenError,
    StoreError,
    StoreFullError,
    StoreInUseError,
    StoreUnavailableError,
    WriterBusyError,
)
from moyeu.storage.contract.jobs import Job
from moyeu.storage.contract.portals import (
    Census,
    Counters,
    Portal,
    Token,
)
from moyeu.storage.contract.records import (
    IndexedPart,
)
from moyeu.storage.contract.request_log import (
    BODY_BYTES_MAX,
    NO_PORTAL,
    LogBounds,
    LoggedRequest,
    RequestFilter,
    RuleNote,
)
from moyeu.storage.contract.store import (
    FoundRecords,
    RecordSearch,
    Store,
)
from moyeu.storage.contract.transactions import (
    ReadTransaction,
    WriteTransaction,
)

__all__ = [
    "BODY_BYTES_MAX",
    "NO_PORTAL",
    "PORTAL_JOBS",
    "AuditEntry",
    "Census",
    "Counters",
    "CrowdedRecords",
    "DefinitionKind",
    "FoundRecords",
    "IndexedPart",
    "Job",
    "LogBounds",
    "LoggedRequest",
    "ObjectTypeGoneError",
    "OutcomeUnknownError",
    "Portal",
    "ReadTransaction",
    "RecordSearch",
    "RequestFilter",
    "RuleNote",
    "Snapshot",
    "Store",
    "StoreBrokenError",
    "StoreError",
    "StoreFullError",
    "StoreInUseError",
    "StoreUnavailableError",
    "StoredDefinition",
    "Token",
    "WriteTransaction",
    "WriterBusyError",
]
