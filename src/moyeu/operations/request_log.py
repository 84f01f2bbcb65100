"""The operations on the request log: what the console, the control plane and people ask of it."""

from dataclasses import dataclass

from moyeu.crm.problems import Problem
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.storage.contract import NO_PORTAL, LoggedRequest, RequestFilter, Store


@dataclass(frozen=True, slots=True)
class RequestNotFound(Problem):
    """No request with that correlation id is logged (any more)."""

    correlation_id: str


async def find_requests(
    store: Store, portal_id: int, wanted: RequestFilter
) -> list[LoggedRequest] | PortalNotFound:
    """A portal's requests that are wanted, newest first.

    portal_id: NO_PORTAL for those that never reached a portal. The next page begins before the
    number of the last entry.
    """
    if portal_id != NO_PORTAL:
        portal = await find_portal(store, portal_id)
        if isinstance(portal, PortalNotFound):
            return portal
    return await store.logged_requests(portal_id, wanted)


async def find_request(
    store: Store, correlation_id: str, portal_id: int | None = None
) -> LoggedRequest | RequestNotFound:
    """The newest request with that correlation id, bodies included; portal_id: only of that one."""
    found = await store.requests_correlated(correlation_id)
    own = (each for each in found if portal_id in (None, each.portal_id))
    return next(own, RequestNotFound(correlation_id))


async def clear_requests(store: Store, portal_id: int) -> None:
    """Forgets the requests of a portal, which may be gone by now."""
    await store.clear_requests(portal_id)
