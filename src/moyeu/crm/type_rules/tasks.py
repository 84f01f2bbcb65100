"""Tasks: whether and when they were done, and whether in time."""

from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.bodies import PREVIEWS, coordinates, preview_of_html
from moyeu.crm.type_rules.draft import Draft, derivation_of, flag, initial_values
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules, only_when_created
from moyeu.crm.values.moment import read_iso
from moyeu.crm.values.outcome import Derivation

_STATUS: Final = "hs_task_status"
_TYPE: Final = "hs_task_type"
_DUE: Final = "hs_timestamp"
_BODY: Final = "hs_task_body"

_SET_ASIDE: Final = {
    "hs_task_family": "SALES",
    "hs_task_for_object_type": "OWNER",
    "hs_task_is_all_day": "false",
}
_INITIAL: Final = {"hs_task_priority": "NONE", **_SET_ASIDE}
"""Observed on a create of 2024-11."""

_COMPLETED_OF_TYPE: Final = {
    "hs_task_is_completed_call": "CALL",
    "hs_task_is_completed_email": "EMAIL",
    "hs_task_is_completed_linked_in": "LINKED_IN",
}
"""1 for a completed task of that type: a guess, recorded are zeros of tasks of type TODO."""


def _completion(draft: Draft) -> None:
    """Flags and time of completion.

    Source: recorded create (2024-11) and updates (2024-12, 2026-03). Guesses: every status but
    COMPLETED is open, a task that is opened again has no time of completion, and a task done in a
    sequence is none that the API makes.
    """
    if not draft.concerns(_STATUS, _TYPE):
        return
    is_done = draft.text(_STATUS) == "COMPLETED"
    if is_done:
        draft.fill("hs_task_completion_date", draft.now)
    else:
        draft.put("hs_task_completion_date", "")
    draft.put("hs_task_completion_count", _number(is_done))
    draft.put("hs_task_is_completed", _number(is_done))
    draft.put("hs_task_is_completed_sequence", "0")
    draft.put("hs_task_is_open", flag(not is_done))
    for name, task_type in _COMPLETED_OF_TYPE.items():
        draft.put(name, _number(is_done and draft.text(_TYPE) == task_type))


def _due_date(draft: Draft) -> None:
    """Whether the due date is over, as of the write.

    A completed task is not overdue, and has missed its date if that was over when it was completed
    (recorded updates of 2024-12 and 2026-03).
    """
    if not draft.concerns(_STATUS, _DUE):
        return
    due_ms = read_iso(draft.text(_DUE))
    ended_ms = read_iso(draft.text("hs_task_completion_date"))
    is_past = due_ms is not None and due_ms < (draft.now_ms if ended_ms is None else ended_ms)
    draft.put("hs_task_is_overdue", flag(is_past and ended_ms is None))
    draft.put("hs_task_is_past_due_date", flag(is_past))
    draft.put("hs_task_missed_due_date", flag(is_past))
    draft.put("hs_task_missed_due_date_count", _number(is_past))


def _number(holds: bool) -> str:
    return "1" if holds else "0"


def _derivation(_pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
    return derivation_of(
        properties.keys(),
        initial_values(_INITIAL),
        coordinates("tasks"),
        ownership,
        preview_of_html(_BODY),
        _completion,
        _due_date,
    )


RULES: Final = TypeRules(
    derivation=_derivation,
    # An update of the status alone showed what completion and due date are computed from, and the
    # owner (2024-12).
    shown_with={
        **dict.fromkeys(PREVIEWS, (_BODY,)),
        **only_when_created(*_SET_ASIDE),
        _TYPE: (_STATUS,),
        _DUE: (_STATUS,),
        "hubspot_owner_id": (_STATUS,),
    },
)
