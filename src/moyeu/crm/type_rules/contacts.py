"""Contacts: e-mail address, names, telephone numbers, lifecycle."""

import re
from typing import Final

from moyeu.catalog.limits import TEXT_VALUE_CHARACTERS_MAX
from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition
from moyeu.catalog.top_level_domains import top_level_domains
from moyeu.crm.problems import ContainsUrl, InvalidEmail
from moyeu.crm.type_rules.domain_names import ascii_labels
from moyeu.crm.type_rules.draft import Draft, counters, derivation_of, initial_values
from moyeu.crm.type_rules.formula_values import formula_values
from moyeu.crm.type_rules.lifecycle import STAGE, lifecycle
from moyeu.crm.type_rules.ownership import ownership
from moyeu.crm.type_rules.rules import Properties, TypeRules, only_when_created
from moyeu.crm.type_rules.telephone import telephone
from moyeu.crm.values.outcome import Derivation, ValueOutcome, ValueRule
from moyeu.crm.values.text import text_rule

_LOCAL_CHARACTERS_MAX: Final = 64

# Words joined by dots; none of the characters that have a meaning in an address header (RFC 5322).
_WORD: Final = r"[^\s\x00-\x1f\x7f()<>@,;:\\\".\[\]]+"
_LOCAL_PART: Final = re.compile(rf"{_WORD}(?:\.{_WORD})*")

_URL: Final = re.compile(r"\b(?:https?://|www\.)\S", re.IGNORECASE)

_COUNTERS: Final = counters(
    "hs_associated_target_accounts",
    "hs_prospecting_agent_actively_enrolled_count",
    "hs_prospecting_agent_total_enrolled_count",
    "hs_sequences_actively_enrolled_count",
    "num_notes",
)
"""Observed on creates of 2025 and 2026."""

_LIFECYCLE_STAGES: Final = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


def email_rule(definition: PropertyDefinition) -> ValueRule:
    """An e-mail address, kept trimmed and in lower case.

    Source: refusals observed 2016–2024 (`.con` and `.lcom` are no top-level domains), lower case
    observed 2026. The form of the part before the `@` is a guess.
    """
    name = definition.name

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        address = text.strip().lower()
        local, at, domain = address.rpartition("@")
        labels = ascii_labels(domain)
        is_address = (
            at
            and len(local) <= _LOCAL_CHARACTERS_MAX
            and _LOCAL_PART.fullmatch(local)
            and labels
            and labels[-1] in top_level_domains()
        )
        return address if is_address else InvalidEmail(name, text)

    return keep


def name_rule(definition: PropertyDefinition) -> ValueRule:
    """A text without a URL.

    Source: the refusal of `http://example.com` as a first name, observed 2021-01. That a last name
    is treated alike, and what else counts as a URL, are guesses.
    """
    name = definition.name
    keep_text = text_rule(name)

    def keep(text: str, now_ms: int) -> ValueOutcome:
        if len(text) <= TEXT_VALUE_CHARACTERS_MAX and _URL.search(text):
            return ContainsUrl(name, text)
        return keep_text(text, now_ms)

    return keep


def _identity(draft: Draft) -> None:
    """The id as the older property has it (observed 2022–2026)."""
    if draft.changes("hs_object_id"):
        draft.put("hs_all_contact_vids", draft.text("hs_object_id"))


def _address(draft: Draft) -> None:
    """The domain of the e-mail address (observed 2022–2026)."""
    if draft.changes("email"):
        draft.put("hs_email_domain", draft.text("email").rpartition("@")[2])


def _full_name(draft: Draft) -> None:
    """First and last name, else the e-mail address.

    Observed 2025 and 2026: both names, and a first name alone; the address as its name says.
    """
    if draft.concerns("firstname", "lastname", "email"):
        names = (draft.text("firstname").strip(), draft.text("lastname").strip())
        draft.put("hs_full_name_or_email", " ".join(filter(None, names)) or draft.text("email"))


def _derivation(pipelines: tuple[Pipeline, ...], properties: Properties) -> Derivation:
    return derivation_of(
        properties.keys(),
        initial_values({"hs_is_contact": "true", **_COUNTERS}),
        _identity,
        lifecycle(pipelines),
        ownership,
        _address,
        _full_name,
        telephone("phone", "phone"),
        telephone("mobilephone", "mobile"),
        formula_values(properties),
    )


RULES: Final = TypeRules(
    value_rules={"email": email_rule, "firstname": name_rule, "lastname": name_rule},
    derivation=_derivation,
    # Recorded updates of 2024 to 2026: one of 2025-08 that wrote email and both names showed
    # neither the domain nor the ids, but the full name and what `hs_is_unworked` is computed from.
    shown_with={
        **only_when_created(*_COUNTERS),
        **only_when_created(
            "hs_all_contact_vids",
            "hs_currently_enrolled_in_prospecting_agent",
            "hs_email_domain",
            # In updates of 2024 too, in those of 2025 and 2026 no more.
            "hs_is_contact",
            "hs_membership_has_accessed_private_content",
            "hs_registered_member",
        ),
        **{f"hs_lifecyclestage_{stage}_date": (STAGE,) for stage in _LIFECYCLE_STAGES},
        "hs_full_name_or_email": ("firstname", "lastname", "email"),
        "hs_calculated_phone_number": ("phone",),
        "hs_searchable_calculated_phone_number": ("phone",),
        "hs_calculated_mobile_number": ("mobilephone",),
        "hs_searchable_calculated_mobile_number": ("mobilephone",),
    },
    always_shown=frozenset({"hs_pipeline", STAGE}),
)
