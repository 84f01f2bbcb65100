"""What every storage engine promises.

An engine runs *work*: plain functions over a transaction. Nothing outside an engine opens a
connection, and nothing inside one knows a rule. The suite in `tests/storage` is this text as tests;
it takes the engine as a parameter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition, PropertyGroup
from moyeu.crm.admin_rules import AdminRules
from moyeu.crm.associations import Association
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import Owner, TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove
from moyeu.crm.search.conditions import Condition, SortBy
from moyeu.crm.validations import ValidationRule

T = TypeVar("T")


class StoreError(Exception):
    """Base of what an engine raises for trouble that nobody asked for."""


class StoreInUseError(StoreError):
    """Another process holds the database."""


class StoreBrokenError(StoreError):
    """The engine no longer knows what is on disk and takes no more writes.

    The outcome of the write that met it is *unknown*: the change may be there after a restart.
    """


class StoreFullError(StoreError):
    """No space is left; the write changed nothing and may be tried again."""


class WriterBusyError(StoreError):
    """The writer's turn did not come in time; the work was not begun."""


class ObjectTypeGoneError(StoreError):
    """The portal has no object type with that id (any more): a purge came between."""

    def __init__(self, object_type_id: str) -> None:
        super().__init__(f"no object type {object_type_id}")
        self.object_type_id = object_type_id


@dataclass(frozen=True, slots=True)
class Portal:
    """One customer's account; `app_id` is the portal's own app, the source of seeded records."""

    id: int
    name: str
    app_id: int
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a bearer token: never the token, only its SHA-256 (32 bytes).

    hint: the first characters, for people who look for a token in a list.
    """

    hash: bytes
    caller: Caller
    hint: str
    created_at_ms: int


DefinitionKind = Literal[
    "property",
    "group",
    "schema",
    "pipeline",
    "validations",
    "admin_rules",
    "association_type",
    "association_limit",
]
"""What a stored definition is."""


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """One definition of a portal's own, as it is kept: what an archive of a portal copies.

    name: of a property, group or pipeline, of the property that validations are for, the category
    and id of an association type (`USER_DEFINED:12`), of its limit too; "" where a type has one of
    the kind.
    document: JSON text; the fields are those of the dataclass of the kind.
    """

    kind: DefinitionKind
    object_type_id: str
    name: str
    document: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of a pipeline (`stage_id` is "") or of one of its stages.

    action: `CREATE`, `UPDATE` or `DELETE`. document: the pipeline or stage afterwards, JSON text.
    """

    pipeline_id: str
    stage_id: str
    action: str
    at_ms: int
    user_id: int | None
    document: str


@dataclass(frozen=True, slots=True)
class Counters:
    """The next ids that a portal gives out: of records, and of custom object types (after `2-`)."""

    next_record_id: int
    next_object_type: int


@dataclass(frozen=True, slots=True)
class Census:
    """How much is kept of a portal, archived things included; writes: entries of the history."""

    owners: int
    definitions: int
    audits: int
    records: int
    associations: int
    merged: int
    writes: int


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """Which records of a type are searched for, and which part of them.

    sort: None for ascending record ids. offset, count: of the part, from the first record found.
    seen_until_ms: what was written later is not seen yet; None sees everything.
    """

    portal_id: int
    object_type_id: str
    condition: Condition
    sort: SortBy | None
    offset: int
    count: int
    seen_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """What a search found; total: how many there are in all, records: the part asked for."""

    total: int
    records: list[StoredRecord]


class ReadTransaction(Protocol):
    """A consistent view of the database. Every method costs one statement unless it says so."""

    def portals(self) -> list[Portal]:
        """All portals by id."""
        ...

    def tokens(self, portal_id: int) -> list[Token]:
        """The portal's tokens, oldest first."""
        ...

    def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; None for an unknown or revoked one."""
        ...

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """The newest committed snapshot; free of cost when it is cached.

        Inside a write transaction: as this transaction sees it. Raises ObjectTypeGoneError for a
        type that the portal does not have.
        """
        ...

    def object_types(self, portal_id: int) -> PortalTypes:
        """The newest committed snapshot of the portal's object types; free when it is cached.

        Inside a write transaction: as this transaction sees it.
        """
        ...

    def own_definitions(self, portal_id: int) -> list[StoredDefinition]:
        """Everything that the portal defined beside the catalog or in its place.

        Ascending by kind, object type and name; a standard pipeline or property that was removed
        stands with the document `null`. Two statements.
        """
        ...

    def count_custom_properties(self, portal_id: int) -> dict[str, int]:
        """How many active custom properties each object type has; types without are left out."""
        ...

    def pipeline_audit(
        self, portal_id: int, object_type_id: str, pipeline_id: str, stage_id: str
    ) -> list[AuditEntry]:
        """The changes of a pipeline (`stage_id` "") or of one of its stages, newest first."""
        ...

    def pipeline_audits(self, portal_id: int) -> list[tuple[str, AuditEntry]]:
        """(object type id, change) of all pipelines and stages, those that are gone too.

        Ascending by object type, pipeline and stage, of each the oldest first.
        """
        ...

    def counters(self, portal_id: int) -> Counters:
        """What the portal's next ids are."""
        ...

    def pull_state(self, portal_id: int) -> str | None:
        """How far the portal was copied from another side, as `put_pull_state` left it."""
        ...

    def census(self, portal_id: int) -> Census:
        """How much there is of everything; walks all of it."""
        ...

    def owners(self, portal_id: int) -> list[Owner]:
        """The portal's owners by id, archived ones included."""
        ...

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """Records by id, archived ones included; unknown ids are left out."""
        ...

    def records_by_value(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, StoredRecord]:
        """Active records by (property, value), compared exactly; unknown pairs are left out."""
        ...

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """Which record holds each (property, value); free values are left out."""
        ...

    def merged_into(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, int]:
        """The surviving record id by the id of a record that was merged away."""
        ...

    def page(
        self,
        portal_id: int,
        object_type_id: str,
        from_id: int,
        count_max: int,
        *,
        archived: bool,
    ) -> list[StoredRecord]:
        """Records with an id of at least `from_id`, ascending, only archived or only active."""
        ...

    def records_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, StoredRecord]]:
        """(object type id, record) of records of all types, archived ones included.

        Those after that object type and record id, ascending by both.
        """
        ...

    def history(
        self, portal_id: int, object_type_id: str, records: Sequence[StoredRecord]
    ) -> dict[int, list[RecordWrite]]:
        """All writes of each record, newest first."""
        ...

    def records_with_values(
        self,
        portal_id: int,
        object_type_id: str,
        name: str,
        values: Sequence[str],
        count_max: int,
    ) -> list[tuple[int, str]]:
        """(record id, value) of active records that have one of the values in a property.

        Ascending by record id, at most `count_max`; walks the records of the type.
        """
        ...

    def associations(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[Association]]:
        """The associations from each record of one type.

        Ascending by to-type, to-record, category and type id.
        """
        ...

    def active_ids(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """Those of the record ids that are of active records; reads no documents."""
        ...

    def linked_ids(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[int]]:
        """Which active records of a type each record is associated with, by whatever type.

        starts: (from-record id, the lowest to-record id that counts), each from-record once.
        Ascending and at most `count_max` of each; none from records that are not active. What it
        costs grows with what it answers, not with how many associations a record has.
        """
        ...

    def pair_associations(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        pairs: Sequence[tuple[int, int]],
    ) -> dict[tuple[int, int], list[Association]]:
        """The associations of each (from-record id, to-record id), ascending by category and type.

        Those of archived records too; pairs without any are left out.
        """
        ...

    def associations_by_type(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[int, list[Association]]:
        """The associations of these types from each record, ascending by to-record.

        Those to archived records too; records without any are left out.
        """
        ...

    def count_linked(
        self, portal_id: int, from_type_id: str, to_type_id: str, from_ids: Sequence[int]
    ) -> dict[int, int]:
        """With how many records of a type, archived ones too, each record is associated."""
        ...

    def count_by_type(
        self, portal_id: int, from_type_id: str, to_type_id: str, from_ids: Sequence[int]
    ) -> dict[tuple[int, TypeKey], int]:
        """How many associations of each type lead from each record to records of a type."""
        ...

    def associations_after(
        self, portal_id: int, after: Association | None, count_max: int
    ) -> list[Association]:
        """All associations of the portal after that one, ascending by from-record and the rest."""
        ...

    def merged_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, int, int]]:
        """(object type id, record id, survivor id) of records that were merged away.

        Those after that object type and record id, ascending by both.
        """
        ...

    def count_records(self, portal_id: int, object_type_id: str) -> int:
        """How many active records there are; walks them all."""
        ...

    def writes_after(self, portal_id: int, number: int, count_max: int) -> list[RecordWrite]:
        """History entries with a higher number, ascending: the cursor of deliveries and audit."""
        ...


class WriteTransaction(ReadTransaction, Protocol):
    """The writer's turn. What its reads see is what its writes change: no update is lost."""

    def add_portal(self, portal: Portal) -> None:
        """Adds a portal with its counters; its id must be free."""
        ...

    def add_token(self, token: Token) -> None:
        """Adds a token."""
        ...

    def remove_token(self, portal_id: int, token_hash: bytes) -> bool:
        """Revokes the portal's token with that hash; whether there was one."""
        ...

    def add_owner(self, portal_id: int, owner: Owner) -> None:
        """Adds or replaces an owner."""
        ...

    def new_record_ids(self, portal_id: int, count: int) -> range:
        """That many ids that were never given out before in this portal."""
        ...

    def reserve_record_id(self, portal_id: int, record_id: int) -> None:
        """Makes sure that `new_record_ids` never gives out this id or a lower one."""
        ...

    def insert_records(
        self,
        occasion: Occasion,
        object_type_id: str,
        records: Sequence[StoredRecord],
        modified_property: str,
    ) -> None:
        """Adds records and their first history entries. Two statements whatever the number."""
        ...

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """Replaces documents and adds history entries. Two statements whatever the number."""
        ...

    def archive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """Archives active records and frees their unique values; how many there were."""
        ...

    def merge_away(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """Removes a record whose values live on in another, and remembers where it went.

        Records that were merged into it before lead to the survivor too. Its associations go to
        the survivor, but for those between the two.
        """
        ...

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """Removes records for good, archived or not, with all that is kept of them.

        Documents, unique values, associations and histories, also of records that were merged into
        them; how many there were. Where some were, it walks the portal's history.
        """
        ...

    def put_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """Adds associations; those that are there already stay."""
        ...

    def remove_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """Removes associations; those that are not there are passed over."""
        ...

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """Applies the moves in order. At most two statements whatever the number."""
        ...

    def put_property(
        self, portal_id: int, object_type_id: str, definition: PropertyDefinition
    ) -> None:
        """Adds or replaces a definition; an `archived_at_ms` archives it. Values stay."""
        ...

    def remove_standard_property(self, portal_id: int, object_type_id: str, name: str) -> None:
        """Takes a property of the catalog away from the portal; values stay."""
        ...

    def put_group(self, portal_id: int, object_type_id: str, group: PropertyGroup) -> None:
        """Adds or replaces a property group."""
        ...

    def new_object_type_id(self, portal_id: int) -> str:
        """The id of a custom object type that was never given out before in this portal."""
        ...

    def put_schema(self, portal_id: int, schema: ObjectSchema) -> None:
        """Adds or replaces a custom object type."""
        ...

    def purge_object_type(self, portal_id: int, object_type_id: str) -> None:
        """Removes a custom object type with its definitions, its records and all of theirs."""
        ...

    def put_pipeline(self, portal_id: int, object_type_id: str, pipeline: Pipeline) -> None:
        """Adds or replaces a pipeline with its stages."""
        ...

    def remove_pipeline(self, portal_id: int, object_type_id: str, pipeline_id: str) -> None:
        """Removes a pipeline, a standard one too."""
        ...

    def add_audit(self, portal_id: int, object_type_id: str, entries: Sequence[AuditEntry]) -> None:
        """Adds changes of pipelines or stages, in order."""
        ...

    def put_validations(
        self, portal_id: int, object_type_id: str, name: str, rules: Sequence[ValidationRule]
    ) -> None:
        """Sets all rules for the values of a property; none removes them."""
        ...

    def put_admin_rules(self, portal_id: int, object_type_id: str, rules: AdminRules) -> None:
        """Sets what the portal's admins require of records of the type."""
        ...

    def put_association_types(self, portal_id: int, types: Sequence[AssociationType]) -> None:
        """Adds or replaces association types of the portal's own, one row a direction."""
        ...

    def remove_association_types(self, portal_id: int, types: Sequence[AssociationType]) -> None:
        """Removes association types of the portal's own; nobody may have them any more."""
        ...

    def put_association_limit(
        self, portal_id: int, kind: AssociationType, limit: int | None
    ) -> None:
        """Sets how many records of the other type a record may have by the type; None lifts it."""
        ...

    def restore_definitions(self, portal_id: int, definitions: Sequence[StoredDefinition]) -> None:
        """Adds or replaces definitions as `own_definitions` of some portal told them."""
        ...

    def restore_records(
        self, portal_id: int, object_type_id: str, records: Sequence[StoredRecord]
    ) -> None:
        """Adds records as they are: with archived ones, their `last_write` and no new history.

        The unique values of active ones, `crm.restoring.restored_values`, must be free.
        """
        ...

    def restore_writes(self, portal_id: int, writes: Sequence[RecordWrite]) -> None:
        """Adds history entries as they are, under their own numbers, which must be free."""
        ...

    def restore_merged(self, portal_id: int, merged: Sequence[tuple[str, int, int]]) -> None:
        """Adds (object type id, record id, survivor id) of records that were merged away."""
        ...

    def restore_counters(self, portal_id: int, counters: Counters) -> None:
        """Makes sure that no id below the counters is given out any more."""
        ...

    def put_pull_state(self, portal_id: int, state: str) -> None:
        """Keeps how far the portal was copied from another side, beside what was copied."""
        ...

    def index_values(
        self, portal_id: int, object_type_id: str, name: str, from_id: int, count_max: int
    ) -> "IndexedPart":
        """Enters the values of one property into the unique index, record by record.

        A part at a time, so that other writers get their turn between the parts.
        """
        ...

    def drop_index(self, portal_id: int, object_type_id: str, name: str) -> None:
        """Removes a property's values from the unique index."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedPart:
    """One part of entering values into the unique index.

    next_id: where to go on, None when all records were seen. conflict: (value, record id, record
    id of the holder) when two records have the same value.
    """

    next_id: int | None
    conflict: tuple[str, int, int] | None


class Store(Protocol):
    """An open database.

    A returned `write` is durable: it survives `kill -9` and a power cut. An exception of the work
    itself undoes that work alone and is raised to its caller; work of others in the same commit is
    not touched. Work may run more than once before it is committed, so it must only act through
    its transaction.
    """

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """Runs work on a consistent view beside the writer.

        few: the work is a handful of look-ups by key. An engine may then run it at once, where
        handing it to another thread would take longer than the work; other work blocks nobody.
        """
        ...

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """Runs work in the writer's turn and answers after the commit is on disk.

        Raises: WriterBusyError (not begun), StoreFullError (nothing changed), StoreBrokenError
        (outcome unknown; every later write raises it at once).
        """
        ...

    async def search(self, search: RecordSearch) -> FoundRecords:
        """The active records that meet a condition; sees every write answered before the call.

        `crm.search.conditions` says what is found and in which order.
        """
        ...

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """Ids of active records that meet a condition, of at least `from_id`, ascending."""
        ...

    def cached_definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions | None:
        """The newest committed snapshot if it is at hand, without waiting."""
        ...

    def cached_object_types(self, portal_id: int) -> PortalTypes | None:
        """The newest committed snapshot of object types if it is at hand, without waiting."""
        ...

    def cached_caller(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for if that is at hand, without waiting."""
        ...

    async def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; None for an unknown or revoked one."""
        ...

    def close(self) -> None:
        """Finishes the work at hand and lets go of the database."""
        ...
