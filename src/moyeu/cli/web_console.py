"""The console of a server that starts: who may see it, and what it is told."""

import ipaddress
import secrets
from typing import Final

import msgspec

from moyeu.app import system_clock_ms
from moyeu.cli.database_urls import database_shown, is_postgresql, without_password
from moyeu.settings import ReadSettings, Settings
from moyeu.storage.contract import Store
from moyeu.wire.application import Pages
from moyeu.wire.console.options import ConsoleOptions, ShownSetting

_CODE_BYTES: Final = 18
_ANY_ADDRESS: Final = ("0.0.0.0", "::", "")  # noqa: S104 — compared with, not bound


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address; a name other than localhost: no."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def make_options(read: ReadSettings, demo_token: str | None = None) -> ConsoleOptions:
    """What the console is told; demo_token: of a demo portal, whose token everybody knows.

    Who reaches a demo on this machine alone need not log in.
    """
    settings = read.settings
    is_open = demo_token is not None and is_loopback(settings.host)
    return ConsoleOptions(
        hosts=_hosts(settings),
        login_code=None if is_open else secrets.token_urlsafe(_CODE_BYTES),
        started_ms=system_clock_ms(),
        secret_bits=secrets.randbits,
        engine="PostgreSQL" if is_postgresql(settings.database) else "SQLite, on disk",
        database=database_shown(settings.database),
        settings=_shown(read),
        demo_token=demo_token,
    )


def open_console(store: Store, options: ConsoleOptions | None) -> Pages | None:
    """The console over an open store, None without options."""
    if options is None:
        return None
    # Imported here: a server without a console needs no templates.
    from moyeu.wire.console.house import Console  # noqa: PLC0415

    return Console(store, options)


def _hosts(settings: Settings) -> frozenset[str]:
    """The names beside those of this machine: what is asked for, and the address listened on."""
    named = {each.strip().lower() for each in settings.console_hosts.split(",")}
    return frozenset({*named, settings.host.lower()} - {*_ANY_ADDRESS})


def _shown(read: ReadSettings) -> tuple[ShownSetting, ...]:
    values = msgspec.structs.asdict(read.settings)
    values["database"] = without_password(read.settings.database)
    return tuple(
        ShownSetting(name, str(value), read.origins[name]) for name, value in values.items()
    )


def console_address(url: str, options: ConsoleOptions) -> str:
    """Where a person opens the console; with the code that lets the first one in, if one does."""
    for each in ("//0.0.0.0:", "//[::]:"):
        url = url.replace(each, "//127.0.0.1:")
    return f"{url}/console/login?code={options.login_code}" if options.login_code else f"{url}/"
