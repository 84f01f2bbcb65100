"""The official Python clients, unmodified, pointed at the running server by host alone."""

from collections.abc import Iterator
from typing import Any

import hubspot_sdk
import pytest
from hubspot import HubSpot  # type: ignore[import-untyped] # the package has no types

from tests.conftest import PortalUnderTest, RecordKey

SERVICES = "partner_services"


@pytest.fixture
def services(portal: PortalUnderTest) -> list[RecordKey]:
    """Five partner services with the skus S-0 to S-4, in a portal that defines what is used."""
    for name, unique in (("sku", True), ("city", False), ("remark", False)):
        portal.define(
            SERVICES,
            {"name": name, "type": "string", "fieldType": "text", "hasUniqueValue": unique},
        )
    portal.define(SERVICES, {"name": "start", "type": "date", "fieldType": "date"})
    portal.define(SERVICES, {"name": "hours", "type": "number", "fieldType": "number"})
    return [
        portal.add_record(
            SERVICES, {"hs_name": f"service {number}", "sku": f"S-{number}", "city": "Lyon"}
        )
        for number in range(5)
    ]


@pytest.fixture
def v3(portal: PortalUnderTest) -> Any:
    """hubspot-api-client, which speaks v3; its raw requests take the host by another name."""
    return HubSpot(access_token=portal.token, host=portal.url, base_url=portal.url)


@pytest.fixture
def dated(portal: PortalUnderTest) -> Iterator[hubspot_sdk.HubSpot]:
    """hubspot-sdk, which speaks 2026-03; refuses answers that are not as described."""
    with sdk(portal, portal.token, strict=True) as client:
        yield client


@pytest.fixture
def lenient(portal: PortalUnderTest) -> Iterator[hubspot_sdk.HubSpot]:
    """hubspot-sdk as users have it: its strict mode refuses null values, which HubSpot sends."""
    with sdk(portal, portal.token, strict=False) as client:
        yield client


def sdk(portal: PortalUnderTest, token: str, *, strict: bool) -> hubspot_sdk.HubSpot:
    """A hubspot-sdk client that does not try again, so that every answer is seen."""
    return hubspot_sdk.HubSpot(
        access_token=token, base_url=portal.url, max_retries=0, _strict_response_validation=strict
    )
