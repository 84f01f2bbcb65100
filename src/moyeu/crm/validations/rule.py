"""A rule for the values of a property, as a portal sets it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """One rule of a property. rule_type: HubSpot's name, such as `MAX_LENGTH`; arguments: texts.

    normalises: `shouldApplyNormalization` as given, None where it was not.
    """

    rule_type: str
    arguments: tuple[str, ...] = ()
    normalises: bool | None = None
