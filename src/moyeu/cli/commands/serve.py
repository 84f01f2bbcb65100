"""`moyeu serve`."""

import asyncio

from moyeu.cli.console import show
from moyeu.cli.database_urls import check_postgresql, database_shown, is_postgresql
from moyeu.cli.exits import USAGE, CommandError
from moyeu.cli.flags import SettingFlags, settings_of
from moyeu.cli.logs import start_logging
from moyeu.settings import ReadSettings, Settings


def serve(*, flags: SettingFlags | None = None) -> int:
    """Serve the portals of a database.

    The database is made where it is missing. Ctrl-C or SIGTERM stops the server when the requests
    at hand are answered.
    With several workers SIGHUP puts new ones, which read the settings anew, in the place of those
    that run, one after the other; address and number of workers stay, and no request fails.

    Example: moyeu serve --database sqlite:///crm.db --port 9000
    """
    read = settings_of(flags)
    settings = read.settings
    start_logging(settings)
    if settings.workers > 1:
        if settings.console:
            raise CommandError(
                "--console is for one process: serve the same database by another one, with"
                " --console and a --port of its own",
                USAGE,
            )
        return _serve_with_workers(flags or SettingFlags(), settings)
    return _serve_alone(read)


def _serve_alone(read: ReadSettings) -> int:
    # Imported here: the parent of workers needs none of it, in memory least of all.
    from moyeu.cli.databases import opened  # noqa: PLC0415
    from moyeu.cli.serving import bind, run  # noqa: PLC0415
    from moyeu.cli.web_console import console_address, make_options, open_console  # noqa: PLC0415
    from moyeu.operations.portals import list_portals  # noqa: PLC0415
    from moyeu.wire.edge import Edge  # noqa: PLC0415

    settings = read.settings
    options = make_options(read) if settings.console else None
    with opened(settings) as store:
        is_empty = not asyncio.run(list_portals(store))

        def on_ready(edge: Edge) -> None:
            _announce(settings, edge.url, is_empty=is_empty)
            if options is not None:
                show(f"console, once within ten minutes: {console_address(edge.url, options)}")

        return run(bind(store, settings, on_ready, open_console(store, options)))


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
