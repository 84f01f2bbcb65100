"""Everything that a client can get wrong in a schema of a custom object type, as values.

Words, category and status are in `wire/schema_words.py`, one row each.
"""

from dataclasses import dataclass
from typing import Literal

from moyeu.crm.problems import Problem

DisplayField = Literal["primary", "secondary", "required", "searchable"]
"""A field of a schema that holds names of properties."""


@dataclass(frozen=True, slots=True)
class UnknownObjectType(Problem):
    """No active object type is named so; the text as sent."""

    text: str


@dataclass(frozen=True, slots=True)
class HubSpotDefinedType(Problem):
    """HubSpot's own object type, which nobody may change."""


@dataclass(frozen=True, slots=True)
class InvalidObjectTypeName(Problem):
    """Not made of letters, digits and underscores after a letter, or too long."""

    name: str


@dataclass(frozen=True, slots=True)
class InvalidObjectTypeLabel(Problem):
    """A label that is blank or too long."""

    label: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class ObjectTypeExists(Problem):
    """An active custom object type has that name, in whatever case."""

    name: str


@dataclass(frozen=True, slots=True)
class TooManyObjectTypes(Problem):
    """The portal has as many custom object types as it may have."""

    count_max: int


@dataclass(frozen=True, slots=True)
class PrimaryDisplayPropertyMissing(Problem):
    """A create without a primary display property."""


@dataclass(frozen=True, slots=True)
class UnknownDisplayProperties(Problem):
    """Names that the type has no active property of, in the order given."""

    field: DisplayField
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepeatedDisplayProperty(Problem):
    """A property that stands twice where order counts."""

    field: DisplayField
    name: str


@dataclass(frozen=True, slots=True)
class TooManyDisplayProperties(Problem):
    """More properties than the field may name."""

    field: DisplayField
    count_max: int


@dataclass(frozen=True, slots=True)
class SensitivePropertiesFixed(Problem):
    """An update wants to turn off that the type may have sensitive properties."""


@dataclass(frozen=True, slots=True)
class ObjectTypeHasRecords(Problem):
    """Active records hold back the archiving of their type."""

    object_type_id: str


@dataclass(frozen=True, slots=True)
class NoArchivedObjectType(Problem):
    """Only an archived object type can be purged."""


@dataclass(frozen=True, slots=True)
class AssociationNameTaken(Problem):
    """An association of the portal has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class SchemaAssociationNotFound(Problem):
    """The type has no association with that id or name."""

    identifier: str
