"""Lists and the folders that they lie in, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from moyeu.catalog.limits import LIST_RESTORABLE_DAYS, LIST_SIZES_KEPT_MAX
from moyeu.crm.values.moment import DAY_MS

ProcessingType = Literal["MANUAL", "DYNAMIC", "SNAPSHOT"]
"""Who is in a list: those put there, those that meet the filters, those that met them once."""

PROCESSING_TYPES: Final[tuple[ProcessingType, ...]] = ("MANUAL", "DYNAMIC", "SNAPSHOT")

ROOT_FOLDER: Final = 0
"""The id of the folder that every portal has and nobody made."""

NOTHING_SEEN: Final = -1
"""The mark of related things before any was looked at."""

TimeUnit = Literal["DAY", "WEEK", "MONTH"]


@dataclass(frozen=True, slots=True)
class ListPermissions:
    """Who may edit a list, ids of users and teams; kept and told, not enforced."""

    users_with_edit_access: tuple[int, ...] = ()
    teams_with_edit_access: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MembershipSettings:
    """Whose records a list is about; kept and told, without effect."""

    membership_team_id: int | None = None
    include_unassigned: bool | None = None


@dataclass(frozen=True, slots=True)
class DateConversion:
    """A list becomes static on a day, in UTC."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class InactivityConversion:
    """A list becomes static when nobody has joined or left for so long."""

    time_unit: TimeUnit
    offset: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """When a list becomes static; of the two forms one is there.

    asked_at_ms: when that was asked for, from which inactivity counts at the earliest.
    """

    asked_at_ms: int
    date: DateConversion | None = None
    inactivity: InactivityConversion | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How far the filters of a list were carried out.

    digest: of the rule that was, "" for none yet. scan_from: the lowest record id that was not
    looked at, None when all were. seen_write: the number of the last write that is taken into
    account; those after it may change who is in. moment_ms: the now of the rule. seen_related:
    the `related_mark` of what the rule looks at beside values, as far as it is taken into account.
    """

    digest: str = ""
    scan_from: int | None = 0
    seen_write: int = 0
    moment_ms: int = 0
    seen_related: int = NOTHING_SEEN


# A list is known by its portal and id; two equal ones are never compared by their hash.
@dataclass(frozen=True, slots=True)
class ListDefinition:
    """A list of records of one object type.

    version: 1 at first, one more with every change of the filters. created_by, updated_by: user
    ids. filter_branch: the JSON text as it was given. edits_ms: when the name or the filters were
    changed, the latest ones. sizes: (day's last change in ms, members then), ascending, one a UTC
    day. member_changes: how often some have joined or left.
    """

    id: int
    object_type_id: str
    name: str
    processing_type: ProcessingType
    created_at_ms: int
    updated_at_ms: int
    version: int = 1
    created_by: str | None = None
    updated_by: str | None = None
    filters_updated_at_ms: int | None = None
    deleted_at_ms: int | None = None
    folder_id: int = ROOT_FOLDER
    filter_branch: str | None = None
    permissions: ListPermissions | None = None
    membership_settings: MembershipSettings | None = None
    custom_properties: Mapping[str, str] = field(default_factory=dict)
    conversion: Conversion | None = None
    converted_at_ms: int | None = None
    evaluation: Evaluation = Evaluation()
    last_joined_at_ms: int | None = None
    last_left_at_ms: int | None = None
    edits_ms: tuple[int, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    member_changes: int = 0

    def is_gone(self, now_ms: int) -> bool:
        """Whether the list was deleted so long ago that nothing is told of it any more."""
        deleted = self.deleted_at_ms
        return deleted is not None and now_ms - deleted > LIST_RESTORABLE_DAYS * DAY_MS

    @property
    def is_deleted(self) -> bool:
        """Whether the list was deleted; it may be restored for a while."""
        return self.deleted_at_ms is not None

    @property
    def is_evaluated(self) -> bool:
        """Whether every record was looked at once."""
        return self.processing_type == "MANUAL" or self.evaluation.scan_from is None


def with_members_changed(
    definition: ListDefinition, size: int, now_ms: int, *, joined: int, left: int
) -> ListDefinition:
    """The list after so many records joined and left; size: how many are in it now."""
    if not joined and not left:
        return definition
    earlier = definition.sizes
    if earlier and earlier[-1][0] // DAY_MS == now_ms // DAY_MS:
        earlier = earlier[:-1]
    return replace(
        definition,
        last_joined_at_ms=now_ms if joined else definition.last_joined_at_ms,
        last_left_at_ms=now_ms if left else definition.last_left_at_ms,
        sizes=(*earlier, (now_ms, size))[-LIST_SIZES_KEPT_MAX:],
        member_changes=definition.member_changes + 1,
    )


def without_marks(definition: ListDefinition) -> ListDefinition:
    """The list as it goes to other databases, which count `related_mark` anew."""
    evaluation = replace(definition.evaluation, seen_related=NOTHING_SEEN)
    return replace(definition, evaluation=evaluation)


@dataclass(frozen=True, slots=True)
class ListMember:
    """A record in a list, and since when."""

    record_id: int
    joined_at_ms: int


@dataclass(frozen=True, slots=True)
class ListMembership:
    """That a record is in a list, and since when."""

    list_id: int
    record_id: int
    joined_at_ms: int


@dataclass(frozen=True, slots=True)
class ListFolder:
    """A folder of lists; parent_id: `ROOT_FOLDER` or that of another one."""

    id: int
    name: str
    parent_id: int
    created_at_ms: int
    updated_at_ms: int
    contents_updated_at_ms: int
    user_id: int | None = None
