"""The part of a transaction that reads definitions: types, properties, pipelines, …"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

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
from moyeu.crm.definitions import Owner, Team, TypeDefinitions, define_type
from moyeu.crm.object_schemas import (
    ObjectSchema,
    PortalTypes,
    portal_types,
)
from moyeu.crm.validations import ValidationRule
from moyeu.storage.contract import (
    AuditEntry,
    ObjectTypeGoneError,
    StoredDefinition,
)
from moyeu.storage.sql.rows import SqlRows

REMOVED: Final = "null"
"""The document of a standard pipeline or property that the portal has not."""

_read_definition = msgspec.json.Decoder(PropertyDefinition).decode
_read_group = msgspec.json.Decoder(PropertyGroup).decode
_read_association_type = msgspec.json.Decoder(AssociationType).decode
_read_schema = msgspec.json.Decoder(ObjectSchema).decode
_read_pipeline = msgspec.json.Decoder(Pipeline).decode
_read_validations = msgspec.json.Decoder(tuple[ValidationRule, ...]).decode
_read_admin_rules = msgspec.json.Decoder(AdminRules).decode
_read_teams = msgspec.json.Decoder(tuple[Team, ...]).decode


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


class DefinitionReads(SqlRows):
    """The reads of definitions. `keep` is told every snapshot that had to be made."""

    def __init__(
        self, cached: Snapshots, keep: Callable[[TypeDefinitions | PortalTypes], None]
    ) -> None:
        self._cached = cached
        self._keep = keep

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
        for name, text in self._rows(self._sql.PROPERTIES, key):
            if text == REMOVED:
                properties.pop(name, None)
            else:
                properties[name] = _read_definition(text)
        groups = {each.name: each for each in standard_groups(object_type)}
        for (text,) in self._rows(self._sql.GROUPS, key):
            group = _read_group(text)
            groups[group.name] = group
        pipelines = {each.id: each for each in standard_pipelines(object_type)}
        validations = {}
        admin_rules = NO_ADMIN_RULES
        for kind, name, text in self._rows(self._sql.DEFINITIONS, key):
            if kind == "pipeline":
                if text == REMOVED:
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
        for kind, name, text in self._rows(self._sql.TYPE_DEFINITIONS, {"portal_id": portal_id}):
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
            for row in self._rows(self._sql.OWNERS, {"portal_id": portal_id})
        ]

    def own_definitions(self, portal_id: int) -> list[StoredDefinition]:
        """See the contract."""
        rows = self._rows(self._sql.OWN_DEFINITIONS, {"portal_id": portal_id})
        return [StoredDefinition(*row) for row in rows]

    def count_custom_properties(self, portal_id: int) -> dict[str, int]:
        """See the contract."""
        return dict(self._rows(self._sql.COUNT_CUSTOM_PROPERTIES, {"portal_id": portal_id}))

    def pipeline_audit(
        self, portal_id: int, object_type_id: str, pipeline_id: str, stage_id: str
    ) -> list[AuditEntry]:
        """See the contract."""
        rows = self._rows(
            self._sql.AUDIT,
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
        rows = self._rows(self._sql.AUDITS, {"portal_id": portal_id})
        return [(row[0], AuditEntry(*row[1:])) for row in rows]
