"""The rules of property groups: what a create, an update and an archive mean. All pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from moyeu.catalog.limits import PROPERTY_DEFINITION_NAME_CHARACTERS_MAX
from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.definition_problems import (
    GroupExists,
    GroupHasProperties,
    GroupNotFound,
    InvalidGroupName,
)
from moyeu.crm.definition_rules import NAME_FORM
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A create as sent; `display_order` None asks for the place after the last."""

    name: str
    label: str
    display_order: int | None = None


@dataclass(frozen=True, slots=True)
class GroupChange:
    """An update as sent; None keeps what there is."""

    label: str | None = None
    display_order: int | None = None


def active_groups(definitions: TypeDefinitions) -> list[PropertyGroup]:
    """The groups that can be seen, in display order; archived ones never come back into sight."""
    return [each for each in definitions.groups if not each.archived]


def find_group(name: str, definitions: TypeDefinitions) -> PropertyGroup | GroupNotFound:
    """The active group of that name."""
    return _named(name, active_groups(definitions)) or GroupNotFound(name)


def plan_group_create(given: NewGroup, definitions: TypeDefinitions) -> PropertyGroup | Problem:
    """The new group; the name of an archived one gives a fresh group (observed 2026-09-29).

    Names are those of properties, in lower case: a guess.
    """
    name = given.name.lower()
    groups = active_groups(definitions)
    if _named(name, groups):
        return GroupExists(name)
    characters_max = PROPERTY_DEFINITION_NAME_CHARACTERS_MAX
    if not NAME_FORM.fullmatch(name) or len(name) > characters_max:
        return InvalidGroupName(name, characters_max)
    display_order = given.display_order
    if display_order is None:
        display_order = max((each.display_order for each in groups), default=-1) + 1
    return PropertyGroup(name, given.label, display_order)


def plan_group_update(
    name: str, change: GroupChange, definitions: TypeDefinitions
) -> PropertyGroup | Problem:
    """The group after the update."""
    group = find_group(name, definitions)
    if isinstance(group, Problem):
        return group
    label = group.label if change.label is None else change.label
    order = group.display_order if change.display_order is None else change.display_order
    return replace(group, label=label, display_order=order)


def plan_group_archive(name: str, definitions: TypeDefinitions) -> PropertyGroup | Problem:
    """The archived group; active properties hold it back, archived ones do not (observed)."""
    group = find_group(name, definitions)
    if isinstance(group, Problem):
        return group
    if any(each.group_name == name for each in definitions.properties.values()):
        return GroupHasProperties(name)
    return replace(group, archived=True)


def _named(name: str, groups: Iterable[PropertyGroup]) -> PropertyGroup | None:
    return next((each for each in groups if each.name == name), None)
