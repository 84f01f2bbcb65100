"""Everything that a client can get wrong about lists, as values; words: `wire/list_words.py`."""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class ListNotFound(Problem):
    """The portal has no list with that id, text as sent, or it was deleted."""

    list_id: str


@dataclass(frozen=True, slots=True)
class ListNameNotFound(Problem):
    """No list of the object type has that name."""

    object_type_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ListNameTaken(Problem):
    """Another list of the object type has that name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListNameInvalid(Problem):
    """The name is empty or too long."""

    name: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class UnknownWord(Problem):
    """A word that is none of those that may stand there; field: in wire spelling."""

    field: str
    word: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListIdsMissing(Problem):
    """A read of many lists that names none."""


@dataclass(frozen=True, slots=True)
class TooManyLists(Problem):
    """The portal has as many lists as it may have."""

    lists_max: int


@dataclass(frozen=True, slots=True)
class FiltersMissing(Problem):
    """A list that consists of filters, without any."""

    processing_type: str


@dataclass(frozen=True, slots=True)
class FiltersNotAllowed(Problem):
    """Filters for a list of a kind that has none, or whose filters stay as they are."""

    processing_type: str


@dataclass(frozen=True, slots=True)
class FilterShapeInvalid(Problem):
    """A filter branch that is not an OR of ANDs, or lacks something.

    path: where, as `filterBranches[0].filters[2]`, "" for the root. reason: which rule is broken.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FilterPropertyUnknown(Problem):
    """A filter about a property that the object type has not."""

    object_type_id: str
    name: str


@dataclass(frozen=True, slots=True)
class OperationNotForProperty(Problem):
    """An operation type that properties of that type are not compared by."""

    name: str
    property_type: str
    operation_type: str


@dataclass(frozen=True, slots=True)
class MembersFollowFilters(Problem):
    """Members of a dynamic list, which nobody puts there or takes away."""

    list_id: str


@dataclass(frozen=True, slots=True)
class TooManyRecordIds(Problem):
    """More record ids than one call may name."""

    ids_max: int


@dataclass(frozen=True, slots=True)
class TooManyMembers(Problem):
    """A list that has too many members for that."""

    members_max: int


@dataclass(frozen=True, slots=True)
class SameList(Problem):
    """A list whose members are to be added to itself."""

    list_id: str


@dataclass(frozen=True, slots=True)
class ListsOfOtherTypes(Problem):
    """Two lists of different object types."""

    list_id: str
    source_id: str


@dataclass(frozen=True, slots=True)
class NotConvertible(Problem):
    """A list that is static already."""

    list_id: str


@dataclass(frozen=True, slots=True)
class ConversionInvalid(Problem):
    """A day that there is not, a period that is none; field: in wire spelling."""

    field: str


@dataclass(frozen=True, slots=True)
class FolderNotFound(Problem):
    """The portal has no folder of lists with that id, text as sent."""

    folder_id: str


@dataclass(frozen=True, slots=True)
class FolderNameTaken(Problem):
    """The parent has a folder of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class FolderNotEmpty(Problem):
    """A folder that has lists or folders in it."""

    folder_id: str


@dataclass(frozen=True, slots=True)
class RootFolderStays(Problem):
    """The root folder, which is neither renamed, moved nor deleted."""


@dataclass(frozen=True, slots=True)
class FolderWithinItself(Problem):
    """A folder that would lie in itself."""

    folder_id: str


@dataclass(frozen=True, slots=True)
class FoldersTooDeep(Problem):
    """More folders inside of each other than there may be."""

    depth_max: int
