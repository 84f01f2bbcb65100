"""What a client can get wrong about association labels and limits, as values.

Words, category and status are in `wire/association_definition_words.py`, one row each.
"""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class AssociationTypeNotFound(Problem):
    """No association type of that category and id leads from the one object type to the other."""

    category: str
    type_id: int


@dataclass(frozen=True, slots=True)
class HubSpotDefinedAssociationType(Problem):
    """HubSpot's own association type, which nobody may rename or delete."""

    type_id: int


@dataclass(frozen=True, slots=True)
class LabelMissing(Problem):
    """A label, or an inverse one, that is blank; `field` as inside: `label`, `inverse_label`."""

    field: str


@dataclass(frozen=True, slots=True)
class InvalidLabelName(Problem):
    """A name that is blank, has a hyphen or begins with a digit."""

    name: str


@dataclass(frozen=True, slots=True)
class LabelNameTaken(Problem):
    """An association type of the portal, or of the two object types, has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class TooManyLabels(Problem):
    """The two object types have as many labels as they may have."""

    count_max: int


@dataclass(frozen=True, slots=True)
class LabelInUse(Problem):
    """Records are associated with the label, archived ones maybe."""

    type_id: int
    label: str


@dataclass(frozen=True, slots=True)
class LimitOutOfRange(Problem):
    """A limit beyond what its type may have beside the limits that are set; both ends may be."""

    category: str
    type_id: int
    limit: int
    limit_min: int
    limit_max: int


@dataclass(frozen=True, slots=True)
class UserNotFound(Problem):
    """No active owner of the portal is that user; the id as sent."""

    user_id: str
