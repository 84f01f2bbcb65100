"""Companies: domain and website, lifecycle, counters."""

from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.domain_names import domain_rule
from moyeu.crm.type_rules.draft import Draft, counters, derivation_of, initial_values
from moyeu.crm.type_rules.formula_values import formula_values
from moyeu.crm.type_rules.lifecycle import STAGE, lifecycle
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules, only_when_created
from moyeu.crm.type_rules.telephone import telephone
from moyeu.crm.values.outcome import Derivation

_COUNTERS: Final = counters(
    "hs_num_blockers",
    "hs_num_child_companies",
    "hs_num_contacts_with_buying_roles",
    "hs_num_decision_makers",
    "hs_num_open_deals",
    "num_associated_contacts",
    "num_notes",
)
"""Observed on a create of 2026-03."""

_PHONE_FORMS: Final = frozenset(
    {"hs_calculated_phone_number", "hs_searchable_calculated_phone_number"}
)
"""Their formulas are functions of HubSpot's own, which `telephone` stands for."""


def _website(draft: Draft) -> None:
    """The domain, where there is no website.

    Observed on creates (2024-10, 2026-03); on an update a guess. Nothing tells that a website
    gives a company its domain.
    """
    if draft.changes("domain"):
        draft.fill("website", draft.text("domain"))


def _derivation(pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
    return derivation_of(
        properties.keys(),
        initial_values(_COUNTERS),
        lifecycle(pipelines),
        ownership,
        _website,
        telephone("phone", "phone"),
        formula_values(properties, except_for=_PHONE_FORMS),
    )


RULES: Final = TypeRules(
    value_rules={"domain": domain_rule},
    derivation=_derivation,
    # An update of name, industry and city showed the domain (2026-03), which the label of tasks is
    # computed from, and neither counters nor website.
    shown_with={
        **only_when_created(*_COUNTERS, "hs_annual_revenue_currency_code"),
        "domain": ("name",),
        "hs_task_label": ("name", "domain"),
        **dict.fromkeys(
            (*_PHONE_FORMS, "hs_searchable_calculated_international_phone_number"), ("phone",)
        ),
    },
    always_shown=frozenset({"hs_pipeline", STAGE}),
)
