"""HubSpot's clients against faults that testers set: what they try again, and what comes of it."""

from collections.abc import Iterator

import hubspot_sdk
import pytest

from moyeu.crm.controls.faults import FaultAction, FaultKind, FaultRule
from moyeu.operations.controls import add_fault
from tests.clients.test_node_client import run_script
from tests.conftest import PortalUnderTest

TWICE = [FaultKind.RATE_LIMIT_SECONDLY, FaultKind.INTERNAL_ERROR]


@pytest.fixture
def patient(portal: PortalUnderTest) -> Iterator[hubspot_sdk.HubSpot]:
    """hubspot-sdk as users have it: it tries again, twice."""
    with hubspot_sdk.HubSpot(access_token=portal.token, base_url=portal.url) as client:
        yield client


def add(portal: PortalUnderTest, kind: FaultKind, times: int = 1) -> None:
    """Adds a rule for the first calls."""
    rule = FaultRule(FaultAction(kind, after_bytes=5), times=times)
    added = portal.server.run(add_fault(portal.server.store, portal.portal_id, rule))
    assert isinstance(added, FaultRule)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RATE_LIMIT_TEN_SECONDLY,
        FaultKind.UNAVAILABLE,
        FaultKind.RESET_BEFORE,
        FaultKind.TRUNCATED,
    ],
)
def test_the_sdk_recovers(
    portal: PortalUnderTest, patient: hubspot_sdk.HubSpot, kind: FaultKind
) -> None:
    portal.add_record("contacts", {"email": "one@example.com"})
    add(portal, kind)

    found = patient.crm.objects.contacts.list()

    assert [each.properties["email"] for each in found.results] == ["one@example.com"]


def test_the_sdk_finds_the_write_of_an_answer_that_was_lost(
    portal: PortalUnderTest, patient: hubspot_sdk.HubSpot
) -> None:
    add(portal, FaultKind.RESET_AFTER)

    with pytest.raises(hubspot_sdk.ConflictError):
        patient.crm.objects.contacts.create(
            properties={"email": "one@example.com"}, associations=[]
        )


def test_the_sdk_gives_up_at_the_third_answer(
    portal: PortalUnderTest, patient: hubspot_sdk.HubSpot
) -> None:
    add(portal, FaultKind.INTERNAL_ERROR, times=3)

    with pytest.raises(hubspot_sdk.InternalServerError):
        patient.crm.objects.contacts.list()

    assert patient.crm.objects.contacts.list().results == []


@pytest.mark.parametrize("kind", TWICE)
def test_the_client_for_node_recovers_where_it_may_try_again(
    portal: PortalUnderTest, kind: FaultKind
) -> None:
    add(portal, kind)
    run_script(portal, "faults.js", "recovers", None)

    add(portal, kind)
    run_script(portal, "faults.js", "doesNotTryAgain", None)
