"""What a user of the plugin writes; test_plugin runs it in processes of its own."""

from typing import Any

import pytest


@pytest.mark.parametrize("number", range(16))
def test_each_test_is_alone(portal: Any, hubspot: Any, requests: Any, number: int) -> None:
    """In one portal for all, the second contact with this e-mail would be refused."""
    contacts = hubspot.crm.contacts
    assert contacts.basic_api.get_page().results == []
    requests.clear()

    made = contacts.basic_api.create({"properties": {"email": "ada@example.com"}})

    (found,) = contacts.basic_api.get_page().results
    assert found.id == made.id
    assert [each["method"] for each in requests()] == ["GET", "POST"]
    assert requests.last(method="POST")["status"] == 201
    assert len(portal.tokens()) == 1


def test_partner_services_are_put_there(portal: Any, hubspot: Any) -> None:
    """A type whose API offers no create."""
    (service,) = portal.create_records("partner_services", [{"hs_name": "SEO"}])
    portal.snapshot("before")
    api = hubspot.crm.objects.basic_api

    api.update("partner_services", service["id"], {"properties": {"hs_name": "Ads"}})
    portal.restore("before")

    read = api.get_by_id("partner_services", service["id"], properties=["hs_name"])
    assert read.properties["hs_name"] == "SEO"
