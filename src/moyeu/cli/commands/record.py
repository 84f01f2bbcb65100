"""`moyeu record`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from moyeu.cli.console import print_json, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import REFUSED, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.cli.occasions import occasion_of
from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.crm.restoring import ValueTakenMeanwhile
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.operations.records import RestoredRecords, restore_records
from moyeu.storage.contract import Store


def restore(
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    type: Annotated[str, Parameter(help="The object type: contacts, 0-1, 2-2000001.")],  # noqa: A002 — the argument's name
    ids: Annotated[tuple[str, ...], Parameter(help="Ids of archived records.", negative=())],
    /,
    *,
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> int:
    """Make archived records active again.

    Their associations are seen again too. A record stays archived when another one has a unique
    value of it by now; such records, and ids of no archived record, are told, the others are
    restored, and the exit code is 1. A SQLite database must be open nowhere else.

    Example: moyeu record restore 20000001 contacts 40000000001 40000000002
    """
    with opened(settings_of(flags).settings, must_exist=True) as store:
        outcome = asyncio.run(_restore(store, portal, type, ids))
    if json:
        print_json(_told(outcome))
    else:
        for each in outcome.taken:
            show(_taken_words(each))
        for text in outcome.missing:
            show(f"{text}: no archived record of the type has this id")
        show(f"{len(outcome.restored):,} restored")
    return REFUSED if outcome.taken or outcome.missing else 0


async def _restore(
    store: Store, portal_id: int, type_name: str, ids: tuple[str, ...]
) -> RestoredRecords:
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        raise CommandError(no_portal(portal_id))
    object_type = await store.read(
        lambda transaction: transaction.object_types(portal_id).find(type_name)
    )
    if object_type is None:
        raise CommandError(f"the portal has no object type {type_name!r}")
    outcome = await restore_records(store, occasion_of(portal), object_type.id, ids)
    if isinstance(outcome, Problem):
        raise CommandError(_refused_words(outcome))
    return outcome


def _refused_words(problem: Problem) -> str:
    """What is said when others came between."""
    match problem:
        case RecordsLocked():
            return "others are writing to the portal; nothing was restored, try again"
        case UnknownObjectType(name):
            return f"the portal has no object type {name!r}"
    raise AssertionError(problem)


def _told(outcome: RestoredRecords) -> dict[str, object]:
    taken = [
        {
            "id": str(each.record_id),
            "property": each.name,
            "value": each.value,
            "ownerId": str(each.owner_id),
        }
        for each in outcome.taken
    ]
    return {
        "restored": [str(each) for each in outcome.restored],
        "taken": taken,
        "missing": list(outcome.missing),
    }


def _taken_words(taken: ValueTakenMeanwhile) -> str:
    return (
        f"{taken.record_id}: stays archived, its {taken.name} {taken.value!r} belongs to record"
        f" {taken.owner_id}"
    )
