"""Serving an open store until a signal comes."""

import socket
from collections.abc import Callable

from moyeu.app import build_app, settle_memory, system_clock_ms, with_control
from moyeu.cli.exits import BROKEN, USAGE, CommandError
from moyeu.cli.listening import bound_socket
from moyeu.operations.job_runner import JobRunner
from moyeu.settings import Settings
from moyeu.storage.contract import LogBounds, Store
from moyeu.wire.application import Pages
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.edge import Callback, Edge, EdgeLimits


def edge_limits(settings: Settings) -> EdgeLimits:
    """The bounds of the HTTP edge that the settings ask for."""
    return EdgeLimits(
        body_bytes_max=settings.body_bytes_max,
        # As many bytes as one body may have must fit, or none of that size could be sent.
        bodies_bytes_max=max(EdgeLimits().bodies_bytes_max, settings.body_bytes_max),
        header_deadline_s=settings.header_deadline_s,
        body_deadline_s=settings.body_deadline_s,
        keep_alive_s=settings.keep_alive_s,
        connections_max=settings.connections_max,
    )


def log_bounds(settings: Settings) -> LogBounds | None:
    """How much of the requests is kept, None for nothing."""
    if not settings.request_log_entries_max:
        return None
    age_max_ms = settings.request_log_days * 24 * 3_600 * 1_000
    return LogBounds(settings.request_log_entries_max, age_max_ms)


def control_access(settings: Settings) -> ControlAccess | None:
    """Who may call the control plane, None when there is none."""
    if not settings.control_token:
        return None
    hosts = (each.strip().lower() for each in settings.control_hosts.split(","))
    return ControlAccess(settings.control_token, frozenset(filter(None, hosts)))


def bind(
    store: Store,
    settings: Settings,
    on_ready: Callable[[Edge], None],
    pages: Pages | None = None,
) -> Edge:
    """The server of the store, listening nowhere yet but with its address taken.

    A store that breaks while it is served stops the server with BROKEN.
    Refused: CommandError when the address is taken or is none of this machine's, and, with USAGE,
    settings that ask for several processes: this is one.
    """
    return edge_on(take_address(settings), store, settings, on_ready, pages=pages)


def take_address(settings: Settings) -> socket.socket:
    """A socket with the address of the settings; refused as by `bind`."""
    if settings.workers > 1:
        raise CommandError("--workers is for `moyeu serve`", USAGE)
    return bound_socket(settings)


def edge_on(
    listener: socket.socket,
    store: Store,
    settings: Settings,
    on_ready: Callable[[Edge], None],
    startup: Callback | None = None,
    pages: Pages | None = None,
) -> Edge:
    """The server of the store on a socket that is bound; see `bind`. startup: as of `Edge`."""
    runner = JobRunner(store, system_clock_ms)

    async def start() -> None:
        if startup is not None:
            await startup()
        await runner.start()

    api = build_app(
        store,
        searches_per_second=settings.search_rate_limit,
        log_bounds=log_bounds(settings),
        pages=pages,
    )
    edge = Edge(
        with_control(api, store, control_access(settings)),
        listener=listener,
        limits=edge_limits(settings),
        startup=start,
        shutdown=runner.stop,
        on_ready=on_ready,
    )
    store.on_broken = lambda: edge.fail(BROKEN)
    return edge


def run(edge: Edge) -> int:
    """Serves until a signal comes; the exit code."""
    settle_memory()
    return edge.run()
