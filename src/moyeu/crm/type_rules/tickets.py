"""Tickets: their id, and when they were closed."""

from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.draft import Draft, Step, counters, derivation_of, flag, initial_values
from moyeu.crm.type_rules.formula_values import formula_values
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules, only_when_created
from moyeu.crm.values.moment import read_iso
from moyeu.crm.values.outcome import Derivation

_STAGE: Final = "hs_pipeline_stage"

_INITIAL: Final = {
    "hs_is_visible_in_help_desk": "true",
    "hs_last_message_from_visitor": "false",
    **counters(
        "hs_num_associated_companies",
        "hs_num_associated_conversations",
        "hs_num_times_contacted",
        "num_notes",
    ),
}
"""Observed on creates of 2025-02 and 2025-03; in 2024 only the message flag was among them."""


def _identity(draft: Draft) -> None:
    """The id under its other name, and the place in the help desk's list (observed 2024, 2025)."""
    if draft.changes("hs_object_id"):
        draft.put("hs_ticket_id", draft.text("hs_object_id"))
    if draft.is_new:
        draft.put("hs_helpdesk_sort_timestamp", draft.now)


def _closing(pipelines: tuple[Pipeline, ...]) -> Step:
    """Whether the ticket is closed, since when, and after how many milliseconds.

    `closed_date` and `time_to_close` are observed on a ticket made in a closed stage (2025-03); of
    100 closed tickets of a portal (2026) all had `hs_last_closed_date`, equal to `closed_date`, and
    `time_to_close` in milliseconds. Closing again overwrites them (a report on a portal, 2026).
    Guesses: a close date that the write gives stays; reopening clears `closed_date` and
    `time_to_close` and sets `hs_ticket_reopened_at`.
    """
    closed = frozenset(
        stage.id for pipeline in pipelines for stage in pipeline.stages if stage.is_closed
    )

    def follow(draft: Draft) -> None:
        if draft.concerns(_STAGE):
            is_closed, was_closed = draft.text(_STAGE) in closed, draft.before.get(_STAGE) in closed
            draft.put("hs_is_closed", flag(is_closed))
            if is_closed and not was_closed:
                _put_unless_written(draft, "closed_date", draft.now)
                draft.put("hs_last_closed_date", draft.text("closed_date"))
            elif was_closed and not is_closed:
                _put_unless_written(draft, "closed_date", "")
                draft.put("hs_ticket_reopened_at", draft.now)
        if draft.changes("closed_date", "createdate"):
            draft.put("time_to_close", _time_to_close(draft))

    return follow


def _put_unless_written(draft: Draft, name: str, text: str) -> None:
    if not draft.changes(name):
        draft.put(name, text)


def _time_to_close(draft: Draft) -> str:
    begin_ms, end_ms = read_iso(draft.text("createdate")), read_iso(draft.text("closed_date"))
    return "" if begin_ms is None or end_ms is None else str(max(0, end_ms - begin_ms))


def _derivation(pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
    return derivation_of(
        properties.keys(),
        initial_values(_INITIAL),
        _identity,
        ownership,
        _closing(pipelines),
        formula_values(properties),
    )


RULES: Final = TypeRules(
    derivation=_derivation,
    # As in a recorded update of 2024-11 and the create in a closed stage of 2025-03.
    shown_with={
        **only_when_created(*_INITIAL),
        "closed_date": (_STAGE,),
        "time_to_close": (_STAGE, "closed_date"),
    },
    never_shown=frozenset({"hs_is_closed", "hs_last_closed_date", "hs_ticket_reopened_at"}),
)
