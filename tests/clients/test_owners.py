"""Owners through the official Python clients."""

from typing import Any

import hubspot_sdk
import pytest

from tests.conftest import PortalUnderTest


@pytest.fixture(autouse=True)
def owners(portal: PortalUnderTest) -> None:
    """Three owners of the portal."""
    for number in range(1, 4):
        portal.add_owner(
            {"id": 100 + number, "email": f"owner-{number}@example.com", "userId": 200 + number}
        )


def test_owners_are_paged_and_read_in_v3(v3: Any) -> None:
    api = v3.crm.owners.owners_api

    page = api.get_page(limit=2)
    rest = api.get_page(limit=2, after=page.paging.next.after)
    (found,) = api.get_page(email="owner-2@example.com").results

    assert [each.id for each in page.results + rest.results] == ["101", "102", "103"]
    assert (found.id, found.user_id) == ("102", 202)
    assert api.get_by_id(103, id_property="id").email == "owner-3@example.com"
    assert api.get_by_id(203, id_property="userId").id == "103"
    assert [each.id for each in v3.crm.owners.get_all()] == ["101", "102", "103"]


def test_owners_are_paged_and_read_strictly_in_2026_03(dated: hubspot_sdk.HubSpot) -> None:
    listed = list(dated.crm.owners.list(limit=2))

    assert [each.id for each in listed] == ["101", "102", "103"]
    assert dated.crm.owners.get(203, id_property="userId").email == "owner-3@example.com"
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.owners.get(999)
