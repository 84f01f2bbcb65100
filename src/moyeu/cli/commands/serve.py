"""`moyeu serve`."""

import asyncio

from moyeu.cli.console import show
from moyeu.cli.database_urls import check_postgresql, database_shown, is_postgresql
from moyeu.cli.exits import USAGE, CommandError
from moyeu.cli.flags import SettingFlags, settings_of
from moyeu.cli.logs import start_logging
from moyeu.settings import Settings


def serve(*, flags: SettingFlags | None = None) -> int:
    """Serve the portals of a database.

    The database is made where it is missing. Ctrl-C or SIGTERM stops the server when the requests
    at hand are answered.
    With several workers SIGHUP puts new ones, which read the settings anew, in the place of those
    that run, one after the other; address and number of workers stay, and no request fails.

    Example: moyeu serve --database sqlite:///crm.db --port 9000
    """
    settings = settings_of(flags).settings
    start_logging(settings)
    if settings.workers > 1:
        return _serve_with_workers(flags or SettingFlags(), settings)
    return _serve_alone(settings)


def _serve_alone(settings: Settings) -> int:
    # Imported here: the parent of workers needs none of it, in memory least of all.
    from moyeu.cli.databases import opened  # noqa: PLC0415
    from moyeu.cli.serving import bind, run  # noqa: PLC0415
    from moyeu.operations.portals import list_portals  # noqa: PLC0415

    with opened(settings) as store:
        is_empty = not asyncio.run(list_portals(store))
        edge = bind(store, settings, lambda edge: _announce(settings, edge.url, is_empty=is_empty))
        return run(edge)


def _serve_with_workers(flags: SettingFlags, settings: Settings) -> int:
    from moyeu.cli.listening import bound_socket  # noqa: PLC0415 — only here
    from moyeu.cli.worker_orders import COMMAND, make_order, read_ready  # noqa: PLC0415
    from moyeu.cli.workers import Worker, Workers  # noqa: PLC0415
    from moyeu.wire.edge_socket import url_of  # noqa: PLC0415

    if not is_postgresql(settings.database):
        raise CommandError(
            "--workers is for postgresql://…: a SQLite file is served by one process", USAGE
        )
    check_postgresql(settings.database)
    listener = bound_socket(settings)
    url = url_of(listener)

    def on_ready(told: bytes) -> None:
        _announce(settings, url, is_empty=read_ready(told).is_empty)

    order = make_order(flags)
    workers = Workers(
        lambda: Worker(COMMAND, order, listener), settings.workers, listener, on_ready
    )
    return workers.run()


def _announce(settings: Settings, url: str, *, is_empty: bool) -> None:
    together = f" with {settings.workers} workers" if settings.workers > 1 else ""
    show(f"moyeu serves {database_shown(settings.database)} at {url}{together}")
    if is_empty:
        before = "" if is_postgresql(settings.database) else "stop it, then "
        show(f"it has no portal yet: {before}`moyeu portal create` makes one")
