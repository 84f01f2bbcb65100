"""The plugin of pytest: a server, and a portal of its own for each test.

    def test_a_contact_is_made(portal, hubspot):
        …

Each process of a test run has a server of its own, started for the first test that asks for one: it
takes a fraction of a second, there is nothing to agree on between the workers of xdist, and it
cannot outlive them. With `--moyeu-url` and `--moyeu-control-token` all of them use one server that
runs already; tests do not meet there either, since each has a portal of its own.

What is needed is imported by the fixtures, so that runs that use none of them pay nothing.
"""

import hashlib
import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from moyeu.testing.client import ControlClient, ControlledPortal

_TTL_S = 3_600.0
"""A portal that a killed test run leaves on a shared server goes after this time."""
_PORTAL_IDS = range(100_000_000, 1_000_000_000)
_SHOWN_REQUESTS = 20
_SHOWN_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class MoyeuServer:
    """A server with a control plane. url: without a slash at the end."""

    url: str
    control: "ControlClient"


@dataclass(frozen=True, slots=True)
class PortalRequests:
    """What was asked of the test's portal; the parameters are those of the control plane."""

    portal: "ControlledPortal"

    def __call__(self, **wanted: str | int | bool) -> list[dict[str, Any]]:
        """The requests that are wanted, newest first."""
        return self.portal.requests(**wanted)

    def last(self, **wanted: str | int | bool) -> dict[str, Any]:
        """The newest of them with headers and bodies; AssertionError when there is none."""
        found = self.portal.requests(**{**wanted, "limit": 1, "bodies": True})
        assert found, f"no such request was made: {wanted}"
        return found[0]

    def clear(self) -> None:
        """Forgets what was asked so far."""
        self.portal.clear_requests()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How to use a server that runs already."""
    group = parser.getgroup("moyeu")
    group.addoption("--moyeu-url", help="a running Moyeu server, instead of one for each process")
    group.addoption(
        "--moyeu-control-token",
        metavar="TOKEN",
        help="its control token; without it the variable MOYEU_CONTROL_TOKEN counts",
    )


@pytest.fixture(scope="session")
def moyeu_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MoyeuServer]:
    """The server: that of `--moyeu-url`, or one of this process on a database of its own."""
    from moyeu.testing.client import ControlClient  # noqa: PLC0415

    url = request.config.getoption("--moyeu-url")
    if url is None:
        from moyeu.testing.servers import serving  # noqa: PLC0415

        with serving(tmp_path_factory.mktemp("moyeu")) as control:
            yield MoyeuServer(control.url, control)
        return
    token = request.config.getoption("--moyeu-control-token")
    token = token or os.environ.get("MOYEU_CONTROL_TOKEN")
    if not token:
        raise pytest.UsageError("--moyeu-url needs --moyeu-control-token or MOYEU_CONTROL_TOKEN")
    yield MoyeuServer(url.rstrip("/"), ControlClient(url, token))


@pytest.fixture
def portal(
    moyeu_server: MoyeuServer, request: pytest.FixtureRequest
) -> Iterator["ControlledPortal"]:
    """An empty portal of the test alone, with a token that has every scope; gone afterwards."""
    made = _new_portal(moyeu_server.control, request.node.nodeid)
    yield made
    made.delete()


def _new_portal(control: "ControlClient", nodeid: str) -> "ControlledPortal":
    """A portal whose id follows from the test's name, so that it is the same in each run.

    Where another run has it on the same server at this moment, it is the next free one.
    """
    from moyeu.testing.client import ControlError  # noqa: PLC0415

    number = int.from_bytes(hashlib.sha256(nodeid.encode()).digest()[:8])
    portal_id = _PORTAL_IDS.start + number % len(_PORTAL_IDS)
    name = nodeid[-200:].replace("\0", "")
    try:
        return control.create_portal(name, portal_id=portal_id, ttl_s=_TTL_S)
    except ControlError as error:
        if error.status != 409:
            raise
    return control.create_portal(name, ttl_s=_TTL_S)


@pytest.fixture
def hubspot(portal: "ControlledPortal") -> Any:
    """HubSpot's own client, of the package `hubspot-api-client`, that calls the test's portal."""
    try:
        from hubspot import HubSpot  # type: ignore[import-untyped]  # noqa: PLC0415 — no types
    except ImportError as error:
        raise pytest.UsageError("the fixture hubspot needs hubspot-api-client") from error
    # Its raw requests take the host by another name.
    return HubSpot(access_token=portal.token, host=portal.url, base_url=portal.url)


@pytest.fixture
def requests(portal: "ControlledPortal") -> PortalRequests:
    """What was asked of the test's portal so far."""
    return PortalRequests(portal)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows what was asked of the portal of a test that failed."""
    report = yield
    client = sys.modules.get("moyeu.testing.client")
    if client is not None and report.when == "call" and report.failed:
        found = getattr(item, "funcargs", {}).get("portal")
        if isinstance(found, client.ControlledPortal):
            report.sections.append(("Moyeu requests, newest last", _shown(found)))
    return report


def _shown(portal: "ControlledPortal") -> str:
    """The last requests of a portal; why there are none to show where it cannot be asked."""
    try:
        found = portal.requests(limit=_SHOWN_REQUESTS, bodies=True)
    except (OSError, ValueError) as error:
        return f"the server does not tell: {error}"
    return "\n".join(_entry(each) for each in reversed(found)) or "none"


def _entry(entry: dict[str, Any]) -> str:
    query = f"?{entry['query']}" if entry["query"] else ""
    lines = [f"{entry['status']} {entry['method']} {entry['path']}{query}"]
    if entry["requestBody"]:
        lines.append(f"    > {entry['requestBody'][:_SHOWN_BYTES]}")
    if entry["status"] >= 300 or entry["inputsFailed"]:
        lines.append(f"    < {entry['responseBody'][:_SHOWN_BYTES]}")
    return "\n".join(lines)
