"""What changes of lists come to: from what was given to the list afterwards, or a problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from moyeu.catalog.limits import LIST_EDITS_KEPT_MAX, LIST_NAME_CHARACTERS_MAX
from moyeu.crm.callers import Occasion
from moyeu.crm.lists.definitions import (
    PROCESSING_TYPES,
    Evaluation,
    ListDefinition,
    ListPermissions,
    MembershipSettings,
    ProcessingType,
)
from moyeu.crm.lists.problems import (
    FiltersMissing,
    FiltersNotAllowed,
    ListNameInvalid,
    UnknownWord,
)
from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class GivenList:
    """A list as a create gives it; object_type: any name of the type.

    filter_branch: JSON text, None for none.
    """

    name: str
    object_type: str
    processing_type: str
    filter_branch: str | None = None
    folder_id: int | None = None
    permissions: ListPermissions | None = None
    membership_settings: MembershipSettings | None = None
    custom_properties: Mapping[str, str] = field(default_factory=dict)


def check_name(name: str) -> ListNameInvalid | None:
    """The problem of a name of a list or folder."""
    if name.strip() and len(name) <= LIST_NAME_CHARACTERS_MAX:
        return None
    return ListNameInvalid(name, LIST_NAME_CHARACTERS_MAX)


def check_given(given: GivenList) -> ProcessingType | Problem:
    """The processing type of a list that can be made as given, but for what its filters say.

    Refused: ListNameInvalid, UnknownWord, FiltersMissing, FiltersNotAllowed. That a dynamic or
    snapshot list needs filters, and a manual one has none, is a guess from the guide.
    """
    if invalid := check_name(given.name):
        return invalid
    kind = next((each for each in PROCESSING_TYPES if each == given.processing_type), None)
    if kind is None:
        return UnknownWord("processingType", given.processing_type, PROCESSING_TYPES)
    if kind == "MANUAL" and given.filter_branch is not None:
        return FiltersNotAllowed(kind)
    if kind != "MANUAL" and given.filter_branch is None:
        return FiltersMissing(kind)
    return kind


def new_list(
    given: GivenList, kind: ProcessingType, list_id: int, object_type_id: str, occasion: Occasion
) -> ListDefinition:
    """The list that a checked create makes."""
    now_ms, user = occasion.now_ms, occasion.caller.user
    return ListDefinition(
        id=list_id,
        object_type_id=object_type_id,
        name=given.name,
        processing_type=kind,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        created_by=user,
        updated_by=user,
        filters_updated_at_ms=now_ms,
        folder_id=given.folder_id or 0,
        filter_branch=given.filter_branch,
        permissions=given.permissions,
        membership_settings=given.membership_settings,
        custom_properties=dict(given.custom_properties),
        edits_ms=(now_ms,),
    )


def renamed(definition: ListDefinition, name: str, occasion: Occasion) -> ListDefinition:
    """The list under another name; its version stays (a guess)."""
    return replace(_edited(definition, occasion), name=name)


def with_filters(
    definition: ListDefinition, filter_branch: str, occasion: Occasion
) -> ListDefinition | FiltersNotAllowed:
    """The list with other filters, whose members are still to be found.

    Refused: FiltersNotAllowed for all but dynamic lists (documented).
    """
    if definition.processing_type != "DYNAMIC":
        return FiltersNotAllowed(definition.processing_type)
    return replace(
        _edited(definition, occasion),
        version=definition.version + 1,
        filter_branch=filter_branch,
        filters_updated_at_ms=occasion.now_ms,
        evaluation=Evaluation(),
    )


def _edited(definition: ListDefinition, occasion: Occasion) -> ListDefinition:
    return replace(
        definition,
        updated_at_ms=occasion.now_ms,
        updated_by=occasion.caller.user,
        edits_ms=(*definition.edits_ms, occasion.now_ms)[-LIST_EDITS_KEPT_MAX:],
    )


def deleted(definition: ListDefinition, now_ms: int) -> ListDefinition:
    """The list as deleted; one that was keeps its time."""
    return definition if definition.is_deleted else replace(definition, deleted_at_ms=now_ms)


def restored(definition: ListDefinition) -> ListDefinition:
    """The list as not deleted."""
    return replace(definition, deleted_at_ms=None)
