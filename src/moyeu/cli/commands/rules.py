"""`moyeu rules`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from moyeu.cli.console import print_json, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, settings_of
from moyeu.crm.admin_rules import AdminRules, ConditionalRule
from moyeu.crm.problems import Problem
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.admin_rules import (
    RequiredPropertiesReadOnly,
    RuledPropertiesUnknown,
    read_admin_rules,
    set_admin_rules,
)
from moyeu.operations.portals import PortalNotFound

_Portal = Annotated[int, Parameter(help="The id of the portal.")]
_Type = Annotated[
    str, Parameter(help="The object type; a custom one by its id or its qualified name.")
]
_Some = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    property: str
    values: _Some
    required: _Some


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The form of a file of rules, and of what is shown."""

    required_on_create: tuple[str, ...] = ()
    conditional: tuple[_Condition, ...] = ()


def show_all(portal: _Portal, type: _Type, *, flags: DatabaseFlags | None = None) -> None:  # noqa: A002 — the argument's name
    """Show the rules of an object type as JSON.

    Example: moyeu rules show 20000001 contacts
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        rules = asyncio.run(read_admin_rules(store, portal, type))
    if isinstance(rules, Problem):
        raise CommandError(_words(rules))
    print_json(_told(rules))


def put(
    portal: _Portal,
    type: _Type,  # noqa: A002 — the argument's name
    *,
    file: Annotated[
        Path,
        Parameter(help="The JSON file; - reads standard input.", allow_leading_hyphen=True),
    ] = Path("-"),
    flags: DatabaseFlags | None = None,
) -> None:
    """Set all rules of an object type from a JSON file.

    The file has the form that `moyeu rules show` shows; {} removes all rules. They hold in the
    versions of the API that enforce rules set by admins: 2026-09 and 2026-09-beta. A SQLite
    database must be open nowhere else.

    Example: moyeu rules set 20000001 contacts --file rules.json
    """
    rules = _read(file)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        problem = asyncio.run(set_admin_rules(store, portal, type, rules))
    if problem is not None:
        raise CommandError(_words(problem))
    count = len(rules.required_on_create) + len(rules.conditional)
    show(f"{count} rules set" if count else "no rules any more")


def _read(file: Path) -> AdminRules:
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    try:
        read = msgspec.json.decode(text, type=_Rules)
    except msgspec.DecodeError as error:
        raise CommandError(f"{file} has no rules: {error}") from error
    return AdminRules(
        read.required_on_create,
        tuple(ConditionalRule(x.property, x.values, x.required) for x in read.conditional),
    )


def _told(rules: AdminRules) -> _Rules:
    return _Rules(
        rules.required_on_create,
        tuple(_Condition(x.property, x.values, x.required) for x in rules.conditional),
    )


def _words(problem: Problem) -> str:
    match problem:
        case PortalNotFound(portal_id):
            return no_portal(portal_id)
        case UnknownObjectType(name):
            return f"the portal has no object type {name!r}"
        case RuledPropertiesUnknown(names):
            return "\n".join(f"the object type has no property {each!r}" for each in names)
        case RequiredPropertiesReadOnly(names):
            return "\n".join(f"nobody can set {each!r}, so it cannot be required" for each in names)
    raise AssertionError(problem)
