"""Deals: what their stage, amount and dates say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crm.type_rules.portal import (
    MINUTE_MS,
    create,
    shown_after_create,
    shown_after_update,
    update,
)

CREATED_MS = 1_773_300_966_332
CREATED = "2026-03-12T07:36:06.332Z"
LATER_MS = CREATED_MS + MINUTE_MS
LATER = "2026-03-12T07:37:06.332Z"
FOUR_TENTHS = "0.40000000000000002220446049250313080847263336181640625"

STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
)


def test_a_create_of_2026_without_a_stage_is_as_recorded() -> None:
    written = {"dealname": "Test Deal for Validation", "amount": "10000"}

    record = create("deals", 493561802994, CREATED_MS, written)

    assert record.properties == written | {
        "amount_in_home_currency": "10000",
        "createdate": CREATED,
        "days_to_close": "0",
        "hs_closed_amount": "0",
        "hs_closed_amount_in_home_currency": "0",
        "hs_closed_won_count": "0",
        "hs_createdate": CREATED,
        "hs_days_to_close_raw": "0",
        "hs_deal_stage_probability_shadow": "0",
        "hs_forecast_amount": "10000",
        "hs_has_last_conversation_follow_ups": "false",
        "hs_has_last_meeting_followups": "false",
        "hs_is_closed_lost": "false",
        "hs_is_closed_won": "false",
        "hs_is_deal_split": "false",
        "hs_lastmodifieddate": CREATED,
        "hs_num_associated_active_deal_registrations": "0",
        "hs_num_associated_deal_registrations": "0",
        "hs_num_associated_deal_splits": "0",
        "hs_num_of_associated_line_items": "0",
        "hs_num_target_accounts": "0",
        "hs_number_of_call_engagements": "0",
        "hs_number_of_inbound_calls": "0",
        "hs_number_of_outbound_calls": "0",
        "hs_number_of_overdue_tasks": "0",
        "hs_object_id": "493561802994",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hs_projected_amount": "0",
        "hs_projected_amount_in_home_currency": "0",
        "num_associated_contacts": "0",
        "num_notes": "0",
    }
    assert shown_after_create("deals", record, tuple(written)) == record.properties.keys()


def test_an_update_of_2026_is_as_recorded() -> None:
    record = create("deals", 493593663734, CREATED_MS, {"dealname": "A", "amount": "1"})
    written = {
        "dealname": "Updated Test Deal",
        "amount": "15000",
        "closedate": "2026-12-31",
        "dealstage": "qualifiedtobuy",
    }

    after = update("deals", record, LATER_MS, written)

    shown = shown_after_update("deals", after, tuple(written))
    assert {name: after.properties[name] for name in shown} == {
        "amount": "15000",
        "amount_in_home_currency": "15000",
        "closedate": "2026-12-31T00:00:00Z",
        "createdate": CREATED,
        "days_to_close": "293",
        "dealname": "Updated Test Deal",
        "dealstage": "qualifiedtobuy",
        "hs_actual_duration": "25374233668",
        "hs_closed_amount": "0",
        "hs_closed_amount_in_home_currency": "0",
        "hs_closed_deal_close_date": "0",
        "hs_closed_deal_create_date": "0",
        "hs_closed_won_count": "0",
        "hs_days_to_close_raw": "293.68326",
        "hs_deal_stage_probability": FOUR_TENTHS,
        "hs_deal_stage_probability_shadow": FOUR_TENTHS,
        "hs_forecast_amount": "15000",
        "hs_is_closed": "false",
        "hs_is_closed_count": "0",
        "hs_is_closed_won": "false",
        "hs_is_open_count": "1",
        "hs_lastmodifieddate": LATER,
        "hs_object_id": "493593663734",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_id": "3000001",
        "hs_object_source_label": "INTEGRATION",
        "hs_open_amount_in_home_currency": "15000",
        "hs_open_deal_create_date": "1773300966332",
        "hs_projected_amount": "6000.00000000000033306690738754696212708950042724609375000",
        "hs_projected_amount_in_home_currency": (
            "6000.00000000000033306690738754696212708950042724609375000"
        ),
        "hs_v2_date_entered_current_stage": LATER,
        "hs_v2_time_in_current_stage": LATER,
        "hs_weighted_pipeline_in_company_currency": (
            "6000.00000000000033306690738754696212708950042724609375000"
        ),
        "pipeline": "default",
    }


@pytest.mark.parametrize(
    ("stage", "probability", "is_closed", "is_won", "is_lost"),
    [
        ("contractsent", "0.90000000000000002220446049250313080847263336181640625",
         "false", "false", "false"),
        ("closedwon", "1", "true", "true", "false"),
        ("closedlost", "0", "true", "false", "true"),
    ],
)  # fmt: skip
def test_flags_follow_from_the_stage(
    stage: str, probability: str, is_closed: str, is_won: str, is_lost: str
) -> None:
    record = create("deals", 1, CREATED_MS, {"dealname": "A", "dealstage": stage})

    assert (
        record.properties.items()
        >= {
            "hs_deal_stage_probability": probability,
            "hs_deal_stage_probability_shadow": probability,
            "hs_is_closed": is_closed,
            "hs_is_closed_count": str(int(is_closed == "true")),
            "hs_is_closed_lost": is_lost,
            "hs_is_closed_won": is_won,
            "hs_closed_won_count": str(int(is_won == "true")),
            "hs_is_open_count": str(int(is_closed == "false")),
            "pipeline": "default",
        }.items()
    )


def test_a_won_deal_has_closed_amounts_and_dates() -> None:
    record = create(
        "deals",
        1,
        CREATED_MS,
        {"dealname": "A", "amount": "1500.00", "dealstage": "qualifiedtobuy"},
    )
    assert record.properties["hs_open_amount_in_home_currency"] == "1500.00"

    after = update("deals", record, LATER_MS, {"dealstage": "closedwon"})

    assert (
        after.properties.items()
        >= {
            "closedate": LATER,
            "hs_actual_duration": "60000",
            "hs_closed_amount": "1500.00",
            "hs_closed_amount_in_home_currency": "1500.00",
            "hs_closed_deal_close_date": str(LATER_MS),
            "hs_closed_deal_create_date": str(CREATED_MS),
            "hs_open_amount_in_home_currency": "0",
            "hs_open_deal_create_date": "0",
            "hs_projected_amount": "1500.00",
        }.items()
    )


def test_a_close_date_that_is_there_or_given_stays_when_the_deal_closes() -> None:
    there = create("deals", 1, CREATED_MS, {"dealname": "A", "closedate": "2026-01-01"})
    none = create("deals", 2, CREATED_MS, {"dealname": "A"})

    kept = update("deals", there, LATER_MS, {"dealstage": "closedwon"})
    given_now = update(
        "deals", none, LATER_MS, {"dealstage": "closedwon", "closedate": "2026-02-02"}
    )

    assert kept.properties["closedate"] == "2026-01-01T00:00:00Z"
    assert kept.properties["days_to_close"] == "0"
    assert given_now.properties["closedate"] == "2026-02-02T00:00:00Z"


def test_a_probability_of_the_clients_own_stays_until_the_stage_changes() -> None:
    record = create("deals", 1, CREATED_MS, {"dealname": "A", "dealstage": "contractsent"})

    own = update("deals", record, LATER_MS, {"hs_deal_stage_probability": "0.5"})
    moved = update("deals", own, LATER_MS, {"dealstage": "qualifiedtobuy"})

    assert own.properties["hs_deal_stage_probability"] == "0.5"
    assert moved.properties["hs_deal_stage_probability"] == FOUR_TENTHS


def test_a_cleared_amount_takes_along_what_came_of_it() -> None:
    record = create(
        "deals", 1, CREATED_MS, {"dealname": "A", "amount": "10", "dealstage": "closedwon"}
    )

    after = update("deals", record, LATER_MS, {"amount": ""})

    # As in an answer of 2022-09 about a won deal without an amount.
    assert after.properties["hs_closed_amount"] == ""
    assert after.properties["hs_closed_amount_in_home_currency"] == ""
    assert after.properties["hs_projected_amount_in_home_currency"] == ""


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=6))
def test_flags_depend_on_the_last_stage_alone(stages: list[str]) -> None:
    names = ("hs_is_closed", "hs_is_closed_won", "hs_is_open_count", "hs_deal_stage_probability")
    record = create("deals", 1, CREATED_MS, {"dealname": "A"})
    for stage in stages:
        record = update("deals", record, LATER_MS, {"dealstage": stage})

    at_once = create("deals", 1, CREATED_MS, {"dealname": "A", "dealstage": stages[-1]})

    assert [record.properties[name] for name in names] == [
        at_once.properties[name] for name in names
    ]
