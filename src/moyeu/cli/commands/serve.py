"""`moyeu serve`."""

from moyeu.cli.console import show
from moyeu.cli.databases import database_path, opened
from moyeu.cli.flags import SettingFlags, settings_of
from moyeu.cli.logs import start_logging
from moyeu.cli.serving import bind, run


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
        edge = bind(store, settings, lambda edge: show(f"moyeu serves {path} at {edge.url}"))
        return run(edge)
