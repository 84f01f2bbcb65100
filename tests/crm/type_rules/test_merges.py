"""What HubSpot sets itself follows a merge too."""

from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.merging import plan_merge
from moyeu.crm.records import StoredRecord
from tests.crm.type_rules.portal import MINUTE_MS, create, definitions

CREATED_MS = 1_773_300_966_332


def merged(type_name: str, primary: StoredRecord, other: StoredRecord) -> dict[str, str]:
    caller = Caller(12345678, 3000001, None, frozenset())
    occasion = Occasion(caller, CREATED_MS + MINUTE_MS, "an-id")

    return plan_merge(definitions(type_name), primary, other, 99, occasion).record.properties


def test_values_follow_from_the_filled_gaps() -> None:
    primary = create("contacts", 1, CREATED_MS, {"firstname": "A"})
    other = create("contacts", 2, CREATED_MS, {"lastname": "B", "phone": "513-227-1572"})

    values = merged("contacts", primary, other)

    assert values["hs_full_name_or_email"] == "A B"
    assert values["hs_searchable_calculated_phone_number"] == "5132271572"


def test_a_merged_ticket_has_its_new_id_under_both_names() -> None:
    stage = {"subject": "A", "hs_pipeline_stage": "1"}

    values = merged(
        "tickets", create("tickets", 1, CREATED_MS, stage), create("tickets", 2, CREATED_MS, stage)
    )

    assert (values["hs_object_id"], values["hs_ticket_id"]) == ("99", "99")


def test_an_amount_that_fills_a_gap_is_forecast() -> None:
    primary = create("deals", 1, CREATED_MS, {"dealname": "A", "dealstage": "closedwon"})
    other = create("deals", 2, CREATED_MS, {"dealname": "B", "amount": "10"})

    values = merged("deals", primary, other)

    assert (values["hs_closed_amount"], values["hs_projected_amount"]) == ("10", "10")
