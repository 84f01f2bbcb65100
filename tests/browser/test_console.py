"""The console in a real browser: that it can be read by everybody, and that nothing runs in it."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import AXE, SKIP, Tab, tab_of
from tests.conftest import PortalUnderTest
from tests.wire.console.hostile import HOSTILE

CONTACTS = "/console/records/contacts"
PAGES = (
    "/",
    "/console/records",
    CONTACTS,
    f"{CONTACTS}?filter=firstname:HAS_PROPERTY&sort=-firstname&q=ada",
    f"{CONTACTS}?archived=true",
    f"{CONTACTS}/RECORD",
    f"{CONTACTS}/RECORD?edit=firstname",
    "/console/records/CAR?all=true",
    "/console/definitions",
    "/console/definitions/deals",
    "/console/portals",
    "/console/portals/PORTAL",
    "/console/compatibility",
    "/console/status",
    "/console/keys",
)


def _fill(portal: PortalUnderTest, names: Sequence[str]) -> list[str]:
    """Contacts of these names, the first one at a company; their ids."""
    ids = [
        portal.add_record("contacts", {"firstname": each, "website": "https://a.example"}).id
        for each in names
    ]
    company = portal.add_record("companies", {"name": "Engines"}).id
    portal.associate("contacts", ids[0], "companies", company, "HUBSPOT_DEFINED", 279)
    return ids


def _places(portal: PortalUnderTest, record_id: str) -> list[str]:
    """The pages, with ids; a type of few properties stands for the longest of them."""
    model = {"name": "model", "type": "string", "fieldType": "text"}
    type_id = portal.add_schema(
        {"name": "car", "primaryDisplayProperty": "model", "properties": [model]}
    )
    car = portal.add_record(type_id, {"model": "A car"}).id
    names = {
        "RECORD": record_id,
        "PORTAL": str(portal.portal_id),
        "CAR": f"p{portal.portal_id}_car/{car}",
    }
    return [
        re.sub(r"[A-Z]{3,}$|[A-Z]{3,}(?=\?)", lambda found: names[found[0]], each) for each in PAGES
    ]


def _violations(tab: Tab, **options: Any) -> list[str]:
    """What the rules of accessibility find on the page, with the elements it is about."""
    # Only what is wrong is described: that takes a third of the time.
    options |= {"resultTypes": ["violations"], "elementRef": False, "performanceTimer": False}
    found = tab.page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def _axe() -> str:
    if not AXE.exists():
        pytest.fail(f"the rules of accessibility are not installed: make test (or set {SKIP}=1)")
    return AXE.read_text()


def test_every_page_can_be_read_by_everybody_in_light_and_dark(tab: Tab) -> None:
    record_id = _fill(tab.portal, ["Ada", "Bob", "Cyd"])[0]
    rules = _axe()
    found = {}
    for place in _places(tab.portal, record_id):
        tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.open(place)
        tab.page.evaluate(rules)
        found[place] = _violations(tab)
        # Colours are all that differs.
        tab.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found[f"{place} dark"] = _violations(tab, runOnly=["color-contrast"])
    assert {place: each for place, each in found.items() if each} == {}


def test_a_narrow_page_is_never_wider_than_its_window(
    browser: Browser, console_url: str, portal: PortalUnderTest
) -> None:
    long = "x" * 300
    record_id = _fill(portal, [long, "two words"])[0]
    with tab_of(browser, console_url, portal, width=320) as tab:
        for place in _places(portal, record_id):
            tab.open(place)
            width = tab.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, place
        assert tab.trouble == []


def test_nothing_of_a_hostile_value_runs(tab: Tab) -> None:
    portal = tab.portal
    options = [{"value": each, "label": each} for each in HOSTILE if ";" not in each]
    portal.define(
        "contacts",
        {"name": "remark", "type": "string", "fieldType": "textarea", "label": HOSTILE[0]},
        {
            "name": "choice",
            "type": "enumeration",
            "fieldType": "select",
            "label": HOSTILE[7],
            "options": options,
        },
    )
    ids = [
        portal.add_record("contacts", {"city": each, "website": each, "remark": each}).id
        for each in HOSTILE
    ]
    columns = "column=city&column=website&column=remark"
    places = [
        "/",
        f"{CONTACTS}?{columns}",
        f"{CONTACTS}?{columns}&after={ids[50]}",
        "/console/definitions/contacts",
        *(f"{CONTACTS}/{each}?edit=remark" for each in ids[::8]),
        f"{CONTACTS}/{ids[0]}?edit=choice",
    ]
    for place in places:
        tab.open(place)
        assert tab.page.evaluate("window.canary") is None, place
    assert tab.trouble == []


def test_a_value_is_changed_by_keys_and_clicks(tab: Tab) -> None:
    first, second = _fill(tab.portal, ["Ada", "Bob"])
    page = tab.page
    tab.open("/")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/console/records*")
    page.keyboard.press("/")
    page.keyboard.type("contacts")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{CONTACTS}*")
    for key in ("j", "j", "j", "k", "j"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{CONTACTS}/{second}*")
    page.get_by_role("link", name="Edit First Name").click()
    page.locator("#new:focus").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type("Barbara")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()

    assert page.get_by_role("heading", level=1).inner_text() == "Barbara"
    assert f"/{first}" not in page.url
    page.keyboard.press("?")
    page.wait_for_url("**/console/keys*")


def test_a_refusal_is_where_reading_goes_on(tab: Tab) -> None:
    record_id = _fill(tab.portal, ["Ada"])[0]
    tab.open(f"{CONTACTS}/{record_id}?edit=email")
    tab.page.keyboard.type("no address")
    tab.page.keyboard.press("Enter")
    tab.page.locator("#problem:focus").wait_for()

    assert tab.page.locator("#new").input_value() == "no address"
    # A refusal is an answer with its status, which the browser notes.
    assert [each for each in tab.trouble if "400 (Bad Request)" not in each] == []
    tab.trouble.clear()


def test_everything_works_without_script(
    browser: Browser, console_url: str, portal: PortalUnderTest
) -> None:
    record_id = _fill(portal, ["Ada", "Bob"])[0]
    with tab_of(browser, console_url, portal, has_script=False) as tab:
        tab.open(CONTACTS)
        tab.page.get_by_label("Property", exact=True).fill("firstname")
        tab.page.get_by_label("Value").fill("ada")
        tab.page.get_by_role("button", name="Filter").click()
        tab.page.get_by_role("link", name=record_id).click()
        tab.page.get_by_role("link", name="Edit First Name").click()
        tab.page.locator("#new").fill("Augusta")
        tab.page.get_by_role("button", name="Save").click()
        assert tab.page.get_by_role("heading", level=1).inner_text() == "Augusta"
        tab.page.get_by_role("button", name="Archive").click()
        tab.page.get_by_role("button", name="Restore").click()
        assert "active again" in tab.page.get_by_role("status").inner_text()
        tab.page.get_by_role("link", name="Portals").click()
        assert tab.page.get_by_role("heading", level=1).inner_text() == "Portals"
        assert tab.trouble == []
