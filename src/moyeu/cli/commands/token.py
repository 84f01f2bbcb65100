"""`moyeu token`."""

import asyncio
import difflib
import secrets
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from moyeu.app import system_clock_ms
from moyeu.cli.console import print_json, print_table, show, warn
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.problems import Problem
from moyeu.crm.values.moment import render_ms
from moyeu.operations.portals import (
    AmbiguousToken,
    PortalNotFound,
    TokenNotFound,
    TokenUser,
    UnknownScopes,
    create_token,
    known_scopes,
    list_tokens,
    meant_scopes,
    revoke_token,
)
from moyeu.storage.contract import Token

_Portal = Annotated[int, Parameter(help="The id of the portal.")]


def create(
    *,
    portal: _Portal,
    scope: Annotated[
        tuple[str, ...],
        Parameter(
            help="A scope to grant, as often as needed; `all` grants every one, `read` those that"
            " only read.",
            negative=(),
        ),
    ],
    user: Annotated[
        int | None,
        Parameter(
            help="The id of the user that the token acts for; without it the app acts for itself.",
            validator=Number(gte=1, lte=2**53),
        ),
    ] = None,
    edit_associations: Annotated[
        bool,
        Parameter(
            help="Whether that user has the Edit Associations permission, which 2026-09 and its"
            " beta ask for.",
        ),
    ] = True,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Make a token, and show it this once.

    Only its hash is kept. A SQLite database must be open nowhere else.

    Example: moyeu token create --portal 20000001 --scope crm.objects.contacts.read
    """
    acting_for = _user(user, may_edit_associations=edit_associations)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        scopes = meant_scopes(scope)
        made = asyncio.run(
            create_token(store, portal, scopes, system_clock_ms(), secrets.randbits, acting_for)
        )
    if isinstance(made, Problem):
        raise CommandError(_words(made))
    if json:
        print_json({"token": made.text, **_told(made.token)})
        return
    show(made.text)
    warn(f"This is the only time it is shown. It has {len(scopes)} scopes.", "dim")


def show_all(
    *, portal: _Portal, flags: DatabaseFlags | None = None, json: JsonFlag = False
) -> None:
    """List the tokens of a portal by their beginnings.

    Example: moyeu token list --portal 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        found = asyncio.run(list_tokens(store, portal))
    if isinstance(found, Problem):
        raise CommandError(_words(found))
    if json:
        print_json([_told(each) for each in found])
        return
    rows = [
        (
            each.hint + "…",
            render_ms(each.created_at_ms),
            str(len(each.caller.scopes)),
            each.caller.user or "",
        )
        for each in found
    ]
    print_table(("token", "createdAt", "scopes", "user"), rows)


def revoke(
    token: Annotated[str, Parameter(help="The token, or its beginning as the list shows it.")],
    /,
    *,
    portal: _Portal,
    flags: DatabaseFlags | None = None,
) -> None:
    """Revoke a token.

    Example: moyeu token revoke pat-na1-1a2b --portal 20000001
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        problem = asyncio.run(revoke_token(store, portal, token.removesuffix("…")))
    if problem is not None:
        raise CommandError(_words(problem))
    show("revoked")


def _user(user_id: int | None, *, may_edit_associations: bool) -> TokenUser | None:
    if user_id is not None:
        return TokenUser(user_id, may_edit_associations)
    if not may_edit_associations:
        raise CommandError("--no-edit-associations is about a user: give --user too")
    return None


def _words(problem: Problem) -> str:
    match problem:
        case PortalNotFound(portal_id):
            return no_portal(portal_id)
        case TokenNotFound(hint):
            return f"the portal has no token that begins with {hint!r}"
        case AmbiguousToken(hint):
            return f"several tokens of the portal begin with {hint!r}; give the whole token"
        case UnknownScopes(names):
            return "\n".join(_unknown_scope(each) for each in names)
    raise AssertionError(problem)


def _unknown_scope(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(known_scopes()), n=1)
    hint = f"did you mean {near[0]}?" if near else "all grants every one, read those that only read"
    return f"{name} is no scope that a route asks for; {hint}"


def _told(token: Token) -> dict[str, object]:
    return {
        "hint": token.hint,
        "portalId": token.caller.portal_id,
        "createdAt": render_ms(token.created_at_ms),
        "scopes": sorted(token.caller.scopes),
        "userId": token.caller.user_id,
        "mayEditAssociations": not token.caller.lacks_edit_associations,
    }
