"""Activities but tasks: previews of their bodies, owner, coordinates."""

from collections.abc import Mapping
from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.bodies import PREVIEWS, coordinates, preview_of_html, preview_of_text
from moyeu.crm.type_rules.draft import Step, derivation_of, initial_values
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules
from moyeu.crm.values.outcome import Derivation


def _rules(type_name: str, *bodies: str, steps: tuple[Step, ...]) -> TypeRules:
    def derivation(_pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
        return derivation_of(properties.keys(), coordinates(type_name), ownership, *steps)

    # An update that wrote no body showed no preview (observed 2024-12 on a task).
    return TypeRules(derivation=derivation, shown_with=dict.fromkeys(PREVIEWS, bodies))


RULES: Final[Mapping[str, TypeRules]] = {
    "calls": _rules("calls", "hs_call_body", steps=(preview_of_html("hs_call_body"),)),
    "communications": _rules(
        "communications",
        "hs_communication_body",
        steps=(preview_of_html("hs_communication_body"),),
    ),
    # Of an email with both bodies the markup counts: a guess.
    "emails": _rules(
        "emails",
        "hs_email_html",
        "hs_email_text",
        steps=(preview_of_text("hs_email_text"), preview_of_html("hs_email_html")),
    ),
    "meetings": _rules(
        "meetings",
        "hs_meeting_body",
        # Observed 2022-08 on a create that named no source.
        steps=(
            initial_values({"hs_meeting_source": "CRM_UI"}),
            preview_of_html("hs_meeting_body"),
        ),
    ),
    "notes": _rules("notes", "hs_note_body", steps=(preview_of_html("hs_note_body"),)),
}
