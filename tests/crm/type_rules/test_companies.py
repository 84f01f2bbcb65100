"""Companies: domain and website, counters, lifecycle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.problems import InvalidDomain
from tests.crm.type_rules.portal import (
    MINUTE_MS,
    create,
    kept,
    shown_after_create,
    shown_after_update,
    update,
    updated,
)

CREATED_MS = 1_773_300_762_188
CREATED = "2026-03-12T07:32:42.188Z"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("testcompany.com", "testcompany.com"),
        (" TestCompany.COM ", "testcompany.com"),
        ("https://www.example.com/about?x=1", "example.com"),
        ("www.example.com", "example.com"),
        ("sub.example.co.uk:8080", "sub.example.co.uk"),
        ("bücher.de", "bücher.de"),
        ("example.internal", "example.internal"),
    ],
)
def test_a_domain_is_kept_without_what_is_around_it(written: str, stored: str) -> None:
    assert kept("companies", "domain", written) == stored


@pytest.mark.parametrize(
    "written", [" ", "example", "exa mple.com", "-example.com", "http://", "a..com", ".com"]
)
def test_other_texts_are_no_domain(written: str) -> None:
    assert kept("companies", "domain", written) == InvalidDomain("domain", written)


@given(st.text(max_size=80) | st.from_regex(r"(https?://)?(www\.)?[a-z.-]{1,30}(/.*)?"))
def test_a_domain_that_was_kept_is_a_domain(text: str) -> None:
    found = kept("companies", "domain", text)

    if isinstance(found, str):
        assert not set("/?#:@ ") & set(found)
        assert "." in found
    else:
        assert found == InvalidDomain("domain", text)


def test_a_create_of_2026_is_as_recorded() -> None:
    written = {
        "name": "Test Company Inc",
        "domain": "testcompany.com",
        "city": "San Francisco",
        "industry": "COMPUTER_SOFTWARE",
    }

    record = create("companies", 421355332816, CREATED_MS, written)

    assert record.properties == written | {
        "createdate": CREATED,
        "hs_annual_revenue_currency_code": "USD",
        "hs_lastmodifieddate": CREATED,
        "hs_num_blockers": "0",
        "hs_num_child_companies": "0",
        "hs_num_contacts_with_buying_roles": "0",
        "hs_num_decision_makers": "0",
        "hs_num_open_deals": "0",
        "hs_object_id": "421355332816",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hs_pipeline": "companies-lifecycle-pipeline",
        "hs_task_label": "Test Company Inc",
        "hs_v2_date_entered_current_stage": CREATED,
        "hs_v2_time_in_current_stage": CREATED,
        "lifecyclestage": "lead",
        "num_associated_contacts": "0",
        "num_notes": "0",
        "website": "testcompany.com",
    }
    assert shown_after_create("companies", record, tuple(written)) == record.properties.keys()


def test_a_website_that_is_there_stays() -> None:
    record = create(
        "companies", 1, CREATED_MS, {"domain": "example.com", "website": "https://example.org"}
    )
    after = update("companies", record, CREATED_MS, {"domain": "example.net"})

    assert after.properties["website"] == "https://example.org"


def test_without_a_name_tasks_are_labelled_with_the_domain() -> None:
    record = create("companies", 1, CREATED_MS, {"domain": "example.com"})
    assert record.properties["hs_task_label"] == "example.com"

    after = update("companies", record, CREATED_MS, {"name": "Example"})

    assert after.properties["hs_task_label"] == "Example"


def test_telephone_numbers_have_three_forms() -> None:
    record = create("companies", 1, CREATED_MS, {"name": "A", "phone": "513-227-1572"})

    assert record.properties["hs_calculated_phone_number"] == "+15132271572"
    assert record.properties["hs_searchable_calculated_phone_number"] == "5132271572"
    international = "hs_searchable_calculated_international_phone_number"
    assert record.properties[international] == "15132271572"


def test_a_stage_before_the_present_one_changes_nothing() -> None:
    record = create("companies", 1, CREATED_MS, {"name": "A", "lifecyclestage": "customer"})
    assert record.properties["closedate"] == CREATED

    later_ms = CREATED_MS + MINUTE_MS
    plan = updated("companies", record, later_ms, {"lifecyclestage": "opportunity"})

    assert plan.changes == []


def test_an_update_of_2026_shows_what_was_recorded() -> None:
    record = create("companies", 1, CREATED_MS, {"name": "A", "domain": "test2.com"})
    written = {"name": "B", "industry": "COMPUTER_SOFTWARE", "city": "Boston"}
    after = update("companies", record, CREATED_MS + MINUTE_MS, written)

    assert shown_after_update("companies", after, tuple(written)) == {
        "city",
        "createdate",
        "domain",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hs_object_source",
        "hs_object_source_id",
        "hs_object_source_label",
        "hs_pipeline",
        "hs_task_label",
        "hs_v2_date_entered_current_stage",
        "hs_v2_time_in_current_stage",
        "industry",
        "lifecyclestage",
        "name",
    }
