"""The state of the server: whether the store answers, and with which settings it runs."""

import os
import platform
import time

from moyeu.operations.portals import list_portals
from moyeu.wire.console.answers import Page
from moyeu.wire.console.visits import Visit


async def status(visit: Visit) -> Page:
    """`/console/status`."""
    before = time.perf_counter()
    portals = await list_portals(visit.store)
    read_ms = (time.perf_counter() - before) * 1_000
    facts = [
        ("Store", visit.options.engine, ""),
        ("Database", visit.options.database, ""),
        ("Reads", f"answered in {read_ms:.1f} ms", "ok"),
        (
            "Shared",
            "with other processes" if visit.store.is_shared else "by this process alone",
            "",
        ),
        ("Portals", f"{len(portals):,}", ""),
        ("Python", platform.python_version(), ""),
        ("Process", str(os.getpid()), ""),
    ]
    context = {
        "facts": facts,
        "settings": visit.options.settings,
        "started_ms": visit.options.started_ms,
    }
    return Page("status.html", context)
