"""The value rule of properties that name an owner."""

from moyeu.crm.problems import InvalidOwner
from moyeu.crm.values.outcome import Append, ValueOutcome, ValueRule


def owner_rule(name: str, owner_ids: frozenset[str], *, several: bool) -> ValueRule:
    """The id of an owner of the portal; several are joined by `;` where the property is a list.

    Source: observed text `… was not a valid owner ID` (2023).
    """

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        stripped = text.strip()
        if not several:
            return stripped if stripped in owner_ids else InvalidOwner(name, text)
        parts = tuple(part.strip() for part in stripped.split(";") if part.strip())
        for part in parts:
            if part not in owner_ids:
                return InvalidOwner(name, part)
        return Append(parts) if stripped.startswith(";") else ";".join(parts)

    return keep
