"""`moyeu portal`."""

import asyncio
import shlex
from typing import Annotated, Final

from cyclopts import Parameter

from moyeu.app import system_clock_ms
from moyeu.cli.console import ask, print_json, print_table, show
from moyeu.cli.database_urls import without_password
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.values.moment import render_ms
from moyeu.operations.portals import (
    PortalNotFound,
    create_portal,
    find_portal,
    list_portals,
    remove_portal,
    set_search_lag,
)
from moyeu.storage.contract import Portal

_SEARCH_LAG_MAX_S: Final = 3_600


def create(
    *,
    name: Annotated[str, Parameter(help="What people call it.")] = "Portal",
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Make a portal.

    The file of a SQLite database, or the tables of an empty one of PostgreSQL, are made where they
    are missing. A SQLite database must be open nowhere else.

    Example: moyeu portal create --name "Test account"
    """
    with opened(settings_of(flags).settings) as store:
        portal = asyncio.run(create_portal(store, name, system_clock_ms()))
    if json:
        print_json(_told(portal))
    else:
        show(f"portal {portal.id} made; a token for it: {_token_command(portal.id, flags)}")


def show_all(*, flags: DatabaseFlags | None = None, json: JsonFlag = False) -> None:
    """List the portals.

    Example: moyeu portal list --database sqlite:///crm.db
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        portals = [_told(each) for each in asyncio.run(list_portals(store))]
    if json:
        print_json(portals)
    else:
        titles = ("id", "createdAt", "name")
        print_table(titles, [[str(each[title]) for title in titles] for each in portals])


def remove(
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    /,
    *,
    yes: Annotated[bool, Parameter(help="Go on without asking.", negative=())] = False,
    flags: DatabaseFlags | None = None,
) -> None:
    """Remove a portal with all that it has, its tokens and snapshots too.

    It asks first, since nothing of it can be brought back. Its tokens go first; a large one goes in
    parts, and when the command is ended on the way, the next server of the database goes on. A
    SQLite database must be open nowhere else.

    Example: moyeu portal remove 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        found = asyncio.run(find_portal(store, portal))
        if isinstance(found, PortalNotFound):
            raise CommandError(no_portal(portal))
        show(f"portal {portal}, {found.name!r}, goes with all that it has")
        ask(yes=yes)
        problem = asyncio.run(remove_portal(store, portal, system_clock_ms()))
    if problem is not None:
        raise CommandError(no_portal(portal))
    show(f"portal {portal} removed")


def search_lag(
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    seconds: Annotated[
        float, Parameter(help=f"Seconds, {_SEARCH_LAG_MAX_S} at most; 0 is at once.")
    ],
    /,
    *,
    flags: DatabaseFlags | None = None,
) -> None:
    """Set how late searches see what was written.

    HubSpot's own searches see new and changed records after some seconds, which clients must not
    mistake for records that are not there; a portal begins without such a lag. It is kept in the
    database. A SQLite database must be open nowhere else.

    Example: moyeu portal search-lag 20000001 10
    """
    if not 0 <= seconds <= _SEARCH_LAG_MAX_S:
        raise CommandError(f"SECONDS must be from 0 to {_SEARCH_LAG_MAX_S}", USAGE)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        problem = asyncio.run(set_search_lag(store, portal, round(seconds * 1_000)))
    if problem is not None:
        raise CommandError(no_portal(problem.portal_id))
    show(f"searches see a change {seconds:g} s after it" if seconds else "searches see all at once")


def _token_command(portal_id: int, flags: DatabaseFlags | None) -> str:
    """What makes a token in the same database when it is pasted."""
    database = flags.database if flags else None
    given = f" --database {shlex.quote(without_password(database))}" if database else ""
    return f"moyeu token create --portal {portal_id} --scope all{given}"


def _told(portal: Portal) -> dict[str, object]:
    return {
        "id": portal.id,
        "name": portal.name,
        "appId": portal.app_id,
        "createdAt": render_ms(portal.created_at_ms),
    }
