"""The part of a transaction that reads and writes definitions: types, properties, pipelines, …"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import apsw
import msgspec

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.pipelines import Pipeline, standard_pipelines
from moyeu.catalog.properties import (
    PropertyDefinition,
    PropertyGroup,
    standard_groups,
    standard_properties,
)
from moyeu.crm.admin_rules import NO_ADMIN_RULES, AdminRules
from moyeu.crm.associations import CUSTOM_CATEGORY
from moyeu.crm.definitions import Owner, Team, TypeDefinitions, define_type
from moyeu.crm.object_schemas import (
    ObjectSchema,
    PortalTypes,
    SchemaAssociation,
    portal_types,
)
from moyeu.crm.validations import ValidationRule
from moyeu.storage.contract import (
    AuditEntry,
    DefinitionKind,
    ObjectTypeGoneError,
    StoredDefinition,
)
from moyeu.storage.sqlite import queries
from moyeu.storage.sqlite.rows import Row, json_text

_REMOVED: Final = "null"
"""The document of a standard pipeline or property that the portal has not."""

_read_definition = msgspec.json.Decoder(PropertyDefinition).decode
_read_group = msgspec.json.Decoder(PropertyGroup).decode
_read_association_type = msgspec.json.Decoder(AssociationType).decode
_read_schema = msgspec.json.Decoder(ObjectSchema).decode
_read_pipeline = msgspec.json.Decoder(Pipeline).decode
_read_validations = msgspec.json.Decoder(tuple[ValidationRule, ...]).decode
_read_admin_rules = msgspec.json.Decoder(AdminRules).decode
_read_teams = msgspec.json.Decoder(tuple[Team, ...]).decode


def _key(kind: AssociationType) -> str:
    return f"{kind.category}:{kind.type_id}"


@dataclass(slots=True)
class Snapshots:
    """Snapshots at hand: definitions by portal and object type, object types by portal."""

    definitions: dict[tuple[int, str], TypeDefinitions] = field(default_factory=dict)
    types: dict[int, PortalTypes] = field(default_factory=dict)

    def keep(self, snapshot: TypeDefinitions | PortalTypes) -> None:
        """Keeps it in the place of an older one."""
        if isinstance(snapshot, PortalTypes):
            self.types[snapshot.portal_id] = snapshot
        else:
            self.definitions[snapshot.portal_id, snapshot.object_type.id] = snapshot

    def forget(self, portal_id: int, object_type_id: str | None) -> None:
        """Drops the definitions of one object type, or of all types of the portal for None."""
        kept = self.definitions
        for key in [
            key for key in kept if key[0] == portal_id and object_type_id in (None, key[1])
        ]:
            del kept[key]

    def clear(self) -> None:
        """Drops everything."""
        self.definitions.clear()
        self.types.clear()


class DefinitionReads:
    """The reads of definitions. `keep` is told every snapshot that had to be made."""

    def __init__(
        self,
        connection: apsw.Connection,
        cached: Snapshots,
        keep: Callable[[TypeDefinitions | PortalTypes], None],
    ) -> None:
        self._connection = connection
        self._cached = cached
        self._keep = keep

    def _rows(self, statement: str, parameters: Mapping[str, Any] | Row = ()) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract."""
        found = self._cached.definitions.get((portal_id, object_type_id))
        if found is None:
            found = self._define(portal_id, object_type_id)
            self._keep(found)
        return found

    def _define(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        object_type = self.object_types(portal_id).by_id(object_type_id)
        if object_type is None:
            raise ObjectTypeGoneError(object_type_id)
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        properties = {each.name: each for each in standard_properties(object_type)}
        for name, text in self._rows(queries.PROPERTIES, key):
            if text == _REMOVED:
                properties.pop(name, None)
            else:
                properties[name] = _read_definition(text)
        groups = {each.name: each for each in standard_groups(object_type)}
        for (text,) in self._rows(queries.GROUPS, key):
            group = _read_group(text)
            groups[group.name] = group
        pipelines = {each.id: each for each in standard_pipelines(object_type)}
        validations = {}
        admin_rules = NO_ADMIN_RULES
        for kind, name, text in self._rows(queries.DEFINITIONS, key):
            if kind == "pipeline":
                if text == _REMOVED:
                    pipelines.pop(name, None)
                else:
                    pipelines[name] = _read_pipeline(text)
            elif kind == "validations":
                validations[name] = _read_validations(text)
            elif kind == "admin_rules":
                admin_rules = _read_admin_rules(text)
        return define_type(
            portal_id,
            object_type,
            properties.values(),
            sorted(groups.values(), key=lambda each: each.display_order),
            tuple(sorted(pipelines.values(), key=lambda each: (each.display_order, each.label))),
            frozenset(each.id for each in self.owners(portal_id)),
            validations,
            admin_rules,
        )

    def object_types(self, portal_id: int) -> PortalTypes:
        """See the contract."""
        found = self._cached.types.get(portal_id)
        if found is None:
            found = self._read_types(portal_id)
            self._keep(found)
        return found

    def _read_types(self, portal_id: int) -> PortalTypes:
        schemas, labels, limits = [], [], {}
        for kind, name, text in self._rows(queries.TYPE_DEFINITIONS, {"portal_id": portal_id}):
            if kind == "schema":
                schemas.append(_read_schema(text))
            elif kind == "association_type":
                labels.append(_read_association_type(text))
            else:
                category, _, type_id = name.rpartition(":")
                limits[category, int(type_id)] = int(text)
        return portal_types(portal_id, schemas, labels, limits)

    def owners(self, portal_id: int) -> list[Owner]:
        """See the contract."""
        return [
            Owner(
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                bool(row[5]),
                row[6],
                _read_teams(row[7]),
                row[8],
                row[9],
            )
            for row in self._rows(queries.OWNERS, {"portal_id": portal_id})
        ]

    def own_definitions(self, portal_id: int) -> list[StoredDefinition]:
        """See the contract."""
        rows = self._rows(queries.OWN_DEFINITIONS, {"portal_id": portal_id})
        return [StoredDefinition(*row) for row in rows]

    def count_custom_properties(self, portal_id: int) -> dict[str, int]:
        """See the contract."""
        return dict(self._rows(queries.COUNT_CUSTOM_PROPERTIES, {"portal_id": portal_id}))

    def pipeline_audit(
        self, portal_id: int, object_type_id: str, pipeline_id: str, stage_id: str
    ) -> list[AuditEntry]:
        """See the contract."""
        rows = self._rows(
            queries.AUDIT,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "pipeline_id": pipeline_id,
                "stage_id": stage_id,
            },
        )
        return [AuditEntry(*row) for row in rows]

    def pipeline_audits(self, portal_id: int) -> list[tuple[str, AuditEntry]]:
        """See the contract."""
        rows = self._rows(queries.AUDITS, {"portal_id": portal_id})
        return [(row[0], AuditEntry(*row[1:])) for row in rows]


class DefinitionWrites(DefinitionReads):
    """The writes of definitions; what a commit group has changed is seen within it."""

    def __init__(self, connection: apsw.Connection, cached: Snapshots) -> None:
        self._group = Snapshots()
        super().__init__(connection, cached, self._group.keep)
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
        self._connection.execute(
            queries.ADD_OWNER,
            {
                "portal_id": portal_id,
                "owner_id": owner.id,
                "email": owner.email,
                "first_name": owner.first_name,
                "last_name": owner.last_name,
                "user_id": owner.user_id,
                "archived": int(owner.archived),
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
            queries.PUT_PROPERTY, portal_id, object_type_id, definition.name, json_text(definition)
        )

    def remove_standard_property(self, portal_id: int, object_type_id: str, name: str) -> None:
        """See the contract."""
        self._put_named(queries.PUT_PROPERTY, portal_id, object_type_id, name, _REMOVED)

    def put_group(self, portal_id: int, object_type_id: str, group: PropertyGroup) -> None:
        """See the contract."""
        self._put_named(queries.PUT_GROUP, portal_id, object_type_id, group.name, json_text(group))

    def _put_named(
        self, statement: str, portal_id: int, object_type_id: str, name: str, document: str
    ) -> None:
        self._definitions_changed(portal_id, object_type_id)
        self._connection.execute(
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
        self._connection.execute(
            queries.PUT_DEFINITION,
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
        self._connection.execute(
            queries.REMOVE_DEFINITION,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "kind": kind,
                "name": name,
            },
        )

    def new_object_type_id(self, portal_id: int) -> str:
        """See the contract."""
        rows = self._rows(queries.TAKE_OBJECT_TYPE_ID, {"portal_id": portal_id})
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
            self._connection.execute(
                queries.KEEP_ASSOCIATION_TYPE_IDS,
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
            self._put(portal_id, object_type_id, "pipeline", pipeline_id, _REMOVED)
        else:
            self._remove(portal_id, object_type_id, "pipeline", pipeline_id)

    def add_audit(self, portal_id: int, object_type_id: str, entries: Sequence[AuditEntry]) -> None:
        """See the contract."""
        self._connection.executemany(
            queries.ADD_AUDIT,
            [
                (
                    portal_id,
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
        named = {"property": queries.PUT_PROPERTY, "group": queries.PUT_GROUP}
        for each in definitions:
            if each.kind in ("schema", "association_type", "association_limit"):
                self.object_types_changed(portal_id, each.object_type_id)
            if statement := named.get(each.kind):
                self._put_named(statement, portal_id, each.object_type_id, each.name, each.document)
            else:
                self._put(portal_id, each.object_type_id, each.kind, each.name, each.document)
