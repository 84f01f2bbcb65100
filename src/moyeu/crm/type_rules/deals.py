"""Deals: what their stage, amount and dates say."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.draft import Draft, Step, counters, derivation_of, flag, initial_values
from moyeu.crm.type_rules.formula_values import formula_values
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules, only_when_created
from moyeu.crm.values.moment import DAY_MS, read_iso
from moyeu.crm.values.outcome import Derivation

_FROM_STAGE: Final = frozenset({"hs_is_closed", "hs_is_closed_won"})
"""Their formulas ask for the probability of the stage, which `_stage_values` knows."""

_FROM_DATES: Final = frozenset({"days_to_close"})
"""Without a close date it is 0 (observed), which its formula as evaluated here is not."""

_FURTHER_FORMULAS: Final = {
    "hs_closed_amount": "if bool(hs_is_closed_won) then amount else 0",
    "hs_closed_amount_in_home_currency": (
        "if bool(hs_is_closed_won) then amount_in_home_currency else 0"
    ),
    "hs_open_amount_in_home_currency": (
        "if bool(hs_is_closed) then 0 else amount_in_home_currency"
    ),
    "hs_closed_deal_close_date": "if bool(hs_is_closed) then closedate else 0",
    "hs_closed_deal_create_date": "if bool(hs_is_closed) then createdate else 0",
    "hs_open_deal_create_date": "if bool(hs_is_closed) then 0 else createdate",
}
"""Formulas of ours: HubSpot's are unknown. They give what answers of 2022 to 2026 have for open
deals, and for a won one without an amount (2022-09); for other closed deals they are guesses."""

_COUNTERS: Final = counters(
    "hs_num_associated_active_deal_registrations",
    "hs_num_associated_deal_registrations",
    "hs_num_associated_deal_splits",
    "hs_num_of_associated_line_items",
    "hs_num_target_accounts",
    "hs_number_of_call_engagements",
    "hs_number_of_inbound_calls",
    "hs_number_of_outbound_calls",
    "hs_number_of_overdue_tasks",
    "num_associated_contacts",
    "num_notes",
)
_FLAGS: Final = dict.fromkeys(
    ("hs_has_last_conversation_follow_ups", "hs_has_last_meeting_followups"), "false"
)
"""Counters and flags as on creates of 2025 and 2026."""

_RAW_PLACES: Final = Decimal("0.00001")


def _stage_values(pipelines: tuple[Pipeline, ...]) -> Step:
    """What the stage says: probability, and whether the deal is closed and won.

    The probability is printed with all digits of its double, `0.4` as
    `0.40000000000000002220446049250313080847263336181640625`, 1.0 as `1` (observed 2022–2026). Of a
    new deal HubSpot computes it a little later; here it is there at once. A deal is closed from a
    probability of 0 or 1 on (the definition's own formula). When it closes without a close date, it
    gets the moment of the write: documented for users ("Set defaults for creating deals", knowledge
    base, 2024-03), for the API a guess, as is that a date that is there stays.
    """
    probabilities = {
        stage.id: Decimal(float(probability))
        for pipeline in pipelines
        for stage in pipeline.stages
        if (probability := dict(stage.metadata).get("probability")) is not None
    }

    def follow(draft: Draft) -> None:
        if not draft.concerns("dealstage"):
            return
        probability = probabilities.get(draft.text("dealstage"))
        known = probability is not None
        text = "" if probability is None else format(probability, "f")
        is_won = probability is not None and probability >= 1
        is_closed = is_won or (probability is not None and probability <= 0)
        # A new deal without a stage has a shadow of 0 and no probability (observed 2026-03).
        draft.put("hs_deal_stage_probability_shadow", text or "0")
        if not draft.changes("hs_deal_stage_probability"):
            draft.put("hs_deal_stage_probability", text)
        draft.put("hs_is_closed", flag(is_closed) if known else "")
        draft.put("hs_is_closed_won", flag(is_won))
        if is_closed and not draft.changes("closedate"):
            draft.fill("closedate", draft.now)

    return follow


def _days_to_close(draft: Draft) -> None:
    """Whole days from creation to closing, and with five decimal places; never below 0.

    Observed 2026-03: 25,374,233,668 ms are `293` and `293.68326`; an answer of 2025-07 had 15
    places. Without a close date both are 0, and so they are when the deal closes before it began.
    """
    if not draft.concerns("closedate", "createdate"):
        return
    begin_ms, end_ms = read_iso(draft.text("createdate")), read_iso(draft.text("closedate"))
    elapsed_ms = 0 if begin_ms is None or end_ms is None else max(0, end_ms - begin_ms)
    raw = (Decimal(elapsed_ms) / DAY_MS).quantize(_RAW_PLACES, ROUND_HALF_UP)
    draft.put("days_to_close", str(elapsed_ms // DAY_MS))
    draft.put("hs_days_to_close_raw", format(raw.normalize(), "f"))


def _creation(draft: Draft) -> None:
    """The time of creation under its newer name too (observed 2023–2026)."""
    if draft.is_new:
        draft.put("hs_createdate", draft.now)


def _derivation(pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
    return derivation_of(
        properties.keys(),
        initial_values(_COUNTERS | _FLAGS),
        _creation,
        ownership,
        _stage_values(pipelines),
        _days_to_close,
        formula_values(properties, except_for=_FROM_STAGE | _FROM_DATES, further=_FURTHER_FORMULAS),
    )


RULES: Final = TypeRules(
    derivation=_derivation,
    # A deal made without a stage has none, nor a pipeline (observed 2026-03).
    begins_in_first_stage=False,
    # As in recorded updates of 2022, 2025 and 2026.
    shown_with=only_when_created(
        *_COUNTERS, *_FLAGS, "hs_createdate", "hs_is_closed_lost", "hs_is_deal_split"
    ),
    always_shown=frozenset({"hs_deal_stage_probability"}),
)
