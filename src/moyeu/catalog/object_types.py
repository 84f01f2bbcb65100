"""The object types that every portal has, and how they are named in paths.

Custom object types belong to a portal and are not rows here; they have the same shape.
"""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from moyeu.catalog.tables import read_table

CUSTOM_TYPE_ID_PREFIX: Final = "2-"
"""Ids of custom object types begin with it; those of HubSpot's own with `0-`."""

RECORD_ID: Final = "hs_object_id"
"""The property with a record's own id; every object type has it."""

_TYPE_ID = re.compile(r"[0-9]+-[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object type. Names are lower case with underscores; property tuples of names.

    `default_properties` (what a read answers when nothing is asked) is ascending and includes
    `always_properties`. Scopes: any one of the tuple suffices.
    """

    id: str
    name: str
    singular: str
    label: str
    label_plural: str
    upper_name: str
    """The name in error texts and in `fullyQualifiedName`, such as `MEETING_EVENT`."""
    other_names: tuple[str, ...] = ()

    created_property: str = "hs_createdate"
    modified_property: str = "hs_lastmodifieddate"
    default_properties: tuple[str, ...] = ("hs_createdate", "hs_lastmodifieddate", RECORD_ID)
    primary_display_property: str
    secondary_display_properties: tuple[str, ...] = ()
    required_properties: tuple[str, ...] = ()
    id_properties: tuple[str, ...] = ()
    """Usable as id property although their definition does not say unique; enforced unique."""
    conflict_properties: tuple[str, ...] = ()
    """Those of them whose taken value a create answers as a conflict (409); others are a 400."""
    further_values: tuple[tuple[str, str], ...] = ()
    """(id property, property that lists further values of it, joined by `;`): they find a record
    as the id property does, and are unique together with it."""
    searchable_properties: tuple[str, ...] = ()
    """Those in which the `query` of a search is looked for."""
    unfilterable_properties: tuple[str, ...] = ()
    """Those that no filter of a search may name (documented: previews of rich text)."""

    has_pipelines: bool = False
    pipeline_property: str | None = None
    stage_property: str | None = None
    allows_custom_properties: bool = True

    page: str = "contacts/{portal}/record/{type}/{record}"
    """Where HubSpot's own pages show a record, below their host (observed 2025 and 2026)."""

    scope_name: str
    """The word between `crm.objects.` or `crm.schemas.` and the verb: `partner-services`."""
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]

    scopes_evidence: str = ""
    id_evidence: str = ""
    """DOCUMENTED, GUESS (derived) or PLACEHOLDER (ours, outside the range that HubSpot uses)."""
    evidence: str = ""
    note: str = ""

    @property
    def always_properties(self) -> tuple[str, ...]:
        """The three properties that every read answers, ascending."""
        return tuple(sorted((self.created_property, self.modified_property, RECORD_ID)))

    @property
    def is_custom(self) -> bool:
        """Whether a portal made the type, and not HubSpot."""
        return self.id.startswith(CUSTOM_TYPE_ID_PREFIX)


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    object_types: tuple[ObjectType, ...]


_TABLE = read_table("object_types", _Table)

SOURCE: Final = _TABLE.source
EVIDENCE: Final = _TABLE.evidence
OBJECT_TYPES: Final = _TABLE.object_types
"""HubSpot's own object types, in the order of the table."""

_BY_ID = {object_type.id: object_type for object_type in OBJECT_TYPES}
_BY_NAME = {
    name: object_type
    for object_type in OBJECT_TYPES
    for name in (object_type.name, object_type.singular, *object_type.other_names)
}


def find_object_type(text: str) -> ObjectType | None:
    """HubSpot's own object type that a path or body names, None if there is none.

    text: the plural, the singular or another name in any case, or the type id.
    Source: observed 2026-10-01 on properties, schemas and objects (plural, singular, case, id).
    """
    return _BY_ID.get(text) or _BY_NAME.get(text.lower())


def object_type_named(text: str) -> ObjectType:
    """As `find_object_type`, for texts of our own, which name a type for sure."""
    found = find_object_type(text)
    assert found is not None, text
    return found


def object_type_by_id(type_id: str) -> ObjectType | None:
    """HubSpot's own object type with this id (`0-1`), None if there is none."""
    return _BY_ID.get(type_id)


def looks_like_type_id(text: str) -> bool:
    """Whether the text has the form of a type id (`0-1`, `2-123`), known or not."""
    return _TYPE_ID.fullmatch(text) is not None
