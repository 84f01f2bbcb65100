"""Telephone numbers in the forms that HubSpot computes."""

import re
from typing import Final

from moyeu.crm.type_rules.draft import Draft, Step

_REGION: Final = "US"
"""Where a number without a country code belongs: a guess for every portal (`513-227-1572` became
`+15132271572`, observed 2023-03; HubSpot has a setting of the portal and looks at the country)."""

_NUMBER_CHARACTERS_MAX: Final = 250
"""What the reader of numbers takes at most."""

_NOT_A_DIGIT: Final = re.compile(r"\D", re.ASCII)


def telephone(number_name: str, word: str) -> Step:
    """The forms of one number.

    word: as in `hs_calculated_{word}_number`, `hs_searchable_calculated_{word}_number`.
    """
    calculated = f"hs_calculated_{word}_number"
    searchable = f"hs_searchable_calculated_{word}_number"

    def follow(draft: Draft) -> None:
        if not draft.changes(number_name):
            return
        international, national = number_forms(draft.text(number_name))
        draft.put(calculated, international)
        draft.put(searchable, national)

    return follow


def number_forms(text: str) -> tuple[str, str]:
    """A number as `+15132271572` and as the national digits `5132271572`.

    Of a number that cannot exist the first is empty and the second has all its digits without
    zeros in front. Observed: `+15550100` gives `15550100` (2026-03), `08180854296` gives
    `8180854296` (2025-03), `(877) 829-06966777` gives `87782906966777` (2022-09), `513-227-1572`
    `5132271572` (2023-03), `+33655555555` `655555555` (2024-03).
    """
    valid = _valid_forms(text) if 0 < len(text) <= _NUMBER_CHARACTERS_MAX else None
    return valid or ("", _NOT_A_DIGIT.sub("", text).lstrip("0"))


def _valid_forms(text: str) -> tuple[str, str] | None:
    import phonenumbers  # noqa: PLC0415 — it costs a start 40 ms, and many portals have no numbers

    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return international, phonenumbers.national_significant_number(number)
