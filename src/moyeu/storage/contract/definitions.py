"""What engines promise of definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition, PropertyGroup
from moyeu.crm.admin_rules import AdminRules
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes
from moyeu.crm.validations import ValidationRule

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


class DefinitionReads(Protocol):
    """The reads of definitions."""

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


class DefinitionWrites(Protocol):
    """The writes of definitions."""

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
        """Removes association types of the portal's own; nobody may have them any more.

        Raises `Counters.next_association_type` above their ids, so that none comes back.
        """
        ...

    def put_association_limit(
        self, portal_id: int, kind: AssociationType, limit: int | None
    ) -> None:
        """Sets how many records of the other type a record may have by the type; None lifts it."""
        ...

    def restore_definitions(self, portal_id: int, definitions: Sequence[StoredDefinition]) -> None:
        """Adds or replaces definitions as `own_definitions` of some portal told them."""
        ...
