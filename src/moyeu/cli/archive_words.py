"""What is said of archives of portals: what they hold, and why one is refused."""

from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations.archive_lines import VERSION, Counts, SectionName
from moyeu.operations.archive_problems import (
    ArchiveProblem,
    EarlierWriteExpected,
    IdNotGivenOut,
    InvalidDocument,
    InvalidListDocument,
    ListIdNotGivenOut,
    MisplacedLine,
    MissingLines,
    NewerArchive,
    NotAnArchive,
    NotAscending,
    PortalIdTaken,
    RestoredValueTaken,
    TrailingLine,
    UnknownInArchive,
    UnreadableLine,
    WrongChecksum,
    WrongCount,
)

PLURALS: Final[dict[SectionName, str]] = {
    "record": "records",
    "association": "associations",
    "write": "history entries",
    "merged": "merged ids",
    "definition": "definitions",
    "audit": "audit entries",
    "owner": "owners",
    "list": "lists",
    "list_membership": "list memberships",
    "list_folder": "list folders",
}
"""What the lines of a section are called, the most telling first."""


def counts_told(counts: Counts) -> dict[str, int]:
    """How much an archive holds of everything, the most telling first."""
    return {words: getattr(counts, name) for name, words in PLURALS.items()}


def archive_words(problem: Problem) -> str:
    """Why an archive is refused."""
    match problem:
        case NotAnArchive(reason):
            return "the file is no archive of a portal" + (f": {reason}" if reason else "")
        case NewerArchive(version):
            return (
                f"the archive has format {version}, which a newer moyeu wrote; this one reads"
                f" formats up to {VERSION}"
            )
        case PortalIdTaken(portal_id):
            return f"there is a portal {portal_id} already; --portal gives another id"
        case ArchiveProblem(line):
            return f"line {line}: {_line_words(problem)}"
    raise AssertionError(problem)


def _line_words(problem: ArchiveProblem) -> str:
    match problem:
        case UnreadableLine(_, reason):
            return f"it cannot be read: {reason}"
        case MisplacedLine(_, kind, expected):
            return f"it is of kind {kind!r} where {expected!r} is expected"
        case MissingLines():
            return "the archive ends before its end"
        case TrailingLine():
            return "it follows the end of the archive"
        case WrongCount(_, section, told, counted):
            return f"there are {counted:,} {PLURALS[section]} and there should be {told:,}"
        case WrongChecksum():
            return "the checksum is wrong: the archive is not as it was written"
        case NotAscending(_, kind, key):
            return f"{kind} {' '.join(map(str, key))} stands twice, or not in its place"
    return _wrong_content(problem)


def _wrong_content(problem: ArchiveProblem) -> str:
    """What is said of a line that stands where it should and says what cannot be."""
    match problem:
        case UnknownInArchive(_, what, name):
            return f"there is no {what} {name!r}"
        case InvalidDocument(_, object_type_id, reason):
            return f"a definition of {object_type_id or 'an object type'} is invalid: {reason}"
        case IdNotGivenOut(_, record_id):
            return f"record id {record_id} is not below the next id of the header"
        case ListIdNotGivenOut(_, kind, list_id):
            noun = PLURALS[kind].removesuffix("s")
            return f"the id of {noun} {list_id} is not below the next id of the header"
        case InvalidListDocument(_, kind, reason):
            return f"a {PLURALS[kind].removesuffix('s')} is invalid: {reason}"
        case EarlierWriteExpected(_, number):
            return f"history entry {number} names a previous one that is not before it"
        case RestoredValueTaken(_, name, value):
            return f"{name}: {value!r} must be unique and an earlier record has it"
    raise AssertionError(problem)
