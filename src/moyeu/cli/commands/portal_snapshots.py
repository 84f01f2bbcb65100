"""`moyeu portal snapshot`, `snapshots`, `restore` and `forget`."""

import asyncio
from typing import Annotated, Final

from cyclopts import Parameter

from moyeu.app import system_clock_ms
from moyeu.cli.console import print_json, print_table, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.problems import Problem
from moyeu.crm.values.moment import render_ms
from moyeu.operations.portals import PortalNotFound
from moyeu.operations.snapshots import (
    SNAPSHOTS_MAX,
    BadSnapshotName,
    SnapshotNotFound,
    TooManySnapshots,
    create_snapshot,
    delete_snapshot,
    list_snapshots,
    restore_snapshot,
)
from moyeu.storage.contract import Snapshot

_Portal = Annotated[int, Parameter(help="The id of the portal.")]
_Name = Annotated[str, Parameter(help="The name of the snapshot.")]
_NAMES: Final = "a name has 1 to 64 of the characters a-z, 0-9, _ and -"


def snapshot(
    portal: _Portal, name: _Name, /, *, flags: DatabaseFlags | None = None, json: JsonFlag = False
) -> None:
    """Copy all that a portal has under a name.

    The copy is made at one moment and kept in the database; one of that name is replaced. Tokens
    are not part of it. A SQLite database must be open nowhere else.

    Example: moyeu portal snapshot 20000001 before-import
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        made = asyncio.run(create_snapshot(store, portal, name, system_clock_ms()))
    if not isinstance(made, Snapshot):
        raise CommandError(_words(made))
    _show(made, f"snapshot {made.name} made of {_records(made)}", json=json)


def restore(
    portal: _Portal, name: _Name, /, *, flags: DatabaseFlags | None = None, json: JsonFlag = False
) -> None:
    """Give a portal back what it had when a snapshot was made.

    What it has now is lost, but for its tokens and snapshots. Ids that it gave out since are given
    out again. A SQLite database must be open nowhere else.

    Example: moyeu portal restore 20000001 before-import
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        found = asyncio.run(restore_snapshot(store, portal, name, system_clock_ms()))
    if not isinstance(found, Snapshot):
        raise CommandError(_words(found))
    _show(found, f"portal {portal} is as in {found.name}: {_records(found)}", json=json)


def show_all(
    portal: _Portal, /, *, flags: DatabaseFlags | None = None, json: JsonFlag = False
) -> None:
    """List the snapshots of a portal.

    Example: moyeu portal snapshots 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        found = asyncio.run(list_snapshots(store, portal))
    if isinstance(found, Problem):
        raise CommandError(_words(found))
    told = [_told(each) for each in found]
    if json:
        print_json(told)
    else:
        titles = ("name", "createdAt", "records")
        print_table(titles, [[str(each[title]) for title in titles] for each in told])


def forget(portal: _Portal, name: _Name, /, *, flags: DatabaseFlags | None = None) -> None:
    """Remove a snapshot; the portal stays as it is.

    Example: moyeu portal forget 20000001 before-import
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        problem = asyncio.run(delete_snapshot(store, portal, name, system_clock_ms()))
    if problem is not None:
        raise CommandError(_words(problem))
    show("removed")


def _show(snapshot: Snapshot, text: str, *, json: bool) -> None:
    if json:
        print_json(_told(snapshot))
    else:
        show(text)


def _records(snapshot: Snapshot) -> str:
    return f"{snapshot.record_count} record{'' if snapshot.record_count == 1 else 's'}"


def _words(problem: Problem) -> str:
    match problem:
        case PortalNotFound(portal_id):
            return no_portal(portal_id)
        case SnapshotNotFound(portal_id, name):
            return f"portal {portal_id} has no snapshot {name!r}"
        case BadSnapshotName(name):
            return f"{name!r} is no name: {_NAMES}"
        case TooManySnapshots(portal_id):
            return (
                f"portal {portal_id} has {SNAPSHOTS_MAX} snapshots already; `moyeu portal forget`"
            )
    raise AssertionError(problem)


def _told(snapshot: Snapshot) -> dict[str, object]:
    return {
        "name": snapshot.name,
        "createdAt": render_ms(snapshot.created_at_ms),
        "records": snapshot.record_count,
    }
