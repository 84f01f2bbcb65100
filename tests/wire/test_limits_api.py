"""The limits API tells what the portal has: counts that move with what is made."""

import json
import urllib.request
from typing import Any

from tests.conftest import PortalUnderTest


def told(portal: PortalUnderTest, name: str) -> Any:
    """The answer of a route of limits."""
    request = urllib.request.Request(
        f"{portal.url}/crm/limits/2026-03/{name}",
        headers={"authorization": f"Bearer {portal.token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def of_type(entries: Any, object_type_id: str) -> Any:
    """The one entry of that type."""
    (found,) = [each for each in entries if each["objectTypeId"] == object_type_id]
    return found


def test_custom_properties_are_counted_by_type_and_together(portal: PortalUnderTest) -> None:
    before = told(portal, "custom-properties")
    for name in ("a", "b"):
        portal.define("companies", {"name": name, "type": "string", "fieldType": "text"})
    portal.define("partner_services", {"name": "c", "type": "string", "fieldType": "text"})

    after = told(portal, "custom-properties")

    assert list(after) == ["overallLimit", "overallUsage", "overallPercentage", "byObjectType"]
    assert (before["overallUsage"], after["overallUsage"]) == (0, 3)
    assert (after["overallLimit"], after["overallPercentage"]) == (10_000, 0.03)
    assert of_type(after["byObjectType"], "0-2") == {
        "objectTypeId": "0-2",
        "singularLabel": "Company",
        "pluralLabel": "Companies",
        "limit": 1_000,
        "usage": 2,
        "percentage": 0.2,
    }
    assert of_type(after["byObjectType"], "0-164")["usage"] == 1


def test_calculated_properties_have_a_limit_together_only(portal: PortalUnderTest) -> None:
    formula = {"calculationFormula": "hs_num_child_companies + 1", "calculated": True}
    kind = {"type": "number", "fieldType": "calculation_equation"}
    portal.define("companies", {"name": "twice", **kind, **formula})
    portal.define("companies", {"name": "plain", "type": "number", "fieldType": "number"})

    found = told(portal, "calculated-properties")

    assert found["overallUsage"] == 1
    entry = of_type(found["byObjectType"], "0-2")
    assert list(entry) == ["objectTypeId", "singularLabel", "pluralLabel", "usage"]
    assert entry["usage"] == 1


def test_records_are_counted_without_archived_ones(portal: PortalUnderTest) -> None:
    portal.add_record("companies", {"name": "a"})
    gone = portal.add_record("companies", {"name": "b"})
    portal.archive("companies", gone.id)

    found = told(portal, "records")

    assert list(found) == ["hubspotDefinedObjectTypes", "customObjectTypes"]
    assert of_type(found["hubspotDefinedObjectTypes"], "0-2")["usage"] == 1
    assert of_type(found["hubspotDefinedObjectTypes"], "0-1")["usage"] == 0
    assert found["customObjectTypes"]["byObjectType"] == []


def test_pipelines_are_counted_beyond_the_first(portal: PortalUnderTest) -> None:
    entry = of_type(told(portal, "pipelines")["hubspotDefinedObjectTypes"], "0-3")

    assert (entry["limit"], entry["usage"], entry["percentage"]) == (100, 0, 0.0)
