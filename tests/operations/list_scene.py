"""Lists of partner services as plain calls."""

import json
from collections.abc import Sequence

from moyeu.crm.lists.changes import GivenList
from moyeu.crm.problems import Problem
from moyeu.operations.list_memberships import (
    MemberPage,
    MembersChanged,
    change_members,
    read_members,
)
from moyeu.operations.lists import ReadList, create_list, read_list
from tests.crm.lists.branches import Json, any_of
from tests.storage.scene import NOW_MS, PORTAL, SERVICES, Database, occasion


def make(
    database: Database,
    name: str = "One",
    kind: str = "MANUAL",
    filters: Json | None = None,
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
    type_id: str = SERVICES,
) -> ReadList | Problem:
    """What a create of a list answers."""
    given = GivenList(name, type_id, kind, None if filters is None else json.dumps(filters))
    return database.run(create_list(database.store, occasion(portal_id, now_ms), given))


def made(
    database: Database,
    name: str = "One",
    kind: str = "MANUAL",
    filters: Json | None = None,
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
    type_id: str = SERVICES,
) -> str:
    """The id of a new list."""
    read = make(database, name, kind, filters, now_ms, portal_id, type_id)
    assert isinstance(read, ReadList), read
    return str(read.definition.id)


def dynamic(database: Database, *filters: Json, name: str = "Dynamic", now_ms: int = NOW_MS) -> str:
    """The id of a new dynamic list of those who meet one of the filters."""
    return made(database, name, "DYNAMIC", any_of(*filters), now_ms)


def read(
    database: Database, list_id: str, now_ms: int = NOW_MS, portal_id: int = PORTAL
) -> ReadList:
    """A list that there is."""
    found = database.run(read_list(database.store, portal_id, list_id, now_ms))
    assert isinstance(found, ReadList), found
    return found


def page(
    database: Database,
    list_id: str,
    after: str | None = None,
    before: str | None = None,
    limit: str | None = None,
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
    *,
    by_time: bool = False,
) -> MemberPage | Problem:
    """What a read of members answers."""
    return database.run(
        read_members(
            database.store, portal_id, list_id, after, before, limit, now_ms, by_time=by_time
        )
    )


def member_ids(
    database: Database, list_id: str, now_ms: int = NOW_MS, portal_id: int = PORTAL
) -> list[int]:
    """The members of a list, ascending."""
    found = page(database, list_id, limit="250", now_ms=now_ms, portal_id=portal_id)
    assert isinstance(found, MemberPage), found
    assert found.total == len(found.members)
    return [each.record_id for each in found.members]


def change(
    database: Database,
    list_id: str,
    to_add: Sequence[int | str] = (),
    to_remove: Sequence[int | str] = (),
    now_ms: int = NOW_MS,
    portal_id: int = PORTAL,
) -> MembersChanged | Problem:
    """What a write of members answers."""
    at = occasion(portal_id, now_ms)
    adding, removing = [str(each) for each in to_add], [str(each) for each in to_remove]
    return database.run(change_members(database.store, at, list_id, adding, removing))
