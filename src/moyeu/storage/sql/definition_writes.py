"""The part of a transaction that writes definitions: types, properties, pipelines, …"""

from collections.abc import Sequence

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.pipelines import Pipeline, standard_pipelines
from moyeu.catalog.properties import PropertyDefinition, PropertyGroup
from moyeu.crm.admin_rules import AdminRules
from moyeu.crm.associations import CUSTOM_CATEGORY
from moyeu.crm.definitions import Owner, TypeDefinitions
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes, SchemaAssociation
from moyeu.crm.validations import ValidationRule
from moyeu.storage.contract import (
    AuditEntry,
    DefinitionKind,
    ObjectTypeGoneError,
    StoredDefinition,
)
from moyeu.storage.sql.definitions import REMOVED, DefinitionReads, Snapshots
from moyeu.storage.sql.rows import SqlChanges, json_text


class DefinitionWrites(DefinitionReads, SqlChanges):
    """The writes of definitions; what a commit group has changed is seen within it."""

    def __init__(self, cached: Snapshots) -> None:
        self._group = Snapshots()
        super().__init__(cached, self._group.keep)
        self.changed_definitions: set[tuple[int, str | None]] = set()
        """(portal id, object type id) of definitions written in this group; None means all types
        of the portal."""
        self.changed_types: set[int] = set()
        """Ids of portals whose object types were written in this group."""

    def begin_definitions(self) -> None:
        """Starts with nothing changed."""
        self._group.clear()
        self.changed_definitions.clear()
        self.changed_types.clear()

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract: as this transaction sees it."""
        key = (portal_id, object_type_id)
        if found := self._group.definitions.get(key):
            return found
        if self.changed_definitions and (
            key in self.changed_definitions or (portal_id, None) in self.changed_definitions
        ):
            found = self._define(portal_id, object_type_id)
            self._keep(found)
            return found
        return super().definitions(portal_id, object_type_id)

    def object_types(self, portal_id: int) -> PortalTypes:
        """See the contract: as this transaction sees it."""
        if found := self._group.types.get(portal_id):
            return found
        if portal_id in self.changed_types:
            found = self._read_types(portal_id)
            self._keep(found)
            return found
        return super().object_types(portal_id)

    def _definitions_changed(self, portal_id: int, object_type_id: str | None) -> None:
        self.changed_definitions.add((portal_id, object_type_id))
        self._group.forget(portal_id, object_type_id)

    def object_types_changed(self, portal_id: int, object_type_id: str) -> None:
        """Forgets the snapshots that a change of one object type makes old."""
        self.changed_types.add(portal_id)
        self._group.types.pop(portal_id, None)
        self._definitions_changed(portal_id, object_type_id)

    def add_owner(self, portal_id: int, owner: Owner) -> None:
        """See the contract."""
        self._definitions_changed(portal_id, None)
        self._run(
            self._sql.ADD_OWNER,
            {
                "portal_id": portal_id,
                "owner_id": owner.id,
                "email": owner.email,
                "first_name": owner.first_name,
                "last_name": owner.last_name,
                "user_id": owner.user_id,
                "archived": owner.archived,
                "type": owner.type,
                "teams": json_text(owner.teams),
                "created_at_ms": owner.created_at_ms,
                "updated_at_ms": owner.updated_at_ms,
            },
        )

    def put_property(
        self, portal_id: int, object_type_id: str, definition: PropertyDefinition
    ) -> None:
        """See the contract."""
        self._put_named(
            self._sql.PUT_PROPERTY,
            portal_id,
            object_type_id,
            definition.name,
            json_text(definition),
        )

    def remove_standard_property(self, portal_id: int, object_type_id: str, name: str) -> None:
        """See the contract."""
        self._put_named(self._sql.PUT_PROPERTY, portal_id, object_type_id, name, REMOVED)

    def put_group(self, portal_id: int, object_type_id: str, group: PropertyGroup) -> None:
        """See the contract."""
        self._put_named(
            self._sql.PUT_GROUP, portal_id, object_type_id, group.name, json_text(group)
        )

    def _put_named(
        self, statement: str, portal_id: int, object_type_id: str, name: str, document: str
    ) -> None:
        self._definitions_changed(portal_id, object_type_id)
        self._run(
            statement,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "name": name,
                "definition": document,
            },
        )

    def _put(
        self, portal_id: int, object_type_id: str, kind: DefinitionKind, name: str, document: str
    ) -> None:
        self._definitions_changed(portal_id, object_type_id)
        self._run(
            self._sql.PUT_DEFINITION,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "kind": kind,
                "name": name,
                "document": document,
            },
        )

    def _remove(self, portal_id: int, object_type_id: str, kind: DefinitionKind, name: str) -> None:
        self._definitions_changed(portal_id, object_type_id)
        self._run(
            self._sql.REMOVE_DEFINITION,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "kind": kind,
                "name": name,
            },
        )

    def new_object_type_id(self, portal_id: int) -> str:
        """See the contract."""
        rows = self._rows(self._sql.TAKE_OBJECT_TYPE_ID, {"portal_id": portal_id})
        return f"2-{rows[0][0] - 1}"

    def put_schema(self, portal_id: int, schema: ObjectSchema) -> None:
        """See the contract."""
        self.object_types_changed(portal_id, schema.object_type_id)
        self._put(portal_id, schema.object_type_id, "schema", "", json_text(schema))

    def put_association_types(self, portal_id: int, types: Sequence[AssociationType]) -> None:
        """See the contract."""
        for each in types:
            self._put(
                portal_id, each.from_object_type_id, "association_type", _key(each), json_text(each)
            )
            self.object_types_changed(portal_id, each.from_object_type_id)

    def remove_association_types(self, portal_id: int, types: Sequence[AssociationType]) -> None:
        """See the contract."""
        for each in types:
            type_id = each.from_object_type_id
            self._remove(portal_id, type_id, "association_type", _key(each))
            self._remove(portal_id, type_id, "association_limit", _key(each))
            self.object_types_changed(portal_id, type_id)
        removed = [each.type_id for each in types if each.category == CUSTOM_CATEGORY]
        if removed:
            self._run(
                self._sql.KEEP_ASSOCIATION_TYPE_IDS,
                {"portal_id": portal_id, "next_association_type": max(removed) + 1},
            )

    def put_association_limit(
        self, portal_id: int, kind: AssociationType, limit: int | None
    ) -> None:
        """See the contract."""
        type_id = kind.from_object_type_id
        if limit is None:
            self._remove(portal_id, type_id, "association_limit", _key(kind))
        else:
            self._put(portal_id, type_id, "association_limit", _key(kind), str(limit))
        self.object_types_changed(portal_id, type_id)

    def remove_schema_limit(self, portal_id: int, association: SchemaAssociation) -> None:
        """Lifts the limit of an association type that a schema holds."""
        type_id = association.from_object_type_id
        name = f"{CUSTOM_CATEGORY}:{association.id}"
        self._remove(portal_id, type_id, "association_limit", name)

    def put_pipeline(self, portal_id: int, object_type_id: str, pipeline: Pipeline) -> None:
        """See the contract."""
        self._put(portal_id, object_type_id, "pipeline", pipeline.id, json_text(pipeline))

    def remove_pipeline(self, portal_id: int, object_type_id: str, pipeline_id: str) -> None:
        """See the contract."""
        object_type = self.object_types(portal_id).by_id(object_type_id)
        if object_type is None:
            raise ObjectTypeGoneError(object_type_id)
        if any(each.id == pipeline_id for each in standard_pipelines(object_type)):
            self._put(portal_id, object_type_id, "pipeline", pipeline_id, REMOVED)
        else:
            self._remove(portal_id, object_type_id, "pipeline", pipeline_id)

    def add_audit(self, portal_id: int, object_type_id: str, entries: Sequence[AuditEntry]) -> None:
        """See the contract."""
        self._run_many(
            self._sql.ADD_AUDIT,
            portal_id,
            [
                (
                    object_type_id,
                    each.pipeline_id,
                    each.stage_id,
                    each.action,
                    each.at_ms,
                    each.user_id,
                    each.document,
                )
                for each in entries
            ],
        )

    def put_validations(
        self, portal_id: int, object_type_id: str, name: str, rules: Sequence[ValidationRule]
    ) -> None:
        """See the contract."""
        if rules:
            self._put(portal_id, object_type_id, "validations", name, json_text(rules))
        else:
            self._remove(portal_id, object_type_id, "validations", name)

    def put_admin_rules(self, portal_id: int, object_type_id: str, rules: AdminRules) -> None:
        """See the contract."""
        self._put(portal_id, object_type_id, "admin_rules", "", json_text(rules))

    def restore_definitions(self, portal_id: int, definitions: Sequence[StoredDefinition]) -> None:
        """See the contract."""
        named = {"property": self._sql.PUT_PROPERTY, "group": self._sql.PUT_GROUP}
        for each in definitions:
            if each.kind in ("schema", "association_type", "association_limit"):
                self.object_types_changed(portal_id, each.object_type_id)
            if statement := named.get(each.kind):
                self._put_named(statement, portal_id, each.object_type_id, each.name, each.document)
            else:
                self._put(portal_id, each.object_type_id, each.kind, each.name, each.document)


def _key(kind: AssociationType) -> str:
    return f"{kind.category}:{kind.type_id}"
