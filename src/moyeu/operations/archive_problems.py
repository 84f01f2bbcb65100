"""Everything that can be wrong with an archive of a portal, as values.

The words for it are in `cli/archive_words.py`.
"""

from dataclasses import dataclass

from moyeu.crm.problems import Problem
from moyeu.operations.archive_lines import SectionName


@dataclass(frozen=True, slots=True)
class NotAnArchive(Problem):
    """The first line is no header; reason: what the reader of JSON says, or "" ."""

    reason: str


@dataclass(frozen=True, slots=True)
class NewerArchive(Problem):
    """The archive has a format that this version does not know."""

    version: int


@dataclass(frozen=True, slots=True)
class PortalIdTaken(Problem):
    """The database has a portal with that id."""

    portal_id: int


@dataclass(frozen=True, slots=True)
class ArchiveProblem(Problem):
    """Base of what is wrong with a line; lines count from 1."""

    line: int


@dataclass(frozen=True, slots=True)
class UnreadableLine(ArchiveProblem):
    """Not JSON, of an unknown kind or of another shape; reason: what the reader says."""

    reason: str


@dataclass(frozen=True, slots=True)
class MisplacedLine(ArchiveProblem):
    """A line of a kind that cannot stand there; expected: the kind whose section it is."""

    kind: str
    expected: str


@dataclass(frozen=True, slots=True)
class MissingLines(ArchiveProblem):
    """The archive ends before its end; line: where the next one should be."""


@dataclass(frozen=True, slots=True)
class TrailingLine(ArchiveProblem):
    """Something follows the end line."""


@dataclass(frozen=True, slots=True)
class WrongCount(ArchiveProblem):
    """A section that has another number of lines than the header or its closing line says."""

    section: SectionName
    told: int
    counted: int


@dataclass(frozen=True, slots=True)
class WrongChecksum(ArchiveProblem):
    """The lines are not those that were written."""


@dataclass(frozen=True, slots=True)
class NotAscending(ArchiveProblem):
    """The same thing twice, or the lines in another order; key: what they are ordered by."""

    kind: SectionName
    key: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class UnknownInArchive(ArchiveProblem):
    """A line that belongs to an object type or association type that the portal has not."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class InvalidDocument(ArchiveProblem):
    """A definition of another shape; line: of the section's end."""

    object_type_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class IdNotGivenOut(ArchiveProblem):
    """A record id that the portal is going to give to another record."""

    record_id: int


@dataclass(frozen=True, slots=True)
class ListIdNotGivenOut(ArchiveProblem):
    """An id that the portal is going to give to another list or folder; kind: which of them."""

    kind: SectionName
    id: int


@dataclass(frozen=True, slots=True)
class InvalidListDocument(ArchiveProblem):
    """A list or folder of another shape, or of another id than its line; kind: which of them."""

    kind: SectionName
    reason: str


@dataclass(frozen=True, slots=True)
class EarlierWriteExpected(ArchiveProblem):
    """An entry of the history whose previous one is not before it."""

    number: int


@dataclass(frozen=True, slots=True)
class RestoredValueTaken(ArchiveProblem):
    """A unique value that an earlier record has."""

    name: str
    value: str
