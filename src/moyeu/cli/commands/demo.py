"""`moyeu demo`."""

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.text import Text

from moyeu.app import system_clock_ms
from moyeu.cli.console import progress, show, warn
from moyeu.cli.credentials import write_credentials
from moyeu.cli.database_urls import database_path, database_shown, is_postgresql
from moyeu.cli.databases import opened
from moyeu.cli.exits import USAGE, CommandError
from moyeu.cli.flags import SettingFlags, setting_flag, settings_of
from moyeu.cli.logs import start_logging
from moyeu.cli.serving import edge_on, run, take_address
from moyeu.cli.web_console import console_address, is_loopback, make_options, open_console
from moyeu.demo.kinds import SHARES_TEXT
from moyeu.demo.portal import (
    RECORDS_DEFAULT,
    SEED_DEFAULT,
    DemoContents,
    DemoPortal,
    DemoRefusedError,
    demo_control_token,
    existing_demo,
    open_demo,
)
from moyeu.settings import ReadSettings, Settings
from moyeu.storage.contract import Store
from moyeu.storage.sqlite.request_log import FILES as LOG_FILES
from moyeu.wire.console.options import ConsoleOptions
from moyeu.wire.edge import Edge

_DATABASE: Final = "sqlite:///var/demo.db"
_LOGGED_REQUESTS: Final = 10_000
_DEFAULTS: Final = {
    "database": _DATABASE,
    "request_log_entries_max": _LOGGED_REQUESTS,
    "console": True,
}
_PATH: Final = "/crm/v3/objects/partner_services/batch/update"
_EXAMPLE_VALUES: Final = ({"monthly_fee": "2500"}, {"service_tier": "growth"})


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFlags(SettingFlags):
    """All settings as flags, with a database of the demo's own."""

    database: Annotated[str | None, setting_flag("database", _DATABASE)] = None
    request_log_entries_max: Annotated[
        int | None, setting_flag("request_log_entries_max", _LOGGED_REQUESTS)
    ] = None
    console: Annotated[bool | None, setting_flag("console", True)] = None


def demo(
    *,
    records: Annotated[
        int | None,
        Parameter(
            help=f"Records of all types together; of a hundred, {SHARES_TEXT}."
            f" [default: {RECORDS_DEFAULT}]"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        Parameter(help=f"What data and tokens follow from. [default: {SEED_DEFAULT}]"),
    ] = None,
    fresh: Annotated[
        bool,
        Parameter(
            help="Throw away the demo data that is there first; of SQLite only.",
            negative=(),
            show_default=False,
        ),
    ] = False,
    credentials: Annotated[
        Path | None,
        Parameter(help="A file for URL, portal and tokens as JSON, once the server answers."),
    ] = None,
    flags: DemoFlags | None = None,
) -> int:
    """Serve a portal filled with demo data.

    It is that of an invented agency: companies and the people there, deals with line items,
    tickets, activities, partner clients and partner services, which belong together.
    The portal is made on first use, in sqlite:///var/demo.db unless another database is given, and
    kept: what was changed is still there the next time. Its tokens follow from the seed and are
    public knowledge, so it is for this machine only.

    Example: moyeu demo --records 100000 --port 9000
    """
    if (records or 0) < 0 or (seed or 0) < 0:
        raise CommandError("--records and --seed must not be negative", USAGE)
    read = settings_of(flags, _DEFAULTS)
    settings = read.settings
    start_logging(settings)
    _warn_of_strangers(settings.host)
    try:
        if fresh:
            _remove(settings)
        with opened(settings) as store:
            return _serve(store, read, (records, seed), credentials)
    except DemoRefusedError as error:
        raise CommandError(f"{database_shown(settings.database)}: {error}") from error


def _serve(
    store: Store,
    read: ReadSettings,
    asked: tuple[int | None, int | None],
    credentials: Path | None,
) -> int:
    """Makes the portal, once the address is ours, and serves it."""
    settings = read.settings
    shown = database_shown(settings.database)

    wanted = _wanted(*asked)
    kept = asyncio.run(existing_demo(store))
    settings = _with_control(settings, (kept or wanted).seed)

    def on_ready(edge: Edge) -> None:
        if credentials is not None:
            write_credentials(credentials, edge.url, portal, settings.control_token)
        console = _console_line(edge.url, options)
        _introduce(edge.url, portal, shown, settings.control_token, console)

    # An address that is not to be had is told before the portal is made.
    listener = take_address(settings)
    portal = _open_portal(store, wanted, *asked)
    options = make_options(read, portal.token) if settings.console else None
    code = run(edge_on(listener, store, settings, on_ready, pages=open_console(store, options)))
    if code == 0:
        show(f"\nStopped. The data stays in {shown}.", "dim")
    return code


def _console_line(url: str, options: ConsoleOptions | None) -> str:
    return "" if options is None else console_address(url, options)


def _wanted(records: int | None, seed: int | None) -> DemoContents:
    return DemoContents(
        SEED_DEFAULT if seed is None else seed, RECORDS_DEFAULT if records is None else records
    )


def _with_control(settings: Settings, seed: int) -> Settings:
    """The settings with a control plane, unless others could reach one whose token all know."""
    if settings.control_token or not is_loopback(settings.host):
        return settings
    return msgspec.structs.replace(settings, control_token=demo_control_token(seed))


def _open_portal(
    store: Store, wanted: DemoContents, records: int | None, seed: int | None
) -> DemoPortal:
    with progress("Making the demo portal", wanted.records) as told:
        portal = asyncio.run(_make_portal(store, wanted, told))
    made = portal.contents
    if (records not in (None, made.records)) or (seed not in (None, made.seed)):
        warn(
            f"Kept the demo portal that is here (--records {made.records} --seed {made.seed});"
            " --fresh makes it anew."
        )
    return portal


async def _make_portal(
    store: Store, wanted: DemoContents, told: Callable[[int], None]
) -> DemoPortal:
    portal = await open_demo(store, wanted, system_clock_ms(), told)
    if portal.is_new:
        await store.analyze()
    return portal


def _remove(settings: Settings) -> None:
    """Removes the database if it holds a demo portal and nothing else."""
    if is_postgresql(settings.database):
        raise CommandError(
            "--fresh removes files of SQLite; make a database of PostgreSQL anew by dropdb and"
            " createdb",
            USAGE,
        )
    path = database_path(settings.database)
    if not path.exists():
        return
    with opened(settings) as store:
        asyncio.run(existing_demo(store))
    for suffix in ("", "-wal", "-shm", *LOG_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _warn_of_strangers(host: str) -> None:
    if not is_loopback(host):
        warn(
            f"WARNING: {host} can be reached from other machines, and everybody knows the demo's"
            " tokens.\nWhoever reaches this port can read and change all of its data."
        )


def _introduce(url: str, portal: DemoPortal, shown: str, control_token: str, console: str) -> None:
    """What a person needs to begin: the address, the tokens and a request to paste."""
    title = Text.assemble(("Moyeu demo", "bold"), "  ", (url, "bold cyan"))
    count = f"{portal.contents.records:,} records, seed {portal.contents.seed}"
    show()
    show(title)
    show()
    for name, value, note in (
        ("portal", str(portal.portal_id), count),
        ("token", portal.token, "every scope"),
        ("token", portal.limited_token, "reads only"),
        ("control", control_token or "off", _control_note(is_on=bool(control_token))),
        ("data", shown, ""),
        *((("console", console, ""),) if console else ()),
    ):
        line = Text.assemble("  ", (f"{name:<8}", "dim"), f"{value:<46}", (note, "dim"))
        line.rstrip()
        show(line)
    if portal.sample_ids:
        show()
        show("Change partner services of it:", "dim")
        show()
        show(example_request(url, portal))
    show()
    show("Ctrl-C stops the server.", "dim")


def _control_note(*, is_on: bool) -> str:
    return (
        "control plane, /_moyeu/v1/" if is_on else "others reach this: --control-token turns it on"
    )


def example_request(url: str, portal: DemoPortal) -> str:
    """A `curl` of the batch update of the sample records, to be pasted into a POSIX shell."""
    inputs = [
        {"id": record_id, "properties": values}
        for record_id, values in zip(portal.sample_ids, _EXAMPLE_VALUES, strict=False)
    ]
    body = msgspec.json.encode({"inputs": inputs}).decode()
    return " \\\n".join(
        (
            f"curl {shlex.quote(url + _PATH)}",
            f"  -H {shlex.quote(f'Authorization: Bearer {portal.token}')}",
            "  -H 'Content-Type: application/json'",
            f"  -d {shlex.quote(body)}",
        )
    )
