"""`moyeu copy`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from moyeu.cli.archive_words import PLURALS, archive_words
from moyeu.cli.console import print_json, print_table, progress, show, warn
from moyeu.cli.database_urls import database_path, database_shown, is_postgresql
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError
from moyeu.cli.flags import CONFIG, DatabaseFlags, JsonFlag, settings_of
from moyeu.crm.problems import Problem
from moyeu.operations.archives import Told
from moyeu.operations.portals import list_portals
from moyeu.operations.store_comparing import Compared, Kind, compare_portal, sum_of
from moyeu.operations.store_copying import TokenTaken, copy_portal
from moyeu.storage.contract import Portal, Store

_KINDS: Final[dict[Kind, str]] = {"portal": "portals", "token": "tokens"}
_KINDS.update(PLURALS.items())
_DIGITS_SHOWN: Final = 12
"""Of a checksum in the table."""


def copy(
    *,
    from_: Annotated[
        str, Parameter(name="--from", help="The database to copy: sqlite:///… or postgresql://…")
    ],
    to: Annotated[str, Parameter(help="The database that gets the portals.")],
    config: Annotated[Path | None, CONFIG] = None,
    json: JsonFlag = False,
) -> None:
    """Copy all portals of a database into another one.

    The engines may differ. Everything comes along: tokens, owners, definitions, records with
    archived and merged ones, the history under its numbers, associations, lists and the next ids.
    Snapshots of portals and templates stay behind.
    Each portal is copied whole or not at all, as it is at one moment. In the end both databases are
    read and compared: how much there is of each kind, and a checksum of it.

    Ended half-way, it goes on when it is started again: a portal that the target has must be the
    same and is passed over. Other portals of the target stay. Stop the servers of the source first:
    what they write meanwhile is not copied. A SQLite database must be open nowhere else.

    Example: moyeu copy --from sqlite:///crm.db --to postgresql://moyeu@db.example.com/crm
    """
    settings = settings_of(DatabaseFlags(config=config)).settings
    if _are_one(from_, to):
        raise CommandError("--from and --to are one database", USAGE)
    with (
        opened(
            msgspec.structs.replace(settings, database=from_), must_exist=True, flag="--from"
        ) as source,
        opened(msgspec.structs.replace(settings, database=to), flag="--to") as target,
    ):
        if source.is_shared:
            warn(f"What servers write to {database_shown(from_)} from now on is not copied.", "dim")
        copied = asyncio.run(_copy(source, target))
    if json:
        print_json(_told(copied))
    else:
        _show(copied)
    if differences := _differences(copied):
        raise CommandError("\n".join(differences))


@dataclass(frozen=True, slots=True)
class _Copied:
    """What was found out about the portals: of each what both databases have of it.

    made: ids of those that were copied now. late: ids of those that the source got meanwhile.
    """

    portals: Sequence[Portal]
    compared: Mapping[int, Mapping[Kind, Compared]]
    made: frozenset[int]
    late: Sequence[int]


def _are_one(source: str, target: str) -> bool:
    if is_postgresql(source) or is_postgresql(target):
        return source == target
    paths = database_path(source, "--from"), database_path(target, "--to")
    return paths[0].resolve() == paths[1].resolve()


async def _copy(source: Store, target: Store) -> _Copied:
    portals = await list_portals(source)
    sizes = {each.id: await _size(source, each.id) for each in portals}
    there = {each.id for each in await list_portals(target)}
    old = {each: sizes[each] for each in sizes if each in there}
    new = {each: sizes[each] for each in sizes if each not in there}
    compared = await _compare(source, target, old)
    if others := [each for each in old if not _is_same(compared[each])]:
        words = [f"--to has a portal {each} that is not the one of --from" for each in others]
        raise CommandError("\n".join([*words, "nothing was copied"]))
    with progress("Copying", sum(new.values())) as told:
        done = 0
        for portal_id, size in new.items():
            outcome = await copy_portal(source, target, portal_id, _after(done, told))
            if isinstance(outcome, Problem):
                raise CommandError(f"portal {portal_id} was not copied: {_words(outcome)}")
            done += size
    await target.analyze()
    compared |= await _compare(source, target, new)
    late = [each.id for each in await list_portals(source) if each.id not in sizes]
    return _Copied(portals, compared, frozenset(new), late)


def _after(done: int, told: Told) -> Told:
    """Tells of a part of the work that begins when so much of it is done."""
    return lambda count: told(done + count)


async def _size(store: Store, portal_id: int) -> int:
    census = await store.read(lambda transaction: transaction.census(portal_id))
    return sum(astuple(census))


async def _compare(
    source: Store, target: Store, sizes: Mapping[int, int]
) -> dict[int, Mapping[Kind, Compared]]:
    """sizes: of the portals that are compared, by id."""
    compared: dict[int, Mapping[Kind, Compared]] = {}
    with progress("Comparing", 2 * sum(sizes.values())) as told:
        done = 0
        for portal_id, size in sizes.items():
            compared[portal_id] = await compare_portal(
                source, target, portal_id, _after(done, told)
            )
            done += 2 * size
    return compared


def _is_same(compared: Mapping[Kind, Compared]) -> bool:
    return all(each.is_same for each in compared.values())


def _words(problem: Problem) -> str:
    match problem:
        case TokenTaken(_, hint):
            return f"the target has its token that begins with {hint!r} already"
        case _:
            return archive_words(problem)


def _sums(copied: _Copied) -> dict[Kind, Compared]:
    """Each kind in all portals together."""
    portals = [copied.compared[each.id] for each in copied.portals]
    return {
        kind: Compared(
            sum_of(each[kind].source for each in portals),
            sum_of(each[kind].target for each in portals),
        )
        for kind in _KINDS
    }


def _told(copied: _Copied) -> dict[str, object]:
    return {
        "portals": [
            {"id": each.id, "name": each.name, "copied": each.id in copied.made}
            for each in copied.portals
        ],
        "kinds": [
            {
                "kind": _KINDS[kind],
                "source": asdict(each.source),
                "target": asdict(each.target),
                "same": each.is_same,
            }
            for kind, each in _sums(copied).items()
        ],
    }


def _show(copied: _Copied) -> None:
    rows = []
    for kind, each in _sums(copied).items():
        digests = dict.fromkeys(side.sha256[:_DIGITS_SHOWN] for side in (each.source, each.target))
        rows.append(
            (
                _KINDS[kind],
                f"{each.source.count:,}",
                f"{each.target.count:,}",
                " ".join(digests),
                "same" if each.is_same else "DIFFERENT",
            )
        )
    print_table(("what", "source", "target", "checksum", ""), rows)
    passed_over = len(copied.portals) - len(copied.made)
    there = f", {passed_over} were there already" if passed_over else ""
    show(f"\nportals copied: {len(copied.made)}{there}")


def _differences(copied: _Copied) -> list[str]:
    """What is wrong, a sentence each; [] if nothing is."""
    found = [
        f"portal {portal_id}: the {_KINDS[kind]} differ"
        for portal_id, kinds in copied.compared.items()
        for kind, each in kinds.items()
        if not each.is_same
    ]
    found += [f"portal {each} came meanwhile and was not copied" for each in copied.late]
    if found:
        found.append("stop the servers of both databases, and copy into an empty one")
    return found
