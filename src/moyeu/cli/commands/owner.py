"""`moyeu owner`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from moyeu.app import system_clock_ms
from moyeu.cli.console import print_json, print_table, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.definitions import Owner
from moyeu.crm.problems import Problem
from moyeu.crm.values.moment import render_ms
from moyeu.operations.owners import (
    InvalidOwnerValue,
    OwnerNotFound,
    OwnerTaken,
    add_owner,
    archive_owner,
)
from moyeu.operations.portals import PortalNotFound, find_portal

_Portal = Annotated[int, Parameter(help="The id of the portal.")]


def add(
    *,
    portal: _Portal,
    email: Annotated[str, Parameter(help="The e-mail address.")],
    first_name: Annotated[str, Parameter(help="The first name.")] = "",
    last_name: Annotated[str, Parameter(help="The last name.")] = "",
    id: Annotated[str | None, Parameter(help="The id, digits; the next one if left out.")] = None,  # noqa: A002 — the flag's name
    user_id: Annotated[
        int | None, Parameter(help="The id of the user; the owner's own if left out.")
    ] = None,
    team: Annotated[
        tuple[str, ...],
        Parameter(help="A team, as often as needed; the first is the main one.", negative=()),
    ] = (),
    queue: Annotated[
        bool, Parameter(help="Whether it is a queue, no person.", negative=())
    ] = False,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Add an owner, whom records can belong to.

    A SQLite database must be open nowhere else.

    Example: moyeu owner add --portal 20000001 --email ada@example.com --first-name Ada
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        added = asyncio.run(
            add_owner(
                store,
                portal,
                email=email,
                first_name=first_name,
                last_name=last_name,
                owner_id=id,
                user_id=user_id,
                teams=team,
                is_queue=queue,
                now_ms=system_clock_ms(),
            )
        )
    if isinstance(added, Problem):
        raise CommandError(_words(added))
    if json:
        print_json(_told(added))
    else:
        show(f"owner {added.id} added")


def show_all(
    *, portal: _Portal, flags: DatabaseFlags | None = None, json: JsonFlag = False
) -> None:
    """List the owners of a portal, archived ones too.

    Example: moyeu owner list --portal 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        found = asyncio.run(find_portal(store, portal))
        if isinstance(found, PortalNotFound):
            raise CommandError(_words(found))
        owners = asyncio.run(store.read(lambda transaction: transaction.owners(portal)))
    told = [_told(each) for each in sorted(owners, key=lambda each: int(each.id))]
    if json:
        print_json(told)
        return
    titles = ("id", "email", "firstName", "lastName", "archived")
    print_table(titles, [[str(each[title]) for title in titles] for each in told])


def archive(
    id: Annotated[str, Parameter(help="The id of the owner.")],  # noqa: A002 — the argument's name
    /,
    *,
    portal: _Portal,
    flags: DatabaseFlags | None = None,
) -> None:
    """Archive an owner; records keep it.

    Example: moyeu owner archive 70000001 --portal 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        outcome = asyncio.run(archive_owner(store, portal, id, system_clock_ms()))
    if isinstance(outcome, Problem):
        raise CommandError(_words(outcome))
    show("archived")


def _words(problem: Problem) -> str:
    match problem:
        case PortalNotFound(portal_id):
            return no_portal(portal_id)
        case OwnerTaken(name, value):
            return f"the portal has an owner with the {name} {value}"
        case OwnerNotFound(owner_id):
            return f"the portal has no active owner {owner_id}"
        case InvalidOwnerValue("id", value):
            return f"{value!r} is no owner id: digits, the first not 0, 18 at most"
        case InvalidOwnerValue(_, value):
            return f"{value!r} is no e-mail address"
    raise AssertionError(problem)


def _told(owner: Owner) -> dict[str, object]:
    return {
        "id": owner.id,
        "email": owner.email,
        "type": owner.type,
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": owner.user_id,
        "teams": [each.name for each in owner.teams],
        "createdAt": render_ms(owner.created_at_ms),
        "archived": owner.archived,
    }
