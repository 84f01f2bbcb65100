"""What a client can get wrong about associations of records that are there already.

Those of associations given on create are in `crm/problems.py` and are used here too:
`AssociationTypesUnknown`, `AssociationTargetsInvalid` (records that are not there, from or to) and
`ManyForOneToOne`. Words, category and status are in `wire/association_words.py`, one row each.
"""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class AssociationNameUnknown(Problem):
    """No association type of the pair of object types has that name or id; `name` as sent."""

    name: str
    from_object_type_id: str
    to_object_type_id: str


@dataclass(frozen=True, slots=True)
class TypesNotAssociable(Problem):
    """There is no association type at all between records of these two object types."""

    from_object_type_id: str
    to_object_type_id: str


@dataclass(frozen=True, slots=True)
class AssociationLimitExceeded(Problem):
    """A record would have more associations of a type, (category, id), than it may have.

    object_type: the upper-case name of the record's object type. record_id: decimal text. limit:
    how many records of the other object type it may have.
    """

    object_type: str
    record_id: str
    to_object_type_id: str
    type: tuple[str, int]
    limit: int


@dataclass(frozen=True, slots=True)
class NoAssociations(Problem):
    """A record of a batch read has no association with the other type, or is not there.

    from_id: as sent.
    """

    from_id: str
    from_object_type_id: str
    to_object_type_id: str


@dataclass(frozen=True, slots=True)
class TooManyAssociationsPerPage(Problem):
    """More associations than a page may have were asked for; `limit` as sent."""

    limit: str
    limit_max: int


@dataclass(frozen=True, slots=True)
class InvalidAssociationCursor(Problem):
    """An `after` that no answer gave out; as sent."""

    after: str
