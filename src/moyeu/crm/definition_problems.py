"""Everything that a client can get wrong in a property or group definition, as values.

Words, category and status are in `wire/property_words.py`, one row each.
"""

from dataclasses import dataclass
from typing import Literal

from moyeu.crm.formulas import FormulaFault
from moyeu.crm.problems import Problem

# --- a property ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PropertyNotFound(Problem):
    """No property of that name is active, archived or as sensitive as asked for."""

    name: str


@dataclass(frozen=True, slots=True)
class PropertyExists(Problem):
    """An active property has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class InvalidPropertyName(Problem):
    """The name is not made of letters, digits and underscores after a letter, or is too long."""

    name: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class ReservedPropertyName(Problem):
    """Names with that prefix belong to HubSpot."""

    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class CustomPropertiesNotAllowed(Problem):
    """The object type has only HubSpot's own properties."""

    object_type_id: str


@dataclass(frozen=True, slots=True)
class TooManyProperties(Problem):
    """The object type has as many custom properties as it may have."""

    count_max: int


@dataclass(frozen=True, slots=True)
class TooManyPropertiesOfPortal(Problem):
    """All object types of the portal together have as many custom properties as they may have."""

    count_max: int


@dataclass(frozen=True, slots=True)
class FieldTypeMismatch(Problem):
    """The type cannot be entered by that field type, or is never creatable."""

    name: str
    type: str
    field_type: str


@dataclass(frozen=True, slots=True)
class OptionsMissing(Problem):
    """An enumeration without options."""

    name: str
    object_type_id: str


@dataclass(frozen=True, slots=True)
class BooleanOptionsInvalid(Problem):
    """The options of a bool property are not exactly `true` and `false`."""

    name: str
    object_type_id: str


@dataclass(frozen=True, slots=True)
class OptionInvalid(Problem):
    """An option that stands twice, has blanks around it, or no value."""

    name: str
    value: str
    fault: Literal["repeated", "untrimmed", "empty"]


@dataclass(frozen=True, slots=True)
class ExternalOptionsInvalid(Problem):
    """External options without a referenced object type, or beside options of its own."""

    name: str


@dataclass(frozen=True, slots=True)
class PropertyGroupMissing(Problem):
    """The property is to belong to a group that is not there."""

    group_name: str


@dataclass(frozen=True, slots=True)
class CurrencyWithoutSymbol(Problem):
    """A currency property is named by a property that shows no currency symbol."""

    name: str


@dataclass(frozen=True, slots=True)
class FormulaMissing(Problem):
    """A calculation without a formula."""

    name: str


@dataclass(frozen=True, slots=True)
class FormulaInvalid(Problem):
    """The formula of a property cannot be read."""

    name: str
    fault: FormulaFault


@dataclass(frozen=True, slots=True)
class FormulaResultMismatch(Problem):
    """The formula gives values of another type than the property has."""

    name: str
    type: str
    result: str


@dataclass(frozen=True, slots=True)
class FormulaCircular(Problem):
    """The property would be computed from itself."""

    name: str


@dataclass(frozen=True, slots=True)
class UniqueNotPossible(Problem):
    """Values of that kind of property cannot be unique."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TooManyUniqueProperties(Problem):
    """The object type has as many unique properties as it may have."""

    count_max: int


@dataclass(frozen=True, slots=True)
class ValuesNotUnique(Problem):
    """Two records have the same value of a property that is to be unique; ids as text."""

    name: str
    value: str
    record_id: str
    holder_id: str


@dataclass(frozen=True, slots=True)
class SensitiveScopeMissing(Problem):
    """The caller may not create properties for sensitive data."""


@dataclass(frozen=True, slots=True)
class SensitiveDataNotEnabled(Problem):
    """The portal keeps no sensitive data."""


@dataclass(frozen=True, slots=True)
class UniqueFlagFixed(Problem):
    """An update wants another `hasUniqueValue` than the property was created with."""

    name: str


@dataclass(frozen=True, slots=True)
class DefinitionReadOnly(Problem):
    """HubSpot's own definition; `fields` are those that an update would change, inner names."""

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PropertyNotArchivable(Problem):
    """HubSpot's own property."""

    name: str


@dataclass(frozen=True, slots=True)
class PropertyInUse(Problem):
    """Formulas of these active properties name it, in name order."""

    name: str
    object_type_id: str
    users: tuple[str, ...]


# --- a property group ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupNotFound(Problem):
    """No active group has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class GroupExists(Problem):
    """An active group has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class InvalidGroupName(Problem):
    """The name is not made as names of properties are."""

    name: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class GroupHasProperties(Problem):
    """Active properties belong to the group."""

    name: str
