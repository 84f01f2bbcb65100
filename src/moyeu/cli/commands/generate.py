"""`moyeu generate`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from moyeu.cli.console import print_json, progress, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.cli.occasions import occasion_of
from moyeu.demo.generating import generate_records
from moyeu.demo.kinds import KINDS, SHARES_TEXT, Kind, kind_named, made_counts
from moyeu.demo.making import ValueTakenError
from moyeu.demo.portal import RECORDS_DEFAULT, SEED_DEFAULT
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.storage.contract import Store


def generate(
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    /,
    *,
    records: Annotated[
        int, Parameter(help=f"Records of all types together; of a hundred, {SHARES_TEXT}.")
    ] = RECORDS_DEFAULT,
    seed: Annotated[int, Parameter(help="What the records follow from.")] = SEED_DEFAULT,
    types: Annotated[
        tuple[str, ...],
        Parameter(
            help="Object types to make, all in these proportions unless given: --types"
            " contacts,companies.",
            negative=(),
            show_default=False,
        ),
    ] = (),
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Add invented records that belong together to a portal.

    They come on top of what is there, with the portal's own owners, pipelines and properties, and
    never clash with each other's unique values, whatever the seed. An interrupted run leaves what
    it has made. A SQLite database must be open nowhere else.

    Example: moyeu generate 20000001 --records 5000 --types contacts,companies
    """
    if records < 0 or seed < 0:
        raise CommandError("--records and --seed must not be negative", USAGE)
    counts = made_counts(_kinds(types), records)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        asyncio.run(_generate(store, portal, seed, counts))
    by_name = {
        each.object_type.name: counts[each.object_type_id]
        for each in KINDS
        if counts.get(each.object_type_id)
    }
    if json:
        print_json({"made": records, "objectTypes": by_name})
    else:
        told = ", ".join(f"{count:,} {name}" for name, count in by_name.items())
        show(f"made: {told or 'nothing'}")


def _kinds(given: tuple[str, ...]) -> list[Kind]:
    """The kinds that are named, each part between commas a name; all when none is."""
    names = [name.strip() for text in given for name in text.split(",")]
    kinds = {name: kind_named(name) for name in names}
    if unknown := [name for name, kind in kinds.items() if kind is None]:
        known = ", ".join(each.object_type.name for each in KINDS)
        words = [f"--types: no records of {name!r} can be made" for name in unknown]
        raise CommandError("\n".join([*words, f"those that can: {known}"]), USAGE)
    return [kind for kind in kinds.values() if kind is not None] or list(KINDS)


async def _generate(store: Store, portal_id: int, seed: int, counts: dict[str, int]) -> None:
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        raise CommandError(no_portal(portal_id))
    done = 0
    with progress("Making records", sum(counts.values())) as told:

        def note(records: int) -> None:
            nonlocal done
            done = records
            told(records)

        try:
            await generate_records(store, occasion_of(portal), seed, counts, note)
        except ValueTakenError as error:
            raise CommandError(f"{error}; {done:,} records were added") from error
    await store.analyze()
