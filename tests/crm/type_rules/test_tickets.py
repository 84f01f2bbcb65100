"""Tickets: their id, and when they were closed."""

from tests.crm.type_rules.portal import (
    MINUTE_MS,
    create,
    shown_after_create,
    shown_after_update,
    update,
)

CREATED_MS = 1_742_571_354_252
CREATED = "2025-03-21T15:35:54.252Z"
LATER_MS = CREATED_MS + MINUTE_MS
LATER = "2025-03-21T15:36:54.252Z"
NEW = {"subject": "Test Ticket", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
CLOSED = {"subject": "Test Ticket", "hs_pipeline": "0", "hs_pipeline_stage": "4"}


def test_a_create_in_a_closed_stage_shows_what_was_recorded_in_2025() -> None:
    record = create("tickets", 21675753358, CREATED_MS, CLOSED)

    shown = shown_after_create("tickets", record, tuple(CLOSED))

    assert {name: record.properties[name] for name in shown} == CLOSED | {
        "closed_date": CREATED,
        "createdate": CREATED,
        "hs_helpdesk_sort_timestamp": CREATED,
        "hs_is_visible_in_help_desk": "true",
        "hs_last_message_from_visitor": "false",
        "hs_lastmodifieddate": CREATED,
        "hs_num_associated_companies": "0",
        "hs_num_associated_conversations": "0",
        "hs_num_times_contacted": "0",
        "hs_object_id": "21675753358",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hs_ticket_id": "21675753358",
        "num_notes": "0",
        "time_to_close": "0",
    }
    assert record.properties["hs_is_closed"] == "true"


def test_an_update_of_2024_shows_what_was_recorded() -> None:
    record = create("tickets", 1, CREATED_MS, NEW)
    written = {"hs_ticket_priority": "HIGH", "subject": "New name"}

    after = update("tickets", record, LATER_MS, written)

    assert shown_after_update("tickets", after, tuple(written)) == {
        "createdate",
        "hs_helpdesk_sort_timestamp",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hs_object_source",
        "hs_object_source_id",
        "hs_object_source_label",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_ticket_id",
        "hs_ticket_priority",
        "subject",
    }


def test_a_ticket_is_closed_opened_and_closed_again() -> None:
    record = create("tickets", 1, CREATED_MS, NEW)
    assert record.properties["hs_is_closed"] == "false"

    closed = update("tickets", record, LATER_MS, {"hs_pipeline_stage": "4"})
    opened = update("tickets", closed, LATER_MS + 1, {"hs_pipeline_stage": "2"})
    again = update("tickets", opened, LATER_MS + MINUTE_MS, {"hs_pipeline_stage": "4"})

    assert (
        closed.properties.items()
        >= {
            "closed_date": LATER,
            "hs_is_closed": "true",
            "hs_last_closed_date": LATER,
            "time_to_close": "60000",
        }.items()
    )
    assert (
        opened.properties.items()
        >= {
            "closed_date": "",
            "hs_is_closed": "false",
            "hs_last_closed_date": LATER,
            "hs_ticket_reopened_at": "2025-03-21T15:36:54.253Z",
            "time_to_close": "",
        }.items()
    )
    assert again.properties["time_to_close"] == "120000"
    assert again.properties["hs_last_closed_date"] == again.properties["closed_date"]


def test_a_close_date_that_the_write_gives_stays() -> None:
    record = create("tickets", 1, CREATED_MS, NEW)

    after = update(
        "tickets", record, LATER_MS, {"hs_pipeline_stage": "4", "closed_date": "2025-04-01"}
    )

    assert after.properties["closed_date"] == "2025-04-01T00:00:00Z"
    assert after.properties["hs_last_closed_date"] == "2025-04-01T00:00:00Z"
