"""What each page shows and does: over HTTP, without script."""

import json
import re
from urllib.parse import quote

import pytest

from moyeu.crm.records import StoredRecord
from moyeu.operations.overviews import COUNTED_MAX
from tests.conftest import PortalUnderTest
from tests.wire.console.conftest import Reply, Visitor
from tests.wire.console.hostile import HOSTILE

CONTACTS = "/console/records/contacts"
TEXT = {"type": "string", "fieldType": "text"}


def _follow(visitor: Visitor, reply: Reply) -> Reply:
    assert reply.status == 303, reply.text
    return visitor.get(reply.headers["location"])


def _contact(portal: PortalUnderTest, name: str, **more: str) -> str:
    email = f"{quote(name)}@example.com"
    return portal.add_record("contacts", {"firstname": name, "email": email, **more}).id


# --- overview ---------------------------------------------------------------------------------


def test_the_overview_says_how_to_call_the_portal_and_what_is_in_it(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    _contact(portal, "Ada")

    text = visitor.get("/").page.text

    for part in (str(portal.portal_id), visitor.url, portal.token[:12] + "…", "an engine"):
        assert part in text
    assert f"curl '{visitor.url}/crm/v3/objects/contacts?limit=3'" in text
    assert portal.token not in text
    assert re.search(r"Contacts\s*contacts\s*0-1\s*1\s", text)


def test_an_empty_portal_has_pages_too(visitor: Visitor) -> None:
    assert "There are no records in this portal." in visitor.get("/").text
    assert "There are no records of this type." in visitor.get(CONTACTS).text
    assert "No record is archived." in visitor.get(f"{CONTACTS}?archived=true").text
    assert "No record meets these filters." in visitor.get(f"{CONTACTS}?q=ada").text


def test_an_unknown_portal_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/console/records/contacts?portal=1").status == 404


def test_what_is_pasted_into_the_search_field_leads_to_its_page(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    record_id = _contact(portal, "Ada")

    def place(text: str) -> str:
        found = visitor.get(f"/console/go?q={text}").headers.get("location", "")
        return found.partition("?")[0]

    assert place(record_id) == f"{CONTACTS}/{record_id}"
    assert place(str(portal.portal_id)) == f"/console/portals/{portal.portal_id}"
    assert place("Contact") == CONTACTS
    having = visitor.get("/console/go?q=firstname")
    assert having.status == 200
    assert any("/console/definitions/contacts" in each for each in having.page.links())
    assert visitor.get("/console/go?q=nothing+at+all").status == 404


# --- lists ------------------------------------------------------------------------------------


def test_a_list_is_filtered_sorted_and_cut_by_its_address(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    for name, city in (("Ada", "Lyon"), ("Bob", "Lyon"), ("Cyd", "Metz")):
        _contact(portal, name, city=city)

    def names(query: str) -> list[str]:
        text = visitor.get(f"{CONTACTS}?column=firstname&{query}").page.text
        return re.findall(r"\b(Ada|Bob|Cyd)\b", text)

    assert names("") == ["Ada", "Bob", "Cyd"]
    assert names("sort=-firstname") == ["Cyd", "Bob", "Ada"]
    assert names("filter=city:EQ:Lyon&sort=-firstname") == ["Bob", "Ada"]
    assert names("filter=city:EQ:Lyon&filter=firstname:IN:bob;cyd") == ["Bob"]
    assert names("filter=firstname:BETWEEN:b;d&filter=city:HAS_PROPERTY") == ["Bob", "Cyd"]
    assert names("q=cy") == ["Cyd"]
    page = visitor.get(f"{CONTACTS}?filter=city:EQ:Lyon").page.text
    assert "2 found" in page
    assert '"filters":[{"propertyName":"city","operator":"EQ","value":"Lyon"}]' in page


def test_a_filter_of_the_form_becomes_part_of_the_address(visitor: Visitor) -> None:
    reply = visitor.get(
        f"{CONTACTS}?filter=city:EQ:Lyon&property=firstname&operator=GT&value=a:b%26c"
    )

    assert reply.status == 303
    assert reply.headers["location"].endswith(
        "filter=city%3AEQ%3ALyon&filter=firstname%3AGT%3Aa%3Ab%26c"
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("filter=x", "x is no filter"),
        ("filter=nothing:EQ:1", "There was a problem with the request."),
        ("sort=nothing", "There was a problem with the request."),
        ("q=a&after=10000", "There was a problem with the request."),
    ],
)
def test_a_list_that_the_api_refuses_is_refused_in_its_words(
    visitor: Visitor, query: str, told: str
) -> None:
    reply = visitor.get(f"{CONTACTS}?{query}")

    assert reply.status == 400
    assert told in reply.page.text


def test_every_record_is_on_one_page_of_the_list(visitor: Visitor, portal: PortalUnderTest) -> None:
    made = {_contact(portal, f"n{number}") for number in range(120)}

    for query in ("", "sort=firstname"):
        seen: list[str] = []
        at: str | None = f"{CONTACTS}?{query}"
        while at is not None:
            page = visitor.get(at).page
            rows = [given for tag, given in page.elements if "data-row" in given]
            seen += [re.search(r"/(\d+)\?", each["href"])[1] for each in rows]  # type: ignore[index]
            following = [each for _, each in page.elements if each.get("rel") == "next"]
            at = following[0]["href"] if following else None
        assert len(seen) == 120
        assert set(seen) == made


def test_archived_records_are_a_list_of_their_own(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    kept, gone = _contact(portal, "Ada"), _contact(portal, "Bob")
    visitor.post(f"{CONTACTS}/{gone}", action="archive")

    active, archived = (
        visitor.get(f"{CONTACTS}{each}").page.text for each in ("", "?archived=true")
    )

    assert (kept in active, gone in active) == (True, False)
    assert (kept in archived, gone in archived) == (False, True)


def test_more_than_ten_thousand_are_not_counted(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, portal: PortalUnderTest
) -> None:
    assert COUNTED_MAX == 10_000
    monkeypatch.setattr("moyeu.operations.overviews.COUNTED_MAX", 2)
    for name in ("Ada", "Bob"):
        _contact(portal, name)
    assert "2 records" in visitor.get(CONTACTS).page.text
    _contact(portal, "Cyd")

    assert "2+ records" in visitor.get(CONTACTS).page.text


def _add_broken(portal: PortalUnderTest) -> int:
    """A record whose times no calendar has."""
    (record_id,) = portal.server.write(lambda tx: tx.new_record_ids(portal.portal_id, 1))
    record = StoredRecord(record_id, {"firstname": "Eve"}, 10**17, 10**17, None, 0)
    portal.server.write(lambda tx: tx.restore_records(portal.portal_id, "0-1", [record]))
    return int(record_id)


def test_a_record_that_cannot_be_shown_is_told_raw_and_the_list_goes_on(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    first = _contact(portal, "Ada")
    broken = _add_broken(portal)
    last = _contact(portal, "Bob")

    listed = visitor.get(CONTACTS)
    single = visitor.get(f"{CONTACTS}/{broken}")

    assert (listed.status, single.status) == (200, 200)
    for reply in (listed, single):
        assert "This record cannot be shown." in reply.page.text
        assert "OverflowError: " in reply.page.text
        assert '"properties":{"firstname":"Eve"}' in reply.page.text
    assert first in listed.page.text
    assert last in listed.page.text


# --- a record ---------------------------------------------------------------------------------


def test_a_record_shows_values_their_history_and_what_it_is_associated_with(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    contact = _contact(portal, "Ada", website="https://ada.example/x?y=1&z=2")
    company = portal.add_record("companies", {"name": "Engines"}).id
    portal.associate("contacts", contact, "companies", company, "HUBSPOT_DEFINED", 279)
    path = f"{CONTACTS}/{contact}"

    done = _follow(
        visitor, visitor.post(path, action="edit", property="firstname", value="Augusta")
    )
    page = done.page

    assert "firstname is changed." in page.text
    assert re.search(r"firstname\s+Ada → Augusta", page.text)
    assert "Engines" in page.text
    assert "2 values" in page.text
    (link,) = (each for _, each in page.elements if each.get("href", "").startswith("https://"))
    assert link == {
        "href": "https://ada.example/x?y=1&z=2",
        "rel": "noopener noreferrer nofollow",
    }


def test_a_refused_value_is_answered_as_patch_answers_it(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    portal.define("contacts", {"name": "age", "type": "number", "fieldType": "number"})
    contact = _contact(portal, "Ada")
    path = f"/crm/objects/2026-09/contacts/{contact}"
    token = {"Authorization": f"Bearer {portal.token}", "Content-Type": "application/json"}
    body = json.dumps({"properties": {"age": "old"}})
    patched = json.loads(Visitor(visitor.url)._send("PATCH", path, token, body).text)

    reply = visitor.post(f"{CONTACTS}/{contact}", action="edit", property="age", value="old")

    assert reply.status == 400
    assert patched["message"] in reply.page.text
    assert patched["category"] in reply.page.text
    (field,) = (each for _, each in reply.page.elements if each.get("aria-invalid"))
    assert (field["value"], field["aria-describedby"]) == ("old", "problem")


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [("firstname", "", "cleared"), ("firstname", "two\r\nlines", "two\nlines")],
)
def test_a_value_is_written_as_it_was_entered(
    visitor: Visitor, portal: PortalUnderTest, name: str, value: str, kept: str
) -> None:
    contact = _contact(portal, "Ada")

    reply = visitor.post(f"{CONTACTS}/{contact}", action="edit", property=name, value=value)

    assert kept in _follow(visitor, reply).page.text


def test_a_record_is_archived_and_restored(visitor: Visitor, portal: PortalUnderTest) -> None:
    path = f"{CONTACTS}/{_contact(portal, 'Ada')}"

    archived = _follow(visitor, visitor.post(path, action="archive")).page.text
    refused = visitor.post(path, action="edit", property="firstname", value="x")
    restored = _follow(visitor, visitor.post(path, action="restore")).page.text

    assert "The record is archived." in archived
    assert refused.status == 404
    assert "The record is active again." in restored
    assert visitor.post(path, action="restore").status == 404
    assert visitor.post(path, action="burn").status == 400


def test_a_record_whose_value_was_taken_stays_archived(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    path = f"{CONTACTS}/{_contact(portal, 'Ada')}"
    visitor.post(path, action="archive")
    other = _contact(portal, "Ada")

    reply = visitor.post(path, action="restore")

    assert reply.status == 409
    assert f"record {other} has its value of email now" in reply.page.text


@pytest.mark.parametrize("place", ["contacts/1", "contacts/x", "contacts/99999999999999999999"])
def test_a_record_that_is_not_there_is_not_found(visitor: Visitor, place: str) -> None:
    assert visitor.get(f"/console/records/{place}").status == 404


# --- definitions, portals ---------------------------------------------------------------------


def test_definitions_tell_properties_options_and_pipelines(
    visitor: Visitor, portal: PortalUnderTest
) -> None:
    options = [{"value": "a", "label": "Alpha"}, {"value": "b", "label": "Beta"}]
    portal.define(
        "deals",
        {"name": "tier", "type": "enumeration", "fieldType": "select", "options": options},
        {"name": "code", **TEXT, "hasUniqueValue": True},
    )

    text = visitor.get("/console/definitions/deals").page.text

    for part in ("Sales Pipeline", "Appointment Scheduled", "closedwon", "■ closed", "2 options"):
        assert part in text
    assert re.search(r"code\s*code\s*string text\s*unique\s+own", text)
    assert re.search(r"Deals\s*deals\s*0-3", visitor.get("/console/definitions").page.text)


def test_a_custom_type_has_all_pages(visitor: Visitor, portal: PortalUnderTest) -> None:
    labels = {"singular": "Car", "plural": "Cars"}
    name = {"name": "model", **TEXT}
    portal.add_schema(
        {"name": "car", "labels": labels, "primaryDisplayProperty": "model", "properties": [name]}
    )
    path = f"p{portal.portal_id}_car"

    assert "Cars" in visitor.get("/console/records").page.text
    assert "There are no records of this type." in visitor.get(f"/console/records/{path}").text
    assert "model" in visitor.get(f"/console/definitions/{path}").page.text


def test_portals_and_tokens_are_made_and_revoked(alone: Visitor) -> None:
    visitor = alone
    made = _follow(
        visitor, visitor.post("/console/portals", action="create", name="A <b>new</b> one")
    )
    assert "A <b>new</b> one" in made.page.text
    portal_id = re.search(r"/console/portals/(\d+)", made.text)[1]  # type: ignore[index]
    path = f"/console/portals/{portal_id}"

    scope = "crm.objects.contacts.read"
    told = visitor.post(path, action="create", set="chosen", scope=scope).page.text
    token = re.search(r"pat-na1-[0-9a-f-]{36}", told)[0]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}", "Accept": "*/*"}
    api = Visitor(visitor.url)
    assert api.get("/crm/v3/objects/contacts", headers).status == 200
    assert api.get("/crm/v3/objects/deals", headers).status == 403
    assert token not in visitor.get(path).text

    assert _follow(visitor, visitor.post(path, action="revoke", hint=token[:12])).status == 200
    assert visitor.post(path, action="revoke", hint=token[:12]).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"set": "chosen"},
        {"set": "nothing"},
        {"set": "chosen", "scope": "no.such.scope"},
    ],
)
def test_a_token_needs_scopes_that_exist(
    visitor: Visitor, portal: PortalUnderTest, fields: dict[str, str]
) -> None:
    path = f"/console/portals/{portal.portal_id}"

    assert visitor.post(path, action="create", **fields).status == 400


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_portal_needs_a_name(visitor: Visitor, name: str) -> None:
    assert visitor.post("/console/portals", action="create", name=name).status == 400


def test_the_status_says_where_settings_come_from(visitor: Visitor) -> None:
    text = visitor.get("/console/status").page.text

    assert re.search(r"port\s*8080\s*default", text)
    assert re.search(r"host\s*::1\s*flag", text)


@pytest.mark.parametrize("version", ["v3", "2025-09", "2026-03", "2026-09", "2026-09-beta"])
def test_compatibility_is_told_by_version(visitor: Visitor, version: str) -> None:
    text = visitor.get(f"/console/compatibility?version={version}").page.text

    assert f"What each object type offers in {version}." in text
    assert visitor.get("/console/compatibility?version=v4").status == 404


# --- hostile values ---------------------------------------------------------------------------

_KNOWN_TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title link script body a header svg g circle path span nav ul li form input"
        " label button main p h1 h2 h3 div dl dt dd bdi code time section pre footer table thead tr"
        " th tbody td details summary fieldset legend select option datalist ol del ins br strong"
        " textarea kbd",
    )
)
_URL_ATTRIBUTES = frozenset({"href", "src", "action"})


def assert_harmless(reply: Reply) -> None:
    """No element and no attribute but those of our templates, no address but our own."""
    page = reply.page
    for tag, given in page.elements:
        assert tag in _KNOWN_TAGS, tag
        assert not [name for name in given if name.startswith("on") or name == "style"], given
        for name in _URL_ATTRIBUTES & given.keys():
            address = given[name]
            if address.startswith(("http://", "https://")):
                assert (tag, given["rel"]) == ("a", "noopener noreferrer nofollow")
            else:
                assert address.startswith(("/", "#")), address
                assert not address.startswith("//"), address
    scripts = [given for tag, given in page.elements if tag == "script"]
    assert [each.get("src") for each in scripts] == ["/console/static/console.js"]
    assert "canary" not in reply.headers.get("set-cookie", "")


@pytest.fixture
def hostile(portal: PortalUnderTest) -> list[str]:
    """Contacts that have hostile texts in every field that takes one, and definitions too."""
    portal.define(
        "contacts",
        {"name": "remark", "type": "string", "fieldType": "textarea", "label": HOSTILE[0]},
        {
            "name": "choice",
            "type": "enumeration",
            "fieldType": "select",
            "label": HOSTILE[7],
            "options": [
                {"value": text, "label": text[::-1]} for text in HOSTILE if ";" not in text
            ],
        },
    )
    return [
        portal.add_record("contacts", {"city": text, "website": text, "remark": text}).id
        for text in HOSTILE
    ]


def test_hostile_values_are_text_in_lists(visitor: Visitor, hostile: list[str]) -> None:
    columns = "column=city&column=website&column=remark&column=choice"
    first = visitor.get(f"{CONTACTS}?{columns}")
    following = [each["href"] for _, each in first.page.elements if each.get("rel") == "next"]
    second = visitor.get(following[0])

    text = first.page.text + second.page.text
    for reply in (first, second):
        assert_harmless(reply)
    for each in HOSTILE:
        assert each[:100].replace("\r\n", "\n") in text.replace("\r\n", "\n"), each


def test_hostile_values_are_text_on_their_pages(visitor: Visitor, hostile: list[str]) -> None:
    for record_id, text in zip(hostile, HOSTILE, strict=True):
        for query in ("", "?edit=remark", "?edit=choice"):
            reply = visitor.get(f"{CONTACTS}/{record_id}{query}")
            assert reply.status == 200
            assert_harmless(reply)
        assert text.replace("\r\n", "\n") in reply.page.text.replace("\r\n", "\n"), text


def test_hostile_texts_of_an_address_are_text(visitor: Visitor, hostile: list[str]) -> None:
    for text in HOSTILE:
        sent = quote(text, safe="")
        for path in (
            f"{CONTACTS}?q={sent}&sort={sent}",
            f"{CONTACTS}?filter=city:EQ:{sent}",
            f"{CONTACTS}?filter={sent}",
            f"{CONTACTS}/{hostile[0]}?done={sent}&property={sent}&edit={sent}",
            f"/console/go?q={sent}",
        ):
            assert_harmless(visitor.get(path))


def test_hostile_names_of_portals_are_text(alone: Visitor) -> None:
    for text in HOSTILE:
        made = alone.post("/console/portals", action="create", name=text[:200])
        assert_harmless(_follow(alone, made))
    page = alone.get("/console/portals")
    assert_harmless(page)
    for text in HOSTILE:
        assert text[:200].strip().replace("\r\n", "\n") in page.page.text.replace("\r\n", "\n")


def test_hostile_definitions_and_forms_are_text(
    visitor: Visitor, portal: PortalUnderTest, hostile: list[str]
) -> None:
    labels = {"singular": HOSTILE[1], "plural": HOSTILE[6]}
    portal.add_schema(
        {
            "name": "car",
            "labels": labels,
            "primaryDisplayProperty": "model",
            "properties": [{"name": "model", **TEXT, "label": HOSTILE[4]}],
        }
    )
    path = f"p{portal.portal_id}_car"
    for each in (
        "/",
        "/console/records",
        "/console/definitions",
        f"/console/records/{path}",
        f"/console/definitions/{path}",
        "/console/definitions/contacts",
    ):
        reply = visitor.get(each)
        assert reply.status == 200
        assert_harmless(reply)
    for text in HOSTILE:
        assert_harmless(visitor.post(f"{CONTACTS}/{hostile[0]}", action=text))
        edit = {"action": "edit", "property": "email", "value": text}
        refused = visitor.post(f"{CONTACTS}/{hostile[0]}", **edit)
        assert_harmless(refused)
