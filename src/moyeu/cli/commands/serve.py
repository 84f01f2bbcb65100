"""`moyeu serve`."""

import asyncio
from pathlib import Path

from moyeu.cli.console import show
from moyeu.cli.databases import database_path, opened
from moyeu.cli.flags import SettingFlags, settings_of
from moyeu.cli.logs import start_logging
from moyeu.cli.serving import bind, run
from moyeu.operations.portals import list_portals


def serve(*, flags: SettingFlags | None = None) -> int:
    """Serve the portals of a database.

    The database is made where it is missing. Ctrl-C or SIGTERM stops the server when the requests
    at hand are answered.

    Example: moyeu serve --database sqlite:///crm.db --port 9000
    """
    settings = settings_of(flags).settings
    path = database_path(settings.database)
    start_logging(settings)
    with opened(settings) as store:
        is_empty = not asyncio.run(list_portals(store))
        edge = bind(store, settings, lambda edge: _announce(path, edge.url, is_empty=is_empty))
        return run(edge)


def _announce(path: Path, url: str, *, is_empty: bool) -> None:
    show(f"moyeu serves {path} at {url}")
    if is_empty:
        show("it has no portal yet: stop it, then `moyeu portal create` makes one")
