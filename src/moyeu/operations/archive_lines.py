"""The lines of an archive of a portal: what each holds, as JSON in one spelling.

A header, then the sections in the order of `SectionName`, each with its closing line, then the end
line. A line is a JSON object without blanks whose keys are ascending at every depth, so that the
same portal has the same lines and two archives can be compared. Names are those of the dataclasses
inside; times are milliseconds since 1970, UTC.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from moyeu.catalog.associations import AssociationCategory
from moyeu.crm.definitions import Team
from moyeu.crm.null_characters import has_null_character
from moyeu.storage.contract import DefinitionKind

FORMAT: Final = "moyeu portal"
VERSION: Final = 3
"""The number of the format; a change that older versions cannot read raises it.

1 has no lists: it ends with the section of writes. 2 does not know `last_write`.
"""

SectionName = Literal[
    "owner",
    "definition",
    "audit",
    "record",
    "association",
    "merged",
    "write",
    "list_folder",
    "list",
    "list_membership",
]
"""What a section consists of, in the order of the sections: each needs only those before it."""

SECTIONS_SINCE: Final[dict[SectionName, int]] = {"list_folder": 2, "list": 2, "list_membership": 2}
"""The first format that has a section, where it is not 1."""

_Whole = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_TimeMs = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What the lines share; unknown keys are refused."""


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines each section has."""

    owner: _Whole
    definition: _Whole
    audit: _Whole
    record: _Whole
    association: _Whole
    merged: _Whole
    write: _Whole
    list_folder: _Whole = 0
    list: _Whole = 0
    list_membership: _Whole = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(getattr(self, name) for name in self.__struct_fields__)


class Header(_Line, frozen=True, tag="header"):
    """The first line: the portal itself, its next ids, and what follows."""

    portal_id: Annotated[int, Meta(ge=1, le=2**53)]
    name: str
    app_id: _Whole
    created_at_ms: _TimeMs
    next_record_id: _Whole
    next_object_type: _Whole
    counts: Counts
    next_list: _Whole = 1
    next_list_folder: _Whole = 1
    next_association_type: _Whole = 1
    last_write: _Whole = 0
    format: str = FORMAT
    version: int = VERSION


class OwnerLine(_Line, frozen=True, tag="owner"):
    """An owner; ascending by id."""

    id: Annotated[str, Meta(pattern="^[0-9]{1,18}$")]
    email: str
    first_name: str
    last_name: str
    user_id: _Whole | None
    archived: bool
    type: Literal["PERSON", "QUEUE"]
    teams: tuple[Team, ...]
    created_at_ms: _TimeMs
    updated_at_ms: _TimeMs


class DefinitionLine(_Line, frozen=True, tag="definition"):
    """One of `own_definitions`; ascending by `what`, object type and name."""

    what: DefinitionKind
    object_type_id: str
    name: str
    document: msgspec.Raw


class AuditLine(_Line, frozen=True, tag="audit"):
    """A change of a pipeline or stage; ascending by object type, pipeline and stage."""

    object_type_id: str
    pipeline_id: str
    stage_id: str
    action: str
    at_ms: _TimeMs
    user_id: _Whole | None
    document: msgspec.Raw


class RecordLine(_Line, frozen=True, tag="record", gc=False):
    """A record, active or archived; ascending by object type and id."""

    object_type_id: str
    record_id: _Whole
    properties: dict[str, str]
    created_at_ms: _TimeMs
    updated_at_ms: _TimeMs
    archived_at_ms: _TimeMs | None
    last_write: _Whole


class AssociationLine(_Line, frozen=True, tag="association", gc=False):
    """One direction of an association; ascending by from-record, to-type, to-record and type."""

    from_object_type_id: str
    from_record_id: _Whole
    to_object_type_id: str
    to_record_id: _Whole
    category: AssociationCategory
    type_id: _Whole


class MergedLine(_Line, frozen=True, tag="merged", gc=False):
    """Where a record went when it was merged away; ascending by object type and id."""

    object_type_id: str
    record_id: _Whole
    survivor_id: _Whole


class WriteLine(_Line, frozen=True, tag="write", gc=False):
    """An entry of the history; ascending by number."""

    number: _Whole
    object_type_id: str
    record_id: _Whole
    previous: _Whole
    written_at_ms: _TimeMs
    changed: dict[str, str]
    source_type: str
    source_id: Annotated[str, Meta(pattern="^[0-9]{1,18}$")]
    user_id: _Whole | None
    correlation_id: str
    trace_id: str | None


class ListFolderLine(_Line, frozen=True, tag="list_folder"):
    """A folder of lists; ascending by id. document: the fields of `ListFolder`."""

    id: _Whole
    document: msgspec.Raw


class ListLine(_Line, frozen=True, tag="list"):
    """A list, a deleted one too; ascending by id. document: the fields of `ListDefinition`."""

    id: _Whole
    document: msgspec.Raw


class ListMembershipLine(_Line, frozen=True, tag="list_membership", gc=False):
    """That a record is in a list; ascending by list and record."""

    list_id: _Whole
    record_id: _Whole
    joined_at_ms: _TimeMs


class ClosingLine(_Line, frozen=True, tag="close"):
    """The last line of a section: how many lines it has before this one."""

    section: SectionName
    count: _Whole


class EndLine(_Line, frozen=True, tag="end"):
    """The last line; sha256: of all bytes between the header's line and this one, hexadecimal."""

    sha256: str


SectionLine = (
    OwnerLine
    | DefinitionLine
    | AuditLine
    | RecordLine
    | AssociationLine
    | MergedLine
    | WriteLine
    | ListFolderLine
    | ListLine
    | ListMembershipLine
)
Line = Header | SectionLine | ClosingLine | EndLine


class Beginning(msgspec.Struct, frozen=True):
    """What every version of the header has."""

    format: str
    version: int


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Line).decode
read_beginning = msgspec.json.Decoder(Beginning).decode
"""Raises what `UNREADABLE` lists."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line that is none of these raises; unknown kinds and wrong shapes too."""


def read_line(text: bytes) -> Line:
    """The line of an archive. Raises what `UNREADABLE` lists."""
    if has_null_character(text):
        raise msgspec.DecodeError("a text has U+0000, which no store keeps")
    line: Line = _decode(text)
    return line


def render_line(line: Line) -> bytes:
    """The line with its line break."""
    return bytes(_encode(line)) + b"\n"


def canonical(document: str) -> msgspec.Raw:
    """A JSON text in the spelling of the archive."""
    return msgspec.Raw(_encode(msgspec.json.decode(document)))
