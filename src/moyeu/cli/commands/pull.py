"""`moyeu pull`."""

import asyncio
import contextlib
import ipaddress
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Final
from urllib.parse import urlsplit

from cyclopts import Parameter
from rich.console import Console

from moyeu.app import system_clock_ms
from moyeu.catalog.versions import version_named
from moyeu.cli.console import print_json, print_table, show, warn
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.operations.portals import PortalNotFound, create_portal, find_portal, list_portals
from moyeu.pull.addresses import usable_versions
from moyeu.pull.anonymise import KEY_BYTES_MIN, Pseudonyms
from moyeu.pull.client import PullStoppedError, Upstream
from moyeu.pull.copying import Report, Skipped, Wish, is_untouched, state_of
from moyeu.pull.copying import pull as copy
from moyeu.pull.transport import Transport
from moyeu.storage.contract import Portal, Store

_ALL: Final = "all"
_NAMES_SHOWN: Final = 4
_SHOWN_EVERY_S: Final = 5.0
"""Where there is no terminal, how often the same work is told of."""

Tell = Callable[[str, int], None]


def pull(
    *,
    from_: Annotated[
        str,
        Parameter(
            name="--from", help="Where to copy from, such as https://api.hubapi.com; only reads it."
        ),
    ],
    token_env: Annotated[
        str, Parameter(help="The name of the environment variable that holds its token.")
    ],
    portal: Annotated[int | None, Parameter(help="The id of the portal to copy into.")] = None,
    new_portal: Annotated[
        str | None, Parameter(help="The name of a portal to make and to copy into.")
    ] = None,
    records: Annotated[
        tuple[str, ...],
        Parameter(
            help="Types whose records are copied too, with the associations among them; `all` for"
            " every one.",
            consume_multiple=True,
            negative=(),
        ),
    ] = (),
    anonymise: Annotated[
        bool, Parameter(help="Whether texts of records and owners become pseudonyms.", negative=())
    ] = False,
    key_env: Annotated[
        str | None,
        Parameter(
            help="The name of the environment variable that holds the key of the pseudonyms; a key"
            " that is kept nowhere if left out."
        ),
    ] = None,
    api_version: Annotated[str, Parameter(help="The version of the API to ask.")] = "2026-03",
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> int:
    """Copy a portal of HubSpot or of another server.

    Definitions are always copied: properties, groups, custom object types, pipelines, owners,
    validations and association labels, as far as the token may see them. Records are copied when
    asked for, with their ids and times, not their history. What the token may not see is passed
    over and told at the end. The limits of the other side are kept. A pull that ended early goes
    on when the same command is given again; after a finished one, --portal copies the named types
    anew, in the place of the records of these types. A SQLite database must be open
    nowhere else.

    --anonymise replaces the texts of records (names, e-mail addresses, telephone numbers, notes,
    web addresses, file names) and the names and addresses of owners by pseudonyms of the same
    length and form. Numbers, dates, ids, options, labels and all definitions stay: look at them
    before the copy is given to others.

    Example: moyeu pull --from https://api.hubapi.com --token-env HUBSPOT_TOKEN --new-portal Copy
    --records contacts companies
    """
    address, token = _address(from_), _secret(token_env, "--token-env")
    version = version_named(api_version)
    if version is None or api_version not in usable_versions():
        known = ", ".join(usable_versions())
        raise CommandError(f"--api-version is {api_version!r}: one of {known}", USAGE)
    if (portal is None) == (new_portal is None):
        raise CommandError("give either --portal or --new-portal", USAGE)
    if key_env is not None and not anonymise:
        raise CommandError("--key-env is for --anonymise", USAGE)
    wish = Wish(
        version,
        None if _ALL in records else records,
        Pseudonyms(_key(key_env)) if anonymise else None,
    )
    with opened(settings_of(flags).settings, must_exist=portal is not None) as store:
        return asyncio.run(_pull(store, (portal, new_portal), (address, token), wish, json=json))


async def _pull(
    store: Store,
    into: tuple[int | None, str | None],
    source: tuple[str, str],
    wish: Wish,
    *,
    json: bool,
) -> int:
    target, goes_on = await _target(store, into, source[0])
    with _progress() as tell:
        if goes_on:
            warn(f"Going on with the pull into portal {target.id}.", "dim")
        upstream = Upstream(
            *source,
            Transport(),
            sleep=asyncio.sleep,
            clock_s=time.monotonic,
            on_wait=lambda seconds, why: tell(f"waiting {seconds:.0f} s: {why}", 0),
        )
        try:
            report = await copy(store, target.id, upstream, wish, tell)
        except PullStoppedError as error:
            raise CommandError(
                f"{error}\nwhat was copied is in portal {target.id};"
                " the same command goes on from there"
            ) from error
    await store.analyze()
    if json:
        print_json({"portalId": target.id, **_told(report)})
    else:
        _show(target, report)
    return 0


async def _target(
    store: Store, into: tuple[int | None, str | None], address: str
) -> tuple[Portal, bool]:
    """The portal to copy into, and whether an unfinished pull into it goes on.

    A new portal whose pull was interrupted is known by its name and where it came from.
    """
    portal_id, name = into
    if portal_id is not None:
        found = await find_portal(store, portal_id)
        if isinstance(found, PortalNotFound):
            raise CommandError(no_portal(portal_id))
        state = await state_of(store, portal_id)
        return found, state is not None and not state.finished and state.source == address
    assert name is not None
    for each in await list_portals(store):
        if each.name != name:
            continue
        state = await state_of(store, each.id)
        if state is not None and state.source == address:
            if not state.finished:
                return each, True
            raise CommandError(
                f"portal {each.id} is a finished copy of that name from there; --portal {each.id}"
                " copies it anew, another name makes another copy"
            )
        if await is_untouched(store, each.id):
            return each, False
    return await create_portal(store, name, system_clock_ms()), False


def _address(text: str) -> str:
    """The address without a slash at its end.

    Refused: what is neither https nor on this machine, since the token goes there.
    """
    parts = urlsplit(text)
    try:
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if parts.scheme not in ("https", "http") or not is_usable:
        raise CommandError(f"--from is {text!r}: expected https://HOST", USAGE)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise CommandError("--from takes a host and perhaps a path, nothing else", USAGE)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise CommandError(
            f"--from is {text!r}: the token would be readable on the way; use https", USAGE
        )
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(name: str, flag: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise CommandError(f"{flag}: the environment has no variable {name}, or it is empty", USAGE)
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise CommandError(f"{flag}: what {name} holds cannot be sent", USAGE)
    return value


def _key(name: str | None) -> bytes:
    if name is None:
        return secrets.token_bytes(32)
    key = os.environ.get(name, "").encode("utf-8", "surrogateescape")
    if len(key) < KEY_BYTES_MIN:
        raise CommandError(f"--key-env: {name} must hold {KEY_BYTES_MIN} bytes at least", USAGE)
    return key


@contextlib.contextmanager
def _progress() -> Iterator[Tell]:
    """Tells on standard error what is copied: one moving line on a terminal, else plain ones."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("connecting") as status:
            yield lambda what, count: status.update(_line(what, count))
        return
    last: tuple[str, float] = ("", 0.0)

    def tell(what: str, count: int) -> None:
        nonlocal last
        now_s = time.monotonic()
        if what != last[0] or now_s - last[1] >= _SHOWN_EVERY_S:
            warn(_line(what, count), "")
            last = (what, now_s)

    yield tell


def _line(what: str, count: int) -> str:
    return f"{what}: {count:,}" if count else what


def _told(report: Report) -> dict[str, object]:
    return {
        "owners": report.owners,
        "objectTypes": {
            each.name: {
                "properties": each.properties,
                "records": each.active,
                "archivedRecords": each.archived,
            }
            for each in report.types.values()
        },
        "associations": report.associations,
        "associationsOfUnknownType": report.unknown_types,
        "skipped": [asdict(each) for each in report.skipped],
    }


def _show(portal: Portal, report: Report) -> None:
    rows = [
        (each.name, f"{each.properties:,}", f"{each.active:,}", f"{each.archived:,}")
        for each in report.types.values()
    ]
    print_table(("type", "properties", "records", "archived"), rows)
    show(f"\n{report.owners:,} owners, {report.associations:,} associations")
    if report.unknown_types:
        show(f"{report.unknown_types:,} association labels are not known here and were left out")
    if report.skipped:
        show("\nSkipped, with what the other side says:")
        print_table(("what", "why"), _grouped(report.skipped))
    command = f"moyeu token create --portal {portal.id} --scope all"
    show(f"\nportal {portal.id}; a token for it: {command}")


def _grouped(skipped: Sequence[Skipped]) -> list[tuple[str, str]]:
    """One row for all that was skipped of one kind with one reason."""
    names: dict[tuple[str, str], list[str]] = {}
    for each in skipped:
        names.setdefault((each.kind, each.reason), []).append(each.name)
    rows = []
    for (kind, reason), of_kind in names.items():
        shown = ", ".join(filter(None, of_kind[:_NAMES_SHOWN]))
        more = f" and {len(of_kind) - _NAMES_SHOWN} more" if len(of_kind) > _NAMES_SHOWN else ""
        rows.append((f"{kind}: {shown}{more}" if shown else kind, reason))
    return rows
