"""Tasks, notes and the other activities."""

import pytest

from moyeu.crm.type_rules.bodies import text_of_html
from tests.crm.type_rules.portal import (
    MINUTE_MS,
    OWNER_ID,
    create,
    shown_after_update,
    update,
)

CREATED_MS = 1_773_300_985_514
CREATED = "2026-03-12T07:36:25.514Z"
LATER_MS = CREATED_MS + MINUTE_MS
LATER = "2026-03-12T07:37:25.514Z"
PAST = "2026-03-12T07:36:25Z"
AHEAD = "2026-03-15T10:00:00Z"


def test_a_note_of_2026_is_as_recorded() -> None:
    written = {
        "hs_timestamp": "2026-03-12T10:00:00Z",
        "hs_note_body": "Test note created via an action",
        "hubspot_owner_id": OWNER_ID,
    }

    record = create("notes", 478016441536, CREATED_MS, written)

    # `hs_user_ids_of_all_owners`, recorded too, is not set.
    assert record.properties == written | {
        "hs_all_owner_ids": OWNER_ID,
        "hs_body_preview": "Test note created via an action",
        "hs_body_preview_html": (
            "<html>\n<head></head>\n<body>\nTest note created via an action\n</body>\n</html>"
        ),
        "hs_body_preview_is_truncated": "false",
        "hs_createdate": CREATED,
        "hs_lastmodifieddate": CREATED,
        "hs_obj_coords": "0-46-478016441536",
        "hs_object_id": "478016441536",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hubspot_owner_assigneddate": CREATED,
    }


@pytest.mark.parametrize(
    ("type_name", "body", "more"),
    [
        ("calls", "hs_call_body", {}),
        ("communications", "hs_communication_body", {}),
        ("emails", "hs_email_html", {"hs_email_direction": "EMAIL"}),
        ("meetings", "hs_meeting_body", {}),
        ("notes", "hs_note_body", {}),
        ("tasks", "hs_task_body", {}),
    ],
)
def test_every_activity_previews_its_body(type_name: str, body: str, more: dict[str, str]) -> None:
    values = {"hs_timestamp": AHEAD, body: "<p>One &amp; <b>two</b></p><p>three</p>", **more}
    if type_name == "communications":
        values |= {"hs_communication_channel_type": "SMS", "hs_communication_logged_from": "CRM"}
    record = create(type_name, 7, CREATED_MS, values)
    assert record.properties["hs_body_preview"] == "One & two three"
    assert record.properties["hs_body_preview_is_truncated"] == "false"

    after = update(type_name, record, LATER_MS, {body: ""})

    assert after.properties["hs_body_preview"] == ""
    assert after.properties["hs_body_preview_html"] == ""


def test_an_email_of_plain_text_is_its_own_preview() -> None:
    text = "Thanks for your interest let's find a time to talk"
    record = create(
        "emails",
        7,
        CREATED_MS,
        {"hs_timestamp": AHEAD, "hs_email_direction": "EMAIL", "hs_email_text": text},
    )

    assert record.properties["hs_body_preview"] == text
    assert record.properties["hs_body_preview_html"] == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("plain", "plain"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("<p>one</p><p>two</p>", "one two"),
        ("o<b>n</b>e<br>two", "one two"),
        ("<style>p {}</style>seen<script>alert()</script>", "seen"),
        ("  spaced\n\tout ", "spaced out"),
        ("</p>unbalanced</script><p>too", "unbalanced too"),
        ("5 < 6 and", "5 < 6 and"),
        ("", ""),
    ],
)
def test_the_preview_is_what_a_reader_sees(body: str, text: str) -> None:
    assert text_of_html(body) == text


def test_a_task_past_its_date_is_as_recorded_in_2024() -> None:
    record = create(
        "tasks",
        65039244375,
        CREATED_MS,
        {
            "hs_task_status": "NOT_STARTED",
            "hs_task_type": "TODO",
            "hs_task_subject": "title of task",
            "hs_timestamp": PAST,
        },
    )

    assert (
        record.properties.items()
        >= {
            "hs_task_completion_count": "0",
            "hs_task_family": "SALES",
            "hs_task_for_object_type": "OWNER",
            "hs_task_is_all_day": "false",
            "hs_task_is_completed": "0",
            "hs_task_is_completed_call": "0",
            "hs_task_is_completed_email": "0",
            "hs_task_is_completed_linked_in": "0",
            "hs_task_is_completed_sequence": "0",
            "hs_task_is_overdue": "true",
            "hs_task_is_past_due_date": "true",
            "hs_task_missed_due_date": "true",
            "hs_task_missed_due_date_count": "1",
            "hs_task_priority": "NONE",
        }.items()
    )
    assert "hs_task_completion_date" not in record.properties


def test_a_task_done_in_time_is_as_recorded_in_2026() -> None:
    record = create(
        "tasks", 477950799045, CREATED_MS, {"hs_timestamp": AHEAD, "hs_task_type": "TODO"}
    )
    written = {
        "hs_task_subject": "Updated Test Task",
        "hs_task_body": "This task has been updated via the action",
        "hs_task_status": "COMPLETED",
        "hs_task_priority": "HIGH",
    }

    after = update("tasks", record, LATER_MS, written)

    # Recorded besides: pipeline and stage of tasks, `hs_start_date_with_fallback`.
    shown = shown_after_update("tasks", after, tuple(written))
    assert {name: after.properties[name] for name in shown} == written | {
        "hs_body_preview": "This task has been updated via the action",
        "hs_body_preview_html": (
            "<html>\n<head></head>\n<body>\n"
            "This task has been updated via the action\n</body>\n</html>"
        ),
        "hs_body_preview_is_truncated": "false",
        "hs_createdate": CREATED,
        "hs_lastmodifieddate": LATER,
        "hs_obj_coords": "0-27-477950799045",
        "hs_object_id": "477950799045",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hs_task_completion_count": "1",
        "hs_task_completion_date": LATER,
        "hs_task_is_completed": "1",
        "hs_task_is_completed_call": "0",
        "hs_task_is_completed_email": "0",
        "hs_task_is_completed_linked_in": "0",
        "hs_task_is_completed_sequence": "0",
        "hs_task_is_open": "false",
        "hs_task_is_overdue": "false",
        "hs_task_is_past_due_date": "false",
        "hs_task_missed_due_date": "false",
        "hs_task_missed_due_date_count": "0",
        "hs_task_type": "TODO",
        "hs_timestamp": AHEAD,
    }


def test_a_task_done_late_has_missed_its_date_and_is_not_overdue() -> None:
    record = create("tasks", 1, CREATED_MS, {"hs_timestamp": PAST})

    after = update("tasks", record, LATER_MS, {"hs_task_status": "COMPLETED"})

    assert (
        after.properties.items()
        >= {
            "hs_task_is_overdue": "false",
            "hs_task_is_past_due_date": "true",
            "hs_task_missed_due_date": "true",
            "hs_task_missed_due_date_count": "1",
        }.items()
    )


def test_a_task_that_is_opened_again_is_not_done() -> None:
    record = create(
        "tasks",
        1,
        CREATED_MS,
        {"hs_timestamp": AHEAD, "hs_task_status": "COMPLETED", "hs_task_type": "CALL"},
    )
    assert record.properties["hs_task_is_completed_call"] == "1"
    assert record.properties["hs_task_completion_date"] == CREATED

    after = update("tasks", record, LATER_MS, {"hs_task_status": "IN_PROGRESS"})

    assert (
        after.properties.items()
        >= {
            "hs_task_completion_date": "",
            "hs_task_is_completed": "0",
            "hs_task_is_completed_call": "0",
            "hs_task_is_open": "true",
        }.items()
    )


def test_meetings_come_from_the_crm() -> None:
    record = create("meetings", 1, CREATED_MS, {"hs_timestamp": AHEAD})

    assert record.properties["hs_meeting_source"] == "CRM_UI"
